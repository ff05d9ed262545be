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
 *  - Functions that return int return 0 (or a file descriptor) on success and a
 *    negative errno on failure. Functions that return a pointer return NULL on
 *    failure and set errno.
 *  - After a failure, peerbar_errmsg() returns one sentence that names the cause
 *    and the next step. It is kept per thread.
 *  - Sizes and offsets are in bytes. BARs are numbered 0 to 5, as in config space.
 *  - Different threads may use different devices at the same time. Calls on one
 *    device must be serialized by the caller. Work requests on its MRs need not
 *    be: peerbar_reset() and peerbar_set_memory() may run while MRs are in use.
 *
 * Fork: a child that fork() makes has neither the device nor its mappings, so peerbar_close()
 * in the parent keeps its promise while the child lives. In the child, all that can be done
 * with the device is to close it. A child that is made in another way (clone(), vfork()
 * without exec) shares the device, and a close takes effect when it has ended, too.
 *
 * CPU access: touching a peerbar_map() mapping while the device's memory decode is off, or
 * after the device is gone, raises SIGBUS.
 *
 * Lifetime: a dma-buf holds its own references. Closing its descriptor revokes
 * nothing as long as an MR is registered on it.
 *
 * Revocation: resetting the device, turning its memory decode off and closing it
 * all revoke its dma-bufs. When the call returns, no NIC can reach the BAR through
 * them: either the NIC's driver has torn its MRs down, or, for a driver that cannot
 * do that or does not in time, peerbar-vfio-pci has unmapped the BAR in the NIC's
 * IOMMU domain (the fence). Work requests that use such an MR then complete with
 * IBV_WC_REM_ACCESS_ERR (the MR is the remote side) or IBV_WC_LOC_PROT_ERR (the local one; a
 * SEND to be received there gives IBV_WC_REM_OP_ERR to its sender). On RC this puts the queue
 * pair into the error state. A NIC behind the fence does not know about the revoke: each of
 * its accesses raises an IOMMU fault.
 *
 * What comes after depends on the driver ("after" in peerbar path show):
 *  - dead (EFA, irdma): no request by the MR's keys ever succeeds again.
 *  - may-revive (mlx5): when the device is usable again, as it is when peerbar_reset()
 *    returns, the same MR may work again, with the same keys, and reaches the bytes that are
 *    in the BAR then; on older kernels it may stay dead. A request that meets the revoke may
 *    wait and then succeed. So neither does a key that works mean that there was no reset,
 *    nor is an error its only sign.
 *  - fenced (drivers that cannot revoke): dead, and the NIC goes on trying.
 * After peerbar_close() every MR is dead. An MR must always be deregistered; doing that and
 * registering anew after a revoke is right with every driver.
 */
#ifndef PEERBAR_H
#define PEERBAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library, the tools, the kernel module and the virtual NIC share this version. */
#define PEERBAR_VERSION "1.0.0"

#define PEERBAR_NR_BARS 6

struct ibv_pd;
struct ibv_mr;
struct peerbar_device;
struct peerbar_region;

struct peerbar_bar {
	uint64_t size;		/* in bytes; 0 if not implemented, or an I/O port BAR */
	bool mappable;		/* the CPU can map at least one page of it */
	bool exportable;	/* it is mappable and a whole number of pages long */
	uint64_t reserved[5];	/* for members of later versions */
};

/* A part of a BAR. Both members are multiples of the page size. */
struct peerbar_range {
	uint64_t offset;
	uint64_t length;
};

/*
 * Return the sentence that explains this thread's last failure. It is never NULL, and is
 * valid until the next failure in this thread.
 */
const char *peerbar_errmsg(void);

/**
 * peerbar_open() - open a device through VFIO and take ownership of it
 * @address: its PCI address, "0000:01:00.0" or "01:00.0"
 * @dev: set to the device, or to NULL on failure
 *
 * Uses the VFIO device node and iommufd where this process can open both, and the
 * VFIO group otherwise. Turns memory decode and bus mastering on.
 *
 * Return: 0.
 * Errors: -EINVAL (not a PCI address), -ENODEV (no such device), -ENXIO (no VFIO
 * driver is bound, or there is no IOMMU group), -EBUSY (another process has the
 * device or its group open), -EPERM (the group is not viable because another of its
 * devices is bound to a driver that is not VFIO's, or interrupts cannot be
 * remapped), -EACCES (no permission to open a node), -ENOENT (a node is not here although the
 * kernel has the device, as in a container that was not given it), -ENOTSUP (the kernel has no
 * VFIO), and those of memory and descriptors.
 */
