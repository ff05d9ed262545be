#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# path_show.sh [EXPORTER]...: does `peerbar path show` tell what really happens? If it says
# that the NIC works, registration must succeed, and if it says refused, registration must fail.
# Tested for each exporter (default: both), for each kind of efa driver, and with that driver
# named in the parameter fence and not. Also compares `peerbar export show` with these
# registrations. The drivers from before are restored at the end.
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/guest/lib/json.sh
. "$(dirname "$0")/../lib/json.sh"

BUILD=/src/build
RELEASE=$(uname -r)
FENCE=/sys/module/peerbar_vfio_pci/parameters/fence
before=$(basename "$(readlink "/sys/bus/pci/devices/$PB_GPU/driver")")

# load_efa KIND: replace the efa driver; the RDMA device gets its name anew.
load_efa()
{
	! grep -q '^efa ' /proc/modules || rmmod efa
	insmod "$BUILD/modules/$RELEASE/$1/efa.ko"
	PB_IBDEV=$(basename "/sys/bus/pci/devices/$PB_NIC"/infiniband/*)
	export PB_IBDEV
}

load_exporter()
{
	grep -q '^peerbar_vfio_pci ' /proc/modules ||
		insmod "$BUILD/kernel/$RELEASE/peerbar-vfio-pci.ko"
}

verdict()
{
	peerbar -j path show "$PB_IBDEV" "$PB_GPU" | tee /tmp/path.json
	json_is peerbar-path-show /tmp/path.json
}

# expected KIND EXPORTER: print the VERDICT, CAUSE and AFTER to expect here, derived from other
# facts than those that path show looks at.
expected()
{
	if [ "$2" = vfio-pci ] && ! grep -q CONFIG_VFIO_PCI_DMABUF=y "$CONFIG"; then
		echo "refused cannot-export null"
	elif [ "$1" = revocable ] && has_path; then
		echo "works none dead"
	elif [ "$1" = revocable ]; then
		echo "refused host-bridge-unknown null"
	elif [ "$2" = vfio-pci ]; then
		echo "refused pins-exporter null"
	elif ! has_path; then
		echo "refused host-bridge-unknown null"
	elif below_one_switch; then
		echo "refused pins-bus-address null"
	elif grep -q iommu=pt /proc/cmdline; then
		echo "refused pins-identity null"
	elif ! grep -qwE 'efa|all' $FENCE; then
		echo "refused pins-not-named null"
	else
		echo "works-with-fence none fenced"
	fi
}

# Below one switch their requests do not get as far as the host bridge.
has_path()
{
	below_one_switch || forwards
}

# Does the host bridge forward peer-to-peer? The lab's is not in the kernel's list of host
# bridges, so the kernel decides by the CPU.
forwards()
{
	lscpu | grep -q 'Vendor ID:.*AuthenticAMD' &&
		[ "$(lscpu | sed -n 's/^ *CPU family: *//p')" -ge 23 ]
}

# registers: does the NIC register the BAR? If not, $why says why.
registers()
{
	why=$(peerbar mr test "$PB_IBDEV" "$PB_GPU" total 1M 2>&1 >/dev/null)
}

# agrees VERDICT ERRNO REMEDY: registration does what the verdict says and, if it fails,
# libpeerbar gives that errno and that remedy.
agrees()
{
	case $1 in
	works*) registers || { echo "it was refused: $why"; return 1; };;
	refused)
		! registers || { echo "it registers"; return 1; }
		[[ $why = *"$3"* ]] || { echo "not with that remedy: $why"; return 1; }
		[[ $2 = null || $why = *"(errno $2)"* ]] ||
			{ echo "not with errno $2: $why"; return 1; };;
	*) echo "that is no verdict"; return 1;;
	esac
}

# errno NAME: print its number
errno()
{
	case $1 in
	EOPNOTSUPP) echo 95;;
	EINVAL) echo 22;;
	ENOMEM) echo 12;;
	*) echo "$1";;
	esac
}

# check KIND EXPORTER [NOTE]
check()
{
	local name="path show: $1 efa, $2${3:+, $3}" said want out field
	said=$(verdict)
	mapfile -t field < <(jq -r '.verdict, .errno, .remedy' <<< "$said")
	want=$(expected "$1" "$2")
	if [ "$(jq -r '"\(.verdict) \(.cause) \(.after)"' <<< "$said")" != "$want" ]; then
		tap_not_ok "$name" "not $want: $said"
	elif ! out=$(agrees "${field[0]}" "$(errno "${field[1]}")" "${field[2]}"); then
		tap_not_ok "$name" "$out; it said: $said"
	else
		tap_ok "$name: $want"
	fi
}

