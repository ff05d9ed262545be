#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Checks the mutants without running them (TAP), so that they follow the code that they break:
# each still applies, and its header says what "scripts/mutants -h" asks for.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=tests/guest/lib/tap.sh
. tests/guest/lib/tap.sh

ENOUGH=12	# mutants

field()
{
	sed -n "/^diff /q; s/^$2: //p" "$1"
}

# unknown_tests TESTS: each that is neither a program nor a script of the guest's tests
unknown_tests()
{
	local test
	while read -r test _; do
		compgen -G "tests/guest/*/$test" > /dev/null ||
			compgen -G "tests/guest/*/$test.c" > /dev/null ||
			echo "there is no test $test"
	done <<< "${1// : /$'\n'}"
}

# complaints PATCH
complaints()
{
	local status=0
	[[ ${1##*/} =~ ^[a-z0-9]+(-[a-z0-9]+)*\.patch$ ]] || echo "its name is not in kebab-case"
	[[ $(head -n 1 "$1") =~ ^[A-Z].*\.$ ]] || echo "its first line is no sentence"
	[ -n "$(field "$1" Fails)" ] || echo "it has no line Fails"
	grep -qE -e "$(field "$1" Fails)" <<< "" || status=$?
	[ $status -le 1 ] || echo "Fails is no regular expression"
	if [ "$(field "$1" Unit)" != yes ]; then
		[ -n "$(field "$1" Guest)" ] || echo "it has no line Guest"
		[ -n "$(field "$1" Test)" ] || echo "it has no line Test"
		unknown_tests "$(field "$1" Test)"
	fi
	git -c safe.directory='*' apply --check "$1" 2>&1
}

shopt -s nullglob
patches=(tests/mutants/*.patch)
for patch in "${patches[@]}"; do
	name=${patch##*/}
	found=$(complaints "$patch")
	if [ -z "$found" ]; then
		tap_ok "mutant ${name%.patch} applies"
	else
		tap_note "$found"
		tap_not_ok "mutant ${name%.patch} applies" "see above"
	fi
done
if [ ${#patches[@]} -ge $ENOUGH ]; then
	tap_ok "there are enough mutants"
else
	tap_not_ok "there are enough mutants" "${#patches[@]}"
fi
tap_finish
