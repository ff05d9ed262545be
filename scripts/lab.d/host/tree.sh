# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# The Debian 13 tree: mmdebstrap makes it once, bubblewrap enters it. Both work for root and,
# where user namespaces are allowed, for every other user.

# shellcheck source=scripts/mirror.sh
. "$TOP/scripts/mirror.sh"

TREE_SUITE=trixie

tree_path()
{
	printf '%s/tree-%s-%s\n' "$CACHE" "$TREE_SUITE" \
		"$(cat "$LAB/packages" "$LAB/apt-preferences" "$LAB/tree-setup.sh" | sha256sum | cut -c1-12)"
}

# Make the tree unless it exists. It is made under another name and renamed when it is
# complete, so an interrupted run leaves nothing that looks finished.
tree_ensure()
{
	if [ -e "$(tree_path)/.complete" ]; then
		need bwrap:bubblewrap
	else
		tree_needs
		(lock tree && tree_make)
	fi
}

tree_make()
{
	local tree new log
	tree=$(tree_path)
	[ -e "$tree/.complete" ] && return
	new=$tree.new log=$CACHE/tree.log
	rm -rf "$CACHE"/tree-*.new
	say "making the Debian $TREE_SUITE tree (once; about 4 minutes; log: $log)"
	tree_bootstrap 2>"$log" | tree_unpack "$new" || {
		tail -n 15 "$log" >&2
		die "could not make the Debian tree; the whole log is $log"
	}
	touch "$new/.complete"
	rm -rf "$tree"
	mv "$new" "$tree"
	say "the tree is $(du -sh "$tree" | cut -f1) in $tree"
}

# What the making of any tree takes. Sets MIRROR.
tree_needs()
{
	local programs=(bwrap:bubblewrap mmdebstrap:mmdebstrap)
	[ "$(id -u)" = 0 ] || programs+=(newuidmap:uidmap)
	need "${programs[@]}"
	MIRROR=$(apt_mirror "")
	[ -n "$MIRROR" ] ||
		die "no Debian mirror in this host's apt sources; set PEERBAR_MIRROR to one"
}

# tree_debian OPTION... SUITE TARGET SOURCE...: mmdebstrap, as every tree here is made. Without a
# terminal for dpkg, because what still had that open sometimes kept mmdebstrap from removing a tree;
# and dpkg does not wait for the disk, because a tree whose making was interrupted is of no use.
tree_debian()
{
	local mode=unshare proxy
	[ "$(id -u)" != 0 ] || mode=root
	proxy=$(apt-config dump --format '%v' Acquire::http::Proxy 2>/dev/null || :)
	mmdebstrap --mode="$mode" ${proxy:+--aptopt="Acquire::http::Proxy \"$proxy\""} \
		--aptopt='APT::Install-Recommends "false"' --aptopt='Dpkg::Use-Pty "false"' \
		--dpkgopt=force-unsafe-io "$@"
}

# tree_unpack FOLDER: a tree that comes as a tar stream. The user who runs this unpacks it, so that
# all files belong to that user, who can then remove them.
tree_unpack()
{
	mkdir -p "$1"
	tar -C "$1" --exclude='./dev/*' --no-same-owner -xf -
}

# Write the tree as a tar stream.
tree_bootstrap()
{
	local include
	include=$(sed 's/#.*//' "$LAB/packages" | tr -s '[:space:]' , | sed 's/^,//; s/,$//')
	# single quotes: the hook's shell expands $1, the path of the new tree
	# shellcheck disable=SC2016
	tree_debian --variant=apt \
		--setup-hook="upload '$LAB/apt-preferences' /etc/apt/preferences.d/lab" \
		--include="$include" \
		--customize-hook="copy-in '$LAB/tree-setup.sh' /tmp" \
		--customize-hook='chroot "$1" bash /tmp/tree-setup.sh' \
		--customize-hook='rm -f "$1/tmp/tree-setup.sh"' \
		"$TREE_SUITE" - \
		"deb $MIRROR $TREE_SUITE main" \
		"deb $MIRROR $TREE_SUITE-backports main" \
		"deb $MIRROR bookworm main"
}

# tree_enter CMD...: run CMD in the tree. There /src is the checkout, /cache is the cache, and
# /tree is the tree itself, which becomes the guest's root file system.
tree_enter()
{
	local tree opt=()
	tree=$(tree_path)
	[ "$(id -u)" = 0 ] || opt+=(--unshare-user --uid 0 --gid 0)
	[ -w /dev/kvm ] && opt+=(--dev-bind /dev/kvm /dev/kvm)
	[ -e /etc/resolv.conf ] &&
		opt+=(--ro-bind "$(readlink -f /etc/resolv.conf)" /etc/resolv.conf)
	bwrap --die-with-parent --unshare-pid --ro-bind "$tree" / --dev /dev --proc /proc \
		--tmpfs /tmp --tmpfs /run --ro-bind "$tree" /tree --bind "$TOP" /src \
		--bind "$CACHE" /cache --chdir /src --setenv HOME /root \
		--setenv PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		--setenv LC_ALL C.UTF-8 "${opt[@]}" "$@"
}
