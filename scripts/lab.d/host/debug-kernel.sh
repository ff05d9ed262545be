# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Where the files of each kernel series are, and the making of the one that is built here:
# "debug", with KASAN and lockdep. It is in the cache, in a folder that is named after the
# hash of its inputs; Debian's kernels are in the tree. All paths are as seen in the tree.

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

# kernel_source_dir SERIES: those parts of the kernel's source that are built or read here.
kernel_source_dir()
{
	local series=$1
	[ "$series" != debug ] || series=latest	# it has the same version
	echo "$(kernel_dir "$series")/source"
}

# The name has the hash of the recipe, the compiler's version and the source's version.
debug_kernel_name()
{
	# shellcheck disable=SC2016 # the shell in the tree expands it
	tree_enter bash -c 'set -o pipefail
		{ cat scripts/lab.d/debug-kernel/{build,*.config}; gcc --version
		  readlink /opt/peerbar/kernels/latest; } | sha256sum | cut -c1-12' |
		sed 's/^/debug-kernel-/'
}

# Build it unless it exists. An interrupted build continues where it stopped.
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
