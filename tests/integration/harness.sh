#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The harness itself: a check that never fails checks nothing
. "$(dirname "$0")/../lib/harness.sh"

# script NAME: a test script from stdin, to be run by itself
script() {
	{
		echo '#!/bin/bash'
		echo ". '$TARE_TEST_LIB/harness.sh'"
		cat
	} >"$T/$1"
	chmod +x "$T/$1"
}

# alone NAME: as from outside
alone() {
	env -u TARE_TEST_INSIDE -u TARE_TEST_SCRATCH TARE_TEST_SETTLE=1 "$T/$1"
}

script good <<-'END'
	ok 'true' true
	is 'equal' a a
	like 'matches' abc '^a.c$'
	fails 'a code' 3 sh -c 'exit 3'
	run sh -c 'echo out; echo err >&2; exit 4'
	is 'all of it' "$status $stdout $stderr" '4 out err'
	done_testing
END
run alone good
is 'a good script passes' "$status" 0
like 'and its plan counts the harness'"'"'s own tests' "$stdout" '1\.\.7$'
unlike 'and nothing is reported' "$stdout" 'not ok'

script bad <<-'END'
	ok 'false' false
	is 'unequal' a b
	like 'no match' abc '^b'
	unlike 'match' abc '^a'
	fails 'another code' 3 true
	done_testing
END
run alone bad
isnt 'a bad script fails' "$status" 0
is 'with each of its tests' "$(grep -c '^not ok' <<<"$stdout")" 5

script leaky <<-'END'
	sleep 1000 &
	ip link add left0 type bridge
	mkdir "$T/left" && mount -t tmpfs tmpfs "$T/left"
	ip netns add left
	touch "$TARE_RUNROOT/left"
	[ ! -d /sys/fs/cgroup/unified ] || mkdir /sys/fs/cgroup/unified/left
	if command -v nft >/dev/null; then
		nft 'add table ip left; add set ip left s { type ipv4_addr; elements = { 192.0.2.1 } ; }'
	fi
	done_testing
END
run alone leaky
isnt 'a script that leaves something behind fails' "$status" 0
for remains in 'process [0-9]+ sleep' 'link left0' 'mount .*/left' 'netns left' 'file .*/left'; do
	like "found: $remains" "$stdout" "left: $remains"
done
if [ -d /sys/fs/cgroup/unified ]; then
	like 'found: a cgroup' "$stdout" 'left: /sys/fs/cgroup/unified/.*/left'
fi
if command -v nft >/dev/null; then
	like 'found: nftables elements' "$stdout" 'left: nft .*192\.0\.2\.1'
fi

script early <<-'END'
	ok 'true' true
	exit 0
	done_testing
END
run alone early
like 'a script that ends early fails' "$stdout" 'not ok 2 - ends with done_testing'

script skipping <<-'END'
	skip 'limits' 'no controller'
	done_testing
END
run env -u TARE_TEST_NO_SKIP bash -c "$(declare -f alone); alone skipping"
like 'a skip gives its reason' "$stdout" 'ok 1 - limits # SKIP no controller'
run env TARE_TEST_NO_SKIP=1 bash -c "$(declare -f alone); alone skipping"
like 'and is a failure where nothing may be skipped' "$stdout" 'not ok 1 - limits'

mkdir layer && echo content >layer/file
"$TARE_TEST_LIB/mkimage" one.tar localhost/x:1 --env A=b layer
touch layer/file
"$TARE_TEST_LIB/mkimage" two.tar localhost/x:1 --env A=b layer
ok 'equal input makes equal images' cmp one.tar two.tar
done_testing
