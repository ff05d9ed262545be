# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# Parses the options of "run" and "shell", and prepares the folder of results.

guest_main()
{
	local mode=$1 name=$1 limit=300 bar=256M gpus=1 gpu=ivshmem nics=1 append="" strict=1
	local qmp=0 hotplug=acpi drive=0 turns=0
	local kernel=${KERNEL:-latest} exporter=${EXPORTER:-} importer=${IMPORTER:-}
	local iommu=${IOMMU:-intel} model=${NIC:-efa} switch=${SWITCH:-0}
	local nic=() cmd=() system=""
	[ "$mode" = shell ] && limit=0
	shift
	while [ $# -gt 0 ]; do
		case $1 in
		--kernel) kernel=$(guest_arg "$@") && shift 2;;
		--name) name=$(guest_arg "$@") && shift 2;;
		--time-limit) limit=$(guest_number "$@") && shift 2;;
		--iommu) iommu=$(guest_arg "$@") && shift 2;;
		--bar) bar=$(guest_size "$@") && shift 2;;
		--gpu) gpu=$(guest_arg "$@") && shift 2;;
		--gpus) gpus=$(guest_number "$@") && shift 2;;
		--exporter) exporter=$(guest_arg "$@") && shift 2;;
		--nic-model) model=$(guest_arg "$@") && shift 2;;
		--importer) importer=$(guest_arg "$@") && shift 2;;
		--nics) nics=$(guest_number "$@") && shift 2;;
		--nic) nic+=("$(guest_arg "$@")") && shift 2;;
		--switch) switch=1; shift;;
		--one-group) switch=one-group; shift;;
		--drive) drive=1; shift;;
		--iommufd) append+=" peerbar.iommufd=1"; shift;;
		--hotplug) hotplug=$(guest_arg "$@") && shift 2;;
		--qmp) qmp=1; shift;;
		--turns) turns=1; shift;;
		--append) append="$append $(guest_arg "$@")" && shift 2;;
		--keep-going) strict=0; shift;;
		--system) system=$(guest_system "$@") && shift 2;;
		--) shift; cmd=("$@"); break;;
		*) die "$mode: unknown option $1; see scripts/lab -h" 2;;
		esac
	done
	guest_choice --kernel "$kernel" 6.1 6.12 latest debug
	[[ $kernel != 6.1 || $append != *peerbar.iommufd=1* ]] ||
		die "Linux 6.1 opens no VFIO device through iommufd: leave --iommufd out" 2
	guest_choice --nic-model "$model" efa mlx5 efa,mlx5 mlx5,efa
	[[ $model != *,* ]] || nics=2
	[ -n "$importer" ] || importer=$(guest_importer "$model")
	[ "$model $importer" != "mlx5 revocable" ] ||
		die "the importer of mlx5 is stock: the kernel's own driver revokes" 2
	[ -n "$exporter" ] || exporter=$(guest_exporter "$kernel" "$model" "$importer")
	guest_choice --exporter "$exporter" kernel peerbar core stand-in none
	[[ $exporter != core || $kernel != 6.* ]] ||
		die "--exporter core: Linux $kernel has no exporter of its own" 2
	guest_choice --importer "$importer" revocable stock none
	guest_choice --gpu "$gpu" ivshmem nvme igb
	guest_choice --hotplug "$hotplug" acpi native
	guest_choice --iommu "$iommu" intel amd pt none
	guest_choice SWITCH "$switch" 0 1 one-group
	[ "$nics" = 1 ] || [ "$nics" = 2 ] || die "--nics takes 1 or 2, not $nics" 2
	[ "$gpus" = 1 ] || [ "$gpus" = 2 ] || die "--gpus takes 1 or 2, not $gpus" 2
	[ "$mode" = shell ] || [ ${#cmd[@]} -gt 0 ] ||
		die "run: no command after --; see scripts/lab -h" 2
	[ -n "${PEERBAR_BUILT:-}" ] || build_all "$kernel"

	local results=$TOP/build/results/$name
	rm -rf "$results"
	mkdir -p "$results/lab"
	[ ${#cmd[@]} -eq 0 ] || printf '%q ' "${cmd[@]}" > "$results/lab/command"
	guest_boot
}

# Run machine.sh inside the tree. It gets its settings as environment variables.
guest_boot()
{
	local tree=/tree src=/src kernel_dir
	kernel_dir=$(kernel_dir "$kernel")
	[ -z "$system" ] || tree=$system/tree src=$system/src kernel_dir=$system/tree
	local env=(LAB_MODE="$mode" LAB_NAME="$name" LAB_LIMIT="$limit" LAB_BAR="$bar"
		LAB_GPU="$gpu" LAB_GPUS="$gpus" LAB_NICS="$nics" LAB_EXPORTER="$exporter"
		LAB_IMPORTER="$importer" LAB_NIC_MODEL="$model" LAB_KERNEL="$kernel" LAB_IOMMU="$iommu"
		LAB_APPEND="$append" LAB_QMP="$qmp" LAB_HOTPLUG="$hotplug"
		LAB_SWITCH="$switch" LAB_DRIVE="$drive" LAB_TURNS="$turns"
		LAB_KERNEL_DIR="$kernel_dir" LAB_TREE="$tree" LAB_SRC="$src"
		LAB_STRICT="$strict" LAB_ACCEL="${PEERBAR_ACCEL:-auto}" LAB_CPU="${CPU:-EPYC}"
		LAB_MEMORY="${MEMORY:-2G}")
	tree_enter env "${env[@]}" bash scripts/lab.d/host/machine.sh "${nic[@]}"
}

# guest_importer MODEL: the NIC driver that can revoke.
guest_importer()
{
	[[ $1 = *efa* ]] && echo revocable || echo stock
}

# guest_exporter SERIES MODEL IMPORTER: "kernel" if this kernel has an exporter of its own and
# that accepts the importer, otherwise "peerbar".
guest_exporter()
{
	[[ $1 != 6.* && ($2 != *efa* || $3 != stock) ]] && echo kernel || echo peerbar
}

# guest_arg OPTION VALUE...: the value, or an error that names the option.
guest_arg()
{
	[ $# -ge 2 ] || die "$1 needs a value; see scripts/lab -h" 2
	printf '%s\n' "$2"
}

# guest_choice OPTION VALUE ALLOWED...
guest_choice()
{
	local option=$1 value=$2 allowed
	shift 2
	for allowed in "$@"; do
		[ "$value" != "$allowed" ] || return 0
	done
	die "$option takes one of: $*; not '$value'" 2
}

guest_number()
{
	local value
	value=$(guest_arg "$@") || exit
	[[ $value =~ ^[0-9]+$ ]] || die "$1 takes a whole number, not '$value'" 2
	echo "$value"
}

# The folder of another system, as seen in the tree.
guest_system()
{
	local value
	value=$(guest_arg "$@") || exit
	[ -e "$TOP/$value/tree/vmlinux" ] ||
		die "$1 takes a folder of the checkout that has tree/vmlinux, not '$value'" 2
	echo "/src/$value"
}

guest_size()
{
	local value
	value=$(guest_arg "$@") || exit
	[[ $value =~ ^[0-9]+[KMG]?$ ]] || die "$1 takes a size such as 256M or 8G, not '$value'" 2
	echo "$value"
}
