#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Last step of making the tree; runs inside it, with apt's lists still there.
# Gets every kernel series: image, headers, and the parts of its source that are
# built or read here. Unpacked, not installed: no initramfs, no boot loader.
#
#   /opt/peerbar/kernels/SERIES -> RELEASE
#   /opt/peerbar/kernels/RELEASE/{vmlinux,lib/modules,source}
#   /usr/src/linux-headers-RELEASE, /usr/lib/modules/RELEASE/build
set -euo pipefail

KERNELS=/opt/peerbar/kernels
WORK=/tmp/kernels

# Parts of every kernel's source, below its top folder.
SOURCES=(Makefile drivers/infiniband/hw/efa scripts/checkpatch.pl scripts/spelling.txt
	scripts/const_structs.checkpatch)
# What iommufd is built of, and VFIO with it: see scripts/lab.d/iommufd/build.
IOMMUFD=(drivers/vfio drivers/iommu/iommufd drivers/iommu/'*.h' lib/interval_tree.c)
# What the kernel's own vfio selftests are built of, in the series that has them.
SELFTESTS=(tools/testing/selftests/{vfio,lib.mk,kselftest.h,kselftest_harness.h}
	tools/{include,arch/x86/include} scripts/subarch.include include/linux/pci_ids.h
	drivers/{dma/{idxd,ioat},net/ethernet/intel/igb}/'*.h')

# fetch PACKAGE...: into the current folder.
fetch()
{
	apt-get -qq -o APT::Sandbox::User=root download "$@"
}

# stands_for PACKAGE SUITE: the versioned package that the suite's metapackage
# PACKAGE is there for: linux-image-amd64 gives linux-image-6.12.107+deb13-amd64.
stands_for()
{
	(mkdir -p "$WORK/meta" && cd "$WORK/meta" && rm -f ./*.deb && fetch "$1/$2" &&
		dpkg-deb -f ./*.deb Depends | tr -s ', ' '\n' |
		grep -E "^${1%-amd64}-[0-9]" | head -n 1)
}

# The packages that KIND-RELEASE depends on, whatever the series calls them, as
# far as their names match the pattern.
packages_of()
{
	apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts \
		--no-breaks --no-replaces --no-enhances "$1" | grep -E "$2" | sort -u
}

# unpack FOLDER PACKAGE...: their files below it. Links to folders stay links, as
# /lib is one.
unpack()
{
	local dir=$1 deb
	shift
	rm -rf "$WORK/deb"
	mkdir -p "$WORK/deb" "$dir"
	(cd "$WORK/deb" && fetch "$@")
	for deb in "$WORK"/deb/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -C "$dir" --keep-directory-symlink -xf -
	done
}

unpack_image()
{
	local release=$1 dir=$KERNELS/$1 packages
	mapfile -t packages < <(packages_of "linux-image-$release" \
		"^linux-(image|base|binary|modules)-${release//+/\\+}$")
	unpack "$dir" "${packages[@]}"
	rm -rf "${dir:?}/usr/share"
	mkdir -p "$dir/lib"
	[ -e "$dir/lib/modules" ] || mv "$dir/usr/lib/modules" "$dir/lib/modules"
	vmlinux_of "$(find "$dir" -name 'vmlinuz*' -type f)" > "$dir/vmlinux"
	depmod -b "$dir" "$release"
}

unpack_headers()
{
	local packages
	mapfile -t packages < <(packages_of "linux-headers-$1" '^linux-(headers|kbuild)-')
	unpack / "${packages[@]}"
}

# unpack_source SUITE FOLDER [MORE-PARTS...]
unpack_source()
{
	local suite=$1 dir=$2 package parts
	shift 2
	parts=("${SOURCES[@]}" "$@")
	package=$(stands_for linux-source "$suite")
	mkdir -p "$dir"
	unpack "$WORK/source" "$package"
	tar -C "$dir" --strip-components=1 --wildcards --no-wildcards-match-slash \
		-xf "$WORK/source/usr/src/$package.tar.xz" "${parts[@]/#/*/}"
	rm -rf "$WORK/source"
}

# unpack_series SERIES SUITE [MORE-PARTS-OF-THE-SOURCE...]
unpack_series()
{
	local series=$1 suite=$2 release WORK=$WORK/$1
	shift 2
	mkdir -p "$WORK"
	release=$(stands_for linux-image-amd64 "$suite")
	release=${release#linux-image-}
	unpack_image "$release"
	unpack_headers "$release"
	unpack_source "$suite" "$KERNELS/$release/source" "$@"
	ln -s "$release" "$KERNELS/$series"
}

# The ELF inside a bzImage: a zstd or xz stream behind the decompressor's code.
vmlinux_of()
{
	local magic tool offset
	while read -r magic tool; do
		while read -r offset; do
			tail -c "+$((offset + 1))" "$1" | $tool 2>/dev/null > "$WORK/vmlinux" || :
			if [ "$(head -c 4 "$WORK/vmlinux" | tail -c 3)" = ELF ]; then
				cat "$WORK/vmlinux"
				rm -f "$WORK/vmlinux"
				return
			fi
		done < <(LC_ALL=C grep -abo -P "$magic" "$1" | cut -d: -f1)
	done <<-'EOT'
	\x28\xb5\x2f\xfd zstd -dc
	\xfd7zXZ\x00 xz -dc
	EOT
	echo "no kernel found in $1" >&2
	return 1
}

# side by side, because one of them seldom uses two CPUs
unpack_series 6.1 bookworm &
unpack_series 6.12 trixie "${IOMMUFD[@]}" &
unpack_series latest trixie-backports "${IOMMUFD[@]}" "${SELFTESTS[@]}" &
for job in $(jobs -p); do
	wait "$job"
done
rm -rf "$WORK"
mkdir -p /src /cache /tree /results
touch /etc/resolv.conf
