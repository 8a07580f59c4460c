#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# terminal.sh - run and exec at a terminal: size, keys, job control, its state afterwards
. "$(dirname "$0")/../lib/harness.sh"

need python3
load_busybox
on_exit tare rm -f -a

box=(run --rm --network none -it)

# --- what it is ---

term "$TARE" "${box[@]}" busybox sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo three; stty size; echo $TERM; test -c /dev/console && echo seen >/dev/console; exit 9' <<END
wait
END
like 'a terminal of its own' "$stdout" $'^/dev/pts/0\n'
like 'on all three streams' "$stdout" $'\nthree\n'
like 'as large as ours' "$stdout" $'\n24 80\n'
like 'TERM is set' "$stdout" $'\nxterm\n'
like 'it is /dev/console, too' "$stdout" $'\nseen\n'
like 'the exit code passes' "$stdout" $'\ncode 9$'

# The kernel sends the signal an instant before the new size can be read (pty_resize()).
# shellcheck disable=SC2016 # for the shell inside
term "$TARE" "${box[@]}" busybox sh -c 'changed() { while [ "$(stty size)" = "24 80" ]; do :; done; stty size; exit 3; }
	trap changed WINCH; echo ready; while :; do sleep 0.1; done' <<END
expect ready
size 40 120
expect 40 120
wait
END
like 'a new size is passed on' "$stdout" $'40 120\ncode 3$'

# --- keys ---

term "$TARE" "${box[@]}" busybox sh -c 'trap "echo got it; exit 4" INT; echo ready; while :; do sleep 0.1; done' <<END
expect ready
send \x03
wait
END
like 'Ctrl-C reaches the program' "$stdout" $'got it\ncode 4$'
term "$TARE" "${box[@]}" busybox sh -c 'echo ready; exec sleep 100' <<END
expect ready
kill TERM
kill TERM
kill TERM
wait
END
like 'one that handles nothing is killed by the third TERM' "$stdout" 'code 137$'
term "$TARE" "${box[@]}" busybox cat <<END
send hello\n
expect hello\s+hello
send \x04
wait
END
like 'Ctrl-D ends the input' "$stdout" $'hello\nhello\ncode 0$'
term "$TARE" "${box[@]}" busybox sh -c 'stty raw -echo; echo ready; dd bs=1 count=3 2>/dev/null | od -An -tx1; stty sane' <<END
expect ready
send \x03\x1a\x04
wait
END
like 'in raw mode every key comes through' "$stdout" '03 1a 04'

