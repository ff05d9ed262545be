#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# A BAR that does not answer: that of an NVMe drive's persistent memory region, which is off
# (--gpu nvme). The tools must say so, and not blame the NIC or a revoke.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
BIN=${PERFTEST_BIN:-/src/build/perftest/25.01/bin}

mr_test_says_so()
{
	! said=$(peerbar mr test "$PB_IBDEV" "$PB_GPU" bar 4 total 1M 2>&1) &&
		grep -q "BAR 4 of $PB_GPU does not answer" <<< "$said"
}

perftest_says_so()
{
	! said=$(run_pair.sh --client "--use_vfio=$PB_GPU,bar=4" "$BIN/ib_read_bw" -c SRD -n 5 2>&1) &&
		grep -q "does not answer" <<< "$said"
}

tap_command "no answer: mr test" mr_test_says_so
tap_command "no answer: perftest" perftest_says_so
tap_finish
