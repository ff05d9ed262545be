#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Runs in a fresh tree, where /packages has the packages: install them, go to the next version and
# back, purge them, and run their autopkgtests. Writes TAP to /packages/try.tap.
set -u
export DEBIAN_FRONTEND=noninteractive
# shellcheck source=tests/guest/lib/tap.sh
. /src/tests/guest/lib/tap.sh
cd /packages || exit
exec > try.tap

PACKAGES=(libpeerbar1 libpeerbar-dev peerbar peerbar-dkms peerbar-vnic)
CONF=/etc/modprobe.d/peerbar.conf
EDIT="options peerbar-vfio-pci revoke_timeout_ms=4321"

# upstream_version FOLDER: of the packages there
upstream_version()
{
	dpkg-deb -f "$1"/libpeerbar1_*.deb Version | cut -d- -f1
}

# install_from FOLDER. The package of a module has it built for kernels that are installed; here are
# their headers only, so dkms is asked for the rest, as a kernel's package does it.
install_from()
{
	local packages kernel
	mapfile -t packages < <(find "$1" -maxdepth 1 -name '*.deb' ! -name '*-dbgsym_*')
	apt-get install -y --no-install-recommends --allow-downgrades "${packages[@]}" || return
	for kernel in $(kernels); do
		dkms autoinstall -k "$kernel" || return
	done
}

# The kernels whose headers are here.
kernels()
{
	local headers
	for headers in /lib/modules/*/build; do
		basename "$(dirname "$headers")"
	done
}

# All files, but for what is not a package's, and what apt and dpkg note.
files()
{
	find / -xdev \( -path /packages -o -path /src -o -path /proc -o -path /sys -o -path /tmp \
		-o -path /var/log -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/apt \
		-o -path /dev \) -prune -o -print | sort
}

users()
{
	cat /etc/passwd /etc/group
}

installs()
{
	install_from . && files > /tmp/files.fresh && users > /tmp/users.fresh
}

schemas_are_there()
{
	local schema
	for schema in dev-show doctor-errno export-monitor mr-test path-show revoke-stress vnic; do
		[ -s "/usr/share/peerbar/schemas/peerbar-$schema.schema.json" ] || return
	done
}

nothing_open_to_the_world()
{
	! dpkg -L "${PACKAGES[@]}" |
		xargs -r -d '\n' stat -c '%A %n' | grep -E '^[^l].{7}w|^[^l]..s|^[^l].....s'
}

# goes_to FOLDER: install the packages there, and find nothing of the others.
goes_to()
{
	local version
	version=$(upstream_version "$1")
	install_from "$1" && [ "$(peerbar -V)" = "peerbar $version" ] && one_module "$version" &&
		like_fresh "$version"
}

# dkms has the module of this version for each kernel, and no other.
one_module()
{
	local kernel
	dkms status peerbar
	! dkms status peerbar | grep -v "^peerbar/$1, .*: installed$" || return
	for kernel in $(kernels); do
		[ "$(modinfo -k "$kernel" -F version peerbar-vfio-pci)" = "$1" ] || return
	done
	[ "$(echo /usr/src/peerbar-*)" = "/usr/src/peerbar-$1" ]
}

# The files are those of a fresh installation, and have what the packages have; but for what the
# administrator wrote, which is still there.
like_fresh()
{
	diff /tmp/files.fresh <(files | sed "/peerbar/s/${1//./\\.}/$VERSION/g" | sort) &&
		diff <(echo "??5?????? c $CONF") <(dpkg --verify "${PACKAGES[@]}") &&
		[ "$(tail -n 1 $CONF)" = "$EDIT" ]
}

purges()
{
	apt-get purge -y "${PACKAGES[@]}"
}

leaves_nothing()
{
	! files | grep peerbar && diff /tmp/users.before <(users)
}

# A line for each of debian/tests, which autopkgtest installs the packages for; and one for all.
autopkgtests()
{
	local test result
	tap_command "packages: autopkgtest" autopkgtest -B -o /tmp/autopkgtest ./*.deb ./*.dsc \
		-- null
	cp -r /tmp/autopkgtest .
	while read -r test result _; do
		if [ "$result" = PASS ]; then
			tap_ok "packages: autopkgtest: $test"
		else
			tap_not_ok "packages: autopkgtest: $test" "$result"
		fi
	done < /tmp/autopkgtest/summary
}

VERSION=$(upstream_version .)
# there before and after: dkms, and the packages that make the group rdma
apt-get install -y --no-install-recommends dkms libibverbs1 ibverbs-providers >&2
users > /tmp/users.before
tap_command "packages: they install" installs
tap_command "packages: the schemas are there" schemas_are_there
tap_command "packages: dkms has the module for the suite's kernel" one_module "$VERSION"
tap_command "packages: nobody may write what they install" nothing_open_to_the_world
echo "$EDIT" >> $CONF
tap_command "packages: an upgrade" goes_to ./next
tap_command "packages: a downgrade" goes_to .
tap_command "packages: they can be purged" purges
tap_command "packages: nothing is left" leaves_nothing
autopkgtests
