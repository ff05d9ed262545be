#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Runs in a fresh tree with a kernel, where /packages has the packages: make it one that the lab can
# boot, with nothing of peerbar but what the packages bring.
set -eu
export DEBIAN_FRONTEND=noninteractive
cd /packages

apt-get install -y --no-install-recommends ./libpeerbar1_*.deb ./peerbar_*.deb \
	./peerbar-dkms_*.deb ./peerbar-vnic_*.deb
kernel=$(ls /lib/modules)
dkms status peerbar
modinfo -k "$kernel" -n peerbar-vfio-pci
ln -s "boot/vmlinuz-$kernel" /vmlinux
mkdir /results
