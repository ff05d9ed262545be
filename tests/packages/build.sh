#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Runs in a fresh tree, where /packages has the source: build source and binary packages, as a user
# without rights, and let lintian look at them.
set -eu
useradd -m builder
cd /home/builder
install -o builder /packages/*.tar* .
su builder -c 'tar -xf *.orig.tar.gz'
cd peerbar-*/
su builder -c 'tar -xf ../debian.tar'
su builder -c 'dpkg-buildpackage -us -uc'
cp ../*.deb ../*.dsc ../*.debian.tar.* ../*.changes ../*.buildinfo /packages/
# the standards version is that of the newer Debian
su builder -c 'lintian --info --tag-display-limit 0 --suppress-tags newer-standards-version \
	../*.changes' > /packages/lintian || :
