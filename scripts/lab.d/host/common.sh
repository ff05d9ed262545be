# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Messages, the cache folder, and locks. Sourced by scripts/lab.

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/peerbar

LAB_T0=$(date +%s)

# Print a progress line with the seconds since the start.
say()
{
	printf '[%4ds] %s\n' $(($(date +%s) - LAB_T0)) "$*" >&2
}

# die MESSAGE [STATUS]
die()
{
	printf 'lab: %s\n' "$1" >&2
	exit "${2:-125}"
}

# lock NAME: hold the lock NAME until this (sub)shell ends; print a line if it has to wait.
lock()
{
	local fd
	mkdir -p "$CACHE"
	exec {fd}>"$CACHE/$1.lock"
	flock -n "$fd" || {
		say "waiting for another process that holds $CACHE/$1.lock"
		flock "$fd"
	}
}

# need PROGRAM PACKAGE: if the host lacks PROGRAM, install it, or print how to.
need()
{
	command -v "$1" >/dev/null && return
	say "installing $2 on this host"
	if [ "$(id -u)" = 0 ]; then
		install_package "$2"
	elif sudo -n true 2>/dev/null; then
		install_package "$2" sudo
	else
		die "$1 is missing; run: sudo apt-get install $2"
	fi
}

# install_package PACKAGE [sudo]
install_package()
{
	local log=$CACHE/install.log
	mkdir -p "$CACHE"
	{
		${2:-} apt-get update && ${2:-} env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y --no-install-recommends "$1"
	} >"$log" 2>&1 || {
		tail -n 5 "$log" >&2
		die "could not install $1; the whole log is $log"
	}
}