int peerbar_open(const char *address, struct peerbar_device **dev);

/*
 * Undo every peerbar_map() of @dev, revoke every dma-buf exported from it for good, and
 * close it. @dev may be NULL.
 */
void peerbar_close(struct peerbar_device *dev);

/* Return the canonical address, "dddd:bb:dd.f". It is valid until peerbar_close(). */
const char *peerbar_address(const struct peerbar_device *dev);

/* Return "group" or "iommufd", which says how the device was opened. */
const char *peerbar_backend(const struct peerbar_device *dev);

/* Describe BAR @bar. Errors: -EINVAL (@bar is above 5). */
int peerbar_bar(struct peerbar_device *dev, unsigned int bar, struct peerbar_bar *info);

/* Return 0 if the VFIO driver of @dev can export BARs, -ENOTSUP if it cannot. */
int peerbar_can_export(struct peerbar_device *dev);

/* What peerbar_event_fd() tells. */
enum peerbar_event {
	PEERBAR_EVENT_REQUEST,	/* someone unbinds or removes the device, and waits for its close */
	PEERBAR_EVENT_ERROR,	/* an uncorrectable PCI Express error; its BARs may be lost */
};

/**
 * peerbar_event_fd() - be told of an event of the device
 * @dev: the device
 * @event: which one
 *
 * A program that does not ask for PEERBAR_EVENT_REQUEST keeps an unbind of the device, and
 * with it whatever holds its locks meanwhile, waiting until the program ends.
 *
 * Return: an eventfd that is readable from when it happens until it is read, and that does not
 * block. Further calls return the same one. It belongs to @dev: do not close it.
 * Errors: -ENOTSUP (the device does not report this event), -EINVAL (no such event), -EMFILE.
 */
int peerbar_event_fd(struct peerbar_device *dev, enum peerbar_event event);

/**
 * peerbar_export() - export ranges of a BAR as one dma-buf
 * @dev: the device
 * @bar: the number of the BAR
 * @ranges: the parts of the BAR, which are concatenated in this order
 * @nr_ranges: how many there are
 * @flags: O_RDONLY, O_WRONLY or O_RDWR; O_CLOEXEC is always set
 *
 * Use offsets and lengths that are multiples of 2 MiB where you can, because the
 * IOMMU and the NIC then use large pages.
 *
 * Return: a file descriptor above 2, because perftest and other programs take 0 to
 * mean "no dma-buf".
 * Errors: -EINVAL (a range is empty, unaligned, overlaps another one or ends outside
 * the BAR; or wrong @flags or @nr_ranges), -ENODEV (no such BAR, or the device is
 * being reset or removed), -ENOTSUP (the VFIO driver cannot export), -ENOMEM (out of
 * memory, or more ranges than the driver accepts; peerbar-vfio-pci accepts 512).
 */
int peerbar_export(struct peerbar_device *dev, unsigned int bar,
		   const struct peerbar_range *ranges, unsigned int nr_ranges, int flags);

/*
 * Map a part of BAR @bar for CPU reads and writes. The address is aligned to the
 * largest power of two that is not above @length, up to 1 GiB. A caller that wants the
 * MR of this range to have the address of the CPU mapping, instead of the iova that
 * peerbar_reg_mr() chooses, can therefore pass that address to ibv_reg_dmabuf_mr()
 * without losing the NIC's large pages.
 */
void *peerbar_map(struct peerbar_device *dev, unsigned int bar, uint64_t offset,
		  size_t length);

/* Undo one peerbar_map(). @addr and @length must describe the whole mapping. */
int peerbar_unmap(void *addr, size_t length);

/*
 * Reset the device (VFIO_DEVICE_RESET). The kernel revokes its dma-bufs first. After the
 * reset, memory decode and bus mastering are turned on again, and an MR that may revive works
 * again (see "Revocation" above). Errors: -ENOTSUP (the device
 * has no reset of its own), -EAGAIN (another reset is running).
 */
int peerbar_reset(struct peerbar_device *dev);

/*
 * Reset the bus or slot that the device is on, and with it every other device there
 * (VFIO_DEVICE_PCI_HOT_RESET). Some devices, many GPUs with an audio function among them, have no
 * other reset, and in others it clears what a function level reset leaves. The dma-bufs of all of
 * these devices are revoked first. Afterwards the device is as after peerbar_reset(), and the
 * others' configuration space is as it was.
 *
 * This process must be the owner of them all: each is bound to a VFIO driver, and nobody else has
 * its group open. With the backend "iommufd", this process must also have a device of each of
 * their groups open. Errors: -ENOTSUP (the bus cannot be reset), -ENXIO (a device has no VFIO
 * driver), -EPERM ("iommufd": it has no device of a group), -EBUSY (another process has a group
 * open), -EAGAIN (another reset is running), and those of opening a group. The sentence names the
 * device.
 */
