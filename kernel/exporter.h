/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of peerbar-vfio-pci share; revoke.h and access.h have the rest. Who calls
 * whom: driver.c -> decode.c, power.c, export.c; all of these and clients.c -> revoke.c;
 * export.c -> mapping.c -> provider.c, admission.c; mapping.c, revoke.c, clients.c ->
 * fence.c -> access.c -> compat/. Everybody uses context.c. The order of the locks is at
 * the head of revoke.c.
 */
#ifndef PEERBAR_EXPORTER_H
#define PEERBAR_EXPORTER_H

#include <linux/atomic.h>
#include <linux/dma-buf.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/ratelimit.h>
#include <linux/types.h>
#include <linux/vfio_pci_core.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "compat/compat.h"
#include "compat/iova.h"
#include "topology.h"

/* Why no importer may reach a device's BARs now: bits of peerbar_context.reasons. */
enum peerbar_reason {
	PEERBAR_CLOSED,			/* no user has the device open */
	PEERBAR_RESET,			/* the PCI core resets the device */
	PEERBAR_RESET_IOCTL,		/* the owner is about to reset it */
	PEERBAR_PF_RESET,		/* the PCI core resets the function that it is a part of */
	PEERBAR_CONFIG_WRITE,		/* the owner writes a register that decode depends on */
	PEERBAR_MEMORY_OFF,		/* PCI_COMMAND.MEM is clear, or the BARs are lost */
	PEERBAR_D3HOT,			/* powered down through the PM capability */
	PEERBAR_LOW_POWER,		/* the low power feature was entered */
	PEERBAR_SLEEP,			/* the system sleeps, or is about to */
	PEERBAR_ERROR,			/* AER reported the device, or its link, as lost */
	PEERBAR_REMOVED,		/* unbound or unplugged */
	PEERBAR_SETTLING,		/* an event that did not wait is being finished */
	PEERBAR_NR_REASONS,
};

/* Buckets of the revoke time histogram; bucket n holds times below 2^n microseconds. */
#define PEERBAR_HISTOGRAM 24

/**
 * struct peerbar_provider - one BAR as a target of peer-to-peer DMA
 * @pdev: the function that owns it
 * @start: CPU address; 0 size if this is no memory BAR
 * @size: its length
 * @bus_offset: bus address minus CPU address
 * @host_bridge_answer: what pci_p2pdma says of clients that this BAR meets only at the
 *                      host bridge; the first attach that needs it asks
 */
struct peerbar_provider {
	struct pci_dev *pdev;
	phys_addr_t start;
	resource_size_t size;
	u64 bus_offset;
	enum peerbar_kernel_answer host_bridge_answer;
};

/**
 * struct peerbar_context - the part of a device that its dma-bufs need
 *
 * It outlives the device: buffers may stay after close, unbind and unplug, and then
 * answer -ENODEV. Nothing in it points to the vfio device.
 *
 * @ref: one for the device, one for each buffer
 * @node: in the list of context.c, as long as @ref is not 0
 * @pdev: referenced
 * @provider: one for each BAR, made at probe
 * @tellers: runs peerbar_buffer.tell. The device has a queue of its own, so that
 *           importers of one device that sit in their callbacks use up nobody else's
 * @settle: finishes the events that did not wait
 * @live: mappings, and attempts to make one, of all buffers
 * @idle: woken when @live becomes 0
 * @log: limit of its lines in the kernel's log, of its own so that it hides no other's
 * @close_ns: how long it will take to close all that is open: see peerbar_mapping.close_ns
 * @iova_bytes: IOVA space that its mappings hold, in all importers' domains together
 * @lock: protects all below; held for short, never while anything is waited for
 * @reasons: bits of enum peerbar_reason
 * @events: times that each was set
 * @buffers: all that exist, orphans included
 * @revokes: events that took something away, by reason
 * @fenced: mappings closed under an importer that held them
 * @overdue: those of them whose importer should have let go, and did not in time
 * @untold: those of them whose importer would have, but could not be told in time
 * @histogram: how long those events took that waited
 * @debugfs: folder of the device
 */
