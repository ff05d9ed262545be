#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Checks the code blocks of the documents (TAP). Every block must have a kind: "sh guest" is
# run by tests/guest/tools/documents.sh, "sh host" must name only targets and programs that
# exist, "c" is compiled, and "text" is not checked. Links to files and headings must be good.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=tests/guest/lib/tap.sh
. tests/guest/lib/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# blocks KIND DOCUMENT...: the lines of all blocks of that kind, with continued lines joined
blocks()
{
	local kind=$1
	shift
	awk -v kind="$kind" '/^```/ { on = ($0 == "```" kind); next } on' "$@" |
		sed -e ':a' -e '/\\$/N; s/\\\n//; ta'
}

kinds()
{
	awk '/^```/ { if (!on) print FILENAME ": " substr($0, 4); on = !on }' "$@"
}

# unknown LINE: print a complaint for each target of make and each program of ours in LINE
# that does not exist
unknown()
{
	local words target
	read -ra words <<< "${1%%#*}"
	case ${words[0]:-} in
	make)
		[ "${words[1]:-}" != -C ] || {
			[ -e "${words[2]}/Makefile" ] || echo "nothing is made in ${words[2]}"
			return
		}
		for target in "${words[@]:1}"; do
			case $target in
			*=*) ;;
			*) grep -q "^$target:\|^$target .*:\|PHONY.*\b$target\b" Makefile ||
				echo "make has no $target";;
			esac
		done;;
	scripts/*|perftest-patches/*|rdma/*)
		[ -x "${words[0]}" ] || echo "there is no ${words[0]}";;
	esac
}

# anchors DOCUMENT: what can follow "#" in a link to it, made of its headings as GitHub does
anchors()
{
	awk '/^```/ { on = !on } /^#+ / && !on { sub(/^#+ /, ""); print }' "$1" |
		sed -E 's/\]\([^)]*\)//g' | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-'
}

# links DOCUMENT: the targets of its links, but for those into the world
links()
{
	awk '/^```/ { on = !on } !on' "$1" | tr '\n' ' ' | grep -oE '\]\([^) ]+\)' |
		sed -E 's/^\]\((.*)\)$/\1/' | grep -vE '^https?://'
}

# broken DOCUMENT: print a complaint for each link that leads nowhere
broken()
{
	local target file
	while IFS= read -r target; do
		file=$1
		[ -z "${target%%#*}" ] || file=$(dirname "$1")/${target%%#*}
		if [ ! -e "$file" ]; then
			echo "$1: there is no $target"
		elif [[ $target = *'#'* ]] && ! anchors "$file" | grep -qxF -- "${target#*#}"; then
			echo "$1: no heading of $target"
		fi
	done < <(links "$1")
}

check()
{
	if [ -z "$2" ]; then
		tap_ok "documents: $1"
	else
		tap_note "$2"
		tap_not_ok "documents: $1" "see above"
	fi
}

# The guide's C is a sequence of calls, so it is compiled as the body of a function.
compile_c()
{
	{
		cat <<-'EOT'
		#include <fcntl.h>
		#include <infiniband/verbs.h>
		#include <peerbar.h>
		#include <poll.h>
		#include <rdma/fi_domain.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <unistd.h>
		void life(struct ibv_pd *pd, struct fid_domain *domain, int access);
		void life(struct ibv_pd *pd, struct fid_domain *domain, int access)
		{
			struct peerbar_device *dev;
			struct fid_mr *fabric_mr;
			struct ibv_mr *mr;
			uint64_t iova;
			int fd;
		EOT
		blocks c docs/guide.md
		echo "}"
	} > "$work/life.c"
	gcc -Wall -Werror -Irdma/lib -fsyntax-only "$work/life.c" 2>&1
}

mapfile -t documents < <(git -c safe.directory='*' ls-files '*.md')
check "every block says what it is" \
	"$(kinds "${documents[@]}" | grep -vE ': (sh host|sh guest|c|text)$')"
check "commands for the host are there" "$(blocks 'sh host' "${documents[@]}" |
	while IFS= read -r line; do unknown "$line"; done)"
check "the guide's C compiles" "$(compile_c)"
check "commands of the guest are run by a suite" "$(grep -lE '^```sh guest' "${documents[@]}" |
	while IFS= read -r name; do
		grep -q "documents.sh $name" scripts/check || echo "$name is not"
	done)"
check "links lead somewhere" "$(for name in "${documents[@]}"; do broken "$name"; done)"
tap_finish
