#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# peerbar doctor on a guest that was booted broken, or on the one that the advice asks for:
#   doctor_boot.sh [--length SIZE] broken NAME CHECK WORDS    another boot mends it
#   doctor_boot.sh [--length SIZE] ailment NAME CHECK WORDS   commands mend it
#   doctor_boot.sh [--length SIZE] well NAME                  nothing is wrong (any more)
# SIZE is how much of the BAR is registered, by default all of it.
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
# shellcheck source=tests/guest/lib/doctor.sh
. "$(dirname "$0")/lib/doctor.sh"

if [ "$1" = --length ]; then
	RANGE=(length "$2")
	shift 2
fi
case $1 in
broken) step=is_broken;;
ailment) step=ailment;;
well) step=is_well;;
*) tap_not_ok "doctor_boot.sh" "no such step: $1"; exit 1;;
esac
shift

tap_begin_checks
install_modules
"$step" "$@"
tap_end_checks
tap_finish
