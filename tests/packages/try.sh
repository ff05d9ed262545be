#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Runs in a fresh tree, where /packages has the packages: install them, use what they bring, purge
# them. Writes TAP to /packages/try.tap.
set -u
export DEBIAN_FRONTEND=noninteractive
cd /packages || exit
: > try.tap

# try NAME CMD...
try()
{
	local name=$1
	shift
	if "$@" > /tmp/said 2>&1; then
		echo "ok packages: $name" >> try.tap
	else
		{ tail -n 20 /tmp/said | sed 's/^/# /'; echo "not ok packages: $name - $*"; } >> try.tap
	fi
	cat /tmp/said
}

# All files, but for what is not a package's, and what apt and dpkg note.
files()
{
	find / -xdev \( -path /packages -o -path /proc -o -path /sys -o -path /tmp -o -path /var/log \
		-o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /dev \) \
		-prune -o -print | sort
}

users()
{
	cat /etc/passwd /etc/group
}

installs()
{
	local packages
	mapfile -t packages < <(find . -name '*.deb' ! -name '*-dbgsym_*')
	apt-get install -y --no-install-recommends "${packages[@]}"
}

tools_run()
{
	peerbar -V && peerbar dev help && peerbar-revoke-stress --version && peerbar-vnic --version
}

schemas_are_there()
{
	local schema
	for schema in dev-show doctor-errno export-monitor mr-test path-show revoke-stress vnic; do
		[ -s "/usr/share/peerbar/schemas/peerbar-$schema.schema.json" ] || return
	done
}

module_is_built()
{
	local release
	for release in /lib/modules/*/build; do
		release=$(basename "$(dirname "$release")")
		dkms autoinstall -k "$release"
		modinfo -k "$release" peerbar-vfio-pci | grep "^version: .*$VERSION" || return
	done
}

example_builds()
{
	apt-get install -y --no-install-recommends gcc libc6-dev pkgconf make &&
		cp -r /usr/share/doc/libpeerbar-dev/examples /tmp/examples &&
		make -C /tmp/examples && ! /tmp/examples/register efa_0 0000:01:00.0 0
}

nothing_open_to_the_world()
{
	! dpkg -L libpeerbar1 libpeerbar-dev peerbar peerbar-dkms peerbar-vnic |
		xargs -r -d '\n' stat -c '%A %n' | grep -E '^[^l].{7}w|^[^l]..s|^[^l].....s'
}

purges()
{
	apt-get purge -y libpeerbar1 libpeerbar-dev peerbar peerbar-dkms peerbar-vnic
}

leaves_nothing()
{
	! files | grep peerbar && diff /tmp/users.before <(users)
}

VERSION=$(dpkg-deb -f ./libpeerbar1_*.deb Version | cut -d- -f1)
# there before and after: dkms, and the packages that make the group rdma
apt-get install -y --no-install-recommends dkms libibverbs1 ibverbs-providers
users > /tmp/users.before
try "they install" installs
try "the tools run" tools_run
try "the schemas are there" schemas_are_there
try "dkms builds the module for the suite's kernel" module_is_built
try "a program is built with the library" example_builds
try "nobody may write what they install" nothing_open_to_the_world
try "they can be purged" purges
try "nothing is left" leaves_nothing
