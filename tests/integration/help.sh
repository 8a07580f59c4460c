#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib/harness.sh"

# The commands of the overview, or of a group.
commands() {
	tare "$@" --help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'
}

# The long options that the help of a command shows.
options() {
	tare "$@" --help | awk '/^Options:/ { on = 1; next } /^$/ { on = 0 } on' |
		grep -oE '^ {2,6}(-., )?--[a-z0-9-]+' | grep -oE '\-\-[a-z0-9-]+'
}

# The man page of a command as text, with plain dashes.
page() {
	tare help --man "$@" | sed 's/\\-/-/g; s/\\f[BRI]//g'
}

run tare --help
is 'the overview ends with 0' "$status" 0
like 'the overview shows run' "$stdout" $'\n  run '
is 'the overview goes to stdout' "$stderr" ''
is 'and so it does for -h' "$(tare -h)$(tare image -h)" "$stdout$(tare image --help)"
run tare
is 'no command at all ends with 125' "$status" 125
run tare --version
like 'the version is one line' "$stdout" '^tare version [0-9]+\.[0-9]+\.[0-9]+$'

# An engine's copy may be called anything.
for name in my-runtime tare-1 docker; do
	ln -s "$(readlink -f "$TARE")" "$name"
done
like 'by a name without tare in it, it is an OCI runtime' "$(./my-runtime --version)" $'\nspec: 1\\.'
is 'by one with it, it is not' "$(./tare-1 --version)" "$stdout"
is 'nor by the name of what it replaces' "$(./docker --version)" "$stdout"
run ./my-runtime images
like 'which is said' "$stderr" "a name with 'tare' in it"

# Every command, and those of a group below it, a line each.
all_commands() {
	local command
	for command in $(commands); do
		echo "$command"
		commands "$command" | sed "s/^/$command /"
	done
}

missing='' broken='' undocumented='' wide=''
while read -r -a words; do
	tare "${words[@]}" --help >"$T/help" </dev/null || broken+=" ${words[*]}"
	grep -q "^Usage: tare ${words[*]}" "$T/help" && ! grep -q '^Usage:.* COMMAND.* COMMAND' "$T/help" ||
		broken+=" ${words[*]}"
	! grep -qE '^.{101}' "$T/help" || wide+=" ${words[*]}"
	page "${words[@]}" >"$T/page"
	for option in $(options "${words[@]}"); do
		grep -qe "$option" "$T/page" || missing+=" ${words[*]} $option"
	done
	page | grep -qe "tare-${words[0]}" || undocumented+=" ${words[0]}"
done < <(all_commands)
is 'every command explains itself' "$broken" ''
is 'no help is wider than a screen' "$wide" ''
is 'every option is in its man page' "$missing" ''
is 'every command is in tare(1)' "$undocumented" ''

if command -v man >/dev/null; then
	warnings=''
	for command in '' $(commands); do
		# shellcheck disable=SC2086 # none is the overview
		tare help --man $command >"$T/page.1"
		warnings+=$(MANROFFSEQ='' man --warnings -E UTF-8 -l -Tutf8 -Z "$T/page.1" 2>&1 >/dev/null)
	done
	is 'man finds nothing wrong with the pages' "$warnings" ''
	tare help --man run >"$T/page.1"
	is 'nor where there is no UTF-8' \
		"$(LC_ALL=C MANROFFSEQ='' man --warnings -l -Tascii "$T/page.1" 2>&1 >/dev/null)" ''
else
	skip 'nor where there is no UTF-8' 'man is not installed'
	skip 'man finds nothing wrong with the pages' 'man is not installed'
fi

tare completion bash >"$T/tare.bash"
ok 'the bash completion is valid bash' bash -n "$T/tare.bash"
complete_words() {
	# shellcheck disable=SC2016 # for the inner shell
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tare; printf "%s\n" "${COMPREPLY[@]}"' \
		- "$T/tare.bash" "$@"
}
PATH="$(dirname "$TARE"):$PATH"
is 'it completes commands' "$(complete_words tare comp)" completion
touch "$T/series.x"
is 'files, where they may be named' "$(complete_words tare report "$T/ser")" "$T/series.x"
is 'it completes flags' "$(complete_words tare ps --no-t)" --no-trunc
is 'behind values of global ones, too' "$(complete_words tare --root /x ps --no-t)$(complete_words tare --root = /x ps --no-t)" --no-trunc--no-trunc
load_busybox
tare create --network none --name findme busybox true >/dev/null
is 'it completes containers' "$(complete_words tare rm fin)" findme
is 'it completes images' "$(complete_words tare run localh)" localhost/busybox:latest
is 'but none without a name' "$(complete_words tare rmi '<none')" ''
tare rm findme >/dev/null
tare volume create findvolume >/dev/null
is 'it completes volumes' "$(complete_words tare volume rm fin)" findvolume
tare volume rm findvolume >/dev/null
for shell in zsh fish; do
	tare completion $shell >"$T/tare.$shell"
	if command -v $shell >/dev/null; then
		ok "the $shell completion is valid $shell" $shell -n "$T/tare.$shell"
	else
		like "the $shell completion knows all commands" "$(cat "$T/tare.$shell")" completion
	fi
done
like 'quotes in what they say end nothing: zsh' "$(cat "$T/tare.zsh")" "[a-z]'\\\\''[a-z]"
like 'and fish' "$(cat "$T/tare.fish")" "[a-z]\\\\'[a-z]"
like 'nor do backslashes begin anything in a man page' "$(tare help --man ps)" '\\et'
fails 'an unknown level of messages is refused' 125 tare --log-level chatty ps
fails 'and a form of them' 125 tare --log-format xml ps
fails 'an unknown shell is refused' 125 tare completion csh
for command in pull build network buildx context swarm ls 'image pull' 'container attach' 'system events'; do
	# shellcheck disable=SC2086 # a group and its command
	run tare $command
	like "'$command' is answered by what there is instead" "$status $stderr" "^125 tare: unknown command '$command'.*hint: [^s]"
	unlike 'and not by the help alone' "$stderr" "hint: see 'tare --help'"
done
like 'a signal as kill(1) has it' "$(tare kill -HUP x 2>&1)" "hint: a signal is given as -s HUP"
like "options of ps are told that top has none" "$(tare top web -o pid 2>&1)" 'hint: tare exec web ps -o'
for flag in --domainname=x --runtime=runc --replace --pidfile=x --annotation=a=b -q; do
	run tare run $flag busybox true
	like "docker's or podman's $flag is answered" "$status $stderr" '^125 tare: flag .* is not supported: '
done
is 'docker has two names for some commands' "$(tare container ps; tare container list; tare image list -q; tare volume list -q)" \
	"$(tare ps; tare ps; tare images -q; tare volume ls -q)"
fails 'which other groups do not have' 125 tare slice list
fails 'container inspect knows no images' 1 tare container inspect busybox

done_testing
