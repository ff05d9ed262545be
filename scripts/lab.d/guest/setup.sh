# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# The steps of the guest's init. Scripts and tests in the guest use some of them, too. Runs
# in the guest only. A program takes 100 ms to start on an emulated CPU, so a step that reads
# many small files calls none.

IVSHMEM_ALIAS=pci:v00001AF4d00001110
NVME_ALIAS=pci:v00001B36d00000010
SERIAL_ALIAS=pci:v00001B36d00000002
IGB_ALIAS=pci:v00008086d000010C9
declare -A NIC_ALIAS=(
	[efa]=pci:v00001D0Fd0000EFA		# any generation
	[mlx5]=pci:v000015B3d0000101		# ConnectX-5, its virtual function, too
)
EXCUSED=/run/peerbar.excused		# tests/guest/lib/kmsg.c writes it
FENCE=/sys/module/peerbar_vfio_pci/parameters/fence

# kernel_option NAME: its value on the kernel command line.
kernel_option()
{
	local words word value=''
	read -ra words < /proc/cmdline
	for word in "${words[@]}"; do
		[[ $word != "$1="* ]] || value=${word#*=}
	done
	echo "$value"
}

mount_all()
{
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	mkdir -p /dev/shm /dev/pts
	mount --fstab /src/scripts/lab.d/guest/fstab -a
	ln -s /proc/self/fd /dev/fd
	echo lab > /proc/sys/kernel/hostname
	ip link set lo up
	ulimit -l unlimited
}

# load_modules EXPORTER IMPORTER: load VFIO, verbs, and the exporter and importer to be tested.
load_modules()
{
	local base=vfio-pci modules
	take_iommufd "$(uname -r)"
	[ "$1" != stand-in ] || base=vfio-pci-core
	modules=("$base" vfio_iommu_type1 ib_uverbs crc16)
	modprobe -a "${modules[@]}" || complain "modprobe -a ${modules[*]} failed"
	spare_amd_iommu "$(uname -r)"
	load_exporter_as "$1" "$2"
	[ "$2" = none ] || load_importer "$2"
}

# take_iommufd RELEASE: if this guest is one with --iommufd, and its kernel has none: load it, and
# put the VFIO modules that go with it, the exporter among them, in the place of the others, so
# that whatever loads these gets them.
take_iommufd()
{
	local built=/src/build/iommufd/$1 own=/usr/lib/modules/$1/kernel/drivers ko unsafe
	[ "$(kernel_option peerbar.iommufd)" = 1 ] && [ -d "$built" ] || return 0
	for ko in vfio/{vfio,vfio_iommu_type1,pci/vfio-pci,pci/vfio-pci-core}.ko; do
		mount --bind "$built/$ko" "$(echo "$own/$ko"*)"
	done
	mount --bind "$built/exporter/peerbar-vfio-pci.ko" \
		"/src/build/kernel/$1/peerbar-vfio-pci.ko"
	unsafe=$(kernel_option iommufd.allow_unsafe_interrupts)
	load "$built/iommufd/iommufd.ko" ${unsafe:+"allow_unsafe_interrupts=$unsafe"}
}

# load_exporter_as EXPORTER IMPORTER: peerbar-vfio-pci, if this exporter is it
load_exporter_as()
{
	case $1 in
	peerbar) load_exporter "$2";;
	core) load_exporter "$2" core_exporter=1;;
	stand-in) load_exporter "$2" stand_in=1;;
	esac
}

# load_exporter IMPORTER [OPTION]...
load_exporter()
{
	local fence awake
	fence=$(to_fence "$1")
	awake=$(kernel_option vfio_pci.disable_idle_d3)	# insmod does not look there
	load "/src/build/kernel/$(uname -r)/peerbar-vfio-pci.ko" ${fence:+"fence=$fence"} \
		${awake:+"disable_idle_d3=$awake"} "${@:2}"
}

