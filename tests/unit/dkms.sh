#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Tests scripts/dkms with the real dkms (TAP), for kernels whose headers are installed:
#   dkms.sh RELEASE...
# Sources, dkms's own tree and the installed modules go to a scratch folder; nothing on this
# machine is changed.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=tests/guest/lib/tap.sh
. tests/guest/lib/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^#define PEERBAR_VERSION "\(.*\)"/\1/p' rdma/lib/peerbar.h)
modules=$work/modules
checkout=.	# whose scripts/dkms is tested, with the sources that it finds there
export SOURCETREE=$work/src
export DKMS_OPTIONS="--dkmstree $work/dkms --installtree $modules --no-depmod"

# says TEXT CMD...: the command must fail with a message that contains TEXT
says()
{
	local text=$1
	shift
	! "$@" > "$work/said" 2>&1 && grep -F "$text" "$work/said"
}

# Start with an empty tree. dkms looks for a kernel's headers in the folder that it installs
# the module to, so that folder gets a link to them.
new_tree()
{
	local release
	rm -rf "$work/src" "$work/dkms" "$modules"
	mkdir -p "$work/src" "$work/dkms"
	for release in "$@"; do
		mkdir -p "$modules/$release"
		ln -s "/lib/modules/$release/build" "$modules/$release/build"
	done
}

# The module of this release, which dkms may have compressed.
module_of()
{
	find "$modules/$1/updates" -name 'peerbar-vfio-pci.ko*'
}

installs()
{
	RELEASE=$1 "$checkout/scripts/dkms" install || return
	modinfo -F vermagic "$(module_of "$1")" | grep -F "$1 "
}

# keeps RELEASE...: after an install for the first, the others still have the module
keeps()
{
	local release
	installs "$1" || return
	for release in "$@"; do
		[ -n "$(module_of "$release")" ] || return
	done
}

has_version()
{
	[ "$(modinfo -F version "$(module_of "$1")")" = "$2" ]
}

# small_checkout VERSION: a checkout of this version, whose module has no code, and is built soon.
small_checkout()
{
	checkout=$work/checkout-$1
	mkdir -p "$checkout"/{rdma/lib,scripts,kernel/compat}
	cp scripts/dkms "$checkout/scripts"
	sed "s/^#define PEERBAR_VERSION .*/#define PEERBAR_VERSION \"$1\"/" rdma/lib/peerbar.h \
		> "$checkout/rdma/lib/peerbar.h"
	cp kernel/dkms.conf "$checkout/kernel"
	grep -v -e 'vfio-pci-y' -e '^	' kernel/Kbuild > "$checkout/kernel/Kbuild"
	echo "peerbar-vfio-pci-y := driver.o" >> "$checkout/kernel/Kbuild"
	touch "$checkout/kernel/compat/Kbuild.include"
	cat > "$checkout/kernel/driver.c" <<-'EOT'
	#include <linux/module.h>
	MODULE_LICENSE("GPL");
	MODULE_VERSION(PEERBAR_VERSION);
	EOT
}

# other_version RELEASE VERSION
other_version()
{
	small_checkout "$2"
	installs "$1" && has_version "$1" "$2"
}

# replaces RELEASE...: the old version is gone from each, and from dkms
replaces()
{
	local release
	small_checkout "$version"
	installs "$1" || return
	for release in "$@"; do
		has_version "$release" "$version" || return
	done
	[ "$(ls "$work/src")" = "peerbar-$version" ] &&
		! dkms status --dkmstree "$work/dkms" | grep -v "peerbar/$version"
}

# Two versions at once, as older versions of scripts/dkms left them, are both removed.
two_versions_go()
{
	cp -r "$work/src/peerbar-$version" "$work/src/peerbar-0.1.0"
	sed -i 's/^PACKAGE_VERSION=.*/PACKAGE_VERSION="0.1.0"/' "$work/src/peerbar-0.1.0/dkms.conf"
	dkms add peerbar/0.1.0 --sourcetree "$SOURCETREE" --dkmstree "$work/dkms" || return
	uninstalls "$@"
}

