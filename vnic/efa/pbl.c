// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Page tables of REG_MR. The driver gives the DMA addresses of a region's pages in one of
 * three forms: in the command itself (up to four); in one DMA-contiguous array ("direct");
 * or, if it could get no contiguous memory for the array, as a chain of chunks that name
 * the pages of the array ("indirect").
 *
 * The table is copied, because the driver may free it as soon as the command has completed.
 * Every loop is bounded by the number of pages, which was computed from the region. The
 * lengths in the chain are only compared with it and never used to bound anything.
 */
#include "pbl.h"

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint8_t fetch(struct efa *efa, uint64_t iova, void *dst, size_t len)
{
	return nic_dma_read(efa->nic, iova, dst, len, 0) ? EFA_ADMIN_ILLEGAL : EFA_ADMIN_OK;
}

/* Read the table pages that one chunk names; together they hold @n addresses. */
static uint8_t read_table_pages(struct efa *efa, const struct efa_chunk *chunk,
				uint64_t *page, uint32_t n)
{
	for (uint32_t i = 0; n > 0; i++) {
		uint32_t here = min_u32(n, EFA_TABLE_ENTRIES);
		uint8_t status;

		if (chunk->page[i] % EFA_TABLE_PAGE)
			return EFA_ADMIN_ILLEGAL;
		status = fetch(efa, chunk->page[i], page, here * sizeof(*page));
		if (status)
			return status;
		page += here;
		n -= here;
	}
	return EFA_ADMIN_OK;
}

/*
 * Drivers up to Linux 6.12 get the length of a full last chunk wrong: they write 12, the
 * length of a chunk without addresses.
 */
static bool chunk_length_ok(uint32_t length, uint32_t pages, bool last)
{
	const uint32_t link = sizeof(struct efa_ctrl_buf);

	return length == pages * sizeof(uint64_t) + link ||
	       (last && pages == EFA_CHUNK_PAGES && length == link);
}

static uint8_t read_indirect(struct efa *efa, struct efa_ctrl_buf at, uint64_t *page,
			     uint32_t n)
{
	const uint32_t chunk_entries = EFA_CHUNK_PAGES * EFA_TABLE_ENTRIES;
	struct efa_chunk chunk;

	while (n > 0) {
		uint32_t here = min_u32(n, chunk_entries);
		uint32_t pages = (here + EFA_TABLE_ENTRIES - 1) / EFA_TABLE_ENTRIES;
		bool last = here == n;
		uint8_t status;

		if (!chunk_length_ok(at.length, pages, last))
			return EFA_ADMIN_ILLEGAL;
		status = fetch(efa, at.addr, &chunk,
			       last ? pages * sizeof(uint64_t) : sizeof(chunk));
		if (!status)
			status = read_table_pages(efa, &chunk, page, here);
		if (status || last)
			return status;
		at = chunk.next;
		page += here;
		n -= here;
	}
	return EFA_ADMIN_OK;
}

static uint8_t read_inline(const struct efa_reg_mr_cmd *cmd, uint64_t *page, uint32_t n)
{
	if (n > EFA_MR_INLINE_PAGES)
		return EFA_ADMIN_ILLEGAL;
	for (uint32_t i = 0; i < n; i++)
		page[i] = cmd->pbl.page[i];
	return EFA_ADMIN_OK;
}

static uint8_t read_any(struct efa *efa, const struct efa_reg_mr_cmd *cmd, uint64_t *page,
			uint32_t n)
{
	if (!(cmd->hdr.flags & EFA_AQ_CTRL_DATA))
		return read_inline(cmd, page, n);
	if (cmd->hdr.flags & EFA_AQ_CTRL_INDIRECT)
		return read_indirect(efa, cmd->pbl.table, page, n);
	if (cmd->pbl.table.length != n * sizeof(*page))
		return EFA_ADMIN_ILLEGAL;
	return fetch(efa, cmd->pbl.table.addr, page, n * sizeof(*page));
}

uint8_t efa_pbl_read(struct efa *efa, const struct efa_reg_mr_cmd *cmd, uint64_t *page,
		     uint32_t n)
{
	uint64_t in_page = (1ull << (cmd->flags & EFA_MR_SHIFT)) - 1;
	uint8_t status = read_any(efa, cmd, page, n);

	for (uint32_t i = 0; !status && i < n; i++)
		if (page[i] & in_page)
			status = EFA_ADMIN_ILLEGAL;
	return status;
}
