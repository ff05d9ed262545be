#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Runs the guest once; started by guest.sh inside the tree. Starts the virtual NICs and QEMU,
# waits for all of them to end, and exits with the guest's status.
#   LAB_*  settings, see guest.sh; the arguments are further options for peerbar-vnic
set -euo pipefail

RESULTS=/src/build/results/$LAB_NAME
RUN=$(mktemp -d /tmp/machine.XXXXXX)
KERNEL=$LAB_KERNEL_DIR
RELEASE=$(ls "$KERNEL/lib/modules")
VNIC=(/src/build/vnic/peerbar-vnic)
# another system's virtual NIC runs with the libraries of that system
[ "$LAB_TREE" = /tree ] ||
	VNIC=("$LAB_TREE/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --library-path
		"$LAB_TREE/lib/x86_64-linux-gnu" "$LAB_TREE/usr/bin/peerbar-vnic")
# The QEMU device and the kernel options for each kind of IOMMU. QEMU's AMD IOMMU, as it is
# set up here, does not remap interrupts, so VFIO must be told to accept that.
declare -A IOMMU_DEVICE=([intel]="intel-iommu,caching-mode=on"
	[amd]="amd-iommu,dma-remap=on" [pt]="intel-iommu,caching-mode=on" [none]="")
declare -A IOMMU_OPTION=([intel]="intel_iommu=on" [pt]="intel_iommu=on iommu=pt"
	[none]="intel_iommu=on"
	[amd]="vfio_iommu_type1.allow_unsafe_interrupts=1 iommufd.allow_unsafe_interrupts=1")
GUEST_FAILED=125 GUEST_WARNED=126

say()
{
	printf 'lab: %s\n' "$*" >&2
}

# The initramfs: it loads the modules that mounting the tree needs, mounts it, and goes on
# there.
make_initramfs()
{
	local root=$RUN/initramfs ko modules=(virtio_pci 9pnet_virtio 9p overlay virtio_console)
	mkdir -p "$root"/{bin,m,proc,sys,dev,root,lower,upper}
	cp /usr/bin/busybox "$root/bin/"
	cp /src/scripts/lab.d/guest/initramfs-init "$root/init"
	touch "$root/m/order"	# stays empty for the debug kernel, where all is built in
	for ko in "${modules[@]}"; do
		modprobe -d "$KERNEL" -S "$RELEASE" --show-depends "$ko"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r ko; do
		# -f copies a module that is not compressed, as on 6.1
		xz -dcf "$ko" > "$root/m/$(basename "${ko%.xz}")"
		basename "${ko%.xz}" >> "$root/m/order"
	done
	(cd "$root" && find . | cpio -o -H newc --quiet) > "$RUN/initramfs.cpio"
}

# nic_name NUMBER: the name in its sockets, files and QEMU ids: nic, nic2.
nic_name()
{
	echo "nic${1#1}"
}

# nic_model NUMBER: the setting names one model for all NICs, or one for each.
nic_model()
{
	local models
	IFS=, read -ra models <<< "$LAB_NIC_MODEL"
	echo "${models[$1 - 1]:-${models[0]}}"
}

# nic_options NUMBER [OPTION]...: set OPTIONS to those of this NIC. One that begins with a
# model and a colon is for NICs of that model only. An InfiniBand port needs a LID of its own.
# On 6.1 and 6.12 a ConnectX is a virtual function: for a physical one these make 6,120 memory
# keys after every probe, each by a command.
nic_options()
{
	local model option
	model=$(nic_model "$1")
	OPTIONS=(--model "$model" --gid "fe80::200:ff:fe00:$1")
	[ "$model" != mlx5 ] || OPTIONS+=("--lid=$1")
	[[ $model-$LAB_KERNEL != mlx5-6.* ]] || OPTIONS+=(--part=cx5vf)
	for option in "${@:2}"; do
		case $option in
		"$model":*) OPTIONS+=("${option#*:}");;
		efa:*|mlx5:*) ;;
		*) OPTIONS+=("$option");;
		esac
	done
}

# start_nic NUMBER [OPTION]...: start peerbar-vnic.
start_nic()
{
	local name
	name=$(nic_name "$1")
	nic_options "$@"
	"${VNIC[@]}" --socket "$RUN/$name" --control "$RUN/$name-control" \
		--report "$RESULTS/lab/$name.json" "${OPTIONS[@]}" \
		>"$RESULTS/lab/$name.log" 2>&1 &
	NICS+=($!)
	for _ in $(seq 100); do
		[ -S "$RUN/$name" ] && [ -S "$RUN/$name-control" ] && return
		kill -0 $! 2>/dev/null || break
		sleep 0.05
	done
	cat "$RESULTS/lab/$name.log" >&2
	say "the virtual NIC did not start"
	exit $GUEST_FAILED
}