# uninstalls RELEASE...
uninstalls()
{
	local release
	"$checkout/scripts/dkms" uninstall || return
	for release in "$@"; do
		[ -z "$(module_of "$release")" ] || return
	done
	[ -z "$(ls "$work/src")" ] && [ -z "$(dkms status --dkmstree "$work/dkms")" ]
}

# The released module must not know the name of a module of the tests: whatever it allows that
# module, it would allow any module that takes the same name.
no_test_named()
{
	xz -dcf "$(module_of "$1")" > "$work/module" && grep -qa peerbar "$work/module" &&
		! grep -a test_importer "$work/module"
}

# BUILD_EXCLUSIVE_KERNEL must exclude kernels that are too old; dkms then skips them without
# an error.
passed_over()
{
	local kernel
	for kernel in 5.10.0-39-amd64 6.0.0-1-amd64; do
		! grep -qE "$(sed -n 's/^BUILD_EXCLUSIVE_KERNEL="\(.*\)"/\1/p' kernel/dkms.conf)" \
			<<< "$kernel" || return
	done
}

# The kernel options that the module needs, according to dkms.conf.
needs()
{
	sed -n 's/^BUILD_EXCLUSIVE_CONFIG="\(.*\)"/\1/p' kernel/dkms.conf | tr ' ' '\n'
}

same_needs()
{
	diff <(sed -nE 's/^#if.*\b(CONFIG_[A-Z0-9_]+)\b.*/\1/p' kernel/compat/compat.h) <(needs)
}

# without_config RELEASE CONFIG: the real dkms must skip a kernel without this option
without_config()
{
	grep -v "^$2=" "/lib/modules/$1/build/.config" > "$work/config"
	says "$2" env RELEASE="$1" DKMS_OPTIONS="$DKMS_OPTIONS --config $work/config" \
		scripts/dkms install && [ -z "$(module_of "$1")" ]
}

only_sources()
{
	DESTDIR=$work/dest scripts/dkms install || return
	[ -z "$(ls "$work/dkms")" ] || return
	grep -x "PACKAGE_VERSION=\"$version\"" "$work/dest$SOURCETREE/peerbar-$version/dkms.conf" &&
		DESTDIR=$work/dest scripts/dkms uninstall && [ -z "$(ls "$work/dest$SOURCETREE")" ]
}

without_dkms()
{
	mkdir -p "$work/bin"
	ln -sf "$(command -v bash)" "$(command -v env)" "$(command -v sed)" \
		"$(command -v dirname)" "$work/bin"
	says "apt-get install dkms" env PATH="$work/bin" RELEASE="$1" scripts/dkms install
}

new_tree "$@"
tap_command "dkms: DESTDIR gets the sources, and nothing is built" only_sources
tap_command "dkms: without dkms it names the package" without_dkms "$1"
tap_command "dkms: without headers it names the package" \
	says "apt-get install linux-headers-1.2.3" env RELEASE=1.2.3 scripts/dkms install
tap_command "dkms: kernels before 6.1 are passed over" passed_over
tap_command "dkms: dkms.conf and compat.h need the same of a configuration" same_needs
for config in $(needs); do
	tap_command "dkms: a kernel without $config is passed over" without_config "$1" "$config"
done
for release in "$@"; do
	new_tree "$release"
	tap_command "dkms: install for $release" installs "$release"
	tap_command "dkms: the module for $release names no module of the tests" \
		no_test_named "$release"
done
# two kernels are enough to test how they affect each other, and for that no code is needed
new_tree "$1" "$2"
small_checkout "$version"
tap_command "dkms: install for one of two kernels" installs "$2"
tap_command "dkms: an install for the other keeps the module of the first" keeps "$1" "$2"
tap_command "dkms: another version takes the place of this" other_version "$1" 9.8.7
tap_command "dkms: and this of the other, for every kernel" replaces "$1" "$2"
tap_command "dkms: with two versions there, uninstall removes both" two_versions_go "$1" "$2"
tap_finish