struct peerbar_context {
	struct kref ref;
	struct list_head node;
	struct pci_dev *pdev;
	struct peerbar_provider provider[PCI_STD_NUM_BARS];

	struct workqueue_struct *tellers;
	struct work_struct settle;
	atomic_t live;
	wait_queue_head_t idle;
	struct ratelimit_state log;
	atomic64_t close_ns;
	atomic64_t iova_bytes;

	struct mutex lock; /* see revoke.c */
	unsigned long reasons;
	unsigned int events[PEERBAR_NR_REASONS];
	struct list_head buffers;
	u64 revokes[PEERBAR_NR_REASONS];
	u64 fenced;
	u64 overdue;
	u64 untold;
	u64 histogram[PEERBAR_HISTOGRAM];

	struct dentry *debugfs;
};

/* A line in the kernel's log about an importer of a device's BARs. */
#define peerbar_line(ctx, print, client, fmt, ...)				\
	do {									\
		if (__ratelimit(&(ctx)->log))					\
			print(client, "peerbar: " fmt, ##__VA_ARGS__);		\
	} while (0)
#define peerbar_err(ctx, client, ...) peerbar_line(ctx, dev_err, client, __VA_ARGS__)
#define peerbar_warn(ctx, client, ...) peerbar_line(ctx, dev_warn, client, __VA_ARGS__)
#define peerbar_info(ctx, client, ...) peerbar_line(ctx, dev_info, client, __VA_ARGS__)

/**
 * struct peerbar_device - a bound PCI function
 * @core: what vfio-pci-core knows of it; drvdata points here
 * @context: what its buffers know of it
 * @decode_lock: one change of memory decode or power state at a time
 * @frozen: AER has an error between detection and recovery; under the device's own lock
 */
struct peerbar_device {
	struct vfio_pci_core_device core;
	struct peerbar_context *context;
	struct mutex decode_lock; /* see revoke.c */
	bool frozen;
};

/* A physically contiguous piece of a BAR. */
struct peerbar_range {
	phys_addr_t phys;
	size_t len;
};

/**
 * struct peerbar_buffer - one dma-buf
 * @ref: one for the dma-buf, one for whoever looks at it without peerbar_context.lock
 * @context: referenced
 * @provider: the BAR
 * @dmabuf: its dma-buf; only @tell and the importer's own calls may look at it, because
 *          the buffer may outlive it
 * @id: inode number of @dmabuf, by which people and tools name the buffer
 * @node: in peerbar_context.buffers, as long as @ref is not 0
 * @size: bytes, all ranges
 * @nr_ranges: number of ranges; neighbours that touch are merged
 * @range: in the user's order
 * @orphan: the device was closed: never usable again; under peerbar_context.lock
 * @revoked: mapping it gives -ENODEV; written under peerbar_context.lock, read without
 * @live: mappings that reach the BAR, and attempts to make one
 * @tell: runs the callbacks of importers that have to let go
 * @lock: protects @attachments and all that is in them
 * @attachments: of importers
 */
struct peerbar_buffer {
	struct kref ref;
	struct peerbar_context *context;
	struct peerbar_provider *provider;
	struct dma_buf *dmabuf;
	unsigned long id;
	struct list_head node;
	size_t size;
	unsigned int nr_ranges;
	struct peerbar_range *range;
	bool orphan;
	bool revoked;
	atomic_t live;
	struct work_struct tell;

	struct mutex lock; /* see revoke.c */
	struct list_head attachments;
};

/* What stops an importer's DMA when the BAR is taken away. */
enum peerbar_stop {
	PEERBAR_STOP_NATIVE,		/* itself: it is told, stops its hardware and unmaps */
	PEERBAR_STOP_FENCE,		/* the IOMMU: it is not told, and may unmap whenever */
};

/**
 * struct peerbar_attachment - an importer of a buffer; priv of the dma_buf_attachment
 * @attach: the core's side
 * @buf: the buffer
 * @client: the importing device; referenced, because the core does not
 * @node: in peerbar_buffer.attachments
 * @route: may it reach the BAR, and how; decided once
 * @stop: what stops it; decided once
 * @mappings: all that it ever had: live, or parked with their IOVA
 * @dead: it cannot let go, or did not: it gets no other mapping
 * @leaving: @client loses its driver: no other mapping, and its domain is not touched again
 */
struct peerbar_attachment {
	struct dma_buf_attachment *attach;
	struct peerbar_buffer *buf;
	struct device *client;
	struct list_head node;
	struct peerbar_route route;
	enum peerbar_stop stop;
	struct list_head mappings;
	bool dead;
	bool leaving;
};

/* How a mapping's DMA addresses come about. */
enum peerbar_way {
	PEERBAR_BUS,			/* bus addresses: no IOMMU in the way */
	PEERBAR_DIRECT,			/* the DMA API, which does not translate */
	PEERBAR_TRANSLATED,		/* IOVA in a domain of the DMA API */
};

enum peerbar_mapping_state {
	PEERBAR_PARKED,			/* closed, nobody holds it; may be opened again */
	PEERBAR_LIVE,			/* open, an importer holds it */
	PEERBAR_FENCED,			/* closed under the importer, which still holds it */
};

/* A piece of a mapping that is contiguous for the importer. */
struct peerbar_run {
	dma_addr_t addr;
	size_t len;
};

/**
 * struct peerbar_mapping - a buffer mapped for one attachment
 * @sgt: what the importer sees
 * @att: whose it is
 * @node: in peerbar_attachment.mappings
 * @state: see the enum
 * @told: the importer was told to let go of it
 * @close_ns: how long it will take to close it, by what it took to open it
 * @way: how it is reached
 * @dir: direction of the transfers
 * @iova: of a translated mapping: one for all ranges, reserved from the first open on
 * @nr_runs: number of runs: one if it is translated, else one for each range
 * @run: in the order of the ranges
 */
struct peerbar_mapping {
	struct sg_table sgt;
	struct peerbar_attachment *att;
	struct list_head node;
	enum peerbar_mapping_state state;
	bool told;
	u64 close_ns;
	enum peerbar_way way;
	enum dma_data_direction dir;
	struct peerbar_iova iova;
	unsigned int nr_runs;
	struct peerbar_run run[];
};

/* context.c */

/**
 * peerbar_context_create - make the context of a function, closed and with no buffers
 * @pdev: the function
 *
 * Return: the context with one reference, or NULL without memory.
 */
struct peerbar_context *peerbar_context_create(struct pci_dev *pdev);

/**
 * peerbar_context_put - drop a reference
 * @ctx: the context
 */
void peerbar_context_put(struct peerbar_context *ctx);

/**
 * peerbar_next_context - walk over all devices, and those that are gone but for buffers
 * @ctx: where the walk is, NULL at its beginning; its reference is dropped
 *
 * No lock is held between the calls. What comes or goes meanwhile may be missed.
 *
 * Return: the next one with a reference, or NULL at the end.
 */
struct peerbar_context *peerbar_next_context(struct peerbar_context *ctx);

/**
 * peerbar_next_buffer - walk over the buffers of a device
 * @ctx: the device
 * @buf: where the walk is, NULL at its beginning; its reference is dropped
 *
 * As peerbar_next_context().
 *
 * Return: the next one with a reference, or NULL at the end.
 */
struct peerbar_buffer *peerbar_next_buffer(struct peerbar_context *ctx,
					   struct peerbar_buffer *buf);

/**
 * peerbar_buffer_put - drop a reference
 * @buf: the buffer
 */
void peerbar_buffer_put(struct peerbar_buffer *buf);

/**
 * peerbar_live_get - announce a mapping, before it is known whether it may be made
 * @buf: the buffer
 *
 * Whoever revokes marks the buffer first and then looks at the count; whoever maps counts
 * first and then looks at the mark. So at least one of the two sees the other.
 */
void peerbar_live_get(struct peerbar_buffer *buf);

/**
 * peerbar_live_put - a mapping was closed, or not made
 * @buf: the buffer
 */
void peerbar_live_put(struct peerbar_buffer *buf);

/* export.c */

/**
 * peerbar_export - VFIO_DEVICE_FEATURE_DMA_BUF
 * @pd: an open device
 * @flags: of struct vfio_device_feature
 * @arg: the user's struct
 * @argsz: bytes behind it
 *
 * Checks and errors are mainline's, in mainline's order. Beside that, a buffer has at
 * most 512 ranges and at most as many bytes as its BAR, because the work that a revoke
 * has with it grows with both: -ENOMEM.
 *
 * Return: a file descriptor, 0 for a probe, or a negative errno.
 */
int peerbar_export(struct peerbar_device *pd, u32 flags,
		   struct vfio_device_feature_dma_buf __user *arg, size_t argsz);

/* mapping.c: what the dma-buf core calls for an importer; see struct dma_buf_ops */
int peerbar_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach);
void peerbar_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach);
struct sg_table *peerbar_map(struct dma_buf_attachment *attach, enum dma_data_direction dir);
void peerbar_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
		   enum dma_data_direction dir);