# spare_amd_iommu RELEASE: keep QEMU's amd-iommu from ending QEMU. The module says how, and is
# there only for kernels that need it. docs/findings.md shows QEMU's fault with the option.
spare_amd_iommu()
{
	[ -e /sys/class/iommu/ivhd0 ] || return 0
	[ "$(kernel_option peerbar.amd)" = as-it-is ] ||
		load_if_there "/src/build/kmod/$1/peerbar_test_unmap.ko"
}

# has_nic MODEL: does a NIC of this machine have it?
has_nic()
{
	[[ ,$(kernel_option peerbar.nic), = *,$1,* ]]
}

# load_importer IMPORTER: the NICs' drivers; those that the kernel has and one that was built.
load_importer()
{
	local modules
	modules=/src/build/modules/$(uname -r)/$1
	if has_nic mlx5; then
		modprobe mlx5_ib || complain "modprobe mlx5_ib failed"
		wait_for_ports
	fi
	if has_nic efa; then
		[ "$1" = stock ] || load_if_there "$modules/peerbar_umem.ko"
		load "$modules/efa.ko"
	fi
}

# An InfiniBand driver makes its devices some time after it was loaded.
wait_for_ports()
{
	local nr
	nr=$(pci_devices "${NIC_ALIAS[mlx5]}" | wc -l)
	for _ in $(seq 300); do
		[ "$(cat /sys/class/infiniband/mlx5_*/ports/1/state 2> /dev/null |
			grep -c ACTIVE)" -lt "$nr" ] || return 0
		sleep 0.1
	done
	complain "not all ports of the NICs are active"
}

# nics: the addresses of all NICs, the first of the first model first.
nics()
{
	local models model
	IFS=, read -ra models <<< "$(kernel_option peerbar.nic)"
	for model in "${models[@]}"; do
		pci_devices "${NIC_ALIAS[$model]}"
	done
}

# to_fence IMPORTER: the value of the module parameter "fence": the drivers that
# peerbar-vfio-pci may fence off. The stock efa can register BARs only if it is among them.
to_fence()
{
	! has_nic efa || [ "$1" != stock ] || echo efa
}

# set_fence DRIVERS: set the module parameter, if the module is loaded.
set_fence()
{
	[ ! -e "$FENCE" ] || echo "$1" > "$FENCE"
}

# load FILE [OPTION]...
load()
{
	insmod "$@" || complain "insmod $1 failed"
}

load_if_there()
{
	[ ! -e "$1" ] || load "$1"
}

loaded()
{
	grep -q "^$1 " /proc/modules
}

# complain MESSAGE: for errors before the output is set up; they go to the console's log.
complain()
{
	echo "peerbar: $*" > /dev/ttyS0
}

# The debug kernel is configured with iommufd, and libpeerbar prefers it. Unless
# peerbar.iommufd=1, its node is removed, so that tests open devices as on all other kernels.
choose_vfio()
{
	[ "$(kernel_option peerbar.iommufd)" = 1 ] || rm -f /dev/iommu
}

# pci_devices MODALIAS: the addresses of the devices whose modalias begins with MODALIAS.
pci_devices()
{
	local d modalias
	for d in /sys/bus/pci/devices/*; do
		read -r modalias < "$d/modalias"
		[[ $modalias != "$1"* ]] || echo "${d##*/}"
	done
}

# Names for virtio-serial ports, as udev would make them.
name_ports()
{
	local port name
	mkdir -p /dev/virtio-ports
	for port in /sys/class/virtio-ports/*; do
		[ -e "$port/name" ] || continue		# the console has none
		read -r name < "$port/name" && ln -s "../${port##*/}" "/dev/virtio-ports/$name"
	done
}

# bind_gpus EXPORTER: bind the devices that programs own to the exporter's driver; if they
# have another driver, unbind it first.
bind_gpus()
{
	local alias gpu dev driver
	case $1 in
	kernel|stand-in) driver=vfio-pci;;
	peerbar|core) driver=peerbar-vfio-pci;;
	none) return;;
	esac
	for alias in $IVSHMEM_ALIAS $NVME_ALIAS $SERIAL_ALIAS $IGB_ALIAS; do
		for gpu in $(pci_devices "$alias"); do
			dev=/sys/bus/pci/devices/$gpu
			echo $driver > "$dev/driver_override"
			[ ! -e "$dev/driver" ] || echo "$gpu" > "$dev/driver/unbind"
			echo "$gpu" > /sys/bus/pci/drivers_probe
		done
	done
}

