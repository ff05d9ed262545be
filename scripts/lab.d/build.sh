# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Everything that the guest runs, built in the tree. Each step does nothing when
# its inputs are unchanged.

# build_all SERIES
build_all()
{
	local release kernels=/opt/peerbar/kernels
	release=$(readlink "$(tree_path)$kernels/$1")
	(
		lock build
		build_step "virtual NIC" make -C vnic
		build_step "libpeerbar" make -C rdma/lib
		build_step "peerbar" make -C rdma/tools
		build_modules "$release"
		build_step "perftest with --use_vfio" perftest-patches/build --version 25.01 \
			--fetch --libpeerbar build/rdma/lib --cache /cache \
			--out build/perftest/25.01
		build_step "guest tests" make -C tests/guest
	) || die "the build failed" 1
}

# build_modules RELEASE: the exporter, both kinds of importer, the test importer.
build_modules()
{
	build_step "exporter for $1" make -C kernel KDIR="/lib/modules/$1/build"
	build_efa "$1" --stock
	build_efa "$1"
	build_step "test importer for $1" make -C tests/kmod RELEASE="$1"
}

# build_efa RELEASE [--stock]: the efa driver as it is, or with revocable MRs.
build_efa()
{
	local kernel=/opt/peerbar/kernels/$1
	build_step "efa for $1${2:+ (stock)}" rdma/drivers/build --kernel "$1" \
		--source "$kernel/source" --cache /cache --out build/modules "${@:2}"
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
