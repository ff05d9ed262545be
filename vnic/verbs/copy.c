// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Copies between memory regions, inline data and receive buffers: see copy.h.
 *
 * Each side is a list of segments and is walked in *windows*. A window is the longest
 * run of bytes that the CPU can address contiguously: it ends at the end of the
 * segment, of consecutive pages of the region or of the map in the IOMMU, whichever comes first.
 * Each step copies as many bytes as the shorter of the two windows has.
 */
#include <string.h>

#include "base/clock.h"
#include "copy.h"
#include "core/nic.h"

struct cursor {			/* a position in a list of segments */
	const struct segment *seg;
	unsigned int left;	/* segments left, including *seg; 0: at the end */
	uint64_t off;		/* offset in *seg */
};

struct window {
	uint8_t *at;
	uint64_t len;
	uint64_t dma;		/* address on the bus; unused for inline data */
	bool absent;		/* the page is not present */
};

/* Moves on from the end of a segment to the next byte, and so skips empty segments. */
static void advance(struct cursor *c, uint64_t bytes)
{
	c->off += bytes;
	while (c->left && c->off >= c->seg->len) {
		c->off -= c->seg->len;
		c->seg++;
		c->left--;
	}
}

static struct cursor cursor_at(const struct segment *seg, unsigned int nr, uint64_t off)
{
	struct cursor c = { .seg = seg, .left = nr };

	advance(&c, off);
	return c;
}

/*
 * Return: false if the page is not present, or if the access was refused; core/nic.c has then
 * recorded it as stray.
 */
static bool window_open(struct nic *nic, const struct cursor *c, uint64_t want,
			uint32_t prot, struct window *w)
{
	const struct segment *seg = c->seg;

	w->absent = false;
	w->len = seg->len - c->off;
	if (w->len > want)
		w->len = want;
	if (!seg->region) {
		w->at = (uint8_t *)seg->bytes + c->off;	/* inline data is never written to */
		return true;
	}
	w->absent = !region_present(seg->region, seg->addr + c->off, prot == DMA_PROT_WRITE);
	if (w->absent)
		return false;
	w->dma = region_run(seg->region, seg->addr + c->off, &w->len);
	w->at = nic_dma_window(nic, w->dma, &w->len, prot, seg->region->key);
	return w->at;
}

void verbs_note_gone(struct nic *nic, const struct region *region, uint64_t dma, uint64_t len,
		     bool write)
{
	struct stray_record record = {
		.kind = region->zapped ? STRAY_ZAPPED : STRAY_DEREGISTERED,
		.write = write,
		.addr = dma,
		.len = len,
		.key = region->key,
		.age_ns = clock_now_ns() - region->gone_ns,
	};

	if (region->gone)
		stray_note(&nic->stray, &record);
}

static void move(struct nic *nic, const struct cursor *dst, const struct window *to,
		 const struct cursor *src, const struct window *from, uint64_t len)
{
	memmove(to->at, from->at, len);		/* the two IOVAs may name the same memory */
	if (src->seg->region)
		verbs_note_gone(nic, src->seg->region, from->dma, len, false);
	verbs_note_gone(nic, dst->seg->region, to->dma, len, true);
}

struct copy_result verbs_copy(struct nic *nic, const struct segment *dst, unsigned int nr_dst,
			      const struct segment *src, unsigned int nr_src, uint64_t off,
			      uint32_t len)
{
	struct cursor to = cursor_at(dst, nr_dst, off);
	struct cursor from = cursor_at(src, nr_src, off);
	struct copy_result result = { 0 };

	while (result.moved < len && to.left && from.left) {
		struct window in, out;

		if (!window_open(nic, &from, len - result.moved, DMA_PROT_READ, &in)) {
			result.src_fault = true;
			result.absent = in.absent;
			break;
		}
		if (!window_open(nic, &to, in.len, DMA_PROT_WRITE, &out)) {
			result.dst_fault = true;
			result.absent = out.absent;
			break;
		}
		move(nic, &to, &out, &from, &in, out.len);
		advance(&from, out.len);
		advance(&to, out.len);
		result.moved += (uint32_t)out.len;
	}
	return result;
}
