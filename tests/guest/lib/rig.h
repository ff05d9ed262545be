/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The set-up of nearly every test: the virtual GPU opened through VFIO, a
 * loopback on the NIC, host memory registered with it, and a CPU mapping of the
 * first part of the GPU's BAR.
 *
 * The names of both devices are in the environment of the lab: PB_GPU, PB_IBDEV.
 * Any failure here ends the test (tap_die()).
 */
#ifndef GUEST_RIG_H
#define GUEST_RIG_H

#include <stddef.h>
#include <stdint.h>

#include "loopback/loopback.h"
#include "owner.h"
#include "peerbar.h"

#define MIB ((size_t)1 << 20)

struct rig {
	struct peerbar_device *dev;	/* NULL: another process owns it, or it is closed */
	struct owner owner;		/* another process, if one was started */
	struct loopback *lb;
	uint8_t *bar;			/* BAR bytes [0, span), NULL: not mapped now */
	size_t span;			/* bytes of the BAR that the test uses */
	int access;			/* access flags of every MR: all that the NIC supports */
	uint8_t *host;			/* host memory, all of it one MR */
	size_t host_len;
	struct ibv_mr *host_mr;
};

const char *rig_gpu(void);
const char *rig_gpu2(void);		/* with --gpus 2 */
const char *rig_ibdev(void);
const char *rig_nic(void);		/* the PCI device of rig_ibdev() */
const char *rig_ibdev2(void);		/* the second NIC's, with --nics 2 */
const char *rig_nic2(void);		/* and its PCI device */

/* From now on rig_ibdev(), rig_nic() and what is asked below are about NIC 1 or 2. */
void rig_select_nic(unsigned int nic);

/* The number of the BAR that holds memory: PB_BAR if it is set, else 2 as on ivshmem. */
unsigned int rig_bar(void);

/*
 * Does peerbar-vfio-pci's own exporter make the dma-bufs, or the kernel's? The latter does for
 * vfio-pci, and for peerbar-vfio-pci if the device's attribute says so.
 */
bool rig_exporter_is_ours(void);

/* Is the GPU bound to peerbar-vfio-pci? */
bool rig_driver_is_ours(void);

/*
 * Is the NIC's driver the distribution's, which cannot revoke? Then only our exporter lets it
 * register the BAR. When the BAR is taken away, the MRs are fenced off in the IOMMU, and the
 * NIC goes on trying to access it.
 */
bool rig_is_fenced(void);

/*
 * Does an IOMMU guard the BAR, so that the NIC reaches only what is mapped for it? Not with
 * iommu=pt, and not with the NIC and the GPU below one switch, which routes between them. There
 * nothing but the NIC's driver stops the NIC, an importer that cannot revoke is refused, and
 * what the NIC reaches (nicctl_reachable()) says nothing about mappings.
 */
bool rig_is_guarded(void);

/*
 * Is the NIC a ConnectX? Its MRs of a dma-buf are dynamic: they are mapped again when they are
 * used after a revoke. So an MR revives when the device is back, if the driver can be told of
 * the access, which it is from Linux 6.12 on.
 */
bool rig_mr_revives(void);

/*
 * The warning of a fault of the NIC's driver that is not ours to mend, as kmsg_check_but()
 * takes it: mlx5_ib of Linux 6.1 may zap a key that it has already given up, if the exporter
 * revokes while an MR is deregistered (docs/findings.md). NULL if the driver has no such fault.
 */
const char *rig_known_warning(void);

/*
 * rig_stray(): how many accesses the NIC has made so far that it should not have made. These
 * include accesses that the IOMMU refused, except under the fence: refusals are the fence's
 * purpose, and rig_refused() counts them instead.
 */
uint64_t rig_stray(void);
uint64_t rig_refused(void);

/*
 * Access flags for reading and writing, local and remote. A NIC without RDMA WRITE refuses an
 * MR with remote write access, so that is left out unless @can_write.
 */
int rig_access(bool can_write);

/* Does @status say that the local or the remote key gave no access? */
bool rig_is_access_error(int status);

void rig_open(struct rig *rig, size_t span, size_t host_len, unsigned int depth);
void rig_close(struct rig *rig);

/* A dma-buf of BAR bytes [0, span), exported here or by rig->owner. Return: its descriptor. */
int rig_export(struct rig *rig);

/* The parts of rig_open() that concern the GPU. */
void rig_open_device(struct rig *rig);
void rig_map_bar(struct rig *rig);
void rig_unmap_bar(struct rig *rig);

/* Turn the GPU's memory decode on or off. While it is off nobody may touch rig->bar. */
void rig_set_memory(struct rig *rig, bool on);

/* The part of rig_open() that concerns the NIC: the loopback and the host memory. */
void rig_open_nic(struct rig *rig, const char *ibdev, size_t host_len, unsigned int depth);
void rig_close_nic(struct rig *rig);

/* Copy BAR bytes [@offset, @offset + @len), by aligned loads that device memory allows. */
void rig_read_bar(const struct rig *rig, void *dst, size_t offset, size_t len);

/* Fill memory with bytes that differ at every place and for every @seed. */
void rig_pattern(void *mem, size_t len, uint32_t seed);

#endif /* GUEST_RIG_H */