# clock_option ACCEL: the kernel option that tells an emulated guest how fast its clock runs
clock_option()
{
	local khz
	khz=$(/src/build/lab/tsc_khz)
	[ "$1" != tcg ] || [ -z "$khz" ] || echo "tsc_early_khz=$khz"
}

# accel_option ACCEL: what QEMU runs the guest with. If the CPUs take turns, QEMU need not make
# the guest's code safe against another CPU that runs at the same time.
accel_option()
{
	[ "$1 $LAB_TURNS" != "tcg 1" ] || set -- "$1,thread=single"
	echo "$1"
}

# machine_args ACCEL: set ARGS to QEMU's command line.
machine_args()
{
	local i
	ARGS=(-M "q35,memory-backend=ram" -accel "$(accel_option "$1")" -cpu "$LAB_CPU" -smp 2
		-m "$LAB_MEMORY"
		-object "memory-backend-memfd,id=ram,size=$LAB_MEMORY,share=on"
		-nodefaults -no-user-config -display none -no-reboot)
	[ -z "${IOMMU_DEVICE[$LAB_IOMMU]}" ] || ARGS+=(-device "${IOMMU_DEVICE[$LAB_IOMMU]}")
	ARGS+=(-serial "file:$RESULTS/lab/console.log" -device virtio-serial-pci
		-chardev "stdio,id=out,signal=off,logfile=$RESULTS/lab/output.log"
		-device "virtconsole,chardev=out")
	ARGS+=(-kernel "$KERNEL/vmlinux" -initrd "$RUN/initramfs.cpio" -append
		"console=ttyS0 quiet panic=-1 tsc=reliable $(clock_option "$1") no_timer_check ${IOMMU_OPTION[$LAB_IOMMU]} peerbar.mode=$LAB_MODE peerbar.kernel=$LAB_KERNEL peerbar.exporter=$LAB_EXPORTER peerbar.nic=$LAB_NIC_MODEL peerbar.importer=$LAB_IMPORTER peerbar.drive=$LAB_DRIVE$LAB_APPEND")
	[ "$LAB_SWITCH" = 0 ] || switch_args
	for i in $(seq "$LAB_GPUS"); do
		ARGS+=(-object "memory-backend-memfd,id=gpumem$i,size=$LAB_BAR,share=on")
		port_args "gpuport$i" "$i" x-speed=5
		"gpu_$LAB_GPU" "$i"
	done
	[ "$LAB_DRIVE" = 0 ] || drive_args
	for i in $(seq "$LAB_NICS"); do
		nic_args "$i" "$(nic_name "$i")"
	done
	[ "$LAB_HOTPLUG" = acpi ] ||
		ARGS+=(-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off)
	[ "$LAB_QMP" = 0 ] || qmp_args
	share_args tree "$LAB_TREE" on
	share_args src "$LAB_SRC" on
	share_args results "$RESULTS" off
	share_args modules "$KERNEL/lib/modules" on
}

# A PCIe switch, whose ports have no ACS. Linux takes an upstream port to be isolated from
# others unless it says that it is one of several functions; then all below it is one group.
switch_args()
{
	local several=off
	[ "$LAB_SWITCH" != one-group ] || several=on
	ARGS+=(-device "pcie-root-port,id=switchport,chassis=16,slot=16"
		-device "x3130-upstream,id=switch,bus=switchport,multifunction=$several")
}

# port_args ID NUMBER [OPTION]: the port above one slot: a downstream port of the switch if
# there is one, otherwise a root port, which gets OPTION.
port_args()
{
	if [ "$LAB_SWITCH" != 0 ]; then
		ARGS+=(-device "xio3130-downstream,id=$1,bus=switch,chassis=$2,slot=$2")
	else
		ARGS+=(-device "pcie-root-port,id=$1,chassis=$2,slot=$2${3:+,$3}")
	fi
}

# nic_args NUMBER NAME: the NIC below its own port, and its control socket as a port of the
# guest.
nic_args()
{
	port_args "$2port" $((8 + $1))
	ARGS+=(-device "{\"driver\":\"vfio-user-pci\",\"id\":\"$2\",\"bus\":\"$2port\",\"rombar\":0,\"socket\":{\"type\":\"unix\",\"path\":\"$RUN/$2\"}}"
		-chardev "socket,id=$2ctl,path=$RUN/$2-control"
		-device "virtserialport,chardev=$2ctl,name=peerbar.$2")
}

# gpu_KIND NUMBER: the device that a program owns, below the port gpuport$1, with gpumem$1
# as the memory of its BAR.
gpu_ivshmem()
{
	ARGS+=(-device "ivshmem-plain,memdev=gpumem$1,bus=gpuport$1,id=gpu$1")
}

# The persistent memory region (PMR) of an NVMe drive is plain memory, too. Because of the
# sibling function, a hot reset of the slot affects two functions. The serial card is there
# for its I/O BAR.
gpu_nvme()
{
	ARGS+=(-device "nvme,serial=gpu$1,pmrdev=gpumem$1,bus=gpuport$1,addr=0.0,multifunction=on"
		-object "memory-backend-memfd,id=sibling$1,size=16M,share=on"
		-device "ivshmem-plain,memdev=sibling$1,bus=gpuport$1,addr=0.1"
		-device "pci-serial")
}

