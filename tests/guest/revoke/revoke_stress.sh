#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# peerbar-revoke-stress with all devices and NICs of this guest:
#   revoke_stress.sh CYCLES [SEED [OPTION]...]
# The NICs' own counters of stray accesses are watched, too. Without a SEED it is a random one.
# The report is build/results/NAME/stress.json.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. /src/tests/guest/lib/tap.sh

cycles=${1:-100} seed=${2:-}
shift $(($# > 2 ? 2 : $#))

# stray: a command that prints the stray accesses of all NICs
stray()
{
	echo "nicctl /stray/total${PB_NIC2:+; nicctl -n 2 /stray/total}" |
		sed 's/.*/{ &; } | { read -r a; read -r b; echo $((a + b)); }/'
}

# options: a line each
options()
{
	printf '%s\n' --yes --with all --cycles "$cycles" --owners 3 --importers 4 \
		--json /results/stress.json --between stress_between.sh
	[ ! -w /sys/power/pm_test ] || printf '%s\n' --command stress_sleep.sh
	printf -- '--device\n%s\n' "$PB_GPU,$PB_BAR" ${PB_GPU2:+"$PB_GPU2,$PB_BAR"}
	printf -- '--nic\n%s\n' "$PB_NIC" ${PB_NIC2:+"$PB_NIC2"}
	[ "$PB_BAR" != 4 ] || echo --enable=0,0xe04,1	# the drive's memory region: PMRCTL
	[ -z "$seed" ] || printf -- '--seed\n%s\n' "$seed"
	# refused accesses of a NIC behind the fence count as stray
	[ "$PB_IMPORTER" = stock ] && [[ $PB_IBDEV = efa* ]] || printf -- '--stray\n%s\n' "$(stray)"
}

mapfile -t option < <(options)
peerbar-revoke-stress "${option[@]}" "$@" 2>&1 | tee /tmp/stress.txt | sed 's/^/# /'
if [ "${PIPESTATUS[0]}" = 0 ]; then
	tap_ok "revoke stress: $cycles cycles"
else
	tap_not_ok "revoke stress: $cycles cycles" "$(grep -A1 '^VIOLATION' /tmp/stress.txt |
		tail -n 1)"
fi
exit $((tap_failures > 0))