int peerbar_hot_reset(struct peerbar_device *dev);

/*
 * Set or clear the memory space enable bit of PCI_COMMAND. Clearing it revokes. Setting it
 * makes the device usable again, and MRs that may revive with it.
 */
int peerbar_set_memory(struct peerbar_device *dev, bool enable);

/**
 * peerbar_reg_mr() - register bytes [@offset, @offset + @length) of a dma-buf
 * @pd: the protection domain of the MR
 * @dmabuf_fd: what peerbar_export() returned
 * @offset: where the MR begins in the dma-buf
 * @length: its length in bytes
 * @access: the IBV_ACCESS_* flags of verbs
 * @iova: set to the address that work requests use for the first byte of the MR. It is
 *	chosen so that its low bits agree with those of the bus address, which lets the NIC
 *	describe the MR with a few large pages. An arbitrary address, such as that of
 *	an unaligned CPU mapping, can cost the NIC one page for every 4 KiB.
 *
 * The MR must be deregistered with ibv_dereg_mr(), even if it was revoked.
 *
 * Return: the MR, or NULL and one of these errnos:
 *  - EOPNOTSUPP: the NIC's driver has no dma-buf MRs; or it pins them, cannot revoke them,
 *    and was refused by the exporter. peerbar-vfio-pci accepts such a driver if its module
 *    parameter fence names the driver and an IOMMU translates the NIC's DMA.
 *  - ENODEV: the exporting device is being reset or was closed, or its memory decode is off.
 *  - EINVAL: the range or the access flags are wrong; the NIC cannot reach the BAR; or a
 *    revoke came during the registration, in which case try again.
 *  - ENOMEM: the NIC or the kernel is out of resources; or, with the kernel's own exporter
 *    and no IOMMU that translates, the BAR lies above the addresses that the NIC can send.
 *  - EBADF: @dmabuf_fd is not open.
 */
struct ibv_mr *peerbar_reg_mr(struct ibv_pd *pd, int dmabuf_fd, uint64_t offset,
			      uint64_t length, int access, uint64_t *iova);

/* Can importers of a dma-buf reach the BAR? */
enum peerbar_state {
	PEERBAR_USABLE,
	PEERBAR_REVOKED,	/* not now: the device is being reset, or its memory is off */
	PEERBAR_GONE,		/* never again: it was closed or removed */
};

struct peerbar_access {
	enum peerbar_state state;
	uint64_t revokes;	/* how often access was taken away since the device was opened */
	uint64_t changed_ns;	/* when the state changed last; CLOCK_MONOTONIC; 0: never */
	/*
	 * Why access was taken away since the watch was read last, or else the last time, in the
	 * words of peerbar export show: "reset-ioctl,config-write". Empty: never.
	 */
	char reasons[128];
	uint64_t reserved[4];	/* for members of later versions */
};

/**
 * peerbar_watch() - be told when access to a dma-buf is revoked, and when it is back
 * @dmabuf_fd: a dma-buf, which may come from another process
 *
 * The watch is readable (POLLIN) at first, and whenever something has changed since it was last
 * read. It keeps the dma-buf alive, but no access to it. After a revoke each MR is as
 * "Revocation" above says: deregister it, and register anew when the state is PEERBAR_USABLE
 * again. An MR may have been lost although the state is PEERBAR_USABLE: compare @revokes.
 *
 * Return: a descriptor to poll, and to close with close().
 * Errors: -ENOTSUP (the kernel's own exporter made the dma-buf, or peerbar-vfio-pci is not loaded;
 * then only the owner can know, by its own calls and by peerbar_event_fd()), -EBADF, -EINVAL (it
 * is no dma-buf), -ENOENT (in a container that was not given /dev/peerbar), -EACCES, and those of
 * memory and descriptors.
 */
int peerbar_watch(int dmabuf_fd);

/*
 * Read the watch into @access. Waits for a change, unless @watch has O_NONBLOCK. Return: 1, or 0
 * when PEERBAR_GONE was read before. Errors: -EAGAIN (no change, with O_NONBLOCK), -EINTR,
 * -EINVAL and -EBADF (it is no watch).
 */
int peerbar_watch_read(int watch, struct peerbar_access *access);