/* decode.c: does the device decode its BARs? */

/**
 * peerbar_update_decode - bring the reasons in line with what is so now
 * @pd: an open device, with its decode_lock held
 */
void peerbar_update_decode(struct peerbar_device *pd);

/**
 * peerbar_in_d3 - is the device powered down?
 * @pdev: the function
 *
 * Return: true in D3hot and D3cold.
 */
bool peerbar_in_d3(const struct pci_dev *pdev);

/**
 * peerbar_write - the user writes to the device: see struct vfio_device_ops
 * @vdev: an open device
 * @buf: the user's bytes
 * @count: how many
 * @ppos: region and offset
 *
 * Return: as vfio_pci_core_write(); -EINTR if the caller was killed.
 */
ssize_t peerbar_write(struct vfio_device *vdev, const char __user *buf, size_t count,
		      loff_t *ppos);

/**
 * peerbar_low_power - the features that enter and leave low power
 * @pd: an open device
 * @flags: of struct vfio_device_feature
 * @arg: the user's struct
 * @argsz: bytes behind it
 *
 * Return: as vfio_pci_core_ioctl_feature(); -EINTR if the caller was killed.
 */
int peerbar_low_power(struct peerbar_device *pd, u32 flags, void __user *arg, size_t argsz);

/* provider.c */

