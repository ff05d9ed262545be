/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of peerbar-vfio-pci share. Who calls whom: driver.c -> export.c,
 * revoke.c; export.c -> mapping.c; mapping.c, revoke.c -> fence.c, provider.c,
 * admission.c; all -> compat/. Locks: head of revoke.c.
 */
#ifndef PEERBAR_H
#define PEERBAR_H

#include <linux/dma-buf.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/types.h>
#include <linux/vfio_pci_core.h>
#include <linux/wait.h>

#include "compat/compat.h"
#include "compat/iova.h"
#include "topology.h"

/* Why no importer may reach a device's BARs now: bits of peerbar_context.reasons. */
enum peerbar_reason {
	PEERBAR_CLOSED,			/* no user has the device open */
	PEERBAR_RESET,			/* a reset is under way, whoever asked for it */
	PEERBAR_MEMORY_OFF,		/* PCI_COMMAND.MEM was cleared */
	PEERBAR_D3HOT,			/* powered down through the PM capability */
	PEERBAR_LOW_POWER,		/* the low power feature was entered */
	PEERBAR_ERROR,			/* AER reported the device, or its link, as lost */
	PEERBAR_REMOVED,		/* unbound or unplugged */
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
 * @host_bridge_verdict: the kernel's, on whom only its host bridge parts from it; asked
 *                       for by the first attach that needs it
 */
struct peerbar_provider {
	struct pci_dev *pdev;
	phys_addr_t start;
	resource_size_t size;
	u64 bus_offset;
	enum peerbar_verdict host_bridge_verdict;
};

/**
 * struct peerbar_context - the part of a device that its dma-bufs need
 *
 * It outlives the device: buffers may stay after close, unbind and unplug, and then
 * answer -ENODEV. Nothing in it points to the vfio device.
 *
 * @ref: one for the device, one for each buffer
 * @pdev: referenced
 * @provider: one for each BAR, made at probe
 * @lock: protects all below; held while a revoke waits
 * @reasons: bits of enum peerbar_reason
 * @events: times that each was set
 * @buffers: all that exist, orphans included
 * @revokes: events that took something away, by reason
 * @fenced: mappings closed under an importer that held them
 * @overdue: those of them whose importer should have let go, and did not in time
 * @histogram: how long those events took
 * @debugfs: folder of the device
 */
struct peerbar_context {
	struct kref ref;
	struct pci_dev *pdev;
	struct peerbar_provider provider[PCI_STD_NUM_BARS];

	struct mutex lock; /* see revoke.c */
	unsigned long reasons;
	unsigned int events[PEERBAR_NR_REASONS];
	struct list_head buffers;
	u64 revokes[PEERBAR_NR_REASONS];
	u64 fenced;
	u64 overdue;
	u64 histogram[PEERBAR_HISTOGRAM];

	struct dentry *debugfs;
};

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
 * @context: referenced
 * @provider: the BAR
 * @dmabuf: its dma-buf; valid as long as the buffer is in the context's list
 * @node: in peerbar_context.buffers
 * @size: bytes, all ranges
 * @nr_ranges: number of ranges; neighbours that touch are merged
 * @range: in the user's order
 * @orphan: the device was closed: never usable again; under peerbar_context.lock
 * @told: importers know of the last revoke; under peerbar_context.lock
 * @lock: protects all below
 * @revoked: mapping it gives -ENODEV
 * @live: mappings that an importer holds and that reach the BAR
 * @attachments: of importers
 * @idle: woken when @live becomes 0
 */
struct peerbar_buffer {
	struct peerbar_context *context;
	struct peerbar_provider *provider;
	struct dma_buf *dmabuf;
	struct list_head node;
	size_t size;
	unsigned int nr_ranges;
	struct peerbar_range *range;
	bool orphan;
	bool told;

