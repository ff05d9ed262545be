#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What the library does to the process that it runs in, and what that process learns: closed
# standard streams, children, a BAR that is taken back, a device that is asked for, output that
# cannot be written.
set -u
# shellcheck source=tests/guest/lib/tap.sh
. "$(dirname "$0")/../lib/tap.sh"
DEVICE=/sys/bus/pci/devices/$PB_GPU
driver=$(basename "$(readlink "$DEVICE/driver")")

# No descriptor of a device is a standard stream, so that nothing is ever printed into a BAR.
standard_streams_stay_closed()
{
	timeout 60 strace -f --seccomp-bpf -o /tmp/trace -e trace=ioctl,openat bash -c \
		'exec <&- >&- 2>&-; exec peerbar mr test '"$PB_IBDEV $PB_GPU"' total 64k max-op 4k'
	grep -E "GET_DEVICE_FD|/dev/vfio/devices/" /tmp/trace | tee /tmp/opened
	grep -qE "= ([3-9]|[1-9][0-9])" /tmp/opened && ! grep -qE "= [0-2]$" /tmp/opened
}

# The parent closes the device while a child that it forked is alive.
a_child_holds_nothing()
{
	python3 - "$PB_GPU" <<-'EOT'
	import ctypes, os, signal, subprocess, sys
	lib = ctypes.CDLL("libpeerbar.so.1")
	dev = ctypes.c_void_p()
	lib.peerbar_close.argtypes = [ctypes.c_void_p]
	assert lib.peerbar_open(sys.argv[1].encode(), ctypes.byref(dev)) == 0
	pid = os.fork()
	if pid == 0:
	    signal.pause()
	try:
	    lib.peerbar_close(dev)
	    said = subprocess.run(["peerbar", "dev", "show", sys.argv[1]], capture_output=True,
	                          text=True, timeout=20)
	finally:
	    os.kill(pid, signal.SIGKILL)
	print(said.stdout)
	sys.exit("state idle" not in said.stdout)
	EOT
}

# mr_test_under CMD: run CMD while mr test moves data. Sets $status and $said.
mr_test_under()
{
	local pid
	peerbar mr test "$PB_IBDEV" "$PB_GPU" total 1T > /dev/null 2> /tmp/said &
	pid=$!
	sleep 2
	eval "$1"
	sleep 1
	# An importer that may revive goes on: that is no loss of the BAR, so the test is ended.
	if kill -0 $pid 2> /dev/null && [ "${2:-}" = may-go-on ]; then
		kill $pid
	fi
	wait $pid
	status=$?
	said=$(cat /tmp/said)
}

a_revoke_is_one_sentence()
{
	mr_test_under "echo 1 > $DEVICE/reset" may-go-on
	echo "status $status: $said"
	[ $status = 143 ] && [ -z "$said" ] && return 0
	[ $status = 3 ] && [ "$(wc -l <<< "$said")" = 1 ] &&
		grep -qE "BAR 2 of $PB_GPU" <<< "$said" && grep -qE "run the test again" <<< "$said"
}

# The unbind would wait for ever for a process that does not know.
a_device_that_is_asked_for_is_given_up()
{
	mr_test_under "timeout 20 sh -c 'echo $PB_GPU > $DEVICE/driver/unbind'"
	echo "status $status: $said"
	[ $status = 3 ] && grep -q "asked for" <<< "$said" && [ ! -e "$DEVICE/driver" ]
}

bound_again()
{
	peerbar dev bind "$PB_GPU" driver "$driver"
}

# fails CMD...: with status 1
fails()
{
	"$@"
	[ $? = 1 ]
}

# What is not loaded, is not for VFIO, or is no such driver leaves the device as it is.
a_failed_bind_changes_nothing()
{
	local name
	for name in virtio-pci nonsense ../x; do
		peerbar dev bind "$PB_GPU" driver $name && return 1
		[ "$(basename "$(readlink "$DEVICE/driver")")" = "$driver" ] || return 1
		[ "$(cat "$DEVICE/driver_override")" = "$driver" ] || return 1
	done
}

# A VFIO driver whose probe fails: the device goes back.
a_refused_device_goes_back()
{
	local status
	insmod "/src/build/kmod/$(uname -r)/peerbar_test_refuse.ko" || return 1
	peerbar dev bind "$PB_GPU" driver peerbar-test-refuse-vfio
	status=$?
	rmmod peerbar_test_refuse
	[ $status = 1 ] && [ "$(basename "$(readlink "$DEVICE/driver")")" = "$driver" ] &&
		[ "$(cat "$DEVICE/driver_override")" = "$driver" ]
}

# Somebody else has begun to bind the device, as the kernel does when one is plugged in: it has the
# driver already, but the probe still runs, and fails.
a_probe_by_others_is_waited_for()
{
	local status other
	insmod "/src/build/kmod/$(uname -r)/peerbar_test_refuse.ko" delay_ms=2000 || return 1
	peerbar dev unbind "$PB_GPU"
	echo peerbar-test-refuse-vfio > "$DEVICE/driver_override"
	echo "$PB_GPU" > /sys/bus/pci/drivers_probe & other=$!
	for _ in $(seq 200); do
		[ ! -e "$DEVICE/driver" ] || break
		sleep 0.01
	done
	peerbar dev bind "$PB_GPU" driver peerbar-test-refuse-vfio
	status=$?
	wait $other
	rmmod peerbar_test_refuse
	peerbar dev bind "$PB_GPU" driver "$driver" && [ $status = 1 ]
}

a_module_name_means_the_driver()
{
	peerbar dev bind "$PB_GPU" driver "${driver//-/_}" | grep -q "driver $driver "
}

closed_pipe()
{
	peerbar "$@" 2> /tmp/said | :
	[ "${PIPESTATUS[0]}" = 1 ] && [ ! -s /tmp/said ]
}

tap_begin_checks
tap_command "process: standard streams stay closed" standard_streams_stay_closed
tap_command "process: a forked child holds nothing" a_child_holds_nothing
if exporter_is_ours; then
	tap_command "process: a revoke is one sentence" a_revoke_is_one_sentence
else
	tap_skip "process: a revoke is one sentence" \
		"the kernel's exporter does not revoke at a reset through sysfs"
fi
tap_command "process: a device that is asked for is given up" a_device_that_is_asked_for_is_given_up
tap_command "process: bound again" bound_again
tap_command "bind: what cannot work changes nothing" a_failed_bind_changes_nothing
tap_command "bind: a device that the driver refuses goes back" a_refused_device_goes_back
tap_command "bind: a probe by others is waited for" a_probe_by_others_is_waited_for
tap_command "bind: a module's name means the driver" a_module_name_means_the_driver
tap_command "output: a full disk is a failure" fails bash -c 'peerbar -V > /dev/full'
tap_command "output: a full disk is a failure of help, too" fails bash -c 'peerbar dev help > /dev/full'
tap_command "output: a closed stream is a failure" fails bash -c 'peerbar dev show >&-'
tap_command "output: a closed pipe is a quiet failure" closed_pipe dev show
tap_command "options: anywhere" bash -c "peerbar dev show $PB_GPU -j | jq -e '.[0].dev'"
tap_command "options: doctor --errno=NAME -j" \
	bash -c "peerbar doctor --errno=EIO -j | jq -e 'length > 2'"
tap_command "memlock: 64 KiB hold small operations" \
	bash -c "ulimit -l 64; peerbar mr test $PB_IBDEV $PB_GPU total 64k max-op 1k"
tap_end_checks
tap_finish
