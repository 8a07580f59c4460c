#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib/harness.sh"
need minisign jq

on_exit tare rm -f -a
root=$FIXTURES/root

for file in "$FIXTURES"/{busybox,busybox-docker,web}.tar; do
	ok "$(basename "$file") is valid" tare verify "$file"
done
like 'it says so' "$(tare verify "$FIXTURES/web.tar")" 'localhost/web:latest sha256:[0-9a-f]{12}, 3 layers: OK'
is 'as JSON, too' "$(tare verify --json "$FIXTURES/web.tar" | jq -c '[.Valid,(.Images[0].Layers|length)]')" '[true,3]'
mkdir layout
tar x -C layout -f "$FIXTURES/web.tar"
ok 'a layout directory is verified' tare verify layout

# damage FILE OFFSET: one byte of a copy is another
damage() {
	cp "$1" damaged.tar
	byte=$(dd if="$1" bs=1 skip="$2" count=1 2>/dev/null | od -An -tu1)
	# shellcheck disable=SC2059
	printf "\\x$(printf %x $(((byte + 1) % 256)))" | dd of=damaged.tar bs=1 seek="$2" conv=notrunc 2>/dev/null
}

size=$(stat -c %s "$FIXTURES/busybox.tar")
for at in 600 3000 $((size / 2)) $((size * 3 / 4)); do
	damage "$FIXTURES/busybox.tar" "$at"
	run tare verify damaged.tar
	if [ "$status" = 0 ]; then
		# In the padding between two files: nothing that counts.
		is "byte $at is nobody's" "$(tar xOf damaged.tar | md5sum)" "$(tar xOf "$FIXTURES/busybox.tar" | md5sum)"
	else
		is "a changed byte at $at is found" "$status" 1
		like 'and told in one line' "$stderr" "^tare: 'damaged.tar' is not valid: "
	fi
done
head -c $((size / 2)) "$FIXTURES/busybox.tar" >cut.tar
fails 'a truncated archive is not valid' 1 tare verify cut.tar
rm layout/blobs/sha256/"$(tar tf "$FIXTURES/web.tar" | grep -m1 -o 'sha256/.*[0-9a-f]' | cut -d/ -f2)"
fails 'a layout without one of its blobs is not valid' 1 tare verify -q layout
fails 'what is not there cannot be read' 125 tare verify nowhere.tar
fails 'of several the worst counts' 1 tare verify -q "$FIXTURES/web.tar" cut.tar

minisign -G -W -f -p key.pub -s key.sec >/dev/null
minisign -G -W -f -p other.pub -s other.sec >/dev/null
tare pack -o app.tar -t localhost/app --cmd '["/bin/echo","signed"]' --sign key.sec "$root" >/dev/null
ok 'minisign takes our signature' minisign -Vqm app.tar -p key.pub
ok 'so do we' tare verify --key key.pub app.tar
ok 'the key may be given itself' tare verify --key "$(tail -n 1 key.pub)" app.tar
fails 'another key is refused' 1 tare verify --key other.pub app.tar
is 'run --verify runs it' "$(tare run --rm --network none --verify key.pub ./app.tar)" signed
like 'show says whose it claims to be' "$(tare show app.tar)" 'Signature: +not checked, claims to be of key'
like 'and whether that is true' "$(tare show --key key.pub app.tar)" 'Signature: +valid, key'

cp "$FIXTURES/web.tar" web.tar
minisign -Sm web.tar -s key.sec -t 'from the vendor' >/dev/null
like 'we take what minisign signed, with its comment' "$(tare verify --key key.pub web.tar)" 'from the vendor'
sed -i 's/from the vendor/from a stranger/' web.tar.minisig
run tare verify --key key.pub web.tar
like 'a changed comment is found' "$status $stderr" '^1 .*the comment of the signature was changed'
minisign -Slm web.tar -s key.sec >/dev/null 2>&1 && run tare verify --key key.pub web.tar &&
	like 'signatures of the old form are not taken' "$status $stderr" '^1 .*old form'

