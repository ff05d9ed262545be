# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Builds everything that the guest runs, inside the tree. A step whose inputs have not
# changed does nothing.

# build_all SERIES. The mirror is named for perftest's source: the tree's apt has no lists, without
# which apt does not tell which one it uses.
build_all()
{
	[ "$1" != debug ] || debug_kernel_ensure
	(
		lock build
		build_step "clock" make -C scripts/lab.d/host
		build_step "virtual NIC" make -C vnic
		build_step "libpeerbar" make -C rdma/lib
		build_step "peerbar" make -C rdma/tools
		build_step "revoke stress" make -C rdma/stress
		build_modules "$1"
		build_step "perftest with --use_vfio" env PEERBAR_MIRROR="$(apt_mirror "")" \
			perftest-patches/build --version 25.01 --fetch \
			--libpeerbar build/rdma/lib --cache /cache --out build/perftest/25.01
		build_step "guest tests" make -C tests/guest
		build_step "examples" make -C examples O=../build/examples \
			PEERBAR="-I../rdma/lib -L../build/rdma/lib -lpeerbar"
	) || die "the build failed" 1
}

# build_modules SERIES: the exporter, both efa drivers (the importers), the test importer, and
# iommufd. On the debug kernel the exporter tells which of its lines were reached.
build_modules()
{
	local series=$1 release headers cover=()
	[ "$series" != debug ] || cover=(KCOV_INSTRUMENT=y)
	release=$(kernel_release "$series")
	headers=$(kernel_build_dir "$series")
	build_step "exporter for $release" make -C kernel KDIR="$headers" "${cover[@]}"
	build_efa --stock
	build_efa
	build_step "test importer for $release" make -C tests/kmod RELEASE="$release" \
		KDIR="$headers"
	# 6.1 has no VFIO on iommufd, and the debug kernel is configured with it
	case $series in
	6.1|debug) ;;
	*) build_step "iommufd for $release" scripts/lab.d/iommufd/build "$headers" \
		"$(kernel_source_dir "$series")" "build/iommufd/$release";;
	esac
}

# build_efa [--stock]: efa with revocable MRs, or with --stock as the kernel has it. Uses the
# local variables of build_modules.
build_efa()
{
	build_step "efa for $release${1:+ (stock)}" rdma/drivers/build --kernel "$release" \
		--headers "$headers" --source "$(kernel_source_dir "$series")" --cache /cache \
		--out build/modules "$@"
}

# build_step WHAT CMD...: run CMD in the tree; show its output only if it fails.
build_step()
{
	local what=$1 log
	log=$TOP/build/log/${1// /-}.log
	shift
	mkdir -p "${log%/*}"
	say "building $what"
	tree_enter "$@" >"$log" 2>&1 || {
		tail -n 40 "$log" >&2
		die "building $what failed; the whole log is ${log#"$TOP"/}" 1
	}
}
