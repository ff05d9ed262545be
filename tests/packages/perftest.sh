#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Runs in a fresh tree, where /packages has the packages of peerbar: make those of perftest, for which
# its user needs one command, install them, and see that they have the option. Writes TAP to
# /packages/perftest.tap.
set -u
export DEBIAN_FRONTEND=noninteractive
# shellcheck source=tests/guest/lib/tap.sh
. /src/tests/guest/lib/tap.sh
cd /packages || exit
exec > perftest.tap

# makes VERSION [OPTION]...
makes()
{
	local version=$1
	shift
	/src/perftest-patches/deb --version "$version" --out "perftest-$version" "$@"
}

has_the_option()
{
	apt-get install -y --no-install-recommends ./perftest-25.01/perftest_*.deb &&
		dpkg-query -W -f '${Version} ${Depends}' perftest | grep "+peerbar1.*libpeerbar1" &&
		ib_write_bw --help | grep use_vfio
}

# What dpkg-source unpacks has the whole series, which dpkg-source itself has applied.
is_a_patched_source()
{
	local patch
	dpkg-source -x perftest-25.01/*.dsc /tmp/source && [ -e /tmp/source/src/vfio_memory.c ] ||
		return
	for patch in /src/perftest-patches/25.01/*.patch; do
		grep -Fx "${patch##*/}" /tmp/source/debian/patches/series &&
			grep "^Forwarded: no" "/tmp/source/debian/patches/${patch##*/}" || return
	done
}

apt-get install -y --no-install-recommends ./libpeerbar1_*.deb ./libpeerbar-dev_*.deb >&2
tap_command "packages: perftest: one command makes its packages" makes 25.01
tap_command "packages: perftest: the source has the series as patches" is_a_patched_source
tap_command "packages: perftest: what is installed has --use_vfio" has_the_option
