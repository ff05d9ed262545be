# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Test output for shell tests, in the form that tap.h describes. Sourced.

tap_failures=0
tap_checks=0
tap_at_end=()	# functions that tap_finish calls

tap_ok()
{
	echo "ok $1"
	tap_checks=$((tap_checks + 1))
}

# tap_not_ok NAME WHY
tap_not_ok()
{
	echo "not ok $1 - $2"
	tap_checks=$((tap_checks + 1))
	tap_failures=$((tap_failures + 1))
}

# tap_skip NAME REASON
tap_skip()
{
	echo "ok $1 # SKIP $2"
	tap_checks=$((tap_checks + 1))
}

# tap_command NAME CMD...: the test is that the command succeeds; what it says is shown if not
tap_command()
{
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		tap_ok "$name"
	else
		tap_note "$(tail -n 20 <<< "$said")"
		tap_not_ok "$name" "$*"
	fi
}

# tap_summary FILE: the last line of output, about all lines of FILE. A skipped test counts as neither
# passed nor failed. The exit status is 0 if nothing failed and something passed.
tap_summary()
{
	awk '/^not ok/ { failed++; next } /^ok.*# *SKIP/ { skipped++; next } /^ok/ { passed++ }
		END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
		      exit (failed > 0 || passed == 0) }' "$1"
}

# tap_note TEXT: every line of it becomes a comment.
tap_note()
{
	printf '%s\n' "$1" | sed 's/^/# /'
}

# tap_wrap CMD...: run a program that prints such lines itself, and count it as one check.
tap_wrap()
{
	tap_checks=$((tap_checks + 1))
	"$@" || tap_failures=$((tap_failures + 1))
}

# Does the NIC's driver support RDMA WRITE? The answer is no only if it clearly says so. In
# case of doubt it is yes: then the tests run, and their failures say what is wrong.
nic_can_write()
{
	[ -n "${tap_write:-}" ] ||
		tap_write=$(peerbar -j mr test "$PB_IBDEV" "$PB_GPU" total 64k | jq .write)
	[ "$tap_write" != false ]
}

# root_port ADDRESS: the port of the root complex that the device is below
root_port()
{
	readlink -f "/sys/bus/pci/devices/$1" | cut -d/ -f5
}

below_one_switch()
{
	[ "$(root_port "$PB_NIC")" = "$(root_port "$PB_GPU")" ]
}

iommu_translates()
{
	[[ $(cat "/sys/bus/pci/devices/$PB_NIC/iommu_group/type") = DMA* ]]
}

# Does an IOMMU guard the BAR? rig_is_guarded() in rig.h says what it means if not.
iommu_guards()
{
	iommu_translates && ! below_one_switch
}

exporter_is_ours()
{
	[ "$(cat "/sys/bus/pci/devices/$PB_GPU/dmabuf_exporter" 2> /dev/null)" != core ] &&
	[[ $(readlink "/sys/bus/pci/devices/$PB_GPU/driver/module") = */peerbar_vfio_pci ]]
}

# Called before and after a test, to check that the kernel logged no warning and that no DMA
# went astray.
tap_begin_checks()
{
	tap_log_position=$(check_kernel_log --position)
	tap_stray=$(nicctl /stray/total)
}

tap_end_checks()
{
	local stray
	stray=$(($(nicctl /stray/total) - tap_stray))
	if [ "$stray" = 0 ]; then
		tap_ok "no stray DMA"
	else
		tap_not_ok "no stray DMA" "the NIC counted $stray accesses"
	fi
	tap_wrap check_kernel_log --since "$tap_log_position"
}

# The exit status: 0 only if something was checked and all of it held.
tap_finish()
{
	local step
	for step in "${tap_at_end[@]}"; do
		"$step"
	done
	[ "$tap_checks" -gt 0 ] || tap_not_ok anything "no check was made"
	[ "$tap_failures" = 0 ]
}
