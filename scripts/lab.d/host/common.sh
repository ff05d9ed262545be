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

# need PROGRAM:PACKAGE...: if the host lacks programs, install their packages, or print how to.
need()
{
	local pair missing=()
	for pair; do
		command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" = 0 ]; then
		(lock install && install_packages "" "${missing[@]}")
	elif sudo -n true 2>/dev/null; then
		(lock install && install_packages sudo "${missing[@]}")
	else
		die "packages are missing; run: sudo apt-get install ${missing[*]}"
	fi
}

# install_packages COMMAND PACKAGE...: COMMAND, if it is not empty, makes apt-get run as root.
install_packages()
{
	local log=$CACHE/install.log
	say "installing ${*:2} on this host"
	mkdir -p "$CACHE"
	{
		$1 apt-get update && $1 env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y --no-install-recommends "${@:2}"
	} >"$log" 2>&1 || {
		tail -n 5 "$log" >&2
		die "could not install ${*:2}; the whole log is $log"
	}
}
