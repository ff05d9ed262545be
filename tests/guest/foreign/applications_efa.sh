#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What foreign.sh runs on the virtual EFA. Shared memory is off, so that two processes of one
# machine use the NIC.
#
#   applications_efa.sh [PATTERN]	run only the groups whose name matches
set -eu
here=$(dirname "$0")
# shellcheck source=tests/guest/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/guest/lib/listen.sh
. "$here/../lib/listen.sh"
# shellcheck source=tests/guest/lib/foreign.sh
. "$here/../lib/foreign.sh"

pattern=${1:-}
dev=${PB_IBDEV:?run this in the lab}
export FI_EFA_IFACE=$dev FI_EFA_ENABLE_SHM_TRANSFER=0 FI_LOG_LEVEL=warn

copied()
{
	nicctl | jq '.efa.counters | .recv_bytes + .read_bytes + .write_bytes'
}

# fabric NAME ARG...: with -c the data are compared.
fabric()
{
	local name=$1 before
	shift
	before=$(copied)
	port=$((port + 1))
	set -- fi_pingpong -c -I 20 -p efa "$@"
	serve "$@" -B $port || :
	call "$@" -P $port 127.0.0.1
	judge "libfabric $name" "$before"
}

# Without tags libfabric takes its fabric "efa-direct", which leaves the protocol to the NIC.
# With tags it has one of its own, in which the receiver reads large messages by itself.
libfabric()
{
	fabric "dgram 1024" -e dgram -S 1024
	fabric "rdm 4096" -e rdm -S 4096
	fabric "rdm tagged 64" -e rdm -m tagged -S 64
	fabric "rdm tagged 1048576" -e rdm -m tagged -S 1048576
}

mpi()
{
	mpi_ways "mpi over libfabric" --mca pml cm --mca mtl ofi \
		--mca mtl_ofi_provider_include efa -- messages collectives
}

ucx()
{
	lacks "ucx" "Debian builds UCX 1.18 without its module for EFA" \
		"of type Unspecified is not supported" env UCX_LOG_LEVEL=debug ucx_info -d
}

tap_begin_checks
for group in libfabric mpi ucx; do
	[[ ! $group =~ $pattern ]] || $group
done
tap_end_checks
tap_finish
