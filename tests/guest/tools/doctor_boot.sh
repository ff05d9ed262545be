#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# peerbar doctor on a guest that was booted broken, or booted in the way that the advice says:
#   doctor_boot.sh [OPTION]... broken NAME CHECK WORDS    only another boot mends it
#   doctor_boot.sh [OPTION]... ailment NAME CHECK WORDS   commands mend it
#   doctor_boot.sh [OPTION]... well NAME                  nothing is wrong (any more)
#	--length SIZE	how much of the BAR is registered, by default all of it
#	--errno ERRNO	the errno that registration gives; doctor is asked about it, too
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/guest/lib/doctor.sh
. "$(dirname "$0")/../lib/doctor.sh"

errno=
while [[ $1 == --* ]]; do
	case $1 in
	--length) RANGE=(length "$2");;
	--errno) errno=$2;;
	*) tap_not_ok "doctor_boot.sh" "no such option: $1"; exit 1;;
	esac
	shift 2
done
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
[ -z "$errno" ] || explains "$1" "$errno" "$2" ""
tap_end_checks
tap_finish
