#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Last step of making the tree; runs inside it, with apt's lists still there.
# Unpacks the kernel images next to the headers and the kernel's own style
# checker, and makes the mount points.
set -euo pipefail

KERNELS=/opt/peerbar/kernels

# The image, base, binary and module packages of release $1, whatever the series calls
# them: everything named after the release that its image package depends on.
kernel_packages()
{
	apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts \
		--no-breaks --no-replaces --no-enhances "linux-image-$1" |
		grep -E "^linux-(image|base|binary|modules)-${1//+/\\+}$" | sort -u
}

# Unpack release $1 into $KERNELS/$1: vmlinux (PVH-bootable ELF) and lib/modules.
unpack_kernel()
{
	local dir=$KERNELS/$1 deb packages
	mkdir -p "$dir/deb"
	mapfile -t packages < <(kernel_packages "$1")
	(cd "$dir/deb" && apt-get -o APT::Sandbox::User=root download "${packages[@]}")
	for deb in "$dir"/deb/*.deb; do
		dpkg-deb -x "$deb" "$dir"
	done
	rm -rf "${dir:?}/deb" "${dir:?}/usr/share"
	mkdir -p "$dir/lib"
	[ -e "$dir/lib/modules" ] || mv "$dir/usr/lib/modules" "$dir/lib/modules"
	vmlinux_of "$(find "$dir" -name 'vmlinuz*' -type f)" > "$dir/vmlinux"
	depmod -b "$dir" "$1"
}

# The ELF inside a bzImage: a zstd or xz stream behind the decompressor's code.
vmlinux_of()
{
	local magic tool offset
	while read -r magic tool; do
		while read -r offset; do
			tail -c "+$((offset + 1))" "$1" | $tool 2>/dev/null > /tmp/vmlinux || :
			if [ "$(head -c 4 /tmp/vmlinux | tail -c 3)" = ELF ]; then
				cat /tmp/vmlinux
				rm -f /tmp/vmlinux
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

newest=$(basename /usr/src/linux-headers-*-amd64)
newest=${newest#linux-headers-}
unpack_kernel "$newest"
ln -s "$newest" "$KERNELS/latest"

mkdir /opt/peerbar/checkpatch
tar -C /opt/peerbar/checkpatch --strip-components=2 -xf "$(echo /usr/src/linux-source-*.tar.xz)" \
	--wildcards '*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
	'*/scripts/const_structs.checkpatch'

mkdir -p /src /cache /tree /results
touch /etc/resolv.conf
