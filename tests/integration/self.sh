#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib/harness.sh"

on_exit tare rm -f -a
root=$FIXTURES/root
tare pack --self -o app.run -t localhost/app:1 --entrypoint '["/bin/sh","-c"]' --cmd '["echo it runs"]' \
	--title 'An app' --help-text 'What to know' -p 8080:80 "$root" >/dev/null
tare pack --self -o again.run -t localhost/app:1 --entrypoint '["/bin/sh","-c"]' --cmd '["echo it runs"]' \
	--title 'An app' --help-text 'What to know' -p 8080:80 "$root" >/dev/null
ok 'it is reproducible' cmp app.run again.run
ok 'it is a program' test -x app.run

run ./app.run
is 'it runs by itself' "$status $stdout" '0 it runs'
like 'it says what it was not given' "$stderr" 'asks for what it was not given .*port 8080:80'
like 'it says which tare it has' "$(./app.run --version)" '^tare version [0-9]'
is 'with options' "$(./app.run --rm --network none -e A=b 'echo $A' 2>/dev/null)" b
is 'and as run' "$(./app.run run --rm --network none 'echo as run' 2>/dev/null)" 'as run'
run ./app.run --rm --network none 'exit 7'
is 'its exit code is passed on' "$status" 7
is 'standard input, too' "$(echo in | ./app.run --rm -i --network none cat 2>/dev/null)" in
port=$(free_port)
./app.run -d --name one -p "$port:80" 'sleep 1000' >/dev/null
is 'the whole of tare is in there' "$(./app.run ps --format '{{.Names}}')" one
is 'containers are known by its path' "$(./app.run ps --format '{{.Image}}')" "$T/app.run"
ok 'it stops them' ./app.run rm -f one
is 'what comes after -- is its own' "$(./app.run --rm --network none -- 'echo mine' 2>/dev/null)" mine
like '--help says what it is' "$(./app.run --help)" 'An app.*What to know.*Usage: ./app.run'
like 'show shows it' "$(./app.run show)" 'Title: +An app'
is 'with options of show' "$(./app.run show -f '{{.Title}}')" 'An app'
ok 'it verifies itself' ./app.run verify
is 'create makes a container of it' "$(./app.run create --name two 2>/dev/null | wc -c)" 65
is 'that starts' "$(./app.run start -a two 2>/dev/null)" 'it runs'
tare rm -f -a >/dev/null
run ./app.run --nonsense
like 'bad options are refused' "$status $stderr" "^125 .*--nonsense"
ok 'without a user namespace it works as well' sh -c './app.run --rm --network none --userns host true 2>/dev/null'

ok 'tare runs it, too' tare run --rm --network none ./app.run
is 'loads it' "$(tare load -q -i app.run)" 'Loaded image: localhost/app:1'
ok 'verifies it' tare verify -q app.run
is 'shows it' "$(tare show -f '{{.Title}}' app.run)" 'An app'
tare pack -o app.tar ./app.run >/dev/null
tare pack -o direct.tar -t localhost/app:1 --entrypoint '["/bin/sh","-c"]' --cmd '["echo it runs"]' \
	--title 'An app' --help-text 'What to know' -p 8080:80 "$root" >/dev/null
ok 'and takes the archive out of it' cmp app.tar direct.tar

mkdir elsewhere
cp app.run elsewhere/another-name
is 'its name does not matter' "$(cd / && "$T/elsewhere/another-name" --rm --network none 2>/dev/null)" 'it runs'
is 'nor what it is called as' "$(bash -c 'exec -a tare-oci ./app.run --rm --network none' 2>/dev/null)" 'it runs'
cp app.run gone.run
is 'nor that its file is gone' "$(bash -c 'exec 9<gone.run; rm gone.run; /proc/self/fd/9 --rm --network none' 2>/dev/null)" 'it runs'
head -c $(($(stat -c %s "$(readlink -f "$TARE")") + 1000)) app.run >cut.run
chmod +x cut.run
fails 'one that is cut short is refused' 125 ./cut.run
cp app.run longer.run
echo >>longer.run
fails 'and one that has grown' 125 ./longer.run
chmod 711 "$T"
run setpriv --reuid 1234 --regid 1234 --clear-groups env -u TARE_ROOT -u TARE_RUNROOT ./app.run
like 'without rights it says what is missing' "$status $stderr" '^125 .*needs root.*sudo'
fails 'a self-starting file makes none' 125 ./app.run pack --self -o x.run ./app.tar
"$TARE_TEST_TOP/tests/lib/mkimage" arm.tar arm --cmd '["x"]' --arch riscv64 "$root"
fails 'an image for another machine is refused' 125 tare pack --self --platform linux/riscv64 -o x.run ./arm.tar
ok 'and no file is made' test ! -e x.run
if command -v minisign >/dev/null; then
	minisign -G -W -f -p key.pub -s key.sec >/dev/null
	tare pack --self -o signed.run --sign key.sec ./app.tar >/dev/null
	ok 'it can be signed' minisign -Vqm signed.run -p key.pub
	ok 'and verifies that' ./signed.run verify --key key.pub
fi
# Of the binary that ships: sanitizers look for it themselves.
is 'nobody else looks for an archive' "$(strace -f "$TARE_TEST_TOP/build/tare" version 2>&1 | grep -c 'self/exe')" 0
tare rm -f -a >/dev/null
done_testing
