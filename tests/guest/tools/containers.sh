#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What the tools say in a container that lacks a device node, or may not open it, and in a
# network namespace that the NIC is not in. A sentence must name what is missing here, and must
# not blame the kernel or the machine for it.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"

GROUP=$(basename "$(readlink "/sys/bus/pci/devices/$PB_GPU/iommu_group")")
VERBS=$(basename "$(echo /sys/bus/pci/devices/"$PB_NIC"/infiniband_verbs/*)")
CDEV=/dev/vfio/devices/$(basename "$(echo /sys/bus/pci/devices/"$PB_GPU"/vfio-dev/*)")
by_iommufd() { [ -e "$CDEV" ] && [ -e /dev/iommu ]; }

# says NAME STATUS PATTERN CMD...: the command ends with this status and says this.
says()
{
	local name=$1 want=$2 pattern=$3 out status
	shift 3
	out=$("$@" 2>&1)
	status=$?
	if [ "$status" = "$want" ] && grep -qE -- "$pattern" <<< "$out"; then
		tap_ok "$name"
	else
		tap_not_ok "$name" "status $status, not $want, or no '$pattern' in: $out"
	fi
}

# without FILE CMD...: run the command where FILE is missing. The nodes around it stay.
without()
{
	local file=$1
	shift
	# shellcheck disable=SC2016 # the inner shell expands them
	unshare -m bash -c 'file=$1 folder=$(dirname "$1"); shift
		mkdir -p /tmp/nodes && mount --bind "$folder" /tmp/nodes &&
		mount -t tmpfs none "$folder" && cp -a /tmp/nodes/. "$folder" &&
		rm -r "$file" && exec "$@"' without "$file" "$@"
}

as_user() { setpriv --reuid 1000 --regid 1000 --clear-groups "$@"; }

small=(total 64k max-op 4k)
mr_test() { "$@" peerbar mr test "$PB_IBDEV" "$PB_GPU" "${small[@]}"; }
doctor() { "$@" peerbar doctor "$PB_IBDEV" "$PB_GPU"; }

# missing FILE CHECK: mr test and doctor name FILE, and how a container gets it.
missing()
{
	says "without $1: mr test" 1 "no $1 here, although the kernel.*--device $1" \
		mr_test without "$1"
	says "without $1: doctor" 1 "failure +$2 +there is no $1 here" doctor without "$1"
}

if by_iommufd; then
	says "without $CDEV and the group" 1 "no /dev/vfio/$GROUP here" mr_test without /dev/vfio
else
	missing "/dev/vfio/$GROUP" access
	missing /dev/vfio/vfio access
fi
missing "/dev/infiniband/$VERBS" verbs
by_iommufd || says "without a node: dev show" 0 "state unavailable .*reason there is no /dev/vfio/" \
	without "/dev/vfio/$GROUP" peerbar dev show "$PB_GPU"

says "a device control group: mr test" 1 "control group.* keeps /dev/.*DeviceAllow=" \
	mr_test without_devices
says "a device control group: doctor" 1 "failure +access +a device control group" \
	doctor without_devices
says "a device control group: no untrue cause" 1 "ok +vfio" doctor without_devices

# contained NODES CMD...: run it as an ordinary user, who is root of a user namespace, where /dev has
# these nodes and no others: what a container without privileges is.
contained()
{
	# shellcheck disable=SC2016 # the inner shell expands them
	NODES=$1 as_user unshare -Urm bash -c 'mount -t tmpfs none /tmp/nodes &&
		for node in $NODES; do
			mkdir -p "/tmp/nodes/$(dirname "$node")" && touch "/tmp/nodes/$node" &&
			mount --bind "/dev/$node" "/tmp/nodes/$node" || exit
		done; mount --rbind /tmp/nodes /dev && exec "$@"' contained "${@:2}"
}

limited() { (ulimit -l "$1"; contained "${@:2}"); }

nodes="null vfio/vfio vfio/$GROUP infiniband/$VERBS"
by_iommufd && nodes="null iommu ${CDEV#/dev/} infiniband/$VERBS"
mkdir -p /tmp/nodes
# shellcheck disable=SC2086 # one word each
before=$(cd /dev && stat -c "%a %g %n" null infiniband/"$VERBS" vfio/"$GROUP" $nodes)
for node in $nodes; do
	chgrp 1000 "/dev/$node" && chmod 0660 "/dev/$node"	# as system/udev does
done
chmod 0666 /dev/null
says "a user's container: mr test" 0 "wrong_bytes 0" mr_test limited 64 "$nodes"
says "a user's container: doctor" 1 "failure +memlock +this process may pin 64 KiB" \
	doctor limited 64 "$nodes"
says "a user's container without memory to lock: mr test" 1 "cannot register .*ulimit -l" \
	mr_test limited 0 "$nodes"
says "a user's container without the verbs node: mr test" 1 "no /dev/infiniband/$VERBS here" \
	mr_test contained "${nodes% *}"
watches=(/src/build/examples/two_processes "$PB_IBDEV" "$PB_GPU" "$PB_BAR")
if exporter_is_ours; then
	says "a user's container without /dev/peerbar: no watch, and all else" 0 \
		"the owner has closed it: the exporter does not tell" contained "$nodes" "${watches[@]}"
	says "a user's container: a watch" 0 "the owner has reset it: usable, .* why: reset-ioctl" \
		contained "$nodes peerbar" "${watches[@]}"
fi

chmod 0600 "/dev/infiniband/$VERBS" /dev/vfio/"$GROUP"
says "an ordinary user: mr test" 1 "user 1000 may not open /dev/infiniband/$VERBS" \
	mr_test as_user
says "root of a user namespace: mr test" 1 "root may not open /dev/.* here: .*namespace" \
	mr_test as_user unshare -Ur
chmod 0666 "/dev/infiniband/$VERBS"

if rdma system set netns exclusive; then
	ip netns add other
	elsewhere=(ip netns exec other)
	says "another network namespace: mr test" 1 "another network namespace" \
		mr_test "${elsewhere[@]}"
	says "another network namespace: doctor" 1 "failure +nic +.*$PB_IBDEV of $PB_NIC is in another" \
		doctor "${elsewhere[@]}"
	says "another network namespace: path show" 0 "verdict refused cause rdma-elsewhere" \
		"${elsewhere[@]}" peerbar path show "$PB_NIC" "$PB_GPU"
	ip netns del other
	rdma system set netns shared
else
	tap_not_ok "another network namespace" "rdma system set netns exclusive failed"
fi

says "the NIC as the device: mr test" 1 "the device is the NIC itself" \
	peerbar mr test "$PB_IBDEV" "$PB_NIC"
says "the NIC as the device: path show" 0 "verdict refused cause same-device" \
	peerbar path show "$PB_IBDEV" "$PB_NIC"
says "the NIC as the device: doctor" 1 "failure +device +$PB_NIC is the NIC" \
	peerbar doctor "$PB_IBDEV" "$PB_NIC"
says "binding a NIC in use" 1 "active.*force" peerbar dev bind "$PB_NIC"
says "a NIC by its address" 0 "nic $PB_IBDEV" peerbar mr test "$PB_NIC" "$PB_GPU" "${small[@]}"

# The tests that come after this one in the same guest have users of their own.
while read -r mode group node; do
	chgrp "$group" "/dev/$node" && chmod "$mode" "/dev/$node"
done <<< "$before"

tap_finish
