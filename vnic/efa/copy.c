// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Bytes between memory regions, inline data and receive buffers.
 *
 * Each side is a list of segments, walked in *windows*: the longest run of
 * bytes that is contiguous for the CPU, which ends with the segment, the MR's
 * page or the IOMMU's map, whichever is first. A step moves the shorter of the
 * two windows.
 */
#include <string.h>

#include "base/clock.h"
#include "efa.h"

struct cursor {			/* a place in a list of segments */
	const struct efa_segment *seg;
	unsigned int left;	/* segments, this one included; 0: at the end */
	uint64_t off;		/* in this one */
};

struct window {
	uint8_t *at;
	uint64_t len;
	uint64_t dma;		/* address on the bus; unused for inline data */
};

/* Never rests at the end of a segment, and so passes empty ones. */
static void advance(struct cursor *c, uint64_t bytes)
{
	c->off += bytes;
	while (c->left && c->off >= c->seg->len) {
		c->off -= c->seg->len;
		c->seg++;
		c->left--;
	}
}

static struct cursor cursor_at(const struct efa_segment *seg, unsigned int nr, uint64_t off)
{
	struct cursor c = { .seg = seg, .left = nr };

	advance(&c, off);
	return c;
}

/* Return: false if the IOMMU refused the access (and nic.c has noted it). */
static bool window_open(struct efa *efa, const struct cursor *c, uint64_t want,
			uint32_t prot, struct window *w)
{
	const struct efa_segment *seg = c->seg;
	uint64_t in_page;

	w->len = seg->len - c->off;
	if (w->len > want)
		w->len = want;
	if (!seg->mr) {
		w->at = (uint8_t *)seg->bytes + c->off;	/* only ever a source */
		return true;
	}
	w->dma = efa_mr_dma(seg->mr, seg->addr + c->off, &in_page);
	if (w->len > in_page)
		w->len = in_page;
	w->at = nic_dma_window(efa->nic, w->dma, &w->len, prot, efa_mr_key(efa, seg->mr));
	return w->at;
}

/* @len bytes moved through a key that the guest had deregistered. */
static void note_zombie(struct efa *efa, const struct efa_mr *mr, uint64_t dma,
			uint64_t len, bool write)
{
	struct stray_record record = {
		.kind = STRAY_DEREGISTERED,
		.write = write,
		.addr = dma,
		.len = len,
		.key = efa_mr_key(efa, mr),
		.age_ns = clock_now_ns() - mr->dereg_ns,
	};

	stray_note(&efa->nic->stray, &record);
}

static void move(struct efa *efa, const struct cursor *dst, const struct window *to,
		 const struct cursor *src, const struct window *from, uint64_t len)
{
	memmove(to->at, from->at, len);		/* two IOVAs may be the same memory */
	if (src->seg->mr && src->seg->mr->zombie)
		note_zombie(efa, src->seg->mr, from->dma, len, false);
	if (dst->seg->mr->zombie)
		note_zombie(efa, dst->seg->mr, to->dma, len, true);
}

struct efa_copy_result efa_copy(struct efa *efa, const struct efa_segment *dst,
				unsigned int nr_dst, const struct efa_segment *src,
				unsigned int nr_src, uint64_t off, uint32_t len)
{
	struct cursor to = cursor_at(dst, nr_dst, off);
	struct cursor from = cursor_at(src, nr_src, off);
	struct efa_copy_result result = { 0 };

	while (result.moved < len && to.left && from.left) {
		struct window in, out;

		if (!window_open(efa, &from, len - result.moved, DMA_PROT_READ, &in)) {
			result.src_fault = true;
			break;
		}
		if (!window_open(efa, &to, in.len, DMA_PROT_WRITE, &out)) {
			result.dst_fault = true;
			break;
		}
		move(efa, &to, &out, &from, &in, out.len);
		advance(&from, out.len);
		advance(&to, out.len);
		result.moved += (uint32_t)out.len;
	}
	return result;
}
