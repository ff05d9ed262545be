/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Declarations that the files of peerbar-vfio-pci share; the rest is in revoke.h and
 * access.h. The call graph, roughly:
 *
 *   driver.c                                  -> decode.c, power.c, export.c, core_export.c,
 *                                                stand_in.c
 *   decode.c                                  -> core_export.c
 *   driver.c, decode.c, power.c, clients.c    -> revoke.c
 *   export.c                                  -> mapping.c
 *   mapping.c                                 -> provider.c, admission.c
 *   revoke.c, clients.c                       -> fence.c
 *   revoke.c                                  -> watch.c
 *   mapping.c, clients.c, fence.c             -> access.c
 *   access.c                                  -> compat/
 *
 * All of them use context.c. The lock order is described at the top of revoke.c.
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

/*
 * Reasons why no importer may reach a device's BARs. They are bit numbers in
 * peerbar_context.reasons, and importers may map only while no bit is set.
 */
enum peerbar_reason {
	PEERBAR_CLOSED,			/* no user has the device open */
	PEERBAR_RESET,			/* the PCI core is resetting the device */
	PEERBAR_RESET_IOCTL,		/* VFIO_DEVICE_RESET is running, or about to */
	PEERBAR_PF_RESET,		/* the PCI core is resetting the PF of this VF */
	PEERBAR_CONFIG_WRITE,		/* the owner is writing a register that controls decode */
	PEERBAR_MEMORY_OFF,		/* PCI_COMMAND.MEM is clear, or the BARs were lost */
	PEERBAR_D3HOT,			/* powered down through the PM capability */
	PEERBAR_LOW_POWER,		/* the owner entered low power through the VFIO feature */
	PEERBAR_SLEEP,			/* the system sleeps, or is about to */
	PEERBAR_ERROR,			/* AER reported the device, or its link, as lost */
	PEERBAR_REMOVED,		/* unbound or unplugged */
	PEERBAR_SETTLING,		/* a work item is finishing a revoke that did not wait */
	PEERBAR_NR_REASONS,
};

/*
 * Buckets of the revoke time histogram. Bucket n counts revokes that took less than 2^n
 * microseconds and did not fit into a lower bucket; the last one also counts all longer ones.
 */
#define PEERBAR_HISTOGRAM 24

/**
 * struct peerbar_provider - one BAR as a target of peer-to-peer DMA
 * @pdev: the function that owns it
 * @start: CPU address of its first byte
 * @size: its length in bytes; 0 if this is not a memory BAR
 * @bus_offset: bus address minus CPU address
 * @host_bridge_answer: what pci_p2pdma says about clients that share nothing with @pdev but
 *                      the host bridge; cached by the first attach that needs it
 */
struct peerbar_provider {
	struct pci_dev *pdev;
	phys_addr_t start;
	resource_size_t size;
	u64 bus_offset;
	enum peerbar_kernel_answer host_bridge_answer;
};

static_assert(PEERBAR_NOT_ASKED == 0, "a zeroed provider must count as not asked");

/**
 * struct peerbar_news - what a watch tells; it begins anew when the device is opened
 * @changes: how many times the device's buffers were revoked, made orphans, or given back
 * @revokes: how many of these took usable BARs away
 * @changed_ns: when the last one was; CLOCK_MONOTONIC
 * @revoked: the last revoke, as @changes counted it; 0: there was none
 * @by: the same for each reason
 */
struct peerbar_news {
	u64 changes;
	u64 revokes;
	u64 changed_ns;
	u64 revoked;
	u64 by[PEERBAR_NR_REASONS];
};

