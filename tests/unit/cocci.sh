#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Tests the semantic patches in rdma/drivers on kernel sources (TAP):
#
#   cocci.sh [TARBALL|DIR...]     (default: every /usr/src/linux-source-*.tar.xz)
#
# A patch must change each source completely and must refuse to change it twice. It must also
# refuse a source in which anything that it relies on has changed, and name the rule.
set -eu -o pipefail

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
drivers=$top/rdma/drivers
cache=${CACHE:-$top/build/modules/.cache}
count=0 failed=0

# ok STATUS DESCRIPTION: print a test's result
ok() {
	local not='not '
	count=$((count + 1))
	if [[ $1 -eq 0 ]]; then not=''; else failed=$((failed + 1)); fi
	printf '%sok %d - %s\n' "$not" "$count" "$2"
	[[ $1 -eq 0 ]] || sed 's/^/# /' "$work/err"
}

# check DESCRIPTION COMMAND...: the test is that the command succeeds
check() {
	local description=$1 status=0
	shift
	"$@" >"$work/err" 2>&1 || status=1
	ok "$status" "$description"
}

apply() {
	"$drivers/apply" "$cocci" "$@"
}

applies() {
	rm -rf "$work/changed"
	apply "$1" "$work/changed" && ! diff -r "$1" "$work/changed" >/dev/null
}

# refuses FROM TEXT...: apply must fail with a message that contains each TEXT, and must leave
# nothing behind
refuses() {
	local from=$1 text
	shift
	rm -rf "$work/to"
	if apply "$from" "$work/to" 2>"$work/message"; then
		echo "$from: applied, should have been refused"
		return 1
	fi
	cat "$work/message"
	compgen -G "$work/to*" && return 1
	for text; do
		grep -qF "$text" "$work/message" || { echo "not in the message: $text"; return 1; }
	done
}

# mutant FILE SED [TEXT...]: a copy of the source with FILE edited by SED must be refused
mutant() {
	local file=$1 script=$2
	shift 2
	rm -rf "$work/mutant"
	cp -r "$src" "$work/mutant"
	sed -i -E "$script" "$work/mutant/$file"
	if cmp -s "$src/$file" "$work/mutant/$file"; then
		echo "$script changed nothing in $file"
		return 1
	fi
	refuses "$work/mutant" "$@" || return 1
	printf '%s\n' "$@" >>"$work/refusals-seen"
}

# For each rule of the patch, some test above must have seen a refusal that names it.
every_rule_failed() {
	diff <(sed -nE 's/^matched\("([a-z_]+)", p\)$/\1/p' "$cocci" | sort) \
		<(sed -nE 's/^rule ([a-z_]+) matched.*/\1/p' "$work/refusals-seen" | sort -u)
}

efa_mutants() {
	local v=efa_verbs.c registered='(err = efa_register_mr\(ibpd, mr, start, length, virt_addr.*)'
	check "$1: struct member renamed" mutant efa.h \
		's/struct ib_umem \*umem;/struct ib_umem *mem;/' 'rule mr_flag matched 0 times'
	check "$1: registration renamed" mutant $v \
		's/efa_reg_user_mr_dmabuf/efa_import_mr/' 'rule hw_dereg_fn matched 0 times' \
		'rule revoke_fn matched 0 times' 'rule dereg_fn matched 0 times' \
		'rule hw_dereg_doc matched 0' 'rule revoke_doc matched 0' 'rule dereg_doc matched 0'
	check "$1: umem taken by another call" mutant $v \
		's/ib_umem_dmabuf_get_pinned\(/ib_umem_dmabuf_get_other(/' \
		'rule get_umem matched 0 times'
	check "$1: MR returned in another way" mutant $v \
		's/return &mr->ibmr;/return to_ibmr(mr);/' 'rule set_revoke matched 0 times'
	check "$1: MR returned in two places" mutant $v \
		"s/$registered/\\1\n\tif (!err \\&\\& !fd)\n\t\treturn \\&mr->ibmr;/" \
		'rule set_revoke matched 2 times'
	check "$1: umem released by another call" mutant $v \
		's/ib_umem_release\(mr->umem\)/efa_release(mr)/' 'rule unlock_on_error matched 0 times'
	check "$1: another command to deregister" mutant $v \
		's/efa_com_dereg_mr\(/efa_com_drop_mr(/' 'rule dereg matched 0 times'
	check "$1: a return with the lock held" mutant $v \
		"s/$registered/if (!virt_addr)\n\t\treturn ERR_PTR(-EINVAL);\n\t\\1/" \
		'refused efa_reg_user_mr_dmabuf(): the reservation lock is still held'
	check "$1: an error path that misses the unlock" mutant $v \
		"s/$registered/\\1\n\tif (err == -EINTR)\n\t\tgoto err_free;/" \
		'refused efa_reg_user_mr_dmabuf(): the reservation lock is still held'
	check "$1: every rule was seen to fail" every_rule_failed
}

test_source() {
	local source=$1 driver=$2 tree name=$2/${1##*/}
	: >"$work/refusals-seen"
	if ! tree=$("$drivers/extract" "$driver" "$source" "$cache" 2>"$work/err"); then
		ok 1 "$name: has the driver"
		return
	fi
	# shellcheck source=rdma/drivers/efa/driver.conf
	source "$drivers/$driver/driver.conf"
	src=$tree/$source_dir
	check "$name: every rule matches once" applies "$src"
	check "$name: refused the second time" refuses "$work/changed" 'revocable already'
	"${driver}_mutants" "$name"
}

# A rule whose matches are not reported could fail unnoticed, so apply must refuse it.
unreported_rule() {
	local script whole=$cocci cocci=$work/silent.cocci rule
	rule=$(sed -nE 's/^matched\("([a-z_]+)", p\)$/\1/p' "$whole" | tail -n 1)
	for script in "/^p << $rule\.p;$/d; /^matched(\"$rule\", p)$/d" "/^matched(\"$rule\", p)$/d"; do
		sed "$script" "$whole" >"$cocci"
		refuses "$drivers" 'a rule without a report' || return 1
	done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[[ $# -gt 0 ]] || set -- /usr/src/linux-source-*.tar.xz
for conf in "$drivers"/*/driver.conf; do
	driver=${conf%/driver.conf} driver=${driver##*/}
	cocci=$drivers/$driver/revocable.cocci
	for source; do
		test_source "$source" "$driver"
	done
	check "$driver: a rule without a report is refused" unreported_rule
done
printf '1..%d\n' "$count"
[[ $failed -eq 0 ]]