/**
 * peerbar_provider_init - describe a BAR
 * @provider: to fill
 * @pdev: the function
 * @bar: its BAR
 */
void peerbar_provider_init(struct peerbar_provider *provider, struct pci_dev *pdev, int bar);

/**
 * peerbar_provider_map_type - may a client reach a BAR, and how
 * @provider: the BAR
 * @client: the device that does the DMA
 * @last: CPU address of the last byte that it is to reach
 *
 * Asks the kernel's P2PDMA where that is built in, and decides by the same rules where
 * it is not.
 *
 * Return: the route, with the reason if there is none.
 */
struct peerbar_route peerbar_provider_map_type(struct peerbar_provider *provider,
					       struct device *client, phys_addr_t last);

/**
 * peerbar_iommu_of - what a device's DMA goes through
 * @dev: the device
 *
 * Return: see enum peerbar_iommu.
 */
enum peerbar_iommu peerbar_iommu_of(struct device *dev);

/* admission.c */

/**
 * peerbar_admit - let an importer in, or refuse it
 * @att: its attachment, with the route; gets @stop
 *
 * A refusal is logged, with what is in the way of the fence.
 *
 * Return: 0, or -EOPNOTSUPP if nothing could stop its DMA.
 */
int peerbar_admit(struct peerbar_attachment *att);

/**
 * peerbar_stop_text - what stops an importer, as a word for tools
 * @stop: which
 *
 * Return: a constant string.
 */
const char *peerbar_stop_text(enum peerbar_stop stop);

/* debugfs.c; without debugfs in the kernel they do nothing */
int peerbar_debugfs_init(void);
void peerbar_debugfs_exit(void);
void peerbar_debugfs_add(struct peerbar_context *ctx);
void peerbar_debugfs_remove(struct peerbar_context *ctx);

#endif