/**
 * peerbar_region_open() - register a part of a dma-buf, so that it can be renewed after a revoke
 * @pd: as for peerbar_reg_mr()
 * @dmabuf_fd: the same
 * @offset: the same
 * @length: the same
 * @access: the same
 * @region: set to the region, or to NULL on failure
 *
 * The region has a descriptor of the dma-buf of its own: @dmabuf_fd may be closed. Only one thread
 * at a time may use a region; work requests on its MR are no use of it.
 *
 * Return: 0.
 * Errors: as of peerbar_reg_mr(), and of peerbar_watch() but for -ENOTSUP.
 */
int peerbar_region_open(struct ibv_pd *pd, int dmabuf_fd, uint64_t offset, uint64_t length,
			int access, struct peerbar_region **region);

/*
 * The MR, and the address of its first byte. Both are valid until the next call of
 * peerbar_region_renew() that does not return 0. NULL: it is lost, and was not renewed.
 */
struct ibv_mr *peerbar_region_mr(struct peerbar_region *region, uint64_t *iova);

/*
 * A descriptor to poll for POLLIN, upon which peerbar_region_renew() is to be called. It belongs to
 * the region. -ENOTSUP: the kernel's own exporter made the dma-buf, and tells nobody; then call it
 * after a request that failed, or when the owner says so.
 */
int peerbar_region_fd(struct peerbar_region *region);

/**
 * peerbar_region_renew() - register anew, if access was taken away
 * @region: the region
 * @timeout_ms: how long to wait until the device is usable again; 0 to try once
 *
 * The old MR is deregistered first, also one that would revive, so no work request should use it.
 * Where nobody tells (peerbar_region_fd()), it is taken to be lost by every call.
 *
 * Return: 1 if the MR is another now: hand its address and keys to the peers; 0 if nothing was
 * lost. Errors: -ETIMEDOUT (the device is not usable yet: call again), -ENODEV (it was closed: a
 * dma-buf that its owner exports anew needs a new region), and those of peerbar_reg_mr().
 */
int peerbar_region_renew(struct peerbar_region *region, unsigned int timeout_ms);

/* Deregister the MR. @region may be NULL. */
void peerbar_region_close(struct peerbar_region *region);

/**
 * peerbar_ioas_map() - let a device reach another device's BAR by DMA
 * @dev: the device that does the DMA, such as an NVMe drive
 * @dmabuf_fd: of the other device's BAR: what peerbar_export() returned
 * @offset: where the mapping begins in the dma-buf
 * @length: its length; both are multiples of the page size
 * @iova: set to the address by which @dev reaches the first byte
 *
 * Whether a request between the two devices arrives is not asked of the kernel, which does not
 * check their route here: see peerbar path show.
 *
 * A revoke of the dma-buf (see "Revocation" above) closes the mapping for good: from then on
 * each access by @dev is an IOMMU fault, also when the exporting device is usable again. Unmap
 * it then and map the dma-buf anew. peerbar_close() of @dev undoes all mappings.
 *
 * Return: 0.
 * Errors: -ENOTSUP (@dev was not opened through iommufd, see peerbar_backend(); or iommufd of
 * this kernel maps no dma-bufs, as before 7.0), -EOPNOTSUPP (it maps only dma-bufs of one range
 * that vfio-pci exported), -ENODEV (the exporting device is being reset or was closed, or its
 * memory decode is off), -EINVAL (the range), -EBADF, and those of memory.
 */
int peerbar_ioas_map(struct peerbar_device *dev, int dmabuf_fd, uint64_t offset, uint64_t length,
		     uint64_t *iova);

/*
 * The same for memory of this process, such as the queues of @dev. @addr and @length are
 * multiples of the page size. The memory is pinned, and counts against "ulimit -l".
 *
 * This works with either backend. With VFIO groups all devices of a group have one address space:
 * each reaches what was mapped for another, until it is unmapped or the last of them is closed.
 *
 * Errors: -EINVAL (the range), -ENOMEM (the limit), -ENOSPC (the address space has no room),
 * -EFAULT (it is not this process's memory, or is read-only), and those of iommufd.
 */
int peerbar_ioas_map_memory(struct peerbar_device *dev, void *addr, size_t length,
			    uint64_t *iova);

/* Undo one of the two. @iova and @length must describe the whole mapping. */
int peerbar_ioas_unmap(struct peerbar_device *dev, uint64_t iova, uint64_t length);

#ifdef __cplusplus
}
#endif

#endif /* PEERBAR_H */
