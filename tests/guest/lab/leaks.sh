#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Does a test leave kernel memory behind that nothing points to?
#   leaks.sh TEST [ARG]...    needs the debug kernel with kmemleak=on
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/guest/lib/leaks.sh
. "$(dirname "$0")/../lib/leaks.sh"

leaks_forget
tap_wrap "$@"
leaks_scan
read -r found theirs <<< "$(leaks_count)"
if [ "$found" = 0 ]; then
	tap_ok "no memory is lost"
else
	tap_note "$(cat $LEAKS)"
	tap_not_ok "no memory is lost" "$found objects that nothing points to"
fi
[ "$theirs" = 0 ] || tap_skip "the kernel's exporter loses no memory" \
	"it lost $theirs objects, see docs/findings.md"
tap_finish
