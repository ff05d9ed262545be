/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * libpeerbar: let an RDMA NIC read and write the BAR of a PCI device that this
 * process owns through VFIO.
 *
 *	struct peerbar_device *dev;
 *	int fd = -1;
 *
 *	peerbar_open("0000:01:00.0", &dev);
 *	fd = peerbar_export(dev, 2, &(struct peerbar_range){ 0, 1 << 20 }, 1, O_RDWR);
 *	mr = peerbar_reg_mr(pd, fd, 0, 1 << 20, IBV_ACCESS_REMOTE_WRITE |
 *			    IBV_ACCESS_LOCAL_WRITE, &iova);
 *
 * Conventions:
 *  - Functions that return int give 0 (or a descriptor) on success and a
 *    negative errno on failure; pointer ones give NULL with errno set.
 *  - After a failure peerbar_errmsg() is one sentence, in this thread, that
 *    names the cause and the next step.
 *  - Sizes and offsets are bytes. BARs are numbered 0 to 5 as in configuration
 *    space.
 *  - Different devices may be used from different threads at once; one device
 *    from one thread at a time, but peerbar_reset() and
 *    peerbar_set_memory() may be called while MRs of the device are in use.
 *
 * Lifetime: an exported dma-buf keeps its own references. Closing its
 * descriptor revokes nothing while an MR is registered on it. Resetting the
 * device, turning its memory decode off, or closing it revokes: the NIC driver
 * tears the MR down before the call returns, later work requests complete with
 * IBV_WC_REM_ACCESS_ERR or IBV_WC_LOC_PROT_ERR, and the MR must still be
 * deregistered.
 */
#ifndef PEERBAR_H
#define PEERBAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of the library, the tools, the kernel module and the virtual NIC alike. */
#define PEERBAR_VERSION "1.0.0"

#define PEERBAR_NR_BARS 6

struct ibv_pd;
struct ibv_mr;
struct peerbar_device;

struct peerbar_bar {
	uint64_t size;		/* bytes, 0: not implemented or I/O ports */
	bool mappable;		/* the CPU can map it, or pages of it */
	bool exportable;	/* a dma-buf can be made of it (size and mappable) */
	uint64_t reserved[5];	/* 0, for what later versions have to tell */
};

struct peerbar_range {		/* of a BAR; both multiples of the page size */
	uint64_t offset;
	uint64_t length;
};

/* The sentence that explains this thread's last failure; never NULL. */
const char *peerbar_errmsg(void);

/**
 * peerbar_open() - take the device at PCI @address ("0000:01:00.0" or "01:00.0")
 *
 * Goes through the VFIO device node and iommufd where the kernel has them, else
 * through the device's VFIO group. Turns memory decode and bus mastering on.
 *
 * Errors: -EINVAL (not a PCI address), -ENODEV (no such device), -ENXIO (no VFIO
 * driver bound, or no IOMMU group), -EBUSY (another process has the group),
 * -EPERM (group not viable: a sibling is bound to another driver), -EACCES (may
 * not open the node), -ENOTSUP (kernel without VFIO).
 */
int peerbar_open(const char *address, struct peerbar_device **dev);

/* Revokes every buffer exported from @dev, unmaps its BARs. NULL is allowed. */
void peerbar_close(struct peerbar_device *dev);

/* The canonical address, "dddd:bb:dd.f". */
const char *peerbar_address(const struct peerbar_device *dev);

/* "group" or "iommufd": the way the device was opened. */
const char *peerbar_backend(const struct peerbar_device *dev);

int peerbar_bar(struct peerbar_device *dev, unsigned int bar, struct peerbar_bar *info);

/* 0 if the kernel's driver can export BARs of @dev, -ENOTSUP if it cannot. */
int peerbar_can_export(struct peerbar_device *dev);

/**
 * peerbar_export() - make one dma-buf of @nr_ranges ranges of BAR @bar
 * @flags: O_RDONLY, O_WRONLY or O_RDWR; O_CLOEXEC is always set
 *
 * The ranges follow one another in the dma-buf. Prefer offsets and lengths that
 * are multiples of 2 MiB: the IOMMU and the NIC then use large pages.
 *
 * Return: a descriptor above 2 (perftest and others take 0 for "none").
 * Errors: -EINVAL (range empty, unaligned, overlapping or past the BAR),
 * -ENODEV (no such BAR, or the device is being reset or removed), -ENOTSUP
 * (kernel without the feature), -ENOMEM (more ranges than the driver takes, 512
 * for peerbar-vfio-pci).
 */
int peerbar_export(struct peerbar_device *dev, unsigned int bar,
		   const struct peerbar_range *ranges, unsigned int nr_ranges, int flags);

/*
 * Map a part of BAR @bar for the CPU; read and write. The address is aligned to the
 * largest power of two not above @length (at most 1 GiB): an MR of the same range
 * that is registered at this address, instead of peerbar_reg_mr()'s choice, does not
 * cost the NIC its large pages.
 */
void *peerbar_map(struct peerbar_device *dev, unsigned int bar, uint64_t offset,
		  size_t length);
int peerbar_unmap(void *addr, size_t length);

/* Reset the device (VFIO_DEVICE_RESET). Revokes first; memory decode is on after. */
int peerbar_reset(struct peerbar_device *dev);

/* Set or clear PCI_COMMAND.MEMORY. Clearing revokes. */
int peerbar_set_memory(struct peerbar_device *dev, bool enable);

/**
 * peerbar_reg_mr() - register bytes [@offset, @offset + @length) of a dma-buf
 * @access: IBV_ACCESS_* of verbs
 * @iova: out: the address of the MR's first byte in work requests. Chosen so
 *	that it is congruent to the bus address modulo the largest page: the NIC
 *	then needs a handful of pages where an arbitrary address, such as that of
 *	a CPU mapping, needs one for every 4 KiB.
 *
 * Dead or alive, the MR ends with ibv_dereg_mr().
 * Errors (NULL and errno): EOPNOTSUPP (the NIC driver has no dma-buf MRs, or
 * cannot revoke a pinned one and the exporter refused it: peerbar-vfio-pci does not
 * if its parameter fence names the driver and the IOMMU translates), ENODEV (the device is
 * reset, closed or its memory decode is off), EINVAL (range or access, or no way from
 * the NIC to the BAR), ENOMEM (no room for it; or, with the kernel's exporter and no IOMMU
 * that translates, the BAR lies above what the NIC can address).
 */
struct ibv_mr *peerbar_reg_mr(struct ibv_pd *pd, int dmabuf_fd, uint64_t offset,
			      uint64_t length, int access, uint64_t *iova);

#ifdef __cplusplus
}
#endif

#endif /* PEERBAR_H */
