#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What a packager does (TAP): build, install, use what was installed, uninstall. Everything
# goes to a scratch folder.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=tests/guest/lib/tap.sh
. tests/guest/lib/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^#define PEERBAR_VERSION "\(.*\)"/\1/p' rdma/lib/peerbar.h)
dest=$work/dest
# a layout that differs from the default in every folder
layout=(PREFIX=/opt/pb LIBDIR=/opt/pb/lib64 INCLUDEDIR=/opt/pb/include/pb SBINDIR=/opt/pb/bin
	MANDIR=/opt/pb/man COMPLETIONDIR=/opt/pb/completions SCHEMADIR=/opt/pb/schemas)
host=(make -s "HOST=B=$work/build")

installed()
{
	(cd "$dest" && find . ! -type d -printf '%P\n' | sort)
}

builds_by_itself()
{
	"${host[@]}" CPPFLAGS=-DNOTHING CFLAGS=-O1 WERROR=0 || return
	[ -x "$work/build/rdma/tools/peerbar" ] && [ -x "$work/build/vnic/peerbar-vnic" ]
}

installs_all()
{
	local page schema
	"${host[@]}" install "DESTDIR=$dest" "${layout[@]}" || return
	for page in docs/man/*; do
		[ -f "$dest/opt/pb/man/man${page##*.}/${page##*/}" ] || return
	done
	for schema in docs/schemas/peerbar-*; do
		[ -f "$dest/opt/pb/schemas/${schema##*/}" ] || return
	done
	installed | grep -x "opt/pb/lib64/libpeerbar.so.$version" &&
		installed | grep -x opt/pb/include/pb/peerbar.h &&
		installed | grep -x opt/pb/bin/peerbar &&
		installed | grep -x opt/pb/bin/peerbar-revoke-stress &&
		installed | grep -x opt/pb/completions/peerbar &&
		installed | grep -x opt/pb/bin/peerbar-vnic
}

one_version()
{
	local said
	said=$("$dest/opt/pb/bin/peerbar" -V) && [ "$said" = "peerbar $version" ] || return
	said=$("$dest/opt/pb/bin/peerbar-revoke-stress" --version) &&
		[ "$said" = "peerbar-revoke-stress $version" ] || return
	said=$("$dest/opt/pb/bin/peerbar-vnic" --version) &&
		[ "$said" = "peerbar-vnic $version" ] || return
	[ "$(config --modversion)" = "$version" ]
}

# run pkg-config as if the scratch folder were /
config()
{
	PKG_CONFIG_PATH=$dest/opt/pb/lib64/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dest \
		pkg-config "$@" libpeerbar
}

program()
{
	cat <<-'EOT'
	#include <peerbar.h>
	#include <stdio.h>
	int main(void)
	{
		struct peerbar_device *dev;

		if (peerbar_open("nonsense", &dev) < 0)
			puts(peerbar_errmsg());
		return 0;
	}
	EOT
}

# links COMPILER SUFFIX LIBRARIES: the program builds with pkg-config's cflags, and runs
links()
{
	program > "$work/program.$2"
	# shellcheck disable=SC2046,SC2086 # both must be split into words
	"$1" -Wall -Werror -o "$work/program" "$work/program.$2" $(config --cflags) $3 || return
	LD_LIBRARY_PATH=$dest/opt/pb/lib64 "$work/program" | grep nonsense
}

shared()
{
	links gcc c "$(config --libs)" && readelf -d "$work/program" | grep libpeerbar.so.1
}

static()
{
	links gcc c "-Wl,-Bstatic -L$dest/opt/pb/lib64 -lpeerbar -Wl,-Bdynamic -libverbs -pthread" &&
		! readelf -d "$work/program" | grep libpeerbar
}

# The library must export exactly the functions that the header declares.
exports_the_header()
{
	diff <(nm -D --defined-only "$dest/opt/pb/lib64/libpeerbar.so" | sed -n 's/.* T //p' |
		sed 's/@.*//' | sort -u) \
		<(grep -oE '\bpeerbar_[a-z_]+\(' rdma/lib/peerbar.h | tr -d '(' | sort -u)
}

# The package's list of symbols has each function, and no other.
is_in_the_package()
{
	dpkg-gensymbols -c4 -plibpeerbar1 -Idebian/libpeerbar1.symbols -O/dev/null \
		"-e$dest/opt/pb/lib64/libpeerbar.so.1"
}

# Each exported function has a page, which is that of the library and lists the function.
a_page_for_each_call()
{
	local call page=$work/page
	while read -r call; do
		(cd "$dest/opt/pb/man" && mandoc -T ascii "man3/$call.3") |
			sed 's/.\x08//g' > "$page"	# neither bold nor underlined
		grep "^LIBPEERBAR(3)" "$page" && sed '/^DESCRIPTION/,$d' "$page" | grep "\b$call(" ||
			return
	done < <(sed -n 's/^\t\t\(peerbar_.*\);/\1/p' rdma/lib/libpeerbar.map)
}

refuses_a_relative_folder()
{
	! make -s "HOST=B=$work/build" install DESTDIR=nowhere 2> "$work/said" &&
		grep -q "DESTDIR=nowhere is a relative path" "$work/said" &&
		[ -z "$(find . -name nowhere)" ]
}

uninstalls()
{
	"${host[@]}" uninstall "DESTDIR=$dest" "${layout[@]}" && [ -z "$(installed)" ]
}

tap_command "install: make builds all three, with the caller's flags" builds_by_itself
tap_command "install: everything, where it is wanted" installs_all
tap_command "install: the header, the tools and pkg-config have one version" one_version
tap_command "install: a C program, shared" shared
tap_command "install: a C program, static" static
tap_command "install: a C++ program" links g++ cc "$(config --libs)"
tap_command "install: the library shows what the header has" exports_the_header
tap_command "install: the package lists what the library shows" is_in_the_package
tap_command "install: a manual page for each call" a_page_for_each_call
tap_command "install: a relative DESTDIR is refused" refuses_a_relative_folder
tap_command "install: uninstall leaves nothing" uninstalls
tap_finish
