#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# make install: binary, man pages, completions, below DESTDIR and nowhere else
. "$(dirname "$0")/../lib/harness.sh"

need make gcc
root=$T/inst
run make -s -C "$TARE_TEST_TOP" install DESTDIR="$root" PREFIX=/usr
is 'make install succeeds' "$status" 0
like 'the installed binary runs' "$("$root/usr/bin/tare" --version)" '^tare version [0-9]'

is 'tare-oci is a link to it' "$(readlink "$root/usr/bin/tare-oci")" tare
run "$root/usr/bin/tare-oci" --version
is 'which speaks as a runtime' "$status" 0
like 'in three lines, as engines parse them' "$stdout" $'^tare-oci version [0-9.]+\ncommit: [^\n]+\nspec: 1[.][0-9.]+$'

missing=''
for command in $("$root/usr/bin/tare" --help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'); do
	[ -s "$root/usr/share/man/man1/tare-$command.1" ] || missing+=" $command"
done
is 'every command of the help has a man page' "$missing" ''
ok 'and so has tare itself' test -s "$root/usr/share/man/man1/tare.1"

if command -v mandoc >/dev/null; then
	is 'no man page has an error' "$(mandoc -Tlint -Werror "$root"/usr/share/man/man1/*.1 2>&1)" ''
else
	skip 'no man page has an error' 'mandoc is not installed'
fi
ok 'the completion for bash is bash' bash -n "$root/usr/share/bash-completion/completions/tare"
ok 'there is one for zsh' test -s "$root/usr/share/zsh/site-functions/_tare"
ok 'there is one for fish' test -s "$root/usr/share/fish/vendor_completions.d/tare.fish"
is 'the unit for the start after a reboot names the binary' \
	"$(grep ExecStart "$root/usr/lib/systemd/system/tare.service")" 'ExecStart=/usr/bin/tare start --at-boot'
is 'nothing else is installed' "$(cd "$root" && find . -type f ! -path './usr/share/man/man1/tare*.1' | sort | tr '\n' ' ')" \
	'./usr/bin/tare ./usr/lib/systemd/system/tare.service ./usr/share/bash-completion/completions/tare ./usr/share/fish/vendor_completions.d/tare.fish ./usr/share/zsh/site-functions/_tare '
done_testing
