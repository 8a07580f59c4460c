#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# timeline.sh - Limits that change while a program runs, and what is seen of that
# shellcheck disable=SC2016 # scripts that expand in the container
. "$(dirname "$0")/../lib/harness.sh"

load_busybox
on_exit tare rm -f -a

# All at the same time, as each mostly waits.
# --- memory: a limit that comes later kills later
tare run -d --name shrink --sample 50ms:shrink --memory 200m --at 2s memory.max=16M busybox sh -c \
	'dd if=/dev/zero of=/dev/null bs=40M count=1 2>/dev/null; echo first; sleep 3; exec dd if=/dev/zero of=/dev/null bs=40M count=1' >/dev/null
# --- reclaim: the page cache goes
tare run -d --name reclaim --sample 20ms:reclaim --at 2s reclaim=8M busybox sh -c \
	'dd if=/dev/zero of=/file bs=1M count=12 2>/dev/null; sync; sleep 3; echo alive' >/dev/null
# --- processes: pids.max without any limit at the start
tare run -d --name forks --at 500ms pids.max=1 busybox sh -c 'sleep 0.1; echo one; sleep 0.8; sleep 0.1; echo two' >/dev/null
tare run -d --name again --at 100ms pids.max=1 --at 300ms pids.max=max busybox sh -c 'usleep 800000; (echo forked)' >/dev/null
run tare run --rm --sample 20ms:none --at 300ms reclaim=100M busybox sleep 0.6
is 'what cannot be reclaimed is said' "$status" 0
like 'in a warning' "$stderr" 'warning: --at 300ms reclaim=100M: less could be reclaimed than asked for'
is 'and in the series' "$(jq -r 'select(.step) | .outcome' none)" failed

is 'memory.max at 2s: what went before is killed after' "$(tare wait shrink) $(tare logs shrink)" '137 first'
is 'by the OOM killer' "$(tare inspect -f '{{.State.Reason}}' shrink)" oom
is 'the series has both limits' "$(jq -s '[.[].memory_limit_bytes | numbers] | unique | map(. / 1048576)' -c shrink)" '[16,200]'
is 'the step' "$(jq -r 'select(.step) | "\(.step) \(.outcome)"' shrink)" 'memory.max=16M done'
is 'and the end' "$(jq -rs '.[-1] | "\(.end) \(.code)"' shrink)" 'oom 137'
is 'reclaim: the program goes on' "$(tare wait reclaim) $(tare logs reclaim)" '0 alive'
is 'without the pages' "$(jq -s '([.[] | select(.step)][0]) as $s |
	([.[] | select(.file_bytes and .t_us < $s.t_us)][-1].file_bytes) as $before |
	([.[] | select(.file_bytes and .t_us > $s.t_us + $s.took_us)][0].file_bytes) as $after |
	$s.outcome == "done" and $before - $after > 6000000' reclaim)" true
tare wait forks >/dev/null
like 'a fork that is one too many fails' "$(tare logs forks 2>&1)" "can't fork"
is 'until it is allowed again' "$(tare wait again) $(tare logs again)" '0 forked'

# --- processor: less from then on
run tare run --rm --sample 50ms:spin --cpus 1 --at 1s cpu.max='20000 100000' --timeout 2500ms --stop-timeout 1 busybox \
	sh -c 'while :; do :; done'
is 'cpu.max at 1s' "$status" 124
share=$(jq -s 'def use($a; $b): [.[] | select(.cpu_us and .t_us >= $a and .t_us <= $b)] |
	(.[-1].cpu_us - .[0].cpu_us) * 100 / (.[-1].t_us - .[0].t_us);
	[use(200000; 1000000), use(1200000; 2400000)] | map(floor) | "\(.[0]) \(.[1])"' -r spin)
read -r before after <<<"$share"
ok "a whole processor before ($before %)" [ "$before" -ge 60 ]
ok "a fifth of one afterwards ($after %)" [ "$after" -le 32 ]
is 'throttling is seen' "$(jq -s '[.[].throttled_us | numbers] | .[-1] > 200000' spin)" true

# --- a short interval
run tare run --rm --sample 1ms:busy --memory 64m busybox sleep 1
ok 'its supervisor keeps up' [ "$(grep -c memory_bytes busy)" -ge 50 ]
tare rm -f -a >/dev/null
done_testing
