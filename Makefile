# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Every command that a user types. Targets that need the lab set it up. Targets that build
# for this machine name the packages that are missing.

.PHONY: all help demo demo-bridge check check-debug check-mutants pre-push stress bench plots lint \
	kernel-doc shell build host-tools install uninstall dkms dkms-uninstall dist check-packages clean clean-cache

TOP := .
include scripts/version.mk

# The parts that this machine's compiler builds and that "make install" installs.
PARTS := rdma/lib rdma/tools rdma/stress vnic
HOST := B=$(CURDIR)/build/host

all: host-tools
	@set -e; for part in $(PARTS); do $(MAKE) --no-print-directory -C $$part $(HOST); done

help:
	@echo "make          libpeerbar, peerbar and peerbar-vnic, for this machine"
	@echo "make demo     RDMA into a PCI BAR, end to end, in a guest; the result is a table"
	@echo "make demo-bridge   one BAR for a NIC and for a drive: network, BAR, disk and back"
	@echo "make check    every test; ends in: N passed, N failed, N skipped"
	@echo "make pre-push      what CI runs: the demo and every test"
	@echo "make check-debug   the guest's tests on a kernel with KASAN and lockdep (hours)"
	@echo "make check-mutants   break one guarantee after the other: do the tests notice?"
	@echo "make stress   everything at once at random, revokes above all, from a seed:"
	@echo "              CYCLES=1000 SEED=1 KERNEL=6.12 NIC=efa; scripts/revoke-stress does it to"
	@echo "              this machine's own devices"
	@echo "make bench    BAR against host memory, our exporter against the kernel's, the"
	@echo "              fence against a revoke: alternating runs, medians of ratios; and how"
	@echo "              long a revoke can take, which fails if it is longer than promised"
	@echo "make plots    pictures of its results in build/doc"
	@echo "make lint     style and static checks"
	@echo "make kernel-doc   the comments in kernel-doc's format, as text in build/doc"
	@echo "make shell    a shell in the guest, with all tools on the path"
	@echo "make build    build everything in the lab, run nothing"
	@echo "make install  libpeerbar, peerbar and peerbar-vnic on this machine (DESTDIR, PREFIX,"
	@echo "              LIBDIR, INCLUDEDIR, BINDIR, SBINDIR, MANDIR, COMPLETIONDIR, SCHEMADIR);"
	@echo "              make uninstall"
	@echo "make check-packages   build Debian's packages, try them in fresh Debian trees and a guest"
	@echo "make dist     the source of HEAD as build/dist/peerbar-VERSION.tar.gz"
	@echo "make dkms     install peerbar-vfio-pci for this kernel and for each kernel installed"
	@echo "              later (with DESTDIR: only its sources)"
	@echo "make dkms-uninstall   remove it"
	@echo "make clean, make clean-cache   remove build/, remove the lab's cache"
	@echo
	@echo "scripts/lab -h tells more about the guest."

demo:
	@scripts/demo

demo-bridge:
	@scripts/lab run --name demo-bridge --nic-model mlx5 --iommufd --drive -- bridge

check:
	@scripts/check

# what CI runs on a clean clone, there as an ordinary user
pre-push:
	@$(MAKE) --no-print-directory demo
	@$(MAKE) --no-print-directory check

check-debug:
	@scripts/check --debug

check-mutants:
	@scripts/mutants

# both models, unless NIC names one
comma := ,
STRESS_NIC := $(or $(NIC),efa$(comma)mlx5)
stress:
	@status=0; \
	scripts/lab run --name stress --gpus 2 --nic-model $(STRESS_NIC) \
		--time-limit $$(($(or $(CYCLES),1000) * 2 + 600)) \
		-- revoke_stress.sh $(or $(CYCLES),1000) $(SEED) || status=$$?; \
	cp build/results/stress/stress.json build/results/ && exit $$status

bench:
	@scripts/bench

plots:
	@scripts/lab enter -- scripts/plot-bench

lint:
	@scripts/lab enter -- scripts/lint

kernel-doc:
	@scripts/lab enter -- scripts/kernel-doc

shell:
	@scripts/lab shell

build:
	@scripts/lab build

host-tools:
	@command -v $(CC) >/dev/null && pkg-config --exists libibverbs libefa json-c libbsd || { \
		echo "to build here: apt-get install build-essential pkgconf" \
			"libibverbs-dev libjson-c-dev libbsd-dev"; exit 1; }

install: host-tools
install uninstall:
	@set -e; for part in $(PARTS); do $(MAKE) --no-print-directory -C $$part $(HOST) $@; done
	@[ $@ != install ] || [ -n "$(DESTDIR)" ] || echo "Installed. Run ldconfig as root, so that" \
		"programs find the library; they link with: pkg-config --libs libpeerbar libibverbs"

dkms:
	@scripts/dkms install

dkms-uninstall:
	@scripts/dkms uninstall

# the sources of HEAD, as a distribution gets them: debian/ is for those who have none
dist:
	@mkdir -p build/dist
	git -c safe.directory='*' archive --format=tar.gz --prefix=peerbar-$(PEERBAR_VERSION)/ \
		-o build/dist/peerbar-$(PEERBAR_VERSION).tar.gz HEAD ':!debian'

check-packages:
	@scripts/packages

clean:
	rm -rf build

clean-cache:
	@scripts/lab clean-cache