cp app.tar.minisig damaged.tar.minisig
damage app.tar 700
cp app.tar.minisig damaged.tar.minisig
run tare run --rm --network none --verify key.pub ./damaged.tar
like 'run --verify refuses what was changed' "$status $stderr" '^125 .*not what was signed'
cp app.tar padded.tar
cp app.tar.minisig padded.tar.minisig
echo >>padded.tar
fails 'even behind the end of the archive' 125 tare run --rm --verify key.pub ./padded.tar
rm -f padded.tar.minisig
run tare run --rm --verify key.pub ./padded.tar
like 'or what is not signed' "$status $stderr" "^125 .*is not signed: there is no './padded.tar.minisig'"
ok 'the signature may be elsewhere' tare run --rm --network none --verify key.pub --signature app.tar.minisig ./app.tar
run tare run --rm --verify key.pub localhost/app
like 'an image of the store has no signature' "$status $stderr" '^125 .*--verify is for archives'
run tare run --rm --network none --verify key.pub --rootfs "$root" /bin/echo unsigned
like 'nor has a directory as root' "$status $stdout $stderr" '^125  .*--verify is for archives'
run tare run --rm --network none --verify key.pub "$root"
like 'nor as an archive' "$status $stdout $stderr" '^125  .*only a file can be signed'
# Its owner, who is not root, changes it between the check and the use.
tare pack -o evil.tar -t localhost/app --cmd '["/bin/echo","hacked"]' "$root" >/dev/null
install -m 0666 app.tar theirs.tar
is 'what others may write to is verified, too' "$(for i in 1 2; do
	tare run --rm --network none --verify key.pub --signature app.tar.minisig ./theirs.tar
done | xargs)" 'signed signed'
python3 - <<-'PY' &
	import os
	good, evil = (open(n, 'rb').read() for n in ('app.tar', 'evil.tar'))
	at = [i for i in range(0, len(good), 512) if good[i:i + 512] != evil[i:i + 512]]
	fd = os.open('theirs.tar', os.O_RDWR)
	while True:
	    for content in good, evil:
	        for i in at:
	            os.pwrite(fd, content[i:i + 512], i)
PY
changer=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	tare run --rm --network none --verify key.pub --signature app.tar.minisig ./theirs.tar
done >ran 2>/dev/null
kill $changer
wait $changer
is 'and what was verified is what runs, whoever writes to it meanwhile' "$(grep -c hacked ran)" 0
# The signature comes after the file was opened, and when it comes there is another file of that name.
cp app.tar now.tar
mkfifo late
(
	mv -f web.tar now.tar
	cat app.tar.minisig
) >late &
run timeout 20 "$TARE" run --rm --network none --verify key.pub --signature late ./now.tar
is 'what was verified is what runs' "$status $stdout" '0 signed'
echo garbage >app.tar.minisig
fails 'garbage is no signature' 1 tare verify --key key.pub app.tar
echo garbage >bad.pub
fails 'nor a key' 125 tare verify --key bad.pub app.tar
fails 'nor a secret one' 125 tare pack -o x.tar --sign bad.pub "$root"
ok 'then nothing is made' test ! -e x.tar -a ! -e x.tar.minisig

printf 'secret\nsecret\n' | minisign -G -f -p enc.pub -s enc.sec >/dev/null 2>&1
ok 'a key with a password asks for it' sh -c "echo secret | '$TARE' pack -o enc.tar --sign enc.sec '$root'"
ok 'and signs' minisign -Vqm enc.tar -p enc.pub
run sh -c "echo wrong | '$TARE' pack -o enc2.tar --sign enc.sec '$root'"
like 'a wrong password is one' "$status $stderr" '^125 .*wrong password'
run sh -c "head -c 5000 /dev/zero | tr '\\0' x | '$TARE' pack -o enc2.tar --sign enc.sec '$root'"
like 'one that is too long is no password' "$status $stderr" '^125 .*too long'
term sh -c "trap : INT; '$TARE' pack -o enc2.tar --sign enc.sec '$root'; echo code \$?; stty -a" <<-'EOF'
	expect Password of
	send \x03
	wait
EOF
like 'who gives up is left with a terminal that shows what is typed' "$stdout" 'code 130.*[^-]echo '
run tare pack -o - --sign key.sec "$root"
like '--sign needs a file' "$status $stderr" '^125 .*--sign needs a file'
done_testing
