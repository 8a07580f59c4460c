#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# archives.sh - Hundreds of odd, hostile and damaged archives, in a jail that is watched
#
# TARE_ARCHIVES_FULL=1 tries each in every dialect, and all odd ones against podman, too.
. "$(dirname "$0")/../lib/harness.sh"

need python3
full=() sections=(odd hostile documents truncate)
if [ -n "${TARE_ARCHIVES_FULL:-}" ]; then
	full=(--full)
	! command -v podman >/dev/null || sections+=(podman)
fi
! command -v umoci >/dev/null || sections+=(umoci)
declare -A says=(
	[odd]='valid layers that hardly any tool writes come out as they are meant'
	[hostile]='layers that lead out, lie or break are refused'
	[documents]='so are documents and outer archives; odd ones load'
	[truncate]='cut off at every 4 KiB, archives are refused or whole'
	[umoci]='umoci makes the same trees'
	[podman]='podman makes the same trees'
)

while IFS=$'\t' read -r section count wrong; do
	is "${says[$section]} ($count)" "$wrong" ''
	[ "$count" -gt 40 ] || fail "there are enough of them in '$section'" "$count"
	done_sections+=" $section"
done < <("$TARE_TEST_TOP/tests/archives/run" "${full[@]}" "$T/jail" "$TARE" "${sections[@]}")
is 'all of them were tried' "${done_sections:-}" "$(printf ' %s' "${sections[@]}")"
done_testing
