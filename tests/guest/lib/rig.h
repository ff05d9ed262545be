/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The set-up of nearly every test: the virtual GPU opened through VFIO, a
 * loopback on the NIC, host memory registered with it, and a CPU mapping of the
 * first part of the GPU's BAR.
 *
 * The names of both devices are in the environment of the lab: PB_GPU, PB_IBDEV.
 * What fails here ends the test (tap_die()).
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
	struct peerbar_device *dev;	/* NULL: another has it, or it is closed */
	struct owner owner;		/* another process, if one was started */
	struct loopback *lb;
	uint8_t *bar;			/* BAR bytes [0, span), NULL: not mapped now */
	size_t span;			/* bytes of the BAR that the test uses */
	int access;			/* of every MR: all that the NIC can do */
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

/* The BAR of rig_gpu() that holds memory: PB_BAR, or 2, that of ivshmem. */
unsigned int rig_bar(void);

/* Is the GPU bound to peerbar-vfio-pci, or to the kernel's own exporter? */
bool rig_exporter_is_ours(void);

/*
 * Is the NIC's driver the distribution's, which cannot revoke? Then the exporter is ours,
 * or nothing can be registered: its MRs are fenced off in the IOMMU when the BAR is taken
 * away, and the NIC goes on trying.
 */
bool rig_is_fenced(void);

/*
 * The NIC's accesses so far that should not have been. What the IOMMU refused is one of
 * them, but not under the fence, whose work it is: then it is in rig_refused().
 */
uint64_t rig_stray(void);
uint64_t rig_refused(void);

/* Read and write access from both sides; a NIC without RDMA WRITE refuses to grant it. */
int rig_access(bool can_write);

/* Did a request fail because its key gives no access, on either side? */
bool rig_is_access_error(int status);

void rig_open(struct rig *rig, size_t span, size_t host_len, unsigned int depth);
void rig_close(struct rig *rig);

/* A dma-buf of BAR bytes [0, span), made here or by the owner. Return: its descriptor. */
int rig_export(struct rig *rig);

/* The GPU's part alone: rig_open() calls both. */
void rig_open_device(struct rig *rig);
void rig_map_bar(struct rig *rig);
void rig_unmap_bar(struct rig *rig);

/* Memory decode of the GPU; with it off, nobody may touch rig->bar. */
void rig_set_memory(struct rig *rig, bool on);

/* And that of a NIC: the loopback and the host memory. */
void rig_open_nic(struct rig *rig, const char *ibdev, size_t host_len, unsigned int depth);
void rig_close_nic(struct rig *rig);

/* Copy BAR bytes [@offset, @offset + @len) with plain loads that device memory likes. */
void rig_read_bar(const struct rig *rig, void *dst, size_t offset, size_t len);

/* Fill memory with bytes that differ at every place and for every @seed. */
void rig_pattern(void *mem, size_t len, uint32_t seed);

#endif /* GUEST_RIG_H */
