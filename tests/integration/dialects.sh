#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# dialects.sh - Archives of all tools and times, and of several platforms
. "$(dirname "$0")/../lib/harness.sh"

need python3
lib=$TARE_TEST_TOP/tests/lib
store=$TARE_ROOT/images

# from IMAGE: what the image's file "from" says
from() {
	local dir text=''
	local IFS=:
	for dir in $(tare image inspect -f '{{.GraphDriver.Data.LowerDir}}' "$1"); do
		[ ! -f "$dir/from" ] || { text=$(cat "$dir/from") && break; }
	done
	echo "$text"
}

# loads KIND TEXT [LOAD-OPTION...]: from a file, from a pipe, as a directory
loads() {
	local kind=$1 text=$2 form
	shift 2
	"$lib/dialects" "$kind" x.tar
	rm -rf layout
	mkdir layout
	tar -C layout -xf x.tar
	for form in x.tar - layout; do
		# shellcheck disable=SC2002 # a pipe is what is meant
		run bash -c 'cat x.tar | "$@"' - "$TARE" load -q -i "$form" "$@"
		is "$kind $*: it loads from $form" "$status $stdout" '0 Loaded image: odd:latest'
		is 'and is the right one' "$(from odd)" "$text"
		tare rmi -a -f >/dev/null
	done
}

refused() {
	run tare "$@"
	is "tare $*: refused with one line" "$status $(grep -vc '^hint: ' <<<"$stderr")" '125 1'
	is 'nothing is left of it' "$(ls -A "$store/tmp" "$store/layer")" "$(printf '%s:\n\n%s:' "$store/layer" "$store/tmp")"
}

for kind in old-docker old-docker-gzip; do
	loads $kind docker1
done
for kind in docker-xz-layer docker-bzip2-layer; do
	loads $kind docker
done
loads hybrid-same hybrid
loads gzip-in-name-only plain
loads names-beside beside
loads many-layers 300
loads rules-oci rules_oci
ok 'verify knows the names of its blobs' tare verify x.tar
for kind in platforms-nested platforms-nested-twice platforms-on-top platforms-unsaid; do
	if [ "$(uname -m)" = x86_64 ]; then
		loads $kind linux/amd64
	fi
	loads $kind linux/arm64/v8 --platform linux/aarch64
	loads $kind linux/arm/v6 --platform linux/arm/v6
	refused load -q -i x.tar --platform linux/arm/v5
	like 'it says what there is' "$stderr" \
		'no image for linux/arm/v5 in it \(there is: linux/arm64/v8, linux/amd64, linux/arm/v7, linux/arm/v6\)$'
done
loads platforms-partial linux/arm64/v8
refused load -i x.tar --platform linux/amd64
like 'only what is here counts' "$stderr" 'there is: linux/arm64/v8\)$'
loads platform-other linux/s390x
refused load -i x.tar --platform linux/amd64
like 'a single image is checked, too' "$stderr" 'there is: linux/s390x\)$'
refused load -i x.tar --platform linux
refused load -i x.tar --platform linux/amd64/
refused load -i x.tar --platform linux/amd64 --all-platforms

"$lib/dialects" old-docker-two-names x.tar
run tare load -q -i x.tar
is 'two names of one old image' "$status $stdout" $'0 Loaded image: odd:latest\nLoaded image: odd:v1'
# reads ARCHIVE: how often a load reads from it
reads() {
	strace -f -y -qq -e trace=pread64 -o reads.trace "$TARE" --root "$T/reads" load -q -i "$1" >/dev/null 2>&1
	rm -rf "$T/reads"
	grep -c "/$1>" reads.trace
}

cp x.tar two.tar
"$lib/dialects" old-docker one.tar
is 'is read once' "$(reads two.tar)" "$(reads one.tar)"
is 'its config is made of the layers that name it' "$(tare image inspect -f '{{json .Config.Env}} {{len .History}} {{(index .History 2).created_by}}' odd 2>&1)" \
	'["A=b"] 3 /bin/sh -c step 2'
tare rmi -a -f >/dev/null
"$lib/dialects" docker-several x.tar
is 'show tells of the others' "$(tare show x.tar | grep -E '^(Name|Others):' | xargs)" 'Name: one:latest Others: two:latest'
run tare load -q -i x.tar
is 'several docker images' "$status $stdout" $'0 Loaded image: one:latest\nLoaded image: two:latest'
tare rmi -a -f >/dev/null
"$lib/dialects" oci-several x.tar
run tare load -q -i x.tar
is 'several OCI images, one with two names' "$status $(sort <<<"$stdout")" \
	$'0 Loaded image: one:latest\nLoaded image: three:latest\nLoaded image: two:latest'
