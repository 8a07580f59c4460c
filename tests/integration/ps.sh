#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
. "$(dirname "$0")/../lib/harness.sh"

on_exit tare rm -f -a

load_busybox

run tare ps
is 'ps of an empty store shows the titles' "$stdout" \
	'CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES'
run tare ps --format json
is 'ps --format json of an empty store is an empty array' "$stdout" '[]'
run tare ps -q
is 'ps -q of an empty store prints nothing' "$stdout" ''

run tare run -d --network none --name web --expose 9000 --label app=web --label tier=front busybox sleep 1000
is 'run -d prints the id' "$status" 0
web=$stdout
tare run --network none --name ended --label app=batch busybox sh -c 'exit 3'
tare create --network none --name new -v data:/d busybox true >/dev/null

run tare ps
like 'ps shows what runs' "$stdout" '"sleep 1000"'
unlike 'ps does not show what has ended' "$stdout" 'ended'
like 'ps says how long it runs' "$stdout" 'Up (Less than a second|[0-9]+ seconds?)'
run tare ps -a
like 'ps -a shows the exit code' "$stdout" 'Exited \(3\)'
like 'ps -a shows what was never started' "$stdout" 'Created'
term "$TARE" ps --filter label=app=web --format $'\e[1m{{.Names}}{{"\e[31m"}}\e[0m' <<<wait
like 'a terminal gets controls from the text of a template, not from values' "$stdout" $'\e\\[1mweb.x1b\\[31m\e\\[0m'
run tare ps -q
is 'ps -q prints short ids' "$stdout" "${web:0:12}"
run tare ps -q --no-trunc
is 'ps -q --no-trunc prints whole ids' "$stdout" "$web"
run tare ps -l --format '{{.Names}}'
is 'ps -l shows the newest' "$stdout" new
run tare ps -n 2 --format '{{.Names}}'
is 'ps -n shows the newest ones' "$stdout" $'new\nended'
is 'ps -n 0 shows none' "$(tare ps -q -n 0)" ''
is 'ps -s has the size in a column of its own' "$(tare ps -s | head -n 1 | tr -s ' ')" \
	'CONTAINER ID IMAGE COMMAND CREATED STATUS PORTS NAMES SIZE'
tare run --network none --name links busybox sh -c 'head -c 3000000 /dev/zero >/a; ln /a /b'
like 'a file with two names is counted once' "$(tare ps -l -s --format '{{.Size}}')" '^3(\.0+)?MB'
tare rm links >/dev/null
is 'mounts are known when they are asked for' "$(tare ps -l --format '{{.Mounts}}')" data
is 'jsonl has a line for each' "$(tare ps -a --format jsonl | jq -r .Names | tr '\n' ' ')" 'new ended web '
is 'a word that begins like table is text' "$(tare ps --format tableau)" tableau
like 'an empty format is none' "$(tare ps --format '')" '^CONTAINER ID'
run tare ps --noheading
unlike 'ps --noheading leaves the titles out' "$stdout" 'CONTAINER ID'

run tare ps -a --filter label=app=batch --format '{{.Names}}'
is 'ps filters by label' "$stdout" ended
run tare ps --filter status=exited --format '{{.Names}}'
is 'ps filters by status, which implies -a' "$stdout" ended
fails 'a status that there is none of is refused' 125 tare ps --filter status=exitted
ok 'but not one of docker'"'"'s that no container here ever has' tare ps --filter status=dead
run tare ps -a --filter 'name=^(web|new)$' --format '{{.Names}}'
is 'ps filters by name, a regular expression' "$stdout" $'new\nweb'
run tare ps -a --filter exited=3 -q --no-trunc
like 'ps filters by exit code' "$stdout" '^[0-9a-f]{64}$'
run tare ps -a --filter since=web --format '{{.Names}}'
is 'ps filters by what is newer' "$stdout" $'new\nended'
fails 'not than what is not there' 125 tare ps --filter since=nosuch
run tare ps -a --filter ancestor=localhost/busybox --format '{{.Names}}'
is 'ps filters by image without its tag' "$stdout" $'new\nended\nweb'
fails 'an unknown filter is refused' 125 tare ps --filter nope=1

run tare ps --format 'table {{.Names}}\t{{.Label "app"}}\t{{.State}}'
is 'ps fills a table template' "$stdout" $'NAMES     app       STATE\nweb       web       running'
run tare ps --format '{{json .}}'
is 'docker line form holds texts' "$(jq -r '.Names + " " + .State + " " + .ID' <<<"$stdout")" \
	"web running ${web:0:12}"
run tare ps -a --format json
is 'podman form is typed' "$(jq -r '.[1] | "\(.Names[0]) \(.ExitCode) \(.Exited)"' <<<"$stdout")" \
	'ended 3 true'
run tare ps --format '{{.Nope}}'
is 'an unknown field ends with 125' "$status" 125
like 'an unknown field is named' "$stderr" "unknown field '.Nope'"

run tare inspect -f '{{.State.Status}} {{.State.Running}} {{.Config.Image}}' web
is 'inspect fills templates' "$stdout" 'running true busybox'
run tare inspect -f '{{index .Config.Labels "tier"}}' web
is 'inspect finds labels' "$stdout" front
run tare inspect web ended
is 'inspect is an array in the order asked for' "$(jq -r '[.[].Name] | join(" ")' <<<"$stdout")" \
	'web ended'
is 'inspect knows the exit code' "$(jq .[1].State.ExitCode <<<"$stdout")" 3
is 'inspect knows the process' "$(jq .[0].State.Pid <<<"$stdout")" \
	"$(tare ps --format '{{.Pid}}')"
tare create --name full --ulimit nofile=100 --ulimit nproc=10:20 -p 8080:80 busybox true >/dev/null
is 'what was not given is shown as it will be' \
	"$(tare inspect -f '{{json .HostConfig.Ulimits}} {{json .HostConfig.PortBindings}} {{json .HostConfig.LogConfig.Config}}' full)" \
	'[{"Name":"nofile","Hard":100,"Soft":100},{"Name":"nproc","Hard":20,"Soft":10}] {"80/tcp":[{"HostIp":"","HostPort":"8080"}]} {"max-size":"10485760","max-file":"3"}'
tare rm full >/dev/null
is 'ports that are not published have no binding' "$(tare inspect -f '{{json .NetworkSettings.Ports}}' web)" '{"9000/tcp":null}'
run tare inspect nothing
is 'inspect of nothing ends with 1' "$status" 1
is 'inspect of nothing is an empty array' "$stdout" '[]'
run tare inspect "${web:0:6}"
is 'inspect takes an id prefix' "$(jq -r .[0].Id <<<"$stdout")" "$web"
run tare inspect --type image busybox
is 'inspect --type image looks at images only' "$(jq -r .[0].Os <<<"$stdout")" linux
fails 'there are two types' 125 tare inspect --type volume busybox
fails 'inspect --type container does not find an image' 1 tare inspect --type container busybox

# shellcheck disable=SC2016 # for the inner shell
fails 'a full disk under ps is an error' 125 bash -c '"$TARE" ps >/dev/full'

done_testing