	struct mutex lock; /* see revoke.c */
	bool revoked;
	unsigned int live;
	struct list_head attachments;
	wait_queue_head_t idle;
};

/* What stops an importer's DMA when the BAR is taken away. */
enum peerbar_stop {
	PEERBAR_STOP_NATIVE,		/* itself: it is told, stops its hardware and unmaps */
	PEERBAR_STOP_FENCE,		/* the IOMMU: it is not told, and may unmap whenever */
};

/**
 * struct peerbar_attachment - an importer of a buffer; priv of the dma_buf_attachment
 * @attach: the core's side
 * @node: in peerbar_buffer.attachments
 * @route: may it reach the BAR, and how; decided once
 * @stop: what stops it; decided once
 * @mappings: all that it ever had: live, or parked with their IOVA
 * @fenced: a mapping of it was closed by the fence: it gets no other
 */
struct peerbar_attachment {
	struct dma_buf_attachment *attach;
	struct list_head node;
	struct peerbar_route route;
	enum peerbar_stop stop;
	struct list_head mappings;
	bool fenced;
};

/* How a mapping's DMA addresses come about. */
enum peerbar_way {
	PEERBAR_BUS,			/* bus addresses: no IOMMU in the way */
	PEERBAR_DIRECT,			/* the DMA API, which does not translate */
	PEERBAR_TRANSLATED,		/* IOVA in a domain of the DMA API */
};

/**
 * struct peerbar_span - a range as one client sees it
 * @phys: CPU address
 * @len: bytes
 * @addr: DMA address, when open
 * @iova: of a translated span: stays reserved from the first open to the release
 */
struct peerbar_span {
	phys_addr_t phys;
	size_t len;
	dma_addr_t addr;
	struct peerbar_iova iova;
};

enum peerbar_mapping_state {
	PEERBAR_PARKED,			/* closed; IOVA reserved; may be opened again */
	PEERBAR_LIVE,			/* open, an importer holds it */
	PEERBAR_FENCED,			/* closed by the fence, the importer still holds it */
};

/**
 * struct peerbar_mapping - a buffer mapped for one attachment
 * @sgt: what the importer sees
 * @node: in peerbar_attachment.mappings
 * @state: see the enum
 * @way: the same for all spans
 * @dir: direction of the transfers
 * @nr_spans: number of spans
 * @span: one for each range of the buffer
 */
struct peerbar_mapping {
	struct sg_table sgt;
	struct list_head node;
	enum peerbar_mapping_state state;
	enum peerbar_way way;
	enum dma_data_direction dir;
	unsigned int nr_spans;
	struct peerbar_span span[];
};

/* export.c */

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
 * peerbar_export - VFIO_DEVICE_FEATURE_DMA_BUF
 * @pd: an open device
 * @flags: of struct vfio_device_feature
 * @arg: the user's struct
 * @argsz: bytes behind it
 *
 * Checks and errors are mainline's, in mainline's order.
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

/* revoke.c */

/**
 * peerbar_revoke - take the BARs away from all importers
 * @ctx: the device
 * @reason: why; stays set until peerbar_allow()
 * @wait: give importers time to unmap (at most revoke_timeout_ms together); without it
 *        only their callbacks run
 *
 * Importers that cannot stop are fenced off first, whatever the others do.
 *
 * Afterwards no DMA reaches the BARs: importers have stopped, or were fenced off. The one
 * exception is a call without @wait for an importer that was told, but has not unmapped,
 * behind no translating IOMMU: stopping it would stop its whole device. The next event
 * that waits, at the latest the close, sees to it.
 *
 * A pinned or fenced registration stays dead for ever; a dynamic importer may map again
 * once no reason is left.
 */
void peerbar_revoke(struct peerbar_context *ctx, enum peerbar_reason reason, bool wait);

/**
 * peerbar_allow - a reason is gone
 * @ctx: the device
 * @reason: which
 */
void peerbar_allow(struct peerbar_context *ctx, enum peerbar_reason reason);

/**
 * peerbar_events - how many times a reason was set
 * @ctx: the device
 * @reason: which
 *
 * Return: the number, for peerbar_allow_after().
 */
unsigned int peerbar_events(struct peerbar_context *ctx, enum peerbar_reason reason);

/**
 * peerbar_allow_after - a reason is gone, unless it has been set again
 * @ctx: the device
 * @reason: which
 * @events: peerbar_events() of it from before the caller looked
 */
void peerbar_allow_after(struct peerbar_context *ctx, enum peerbar_reason reason,
			 unsigned int events);

/**
 * peerbar_reason_name - name of a reason, for tools
 * @reason: which
 *
 * Return: a constant string.
 */
const char *peerbar_reason_name(enum peerbar_reason reason);

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
 * Decided by what its callback does, not by there being one. A refusal is logged, with
 * what is in the way of the fence.
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

/* fence.c */

/**
 * peerbar_span_open - let a client reach a range
 * @provider: the BAR
 * @client: the device
 * @way: how
 * @span: closed
 * @dir: direction of the transfers
 *
 * Return: 0, or an errno with the span closed.
 */
int peerbar_span_open(const struct peerbar_provider *provider, struct device *client,
		      enum peerbar_way way, struct peerbar_span *span,
		      enum dma_data_direction dir);

/**
 * peerbar_span_close - no DMA of the client reaches the range from now on
 * @client: the device
 * @way: as opened
 * @span: open
 * @dir: as opened
 *
 * Synchronous on strict and on lazy domains. The IOVA stays reserved. On a way without
 * translation there is nothing to close; the importer has stopped, or is stopped by
 * peerbar_fence().
 *
 * Return: 0, or -EIO if the IOMMU still translates.
 */
int peerbar_span_close(struct device *client, enum peerbar_way way, struct peerbar_span *span,
		       enum dma_data_direction dir);

/**
 * peerbar_span_release - give the IOVA of a closed span back
 * @client: the device
 * @way: as opened
 * @span: closed
 */
void peerbar_span_release(struct device *client, enum peerbar_way way,
			  struct peerbar_span *span);

/**
 * peerbar_fence - stop the DMA of an importer that cannot let go, or did not
 * @att: the importer
 * @m: its live mapping
 *
 * Through the IOMMU if that translates; else by clearing the bus mastering of the
 * importer's device. Logged: as information if the importer was let in for the fence, as
 * a warning otherwise.
 */
void peerbar_fence(struct peerbar_attachment *att, struct peerbar_mapping *m);

/* debugfs.c; without debugfs in the kernel they do nothing */
void peerbar_debugfs_init(void);
void peerbar_debugfs_exit(void);
void peerbar_debugfs_add(struct peerbar_context *ctx);
void peerbar_debugfs_remove(struct peerbar_context *ctx);

#endif