check_exporter()
{
	local kind=$1 exporter=$2 list lists=("" "bnxt_re,irdma" all "bnxt_re,efa")
	[ "$kind" = stock ] || lists=("bnxt_re,efa")	# a list has no effect on the other
	peerbar dev bind "$PB_GPU" driver "$exporter" > /dev/null
	if [ "$exporter" != peerbar-vfio-pci ]; then
		check "$kind" "$exporter"
		return
	fi
	for list in "${lists[@]}"; do
		echo "$list" > $FENCE
		check "$kind" "$exporter" "fence=$list"
	done
	! registers || check_shown
}

check_refusal()
{
	peerbar dev unbind "$PB_GPU" > /dev/null
	if [ "$(verdict | jq -r .cause)" = no-driver ] && ! registers; then
		tap_ok "path show: no driver"
	else
		tap_not_ok "path show: no driver" "$(verdict)"
	fi
}

# shown FILTER: does jq's FILTER hold for the device in export show?
shown()
{
	peerbar -j export show "$PB_GPU" > /tmp/shown.json
	jq -e ".[0] | $1" /tmp/shown.json > /dev/null
}

# wait_shown FILTER: the same, within 20 seconds.
wait_shown()
{
	local status=1
	for _ in $(seq 100); do
		! shown "$1" || { status=0; break; }
		sleep 0.2
	done
	json_is peerbar-export-show /tmp/shown.json
	return $status
}

# export show lists a registration that is in use, and counts the revoke when the device is
# reset.
check_shown()
{
	local mover revokes stop
	stop=$(verdict | jq -r 'if .stop == "fence" then "fence" else "native" end')
	revokes=$(peerbar -j export show "$PB_GPU" | jq '.[0].revokes')
	peerbar mr test "$PB_IBDEV" "$PB_GPU" total 1T > /dev/null 2>&1 &
	mover=$!
	if wait_shown ".importers == 1 and .exports[0].live == 1 and (.exports[0] |
			.bar == $PB_BAR and .state == \"usable\" and (.attachments[0] |
			.importer == \"$PB_NIC\" and .rdma == \"$PB_IBDEV\" and
			.map == \"$(verdict | jq -r .map)\" and (.stop // \"$stop\") == \"$stop\" and
			.after == $(verdict | jq .after) and
			([.mappings[].size] | add) == $(stat -c %s \
				"/sys/bus/pci/devices/$PB_GPU/resource$PB_BAR")))"; then
		tap_ok "export show: a registration in use"
	else
		tap_not_ok "export show: a registration in use" \
			"$(peerbar -j export show "$PB_GPU")"
	fi
	# No reset for a fenced NIC: it would go on, and the IOMMU would refuse its accesses. When
	# the process is killed, the MR may be gone before the device is closed, and then the
	# close revokes nothing.
	if [ "$stop" = native ]; then
		echo 1 > "/sys/bus/pci/devices/$PB_GPU/reset"
		revokes=$((revokes + 1))
	fi
	kill -9 $mover 2>/dev/null || :
	wait $mover 2>/dev/null || :
	if wait_shown ".buffers == 0 and .revokes >= $revokes and
			([.times[].count] | add // 0) >= .revokes"; then
		tap_ok "export show: its revoke"
	else
		tap_not_ok "export show: its revoke" "$(peerbar -j export show "$PB_GPU")"
	fi
}

restore()
{
	echo "$fence" > $FENCE
	load_efa "$PB_IMPORTER"
	peerbar dev bind "$PB_GPU" driver "$before" > /dev/null
}

CONFIG=/lib/modules/$RELEASE/config
[ -e "$CONFIG" ] || CONFIG=/dev/null	# missing for older kernels, which cannot export
[ $# -gt 0 ] || set -- vfio-pci peerbar-vfio-pci
first=$(verdict | jq .verdict)
tap_begin_checks
load_exporter
fence=$(cat $FENCE)
trap restore EXIT
for kind in stock revocable; do
	load_efa $kind
	for exporter; do
		check_exporter $kind "$exporter"
	done
done
check_refusal
restore
trap - EXIT
if [ "$(verdict | jq .verdict)" = "$first" ]; then
	tap_ok "path show: all is as before"
else
	tap_not_ok "path show: all is as before" "not $first: $(verdict)"
fi
tap_end_checks
tap_finish
