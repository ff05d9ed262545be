// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a key permits: its protection domain, rights, range and pages, as a region for the
 * copy. A key that has no table names DMA addresses; one that refers to other keys is not
 * offered. The table may be shorter than the range that the driver gave the key: it ends
 * where the table does.
 */
#include "work.h"

#define MIN_SHIFT	12u	/* below are the flags of a table's entry */
#define MAX_SHIFT	62u

static uint8_t rights(const uint8_t *ctx)
{
	uint8_t access = 0;

	if (mlx5_get(ctx, MKC_LOCAL_WRITE))
		access |= REGION_LOCAL_WRITE;
	if (mlx5_get(ctx, MKC_REMOTE_WRITE))
		access |= REGION_REMOTE_WRITE;
	if (mlx5_get(ctx, MKC_REMOTE_READ))
		access |= REGION_REMOTE_READ;
	if (mlx5_get(ctx, MKC_ATOMIC))
		access |= REGION_REMOTE_ATOMIC;
	return access;
}

/* Bytes from the start of the range to the end of the table. */
static uint64_t table_bytes(const struct region *region)
{
	uint64_t start = region->iova & ((1ull << region->shift) - 1);
	uint64_t bytes = (uint64_t)region->nr_pages << region->shift;

	if (bytes >> region->shift != region->nr_pages)
		return UINT64_MAX;
	return bytes > start ? bytes - start : 0;
}

static bool describe(const struct mlx5_mkey *mkey, struct region *region)
{
	const uint8_t *ctx = mkey->ctx;
	enum mlx5_key_mode mode = mlx5_mkey_mode(ctx);
	uint64_t end;

	region->pd = (uint32_t)mlx5_get(ctx, MKC_PD);
	region->access = rights(ctx);
	region->iova = mlx5_get(ctx, MKC_START);
	region->len = mlx5_get(ctx, MKC_LENGTH64) ? UINT64_MAX - region->iova :
						    mlx5_get(ctx, MKC_LENGTH);
	if (mode == MODE_PHYSICAL) {
		region->physical = true;
		return true;
	}
	region->shift = (uint8_t)mlx5_get(ctx, MKC_LOG_PAGE);
	if (mode != MODE_MTT || region->shift < MIN_SHIFT || region->shift > MAX_SHIFT)
		return false;
	region->page = mkey->entry;
	region->nr_pages = mkey->nr_entries;
	region->zapped = mkey->zapped_ns && !mkey->freed_ns;
	region->gone_ns = mkey->freed_ns ? mkey->freed_ns : mkey->zapped_ns;
	region->gone = region->gone_ns;
	region->readable = MTT_READABLE;
	region->writable = MTT_WRITABLE;
	end = table_bytes(region);
	if (region->len > end)
		region->len = end;
	return true;
}

static bool for_qp(const struct mlx5 *mlx5, const struct mlx5_qp *qp, const uint8_t *ctx)
{
	uint64_t number = mlx5_get(ctx, MKC_QPN);

	return number == MKC_ANY_QP || number == (uint64_t)(qp - mlx5->qp);
}

bool mlx5_access(struct mlx5 *mlx5, const struct mlx5_user *user, uint32_t key, uint64_t addr,
		 uint64_t len, uint8_t access, struct region *region)
{
	const struct mlx5_qp *qp = user->qp;
	const struct mlx5_mkey *mkey = mlx5_mkey_usable(mlx5, key >> 8);

	*region = (struct region){ .key = key };
	if (!mkey || mlx5_get(mkey->ctx, MKC_VARIANT) != (key & 0xff) ||
	    !for_qp(mlx5, qp, mkey->ctx) ||
	    (!access && !mlx5_get(mkey->ctx, MKC_LOCAL_READ)) || !describe(mkey, region))
		return false;
	/* the queue pair that changes keys belongs to no protection domain */
	return region_allows(region, qp->service == SERVICE_UMR ? region->pd : user->pd, addr,
			     len, access);
}
