#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Does kernel/ build for kernels that cannot be installed here? (TAP)
#
#   headers.sh [SERIES]...     (default: latest 6.12 6.1)
#
# For each row of table.txt, the module is compiled against the headers of a kernel that is
# installed here, after some edits. Nothing is linked against a kernel, loaded or run. A row
# that passes shows that the compiler accepts the source, which features were found missing or
# present, and which compat/iova_*.c was compiled.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=tests/guest/lib/tap.sh
. tests/guest/lib/tap.sh

table=$PWD/tests/headers/table.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# unshare FOLDER: replace a link to a folder by a folder of links to what is in it.
unshare()
{
	local of
	[ -L "$1" ] || return 0
	of=$(readlink -f "$1")
	rm "$1"
	mkdir "$1"
	find "$of" -mindepth 1 -maxdepth 1 -exec ln -s -t "$1" {} +
}

# Copy the headers of this series as links: "build", where kbuild runs, and "common", the source.
copy_headers()
{
	local build common
	build=$(readlink -f "/lib/modules/$(readlink "/opt/peerbar/kernels/$series")/build")
	common=$(sed -n 's,^include \(.*\)/Makefile$,\1,p' "$build/Makefile")
	rm -rf "$copy"
	mkdir -p "$copy/module/compat"
	ln -s "$build" "$copy/build"
	ln -s "$common" "$copy/common"
	unshare "$copy/build"
	unshare "$copy/common"
	rm "$copy/build/Makefile"
	sed "s,$common,$copy/common,; s,$build,$copy/build," "$build/Makefile" \
		> "$copy/build/Makefile"
}

# edit HEADER SED-SCRIPT: edit a header of the copy. A script that changes nothing is an error,
# because the row would then test nothing.
edit()
{
	local dir=$copy/common file part
	[ -e "$dir/include/$1" ] || dir=$copy/build
	file=$dir/include/$1
	for part in include $(dirname "$1" | tr / ' '); do
		dir=$dir/$part
		unshare "$dir"
	done
	sed -E "$2" "$file" > "$copy/edited"
	if cmp -s "$file" "$copy/edited"; then
		echo "this changes nothing in $1: $2"
		return 1
	fi
	rm "$file"
	mv "$copy/edited" "$file"
}

# The module's sources are compiled as one file, which reads the kernel's headers only once. In it,
# the one that sets pr_fmt has to be the first, and the one that makes the tracepoints the last.
compile()
{
	make -s -C kernel KDIR="$copy/build" BUILD="$copy/module" links || return
	rm "$copy/module/Kbuild"
	cat > "$copy/module/Kbuild" <<-EOT
	include $PWD/kernel/Kbuild
	others := \$(filter-out stand_in.c trace.c,\$(peerbar-vfio-pci-y:.o=.c))
	peerbar-vfio-pci-y := all.o
	CFLAGS_all.o := \$(CFLAGS_driver.o)
	\$(obj)/all.c: ; @printf '#include "%s"\\n' stand_in.c \$(others) trace.c > \$@
	EOT
	make -s -C "$copy/build" M="$copy/module" KCFLAGS="-Werror -g0" peerbar-vfio-pci.o
}

# Which features Kbuild.include finds in the copy.
features()
{
	make -s -f - srctree="$copy/common" <<-'EOT' | tr ' ' '\n' | sort
	include kernel/compat/Kbuild.include
	all: ; @echo $(peerbar-had)
	EOT
}

# Print, in the words of table.txt, how the features differ from the first row of the series,
# and which of the two iova files was compiled.
outcome()
{
	local found=$work/$series.found first=$work/$series.first
	features > "$found"
	[ -e "$first" ] || tr ' ' '\n' <<< "$has" | sort -u - "$found" > "$first"
	comm -23 "$first" "$found" | xargs -r echo lacks
	comm -13 "$first" "$found" | xargs -r echo gains
	[ ! -e "$copy/module/all.c" ] ||
		sed -n 's,.*compat/\(iova_.*\)\.c.*,takes \1.o,p' "$copy/module/all.c"
}

# differs EXPECTED...: print how the outcome differs from these lines, if it does.
differs()
{
	outcome | diff <(printf '%s\n' "$@") - | sed -n 's/^> /found: /p; s/^< /not found: /p'
}

# verdict NAME WHY-IT-FAILS: the TAP line of a row, which passes if the second word is empty.
verdict()
{
	if [ -z "$2" ]; then
		tap_ok "headers: $series: $1"
	else
		grep -E 'error|No rule' "$log" | head -n 5 | sed 's/^/# /'
		tap_not_ok "headers: $series: $1" "$(paste -sd ';' <<< "$2")"
	fi
}

# Run one row, and print why it fails, if it does.
try()
{
	local i built=''
	copy_headers
	for i in "${!header[@]}"; do
		edit "${header[i]}" "${script[i]}" || return
	done
	compile > "$log" 2>&1 && built=1
	if [ -n "$refusal" ]; then
		grep -F 'error: ' "$log" | grep -qF "$refusal" ||
			echo "the compiler does not say: $refusal"
	elif [ -z "$built" ]; then
		echo "it does not build"
	else
		differs "${expected[@]}"
	fi
}

row()
{
	: > "$log"
	verdict "$name" "$(try)"
}

# alone FEATURE HEADER NAME...: check that the feature is gone if any one NAME is renamed.
alone()
{
	local feature=$1 header=$2 thing
	for thing in "${@:3}"; do
		copy_headers
		verdict "without $thing no $feature" \
			"$(edit "$header" "s/\\b$thing\\b/other/" && differs "lacks $feature")"
	done
}

# Run the rows of one series.
rows()
{
	local series=$1 copy=$work/$1 log=$work/$1.log of='' word rest
	local name has refusal header script expected
	while read -r word rest; do
		case $word in
		row)
			read -r of name <<< "$rest"
			has='' refusal='' header=() script=() expected=();;
		edit)
			header+=("${rest%% *}")
			script+=("${rest#* }");;
		has)
			has+=" $rest";;
		refused)
			refusal=$rest;;
		lacks|gains|takes)
			expected+=("$word $rest");;
		alone)
			read -r of rest <<< "$rest"
			# shellcheck disable=SC2086 # words
			[ "$of" != "$series" ] || alone $rest
			of='';;
		'')
			[ "$of" != "$series" ] || row
			of='';;
		*)
			tap_not_ok "headers: table.txt" "no such word: $word";;
		esac
	done < <(grep -v '^#' "$table"; echo)
}

[ $# -gt 0 ] || set -- latest 6.12 6.1
for series in "$@"; do
	rows "$series" > "$work/$series.tap" &
done
wait
for series in "$@"; do
	cat "$work/$series.tap"
done
! grep -q '^not ok' "$work"/*.tap