# A drive alone in its slot, and a network card with MSI, MSI-X, FLR, virtual functions and
# DMA of its own, for which the kernel's vfio selftests have a driver.
gpu_igb()
{
	ARGS+=(-device "nvme,serial=gpu$1,pmrdev=gpumem$1,bus=gpuport$1"
		-device "pcie-root-port,id=netport$1,chassis=$((4 + $1)),slot=$((4 + $1)),x-speed=5"
		-device "igb,bus=netport$1")
}

# A drive with a disk, beside the GPUs.
drive_args()
{
	truncate -s 64M "$RUN/disk"
	port_args driveport 7
	ARGS+=(-blockdev "driver=file,filename=$RUN/disk,node-name=disk"
		-object "memory-backend-memfd,id=drivemem,size=16M,share=on"
		-device "nvme,serial=drive,drive=disk,pmrdev=drivemem,bus=driveport")
}

# QEMU's monitor as a port of the guest, for tests that unplug devices and inject errors.
qmp_args()
{
	ARGS+=(-chardev "socket,id=qmp,path=$RUN/qmp,server=on,wait=off"
		-object "monitor-qmp,id=monitor,chardev=qmp"
		-chardev "socket,id=qmpport,path=$RUN/qmp"
		-device "virtserialport,chardev=qmpport,name=peerbar.qmp")
}

# share_args TAG FOLDER READONLY: give the guest a folder of the tree over 9p.
share_args()
{
	ARGS+=(-fsdev "local,id=$1,path=$2,security_model=none,readonly=$3"
		-device "virtio-9p-pci,fsdev=$1,mount_tag=$1")
}

# Even where /dev/kvm works, it may not run a stock kernel, so a test boot decides. The
# result is kept until the host is rebooted.
choose_accel()
{
	local memo=/cache/accel
	[ "$LAB_ACCEL" = auto ] || { echo "$LAB_ACCEL"; return; }
	[ -w /dev/kvm ] || { echo tcg; return; }
	memo+=-$(cat /proc/sys/kernel/random/boot_id)
	[ -s "$memo" ] || probe_kvm > "$memo"
	cat "$memo"
}

probe_kvm()
{
	local log=$RUN/kvm-probe.log
	timeout 10 qemu-system-x86_64 -M q35,accel=kvm -cpu "$LAB_CPU" -m 512M -nodefaults \
		-no-user-config -display none -no-reboot -serial "file:$log" \
		-kernel "$KERNEL/vmlinux" -initrd "$RUN/initramfs.cpio" \
		-append "console=ttyS0 panic=-1 peerbar.mode=probe" >/dev/null 2>&1 || :
	grep -q "peerbar: probe ok" "$log" 2>/dev/null && echo kvm || echo tcg
}

run_qemu()
{
	local limit=(timeout --foreground --kill-after 5 "$LAB_LIMIT")
	[ "$LAB_LIMIT" = 0 ] && limit=()
	if [ "$LAB_MODE" = shell ]; then
		"${limit[@]}" qemu-system-x86_64 "${ARGS[@]}" 2>"$RESULTS/lab/qemu.log"
	else
		"${limit[@]}" qemu-system-x86_64 "${ARGS[@]}" 2>"$RESULTS/lab/qemu.log" </dev/null
	fi
}

# explain WHY: the run has no result; show the end of the guest's console and QEMU's messages.
explain()
{
	say "$1; the guest's console ends with:"
	tail -n 25 "$RESULTS/lab/console.log" >&2 2>/dev/null || :
	grep -v "TCG doesn't support requested feature" "$RESULTS/lab/qemu.log" >&2 || :
}

verdict()
{
	local qemu_status=$1
	if [ "$qemu_status" = 124 ]; then
		explain "time limit of $LAB_LIMIT s reached"
		return 124
	fi
	if [ ! -s "$RESULTS/lab/status" ]; then
		explain "the guest ended without a result (QEMU's exit status $qemu_status)"
		return $GUEST_FAILED
	fi
	if [ -s "$RESULTS/lab/warnings" ] && [ "$LAB_STRICT" = 1 ]; then
		say "the guest's kernel logged warnings:"
		head -n 40 "$RESULTS/lab/warnings" >&2
		return $GUEST_WARNED
	fi
	return "$(cat "$RESULTS/lab/status")"
}

trap 'rm -rf "$RUN"' EXIT
make_initramfs
accel=$(choose_accel)
machine_args "$accel"
NICS=()
for i in $(seq "$LAB_NICS"); do
	start_nic "$i" "$@"
done
status=0
run_qemu || status=$?
for nic in "${NICS[@]}"; do
	wait "$nic" || say "a virtual NIC ended with status $?; see lab/nic*.log"
done
verdict "$status"
