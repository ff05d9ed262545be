#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Tests peerbar-vnic as a program (TAP): its report, and how it ends. No client connects to it.
#   program.sh PEERBAR-VNIC
set -u
vnic=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../../.." || exit
# shellcheck source=tests/guest/lib/tap.sh
. tests/guest/lib/tap.sh
fits=$PWD/tests/schemas/fits

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit

# run OPTION...: start it, stop it with a signal, and return its exit status
run()
{
	local pid
	"$vnic" --socket sock "$@" > said 2>&1 &
	pid=$!
	for _ in $(seq 100); do
		[ -S sock ] && break
		sleep 0.05
	done
	kill -TERM $pid
	wait $pid
}

# check NAME CONDITION...
check()
{
	local name=$1
	shift
	if "$@"; then
		tap_ok "program: $name"
	else
		tap_note "$(cat said)"
		tap_not_ok "program: $name" "$*"
	fi
}

# A program that has the old report open while the new one is written can still read all of it.
mkdir out
echo old > out/report
exec 3< out/report
run --report out/report
status=$?
check "a signal ends it well" [ "$status" = 0 ]
whole=$(jq '.stray.total == 0 and .device.model == "efa"' out/report)
check "the report is whole" [ "$whole" = true ]
check "it fits its schema" "$fits" peerbar-vnic out/report
check "the old report was replaced, and not written over" [ "$(cat <&3)" = old ]
check "nothing else is left there" [ "$(ls out)" = report ]
check "nor the socket" [ ! -e sock ]
exec 3<&-

run --model mlx5 --report mlx5
check "a signal ends a ConnectX well, too" [ $? = 0 ]
check "its report fits the schema" "$fits" peerbar-vnic mlx5

run --report nowhere/report
check "a report that cannot be written is an error" [ $? = 1 ]
check "which names it" grep -q nowhere/report said

mkdir dir
run --report dir
check "nor over a folder" [ $? = 1 ]
check "and no draft of it is left" [ "$(find . -name 'dir.*')" = "" ]

# words: the options, the fault switches and the models that --help shows, as mdoc has them
words()
{
	"$vnic" --help > said
	sed -nE 's/^  (-h, )?--([a-z-]+).*/Fl Fl \2/p; s/^  ([a-z][a-z-]+).*/Cm \1/p;
		s/^--model ([a-z0-9]+).*/Cm \1/p' said
}

manual=$OLDPWD/docs/man/peerbar-vnic.1
unknown=$(words | while read -r word; do grep -qF -- "$word" "$manual" || echo "$word"; done)
check "the manual page has all that --help shows" [ "$unknown" = "" ]
tap_finish