/**
 * struct peerbar_core_export - the dma-bufs of a device that vfio-pci-core's exporter made
 *
 * The core revokes them by itself, except when others reset the device, and in an error. Then it
 * is held in its low power, in which it lets no importer in: see core_export.c.
 *
 * @offered: this kernel's core has an exporter
 * @chosen: exports are made by it, and not by us; the attribute dmabuf_exporter
 * @reasons: bit mask of enum peerbar_reason: why it is to be held; may change at any time
 * @update: work item that holds it, or lets it go, as @reasons have it
 * @lock: protects everything below; held across a wait for importers: see core_export.c
 * @core: the device, while it is open
 * @used: it has exported since the device was opened
 * @held: it is held
 * @entered: by us: the owner had not put it into low power before
 */
struct peerbar_core_export {
	bool offered;
	bool chosen;
	unsigned long reasons;
	struct work_struct update;

	struct mutex lock; /* see core_export.c */
	struct vfio_pci_core_device *core;
	bool used;
	bool held;
	bool entered;
};

/**
 * struct peerbar_context - the part of a device that its dma-bufs need
 *
 * Dma-bufs can outlive the device: they may stay after close, unbind and unplug, and
 * attaching or mapping them then fails with -ENODEV. So the context outlives the device, too,
 * and nothing in it points to the vfio device.
 *
 * @ref: one reference for the device, and one for each buffer
 * @node: entry in the list of context.c while @ref is not 0
 * @pdev: the function; holds a reference
 * @provider: one for each BAR, made at probe
 * @tellers: workqueue that runs peerbar_buffer.tell. Each device has its own, so that
 *           callbacks that block do not keep the importers of other devices from being told
 * @settle: work item that finishes revokes that did not wait
 * @live: mappings that reach a BAR, and attempts to make one, of all buffers
 * @idle: woken when @live drops to 0
 * @watches: those who sleep or poll until @news changes
 * @wake: work item that wakes them
 * @log: rate limit for lines in the kernel log; each device has its own, so that none hides
 *       the lines of another
 * @close_ns: estimate of how long it takes to close all open mappings: the sum of
 *            peerbar_mapping.close_ns
 * @iova_bytes: IOVA space that its mappings hold, summed over all importers' domains
 * @core_export: the other exporter
 * @lock: protects everything below; held only briefly, and never across a wait
 * @reasons: bit mask of enum peerbar_reason
 * @events: how many times each reason was set
 * @news: what watches of its buffers tell
 * @buffers: all existing buffers, orphans included
 * @revokes: number of events that took mappings away, by reason
 * @fenced: mappings that were closed, or given up, while an importer still held them
 * @overdue: those of @fenced whose importer was told to let go, and did not in time
 * @untold: those of @fenced whose importer can let go, but could not be told in time
 * @histogram: how long revokes took that waited
 * @debugfs: directory of the device
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
	wait_queue_head_t watches;
	struct work_struct wake;
	struct ratelimit_state log;
	atomic64_t close_ns;
	atomic64_t iova_bytes;
	struct peerbar_core_export core_export;

	struct mutex lock; /* see revoke.c */
	unsigned long reasons;
	unsigned int events[PEERBAR_NR_REASONS];
	struct peerbar_news news;
	struct list_head buffers;
	u64 revokes[PEERBAR_NR_REASONS];
	u64 fenced;
	u64 overdue;
	u64 untold;
	u64 histogram[PEERBAR_HISTOGRAM];

	struct dentry *debugfs;
};