# An interactive shell: jobs stop and go on, Ctrl-C ends the job and not the shell.
term "$TARE" "${box[@]}" busybox sh <<END
expect [#\$] 
send sh -c 'echo u""p; exec sleep 100'\n
expect up
send \x1a
expect Stopped
send jobs; kill %1; fg; echo mark\$((1+1))\n
expect mark2
send sh -c 'echo u""p; exec sleep 100'\n
expect up
send \x03
send echo alive\$((2+3)); exit 6\n
expect alive5
wait
END
like 'job control works' "$stdout" 'Stopped'
like 'Ctrl-C leaves the shell alone' "$stdout" 'alive5'
unlike 'the shell has its terminal' "$stdout" "can't access tty|job control turned off"
like 'and ends as it says' "$stdout" $'code 6$'
term "$TARE" run --rm --network none -it --init busybox sh <<END
expect [#\$] 
send sh -c 'echo u""p; exec sleep 100'\n
expect up
send \x03
send echo alive\$((2+3)); exit 6\n
expect alive5
wait
END
like 'with --init as well' "$stdout" 'alive5.*code 6$'
unlike 'job control included' "$stdout" "can't access tty|job control turned off"

# --- the terminal afterwards ---

# The shell around prints its state, so that it is known which program left it so.
after() {
	# shellcheck disable=SC2016 # for bash
	term bash -c '"$@"; echo "ended $?"; stty -a | grep -ow -e "-\?icanon" -e "-\?echo" -e "-\?isig" -e "-\?opost"' - "$TARE" "$@"
}
after run --rm --network none -it busybox sh -c 'exit 5' <<END
wait
END
like 'cooked mode is back after the end' "$(tr '\n' ' ' <<<"$stdout")" 'ended 5 isig icanon .*echo|ended 5 opost isig icanon echo'
after run --rm --network none -it busybox nosuch <<END
wait
END
like 'and after a command that is not there' "$(tr '\n' ' ' <<<"$stdout")" 'ended 127 .*isig icanon echo'
after run --rm --network none -it --name killed busybox sh -c 'echo ready; touch /ready; sleep 100' < <(
	echo expect ready
	wait_for 10 tare exec killed test -e /ready
	tare kill killed >/dev/null
	echo wait
)
like 'and after tare kill' "$(tr '\n' ' ' <<<"$stdout")" 'ended 137 .*isig icanon echo'

# --- -t and -i apart ---

is '-t without -i needs no terminal here' "$(tare run --rm --network none -t busybox sh -c 'test -t 1 && echo tty; echo err >&2' </dev/null | tr -d '\r')" $'tty\nerr'
is '-i without -t has none' "$(echo x | tare run --rm --network none -i busybox sh -c 'test -t 0 || cat')" x
run tare run --rm --network none -it busybox true </dev/null
is '-it without a terminal is refused' "$status" 125
like 'with a hint' "$stderr" 'no terminal.*leave out -t'
for flags in -t ''; do
	# shellcheck disable=SC2086 # none or one
	term "$TARE" run --rm --network none $flags busybox sh -c 'trap "exit 8" INT; echo ready; while :; do sleep 0.1; done' <<END
expect ready
send \x03
wait
END
	like "Ctrl-C with '$flags' alone is a signal to pass on" "$stdout" 'code 8$'
done
# shellcheck disable=SC2016
term "$TARE" run --rm --network none -it busybox sh -c 'head -c 300000 /dev/zero | tr "\0" x; echo; echo end' <<END
expect end
wait
END
is 'a lot of output is whole' "$(tr -dc x <<<"$stdout" | wc -c)" 300000

# --- exec ---

tare run -d --network none --name box busybox sleep 1000 >/dev/null
term "$TARE" exec -it box sh -c 'tty; stty size; exit 9' <<END
wait
END
like 'exec -it has a terminal with its size' "$stdout" $'^/dev/pts/0\n24 80\ncode 9$'
term "$TARE" exec -it box sh <<END
expect [#\$] 
send sh -c 'echo u""p; exec sleep 100'\n
expect up
send \x1a
expect Stopped
size 33 99
send kill %1; fg; stty size; exit 2\n
expect 33 99
wait
END
like 'with job control' "$stdout" 'code 2$'
unlike 'which the shell does not miss' "$stdout" "can't access tty|job control turned off"
after exec -it box sh -c 'exit 5' <<END
wait
END
like 'and cooked mode afterwards' "$(tr '\n' ' ' <<<"$stdout")" 'ended 5 .*isig icanon echo'
run tare exec -it box true </dev/null
is 'exec -it without a terminal is refused' "$status" 125
is 'exec -t without -i needs none' "$(tare exec -t box sh -c 'test -t 1 && echo tty' </dev/null | tr -d '\r')" tty

# --- detached with a terminal ---

tare run -d -t --network none --name daemon busybox sh -c 'tty; stty size; sleep 1000' >/dev/null
ok 'the log has what a terminal shows' wait_for 10 bash -c '"$TARE" logs daemon | grep -q /dev/pts/0'

# Whoever shares a terminal or a pipe with us may have set O_NONBLOCK on it, as node does.
slow_reader='
import fcntl, os, subprocess, sys, time
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETFL, os.O_NONBLOCK)
p = subprocess.Popen(sys.argv[1:], stdout=w)
os.close(w)
time.sleep(0.5)
print(len(os.fdopen(r, "rb").read()), p.wait())'
is 'a pipe that does not block gets all of it' \
	"$(python3 -c "$slow_reader" "$TARE" run --rm --network none busybox head -c 300000 /dev/zero)" '300000 0'

tare rm -f -a >/dev/null
done_testing
