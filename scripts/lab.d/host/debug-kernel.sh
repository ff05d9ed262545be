# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Where a kernel series is, and the one that is built here and not by Debian: "debug",
# with KASAN and lockdep. It is kept in the cache, in a folder named after the hash of
# what it is made of; the tree keeps the others. Paths are as seen in the tree.

# kernel_dir SERIES: the folder of vmlinux and lib/modules.
kernel_dir()
{
	if [ "$1" = debug ]; then
		echo "/cache/$(debug_kernel_name)"
	else
		echo "/opt/peerbar/kernels/$1"
	fi
}

kernel_release()
{
	tree_enter ls "$(kernel_dir "$1")/lib/modules"
}

# kernel_build_dir SERIES: what out-of-tree modules are built against.
kernel_build_dir()
{
	if [ "$1" = debug ]; then
		echo "$(kernel_dir debug)/build"
	else
		echo "/lib/modules/$(kernel_release "$1")/build"
	fi
}

# kernel_source_dir SERIES: the parts of the source that are built or read here.
kernel_source_dir()
{
	local series=$1
	[ "$series" != debug ] || series=latest	# of the same version
	echo "$(kernel_dir "$series")/source"
}

# The recipe, the compiler, and the version of the source.
debug_kernel_name()
{
	# shellcheck disable=SC2016 # for the shell in the tree
	tree_enter bash -c 'set -o pipefail
		{ cat scripts/lab.d/debug-kernel/{build,*.config}; gcc --version
		  readlink /opt/peerbar/kernels/latest; } | sha256sum | cut -c1-12' |
		sed 's/^/debug-kernel-/'
}

# Build it unless it is there. An interrupted build goes on where it stopped.
debug_kernel_ensure()
{
	local dir
	dir=$(kernel_dir debug)
	[ -e "$CACHE/${dir#/cache/}" ] || (
		lock debug-kernel
		[ -e "$CACHE/${dir#/cache/}" ] || debug_kernel_make "$dir"
	)
}

debug_kernel_make()
{
	local log=$CACHE/debug-kernel.log line
	say "building the debug kernel (once; about 10 minutes on two CPUs; log: $log)"
	: > "$log"
	tree_enter scripts/lab.d/debug-kernel/build "$1" |
		while read -r line; do say "$line"; done || {
		grep -E 'error|\*\*\*|^debug kernel: ' "$log" | tail -n 20 >&2
		die "building the debug kernel failed; the whole log is $log" 1
	}
}