/* Log a line about an importer of a device's BARs, within the device's rate limit. */
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
 * @core: vfio-pci-core's part; drvdata points here
 * @context: the part that its buffers need
 * @decode_lock: serializes changes of memory decode and of the power state
 * @frozen: AER has detected an error and not yet recovered; protected by the device lock
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
 * @ref: one reference for the dma-buf, and one for each user that looks at the buffer without
 *       holding peerbar_context.lock
 * @context: the device; holds a reference
 * @provider: the BAR
 * @dmabuf: its dma-buf. The buffer may outlive it, so only @tell and the importers' own calls
 *          may dereference it
 * @id: inode number of @dmabuf, by which people and tools identify the buffer
 * @node: entry in peerbar_context.buffers while @ref is not 0
 * @size: bytes of all ranges together
 * @nr_ranges: number of ranges, after adjacent ones were merged
 * @range: the ranges, in the user's order
 * @orphan: the device was closed, so the buffer is never usable again; protected by
 *          peerbar_context.lock
 * @last: only of an orphan: peerbar_context.news when it became one
 * @revoked: mapping it fails with -ENODEV; written under peerbar_context.lock, read without
 * @live: mappings that reach the BAR, and attempts to make one
 * @tell: work item that calls the callbacks of importers that have to let go
 * @lock: protects @attachments and everything in them
 * @attachments: one for each importer
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
	struct peerbar_news last;
	bool revoked;
	atomic_t live;
	struct work_struct tell;

	struct mutex lock; /* see revoke.c */
	struct list_head attachments;
};

/* What stops an importer's DMA when the BAR is taken away. */
enum peerbar_stop {
	PEERBAR_STOP_NATIVE,		/* itself: when told, it stops its hardware and unmaps */
	PEERBAR_STOP_FENCE,		/* the IOMMU: it is not told, and may unmap at any time */
};

/**
 * struct peerbar_attachment - an importer of a buffer; priv of the dma_buf_attachment
 * @attach: the dma-buf core's side
 * @buf: the buffer
 * @client: the importing device; holds a reference, because the dma-buf core takes none
 * @node: entry in peerbar_buffer.attachments
 * @route: whether and how @client can reach the BAR; decided at attach
 * @stop: what stops its DMA; decided at attach
 * @mappings: all mappings made for it so far, in any state; parked ones keep their IOVA
 * @dead: it may not map again: it was fenced off because it cannot let go or did not when
 *        told, or the IOMMU failed to close its mapping
 * @leaving: it may not map again: @client is losing its driver, after which neither the
 *           domain nor the DMA API is used for it
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

/* Where a mapping's DMA addresses come from. */
enum peerbar_way {
	PEERBAR_BUS,			/* PCI bus addresses: no IOMMU on the path */
	PEERBAR_DIRECT,			/* the DMA API, without translation */
	PEERBAR_TRANSLATED,		/* IOVA in a domain that the DMA API manages */
};

enum peerbar_mapping_state {
	PEERBAR_PARKED,			/* closed, nobody holds it; may be opened again */
	PEERBAR_LIVE,			/* open, an importer holds it */
	PEERBAR_FENCED,			/* closed or given up, but the importer still holds it */
};

static_assert(PEERBAR_PARKED == 0, "a zeroed mapping must count as parked");

/* A piece of a mapping whose DMA addresses are contiguous. */
struct peerbar_run {
	dma_addr_t addr;
	size_t len;
};

/**
 * struct peerbar_mapping - a buffer mapped for one attachment
 * @sgt: what the importer gets
 * @att: the attachment that it belongs to
 * @node: entry in peerbar_attachment.mappings
 * @state: see enum peerbar_mapping_state
 * @told: the importer was told to let go of it
 * @close_ns: estimate of how long closing it takes: the time that opening it took
 * @way: where its DMA addresses come from
 * @dir: direction of the transfers
 * @iova: only if translated: one IOVA for all ranges, reserved since it was first opened
 * @nr_runs: number of runs: one if translated, else one for each range
 * @run: the runs, in the order of the ranges
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
 * Return: the context with one reference, or NULL if out of memory.
 */
struct peerbar_context *peerbar_context_create(struct pci_dev *pdev);

/**
 * peerbar_context_put - drop a reference
 * @ctx: the context
 */
void peerbar_context_put(struct peerbar_context *ctx);

/**
 * peerbar_next_context - walk over all devices, and over those that are gone but have buffers
 * @ctx: where the walk is, NULL to begin; its reference is dropped
 *
 * No lock is held between the calls, so contexts that come or go meanwhile may be missed.
 *
 * Return: the next one with a reference, or NULL at the end.
 */
