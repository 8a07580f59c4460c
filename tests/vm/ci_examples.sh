#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# ci_examples.sh - docs/ci: the commands of the examples, as a runner would run them, but for the download
. "$(dirname "$0")/../lib/harness.sh"

EXAMPLES=$TARE_TEST_TOP/docs/ci

# What the examples expect to be there: sudo, tare in $PATH, and an image whose run-tests needs some 20 MiB.
mkdir bin root root/bin
printf '#!/bin/sh\nexec "$@"\n' >bin/sudo
printf '#!/bin/sh\nexec "%s" "$@"\n' "$TARE" >bin/tare
cp /bin/busybox root/bin/busybox
ln -s busybox root/bin/sh
ln -s busybox root/bin/dd
printf '#!/bin/sh\nexec dd if=/dev/zero of=/dev/null bs=20M count=1 2>/dev/null\n' >root/bin/run-tests
chmod 755 bin/* root/bin/run-tests
export PATH=$PWD/bin:$PATH APP=./app.tar
tare pack -o app.tar root >/dev/null

# github_steps FILE: the commands below "run: |", but for the step that installs
github_steps() {
	awk '/- name:/ { keep = !/Install/ } /run: \|/ { on = keep; next } /^ *$/ || /^      -/ { on = 0 } on' "$1"
}

# gitlab_steps FILE: the items below "script:"
gitlab_steps() {
	awk '/^  [a-z_]+:/ { on = /^  script:/; next } on && sub(/^    - /, "")' "$1"
}

is 'the example for GitHub has three steps' "$(github_steps "$EXAMPLES/github.yml" | grep -c 'sudo tare')" 3
run bash -e <(github_steps "$EXAMPLES/github.yml")
is 'they succeed' "$status" 0
is 'one report says that all went well' "$(jq -rc '[.reason, .code, (.assertions | map(.ok))]' enough.json)" '["exit",0,[true,true,true]]'
is 'the other that it was killed' "$(jq -rc '[.reason, .oom.init]' too-little.json)" '["oom",true]'
is 'with more memory the second would fail' \
	"$(bash -e <(github_steps "$EXAMPLES/github.yml" | sed 's/--memory 8m/--memory 80m/') >/dev/null 2>&1; echo $?)" 123

is 'the example for GitLab has three commands' "$(gitlab_steps "$EXAMPLES/gitlab.yml" | grep -c 'sudo tare')" 3
run bash -e <(gitlab_steps "$EXAMPLES/gitlab.yml")
is 'which succeed, too' "$status" 0
like 'its collector gets what it can read' "$(cat limits.xml)" '<testsuite.*tests="2".*failures="0"'
done_testing
