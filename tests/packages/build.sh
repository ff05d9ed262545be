#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Runs in a fresh tree, where /packages has the source: build source and binary packages, as a user
# without rights, and let lintian look at them. In /packages/next are then those of a next version,
# of the same source, for a test of upgrades.
set -eu

# next_version TREE VERSION: this source tree becomes that of VERSION; its changelog gets another entry.
next_version()
{
	local log=$1/debian/changelog
	sed -i "s/^#define PEERBAR_VERSION .*/#define PEERBAR_VERSION \"$2\"/" "$1/rdma/lib/peerbar.h"
	sed -n "1s/(.*-/($2-/; 1,/^ -- /p; /^ -- /q" "$log" | cat - <(echo) "$log" > changelog
	cat changelog > "$log"
}

useradd -m builder
cd /home/builder
install -o builder /packages/*.tar* .
su builder -c 'tar -xf *.orig.tar.gz'
source=$(echo peerbar-*)
version=${source#peerbar-}
su builder -c "tar -C $source -xf debian.tar"
su builder -c "cp -r $source next"
su builder -c "cd $source && dpkg-buildpackage -us -uc"
cp ./*.deb ./*.dsc ./*.debian.tar.* ./*.changes ./*.buildinfo /packages/
# the standards version is that of the newer Debian
su builder -c 'lintian --info --tag-display-limit 0 --suppress-tags newer-standards-version \
	*.changes' > /packages/lintian || :

next_version next "${version%.*}.$((${version##*.} + 1))"
rm ./*.deb
su builder -c "cd next && dpkg-buildpackage -us -uc -b"
mkdir /packages/next
cp ./*.deb /packages/next/