is 'all are what they are called' "$(from one) $(from two) $(from three)" 'one two one'
tare rmi -a -f >/dev/null

"$lib/dialects" platforms-nested x.tar
run tare load -q -i x.tar --all-platforms
is '--all-platforms loads all' "$(grep -c 'Loaded image ID: ' <<<"$stdout") $(tare images -aq | wc -l)" '3 4'
is 'attestations are no images' "$(tare images -aq | wc -l)" 4
[ "$(uname -m)" != x86_64 ] || is "this machine's keeps the name" "$(from odd)" linux/amd64
tare rmi -a -f >/dev/null

# run takes the platform that it is asked for from a file, and remembers which
for platform in linux/arm64/v8 linux/arm/v7; do
	run tare run --rm --network none --import --platform $platform ./x.tar
	isnt "run --platform $platform cannot run it here" "$status" 0
	is 'but found it' "$(tare images -aq | xargs -n1 "$TARE" image inspect -f '{{.Os}}/{{.Architecture}}/{{.Variant}}' |
		grep -cx "$platform")" 1
done
run tare run --rm --network none --platform linux/arm/v6 ./x.tar
isnt 'where it lies the archive cannot be run for another platform either' "$status" 0
# On kernels that cannot use archives in place it has been loaded.
is 'but the platform was found' "$(grep -ls '"variant": *"v6"' "$store"/{view/*/blobs,blobs/sha256}/* | wc -l)" 1
tare image prune -a -f >/dev/null
refused_run() {
	run tare run --rm --platform linux/riscv64 ./x.tar
	is 'run refuses a platform that is not there' "$status" 125
	like 'and says what is' "$stderr" 'no image for linux/riscv64 in it \(there is: linux/arm64/v8, '
}
refused_run
tare rmi -a -f >/dev/null

while read -r kind why; do
	"$lib/dialects" "$kind" "$kind.tar"
	refused load -i "$kind.tar"
	like 'it says why' "$stderr" "$why"
done <<'END'
bad-old-docker-no-layer image 'odd:latest': layer 2 of 3: '0+2/layer.tar' is not in the archive
bad-old-docker-no-json image 'odd:latest': '0+1/json' is not in the archive
bad-old-docker-loop image 'odd:latest': layer '0+3' is its own parent
bad-old-docker-path image 'odd:latest': '[./x]+' is no layer's id
bad-docker-same-name two images in it are called 'docker.io/library/odd:latest'
bad-oci-same-name two images in it are called 'docker.io/library/odd:latest'
bad-hybrid-lies index.json and manifest.json disagree about what 'odd:latest' is
bad-index-in-itself indexes nested too deeply
bad-config-name config: sha256 mismatch
bad-schema1 not a container image: its media type is '.*v1\+prettyjws'
bad-export hint: a root file system, .* 'tare import'
bad-foreign layer 1 of 1: .* not in the archive.hint: it is not to be passed on
END
is 'no kind was forgotten' "$("$lib/dialects" list | grep -c ^bad-)" 12

# --- a layer that is there is not read again; --verify-only reads it ---

"$lib/odd-image" good-whiteouts whole.tar
tare load -q -i whole.tar >/dev/null
python3 - <<'END'
import tarfile
data = bytearray(open("whole.tar", "rb").read())
for m in tarfile.open("whole.tar"):
    head = data[m.offset_data:m.offset_data + m.size]
    if m.name.startswith("blobs/") and head[:1] != b"{":
        data[m.offset_data:m.offset_data + m.size] = b"\xee" * m.size
        print(m.offset_data, m.offset_data + m.size, file=open("ranges", "a"))
open("damaged.tar", "wb").write(data)
END
run tare load -q -i damaged.tar
is 'layers that are there are taken from the store' "$status $stdout" '0 Loaded image: odd:latest'
run tare load -i damaged.tar --verify-only
is '--verify-only reads them, and finds them damaged' "$status" 125
like 'and says which' "$stderr" 'layer [12] of 2: '
if command -v strace >/dev/null; then
	strace -f -y -qq -e trace=pread64 -o trace "$TARE" load -q -i damaged.tar >/dev/null
	reads=$(python3 - <<'END'
import re
ranges = [tuple(map(int, line.split())) for line in open("ranges")]
hits = 0
for line in open("trace"):
    m = re.search(r", (\d+), (\d+)\)\s+= ", line)
    if m and "/damaged.tar>" in line:
        size, at = int(m[1]), int(m[2])
        hits += any(at < end and at + size > start for start, end in ranges)
print(len(ranges), hits)
END
	)
	is 'not one of their bytes is read' "$reads" '2 0'
else
	skip 'not one of their bytes is read' 'strace is not installed'
fi
tare rmi -a -f >/dev/null
done_testing
