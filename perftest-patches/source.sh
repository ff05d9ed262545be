# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# perftest's source: that of Debian, for which 25.01/ is, or one that the caller has. Sourced.

: "${HERE:?}"		# this folder
cache='' hint=''	# where downloads go, and what to do if one fails: the caller sets both
source=''		# what the caller has, if that is not Debian's

SUITE=trixie		# the Debian release that has it

# shellcheck source=scripts/mirror.sh
. "$HERE/../scripts/mirror.sh"

die()
{
	printf 'perftest-patches/%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

series_names()
{
	local dir
	for dir in "$HERE"/*/; do
		basename "$dir"
	done | paste -sd ' '
}

# Run an apt command with its own package lists, for Debian's source packages only.
apt_sources()
{
	local dir=$cache/apt repo keys='' ring=/usr/share/keyrings/debian-archive-keyring.gpg
	mkdir -p "$dir/lists/partial" "$dir/archives/partial"
	repo=$(apt_mirror "$SUITE")
	[ -n "$repo" ] || die "apt knows no mirror of Debian here: run apt-get update," \
		"or set PEERBAR_MIRROR to one; or $hint"
	[ ! -e "$ring" ] || keys="[signed-by=$ring] "
	echo "deb-src $keys$repo $SUITE main" > "$dir/sources.list"
	"$@" -o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir" \
		-o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=- \
		-o APT::Sandbox::User=root
}

# fetch_part PART FILE: download a tarball of the source package, "orig" or "debian", unless FILE is
# there. Its address is in the signed index; some mirrors lacked the .dsc, which is not needed.
fetch_part()
{
	local uri name sum
	[ ! -e "$2" ] || return 0
	echo "fetching perftest's $1 tarball from Debian $SUITE"
	apt_sources apt-get -q update || die "could not read Debian's index of sources; $hint"
	read -r uri name sum < <(apt_sources apt-get source --print-uris perftest |
		awk -v part="[.]$1[.]tar" '$2 ~ part { gsub(/\047/, "", $1); print $1, $2, $4; exit }') ||
		die "Debian's index has no perftest source; $hint"
	[[ $name == perftest_25.01.* ]] || die "Debian $SUITE has $name now, the series" \
		"is for 25.01; $hint"
	/usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file "$uri" "$2.part" "$sum" ||
		die "could not download $name; $hint"
	mv "$2.part" "$2"
}

# unpack FOLDER: the source that the variable source names, a tarball or a tree, goes there.
unpack()
{
	mkdir -p "$1"
	if [ -d "$source" ]; then
		(cd "$source" && tar -cf - --exclude=./.git .) | tar -xf - -C "$1"
	else
		tar -xf "$source" -C "$1" --strip-components=1 --no-same-owner ||
			die "$source is no tarball of perftest"
	fi
	[ -f "$1/src/perftest_parameters.c" ] || die "$source is no perftest source"
}
