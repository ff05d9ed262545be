#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What bash offers after the words of a peerbar command (TAP). The functions of bash-completion are
# replaced: "typed" is the command line.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=tests/guest/lib/tap.sh
. tests/guest/lib/tap.sh
# shellcheck source=rdma/tools/completion/peerbar
. rdma/tools/completion/peerbar

typed=()
_get_comp_words_by_ref()
{
	# shellcheck disable=SC2034 # the caller's
	words=("${typed[@]}") cword=$((${#typed[@]} - 1)) cur=${typed[-1]}
}

__ltrim_colon_completions()
{
	:
}

_peerbar_devices()
{
	printf '%s\n' 0000:01:00.0 0000:02:00.0
}

_peerbar_nics()
{
	printf '%s\n' efa_0 mlx5_0
}

# offers WORDS TYPED...: are these words offered, and no others?
offers()
{
	local expected=$1
	shift
	typed=("$@")
	COMPREPLY=()
	_peerbar
	if [ "${COMPREPLY[*]}" = "$expected" ]; then
		tap_ok "completion: ${*:2}"
	else
		tap_not_ok "completion: ${*:2}" "offers \"${COMPREPLY[*]}\", not \"$expected\""
	fi
}

offers "dev export mr path doctor help" peerbar ""
offers "export" peerbar ex
offers "export" peerbar -j ex
offers "show monitor help" peerbar export ""
offers "monitor" peerbar export m
offers "0000:01:00.0 0000:02:00.0" peerbar export monitor ""
offers "" peerbar export monitor 01:00.0 ""
offers "0000:02:00.0" peerbar dev bind 0000:02
offers "driver exporter force" peerbar dev bind 01:00.0 ""
offers "vfio-pci peerbar-vfio-pci" peerbar dev bind 01:00.0 driver ""
offers "peerbar core" peerbar dev bind 01:00.0 driver peerbar-vfio-pci exporter ""
offers "efa_0 mlx5_0" peerbar mr test ""
offers "0000:01:00.0 0000:02:00.0" peerbar mr test efa_0 ""
offers "bar offset length total seed max-op" peerbar mr test efa_0 01:00.0 ""
offers "" peerbar mr test efa_0 01:00.0 bar ""
offers "total" peerbar mr test efa_0 01:00.0 bar 2 t
offers "bar" peerbar path show mlx5_0 01:00.0 ""
offers "efa_0 mlx5_0 0000:01:00.0 0000:02:00.0" peerbar doctor ""
offers "0000:01:00.0 0000:02:00.0" peerbar doctor efa_0 ""
offers "--json" peerbar --j
offers "" peerbar nonsense ""
tap_finish
