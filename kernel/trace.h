/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace events. A buffer is identified by the inode number of its dma-buf, as in
 * /sys/kernel/debug/dma_buf/bufinfo and in /proc/PID/fdinfo.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM peerbar

#if !defined(PEERBAR_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define PEERBAR_TRACE_H

#include <linux/tracepoint.h>

#include "revoke.h"

/* room for domain:bus:slot.function, with the longest possible domain */
#define PEERBAR_NAME_LEN 20

TRACE_EVENT(export,
	    TP_PROTO(struct peerbar_buffer *buf),
	    TP_ARGS(buf),
	    TP_STRUCT__entry(__array(char, device, PEERBAR_NAME_LEN)
			     __field(u64, buffer)
			     __field(u64, bytes)
			     __field(unsigned int, ranges)),
	    TP_fast_assign(strscpy(__entry->device, pci_name(buf->context->pdev), PEERBAR_NAME_LEN);
			   __entry->buffer = buf->id;
			   __entry->bytes = buf->size;
			   __entry->ranges = buf->nr_ranges;),
	    TP_printk("device=%s buffer=%llu bytes=%llu ranges=%u",
		      __entry->device, __entry->buffer, __entry->bytes, __entry->ranges)
);

TRACE_EVENT(attach,
	    TP_PROTO(struct peerbar_buffer *buf, const struct peerbar_attachment *att),
	    TP_ARGS(buf, att),
	    TP_STRUCT__entry(__array(char, device, PEERBAR_NAME_LEN)
			     __array(char, importer, PEERBAR_NAME_LEN)
			     __field(u64, buffer)
			     __field(int, type)
			     __field(int, reason)
			     __field(int, stop)),
	    TP_fast_assign(strscpy(__entry->device, pci_name(buf->context->pdev), PEERBAR_NAME_LEN);
			   strscpy(__entry->importer, dev_name(att->client), PEERBAR_NAME_LEN);
			   __entry->buffer = buf->id;
			   __entry->type = att->route.type;
			   __entry->reason = att->route.reason;
			   __entry->stop = att->stop;),
	    TP_printk("device=%s buffer=%llu importer=%s type=%s reason=\"%s\" stop=%s",
		      __entry->device, __entry->buffer, __entry->importer,
		      peerbar_map_type_text(__entry->type), peerbar_refusal_text(__entry->reason),
		      peerbar_stop_text(__entry->stop))
);

TRACE_EVENT(map,
	    TP_PROTO(struct peerbar_buffer *buf, struct device *importer, dma_addr_t addr, u64 ns),
	    TP_ARGS(buf, importer, addr, ns),
	    TP_STRUCT__entry(__array(char, device, PEERBAR_NAME_LEN)
			     __array(char, importer, PEERBAR_NAME_LEN)
			     __field(u64, buffer)
			     __field(u64, bytes)
			     __field(u64, addr)
			     __field(u64, ns)),
	    TP_fast_assign(strscpy(__entry->device, pci_name(buf->context->pdev), PEERBAR_NAME_LEN);
			   strscpy(__entry->importer, dev_name(importer), PEERBAR_NAME_LEN);
			   __entry->buffer = buf->id;
			   __entry->bytes = buf->size;
			   __entry->addr = addr;
			   __entry->ns = ns;),
	    TP_printk("device=%s buffer=%llu importer=%s bytes=%llu dma=%#llx ns=%llu",
		      __entry->device, __entry->buffer, __entry->importer, __entry->bytes,
		      __entry->addr, __entry->ns)
);

TRACE_EVENT(fence,
	    TP_PROTO(const struct peerbar_mapping *m, bool iommu),
	    TP_ARGS(m, iommu),
	    TP_STRUCT__entry(__array(char, device, PEERBAR_NAME_LEN)
			     __array(char, importer, PEERBAR_NAME_LEN)
			     __field(u64, buffer)
			     __field(u64, bytes)
			     __field(int, stop)
			     __field(bool, told)
			     __field(bool, iommu)),
	    TP_fast_assign(strscpy(__entry->device, pci_name(m->att->buf->context->pdev),
				   PEERBAR_NAME_LEN);
			   strscpy(__entry->importer, dev_name(m->att->client), PEERBAR_NAME_LEN);
			   __entry->buffer = m->att->buf->id;
			   __entry->bytes = m->att->buf->size;
			   __entry->stop = m->att->stop;
			   __entry->told = m->told;
			   __entry->iommu = iommu;),
	    TP_printk("device=%s buffer=%llu importer=%s bytes=%llu by=%s cause=%s",
		      __entry->device, __entry->buffer, __entry->importer, __entry->bytes,
		      __entry->iommu ? "iommu" : "nobody",
		      __entry->stop == PEERBAR_STOP_FENCE ? "planned" :
		      __entry->told ? "overdue" : "untold")
);

TRACE_EVENT(revoke_begin,
	    TP_PROTO(struct peerbar_context *ctx, enum peerbar_reason reason, unsigned int buffers,
		     u64 bytes),
	    TP_ARGS(ctx, reason, buffers, bytes),
	    TP_STRUCT__entry(__array(char, device, PEERBAR_NAME_LEN)
			     __field(int, reason)
			     __field(unsigned int, buffers)
			     __field(u64, bytes)),
	    TP_fast_assign(strscpy(__entry->device, pci_name(ctx->pdev), PEERBAR_NAME_LEN);
			   __entry->reason = reason;
			   __entry->buffers = buffers;
			   __entry->bytes = bytes;),
	    TP_printk("device=%s reason=%s buffers=%u bytes=%llu", __entry->device,
		      peerbar_reason_name(__entry->reason), __entry->buffers, __entry->bytes)
);

TRACE_EVENT(revoke_end,
	    TP_PROTO(struct peerbar_context *ctx, enum peerbar_reason reason, unsigned int fenced,
		     unsigned int overdue, u64 ns),
	    TP_ARGS(ctx, reason, fenced, overdue, ns),
	    TP_STRUCT__entry(__array(char, device, PEERBAR_NAME_LEN)
			     __field(int, reason)
			     __field(unsigned int, fenced)
			     __field(unsigned int, overdue)
			     __field(u64, ns)),
	    TP_fast_assign(strscpy(__entry->device, pci_name(ctx->pdev), PEERBAR_NAME_LEN);
			   __entry->reason = reason;
			   __entry->fenced = fenced;
			   __entry->overdue = overdue;
			   __entry->ns = ns;),
	    TP_printk("device=%s reason=%s fenced=%u overdue=%u ns=%llu", __entry->device,
		      peerbar_reason_name(__entry->reason), __entry->fenced, __entry->overdue,
		      __entry->ns)
);

TRACE_EVENT(access,
	    TP_PROTO(struct peerbar_context *ctx, bool revoked, enum peerbar_reason reason),
	    TP_ARGS(ctx, revoked, reason),
	    TP_STRUCT__entry(__array(char, device, PEERBAR_NAME_LEN)
			     __field(bool, revoked)
			     __field(int, reason)),
	    TP_fast_assign(strscpy(__entry->device, pci_name(ctx->pdev), PEERBAR_NAME_LEN);
			   __entry->revoked = revoked;
			   __entry->reason = reason;),
	    TP_printk("device=%s state=%s reason=%s", __entry->device,
		      !__entry->revoked ? "usable" :
		      __entry->reason == PEERBAR_CLOSED ? "closed" : "revoked",
		      peerbar_reason_name(__entry->reason))
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
