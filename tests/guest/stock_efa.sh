#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The distribution's own efa driver: it cannot give a pinned buffer back, so the
# kernel's exporter refuses it, and libpeerbar says so. The driver that was loaded
# before is loaded again at the end.
set -eu
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"

MODULES=/src/build/modules/$(uname -r)

# load KIND: replace the efa driver; the RDMA device gets its name anew.
load()
{
	! grep -q '^efa ' /proc/modules || rmmod efa
	insmod "$MODULES/$1/efa.ko"
	PB_IBDEV=$(basename "/sys/bus/pci/devices/$PB_NIC"/infiniband/*)
	export PB_IBDEV
}

tap_begin_checks
trap 'load revocable' EXIT
load stock
tap_wrap libpeerbar_errors --stock
load revocable
trap - EXIT
tap_wrap revoke --trigger reset --mrs 1
tap_end_checks
tap_finish