# rdma_device ADDRESS: the name of this PCI device's RDMA device; empty if it has no driver.
rdma_device()
{
	local dev
	for dev in "/sys/bus/pci/devices/${1:-none}"/infiniband/*; do
		[ ! -e "$dev" ] || echo "${dev##*/}"
	done
}

export_rdma_devices()
{
	PB_IBDEV=$(rdma_device "$PB_NIC") PB_IBDEV2=$(rdma_device "$PB_NIC2")
	export PB_IBDEV PB_IBDEV2
}

# load_efa KIND: replace the efa driver that is loaded, and set the fence as the new one needs
# it. The RDMA devices may get new names, so these are exported again.
load_efa()
{
	local modules
	modules=/src/build/modules/$(uname -r)/$1
	! loaded efa || rmmod efa
	loaded peerbar_umem || load_if_there "$modules/peerbar_umem.ko"
	insmod "$modules/efa.ko"
	set_fence "$(to_fence "$1")"
	export_rdma_devices
	export PB_IMPORTER=$1
}

# The environment of tests and of the shell.
export_environment()
{
	local gpus nics
	PB_BAR=4
	mapfile -t gpus < <(pci_devices $NVME_ALIAS)
	if [ "$(kernel_option peerbar.drive)" = 1 ]; then	# it is no GPU, and the last of them
		export PB_DRIVE=${gpus[-1]}
		unset "gpus[-1]"
	fi
	if [ ${#gpus[@]} = 0 ]; then
		PB_BAR=2
		mapfile -t gpus < <(pci_devices $IVSHMEM_ALIAS)
	fi
	export PB_GPU=${gpus[0]:-} PB_GPU2=${gpus[1]:-} PB_BAR
	PB_IGB=$(pci_devices $IGB_ALIAS)
	export PB_IGB
	mapfile -t nics < <(nics)
	export PB_NIC=${nics[0]:-} PB_NIC2=${nics[1]:-}
	export_rdma_devices
	PB_IMPORTER=$(kernel_option peerbar.importer)
	export PB_IMPORTER
	export HOME=/root TERM=${TERM:-vt220} LC_ALL=C.UTF-8
	export LD_LIBRARY_PATH=/src/build/rdma/lib
	PATH=/src/build/rdma/tools:/src/build/rdma/stress:/src/build/tests/guest/bin:$PATH
	PATH=$(printf '%s:' /src/tests/guest/*/)$PATH
	PATH=/src/build/perftest/25.01/bin:$PATH
}

# The kernel log without the name of the task that printed, which the debug kernel adds.
kernel_log()
{
	dmesg | sed 's/^\(\[[^]]*\]\) \[ *[CT][0-9]*\] /\1 /'
}

# Print the lines of the kernel log that a healthy run does not have: warnings of the kernel,
# and reports of the debug kernel's detectors, including those that a detector has given up.
# One warning at boot is left out: the emulated CPU has no microcode. So are the very lines that
# a test has excused.
kernel_warnings()
{
	local bad="WARNING:|BUG:|Oops|Call Trace|blocked for more than|general protection"
	bad+="|UBSAN:|DMA-API: debugging out of memory|ODEBUG: Out of memory"
	bad+="|INFO: lockdep is turned off|kmemleak: .*suspected"
	touch "$EXCUSED"
	kernel_log | grep -E "$bad" | grep -v "Speculative Return Stack Overflow: WARNING" |
		grep -vxFf "$EXCUSED"
	[ ! -e /proc/lockdep_stats ] || lockdep_works || echo "lockdep gave up"
}

# Is lockdep still active? It turns itself off after its first report or when a table is full.
lockdep_works()
{
	grep -q 'debug_locks: *1$' /proc/lockdep_stats
}

power_off()
{
	sync
	exec busybox poweroff -f
}