struct peerbar_context *peerbar_next_context(struct peerbar_context *ctx);

/**
 * peerbar_next_buffer - walk over the buffers of a device
 * @ctx: the device
 * @buf: where the walk is, NULL to begin; its reference is dropped
 *
 * Works like peerbar_next_context().
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
 * peerbar_live_get - count a mapping, before it is known whether it may be made
 * @buf: the buffer
 *
 * A revoke first marks the buffer as revoked and then reads the count; a map first counts and
 * then reads the mark. So at least one of the two sees the other.
 */
void peerbar_live_get(struct peerbar_buffer *buf);

/**
 * peerbar_live_put - stop counting a mapping, which was closed or not made
 * @buf: the buffer
 */
void peerbar_live_put(struct peerbar_buffer *buf);

/* export.c */

/**
 * peerbar_export - VFIO_DEVICE_FEATURE_DMA_BUF
 * @pd: an open device
 * @flags: of struct vfio_device_feature
 * @arg: the user's struct
 * @argsz: bytes at @arg
 *
 * Checks and errors are mainline's, in mainline's order. In addition, -ENOMEM refuses a buffer
 * that has more than 512 ranges or more bytes than its BAR, because the work of revoking it
 * grows with both.
 *
 * Return: a file descriptor, 0 for a probe, or a negative errno.
 */
int peerbar_export(struct peerbar_device *pd, u32 flags,
		   struct vfio_device_feature_dma_buf __user *arg, size_t argsz);

/**
 * peerbar_is_buffer - did this exporter make a dma-buf?
 * @dmabuf: any dma-buf; if so, its priv is a &struct peerbar_buffer
 *
 * Return: whether it did.
 */
bool peerbar_is_buffer(const struct dma_buf *dmabuf);

/* core_export.c: exports by vfio-pci-core's own exporter */

/**
 * peerbar_core_init - offer the core's exporter, if this kernel has it
 * @pd: a device that is being made, with its context
 */
void peerbar_core_init(struct peerbar_device *pd);

/**
 * peerbar_core_open - the device is open from now on
 * @pd: the device
 */
void peerbar_core_open(struct peerbar_device *pd);

/**
 * peerbar_core_close - close the device: vfio_pci_core_close_device()
 * @pd: the device
 */
void peerbar_core_close(struct peerbar_device *pd);

/**
 * peerbar_core_feature - have the core export, or enter or leave low power
 * @pd: an open device
 * @flags: of struct vfio_device_feature
 * @arg: the user's struct
 * @argsz: bytes at @arg
 *
 * Return: what vfio_pci_core_ioctl_feature() returns, -EINTR if the caller was killed, or -EBUSY
 * if low power is to change while the core is held.
 */
int peerbar_core_feature(struct peerbar_device *pd, u32 flags, void __user *arg, size_t argsz);

/**
 * peerbar_core_revoke - take the BARs away from importers of the core's buffers
 * @pd: a device that is reset by others, with its device lock held; maybe not open
 *
 * Waits without limit, as the core does. Does nothing if it is the core that resets the device,
 * because then it has revoked, and this task holds its lock.
 */
void peerbar_core_revoke(struct peerbar_device *pd);

/**
 * peerbar_core_allow - undo peerbar_core_revoke()
 * @pd: the device
 */
void peerbar_core_allow(struct peerbar_device *pd);

/**
 * peerbar_core_error - have the BARs taken away because the device or its link failed
 * @pd: the device
 *
 * Returns at once; a work item does it.
 */
void peerbar_core_error(struct peerbar_device *pd);

/**
 * peerbar_core_decodes - the device decodes its BARs, which an error may have ended
 * @pd: an open device
 */
void peerbar_core_decodes(struct peerbar_device *pd);

/**
 * peerbar_core_sleeps - did its owner put the device into low power?
 * @pd: an open device
 *
 * Return: false also if it was us who did, to hold the core.
 */
