#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# bridge_path.sh: peerbar path show between a drive that a program owns and the GPU says what
# peerbar_ioas_map() then does. Needs --iommufd and --drive.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
# shellcheck source=tests/guest/lib/json.sh
. "$(dirname "$0")/../lib/json.sh"
# shellcheck source=scripts/lab.d/guest/setup.sh
. /src/scripts/lab.d/guest/setup.sh

# says "DRIVER [exporter NAME]" WANT: the verdict with the GPU bound to this driver
says()
{
	local said
	# shellcheck disable=SC2086 # words
	peerbar dev bind "$PB_GPU" driver $1 > /dev/null
	peerbar -j path show "$PB_DRIVE" "$PB_GPU" > /tmp/path.json
	json_is peerbar-path-show /tmp/path.json
	said=$(jq -r '"\(.verdict) \(.cause) \(.after)"' /tmp/path.json)
	if [ "$said" = "$2" ]; then
		tap_ok "path show by iommufd, $1: $2"
	else
		tap_not_ok "path show by iommufd, $1" "$said, not $2"
	fi
}

says vfio-pci "works none dead"
tap_command "which is so, vfio-pci" bridge --cycles 1
[ -d /sys/bus/pci/drivers/peerbar-vfio-pci ] || load_exporter revocable
says peerbar-vfio-pci "refused iommufd-exporter null"
tap_command "which is so, peerbar-vfio-pci" bridge --cycles 1
says "peerbar-vfio-pci exporter core" "works none dead"
tap_command "which is so, by the core's exporter" bridge --cycles 2
peerbar dev bind "$PB_GPU" driver vfio-pci > /dev/null
tap_finish