bool peerbar_core_sleeps(struct peerbar_device *pd);

extern const struct attribute_group *peerbar_groups[];

/* mapping.c: called by the dma-buf core on behalf of an importer; see struct dma_buf_ops */
int peerbar_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach);
void peerbar_detach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach);
struct sg_table *peerbar_map(struct dma_buf_attachment *attach, enum dma_data_direction dir);
void peerbar_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
		   enum dma_data_direction dir);

/* decode.c: does the device decode its BARs? */

/**
 * peerbar_update_decode - set or clear reasons to match the device's current state
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
 * Return: what vfio_pci_core_write() returns, or -EINTR if the caller was killed.
 */
ssize_t peerbar_write(struct vfio_device *vdev, const char __user *buf, size_t count,
		      loff_t *ppos);

/**
 * peerbar_low_power - handle the VFIO features that enter and leave low power
 * @pd: an open device
 * @flags: of struct vfio_device_feature
 * @arg: the user's struct
 * @argsz: bytes at @arg
 *
 * Return: what vfio_pci_core_ioctl_feature() returns, or -EINTR if the caller was killed.
 */
int peerbar_low_power(struct peerbar_device *pd, u32 flags, void __user *arg, size_t argsz);

/* provider.c */

/**
 * peerbar_provider_init - describe a BAR
 * @provider: filled in
 * @pdev: the function
 * @bar: its BAR
 */
void peerbar_provider_init(struct peerbar_provider *provider, struct pci_dev *pdev, int bar);

/**
 * peerbar_provider_map_type - decide whether and how a client can reach a BAR
 * @provider: the BAR
 * @client: the device that does the DMA
 * @last: CPU address of the last byte that it is to reach
 *
 * Asks the kernel's P2PDMA if that is built in, and applies the same rules itself if not.
 *
 * Return: the route, or the reason why there is none.
 */
struct peerbar_route peerbar_provider_map_type(struct peerbar_provider *provider,
					       struct device *client, phys_addr_t last);

/**
 * peerbar_iommu_of - what kind of IOMMU domain a device's DMA goes through
 * @dev: the device
 *
 * Return: see enum peerbar_iommu.
 */
enum peerbar_iommu peerbar_iommu_of(struct device *dev);

/* admission.c */

/**
 * peerbar_admit - accept an importer, or refuse it
 * @att: its attachment, with its route; its @stop is filled in
 *
 * A refusal is logged, together with why the importer cannot be fenced off either.
 *
 * Return: 0, or -EOPNOTSUPP if nothing could stop its DMA.
 */
int peerbar_admit(struct peerbar_attachment *att);

/**
 * peerbar_stop_text - name what stops an importer, in a word for tools
 * @stop: which
 *
 * Return: a constant string.
 */
const char *peerbar_stop_text(enum peerbar_stop stop);

/* stand_in.c: what users of vfio-pci expect */

/**
 * peerbar_name - the name of this driver
 *
 * Return: a constant string, "vfio-pci" if it stands in for that. It is not const because struct
 * vfio_device_ops wants it so.
 */
char *peerbar_name(void);

/**
 * peerbar_set_params - give a device the parameters that devices have
 * @core: a device that was just allocated
 */
void peerbar_set_params(struct vfio_pci_core_device *core);

/**
 * peerbar_add_ids - let the driver bind to the devices of the parameter ids
 * @driver: the driver, which is registered
 */
void peerbar_add_ids(struct pci_driver *driver);

int peerbar_stand_in_init(void);
void peerbar_stand_in_exit(void);

/* debugfs.c; these do nothing if the kernel has no debugfs */
int peerbar_debugfs_init(void);
void peerbar_debugfs_exit(void);
void peerbar_debugfs_add(struct peerbar_context *ctx);
void peerbar_debugfs_remove(struct peerbar_context *ctx);

#endif
