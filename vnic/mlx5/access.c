// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a key permits: its protection domain, rights, range and pages, as a region for the
 * copy. A key that has no table names DMA addresses. The table may be shorter than the range
 * that the driver gave the key: it ends where the table does.
 *
 * A key may refer to others: a memory window to the region that it was bound to, the key of a
 * whole address space to those of its parts. Where a part has no key yet, the null key stands,
 * and nothing of it is present.
 */
#include "work.h"

#define MIN_SHIFT	12u	/* below are the flags of a table's entry */
#define MAX_SHIFT	62u
#define MAX_DEPTH	3u	/* of keys that refer to keys */
#define ENTRIES_PER_KEY	2u	/* u64 of a table, for each key that it refers to */
#define MAX_SEARCH	4096u	/* entries of a table of keys; nobody waits for more */
#define WRITES		(REGION_LOCAL_WRITE | REGION_REMOTE_WRITE | REGION_REMOTE_ATOMIC)

struct want {			/* an access that somebody asks for */
	uint32_t key;
	uint64_t addr, len;
	uint8_t access;		/* REGION_* bits; 0: a local read */
};

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
	uint64_t start = mlx5_get(ctx, MKC_START);
	uint64_t end = start ? -start : UINT64_MAX;	/* it does not wrap around */

	region->pd = (uint32_t)mlx5_get(ctx, MKC_PD);
	region->access = rights(ctx);
	region->iova = start;
	region->len = mlx5_get(ctx, MKC_LENGTH64) ? end : mlx5_get(ctx, MKC_LENGTH);
	if (region->len > end)
		region->len = end;
	if (mode == MODE_PHYSICAL) {
		region->physical = true;
		return true;
	}
	if (mlx5_mkey_refers(mkey))
		return true;
	region->shift = (uint8_t)mlx5_get(ctx, MKC_LOG_PAGE);
	if (region->shift < MIN_SHIFT || region->shift > MAX_SHIFT)
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

/* ---- keys that refer to other keys ---- */

static bool append(struct mlx5_list *list, const struct region *region, uint64_t addr,
		   uint64_t len)
{
	if (list->nr == MAX_SEGMENTS)
		return false;
	list->region[list->nr] = *region;
	list->seg[list->nr] = (struct segment){ .region = &list->region[list->nr],
						.addr = addr, .len = (uint32_t)len };
	list->nr++;
	list->len += len;
	return true;
}

/*
 * An entry of a table of keys: which key, from what address of it, and for how many bytes.
 * Those of one kind say how long each is, those of the other are of one size.
 */
struct referred {
	uint32_t key;
	uint64_t addr, len;
};

static bool find_referred(const struct mlx5_mkey *mkey, uint64_t off, struct referred *to)
{
	bool sized = mlx5_mkey_mode(mkey->ctx) == MODE_KSM;
	uint64_t shift = mlx5_get(mkey->ctx, MKC_LOG_PAGE);
	uint64_t i = sized ? off >> shift : 0, n = mkey->nr_entries / ENTRIES_PER_KEY;

	if (sized)
		off -= i << shift;
	else if (n > MAX_SEARCH)
		n = MAX_SEARCH;
	for (; i < n; i++) {
		const uint64_t *entry = &mkey->entry[i * ENTRIES_PER_KEY];
		uint64_t bytes = sized ? 1ull << shift : entry[0] >> 32;

		if (off < bytes) {
			*to = (struct referred){ .key = (uint32_t)entry[0],
						 .addr = entry[1] + off, .len = bytes - off };
			return true;
		}
		off -= bytes;
	}
	return false;
}

static bool look_up(struct mlx5 *mlx5, const struct mlx5_user *user, const struct want *want,
		    unsigned int depth, struct mlx5_list *list);

/* Of a key that another refers to, no remote right is needed. */
static bool refer(struct mlx5 *mlx5, const struct mlx5_user *user, const struct mlx5_mkey *mkey,
		  const struct want *want, unsigned int depth, struct mlx5_list *list)
{
	uint64_t off = want->addr - mlx5_get(mkey->ctx, MKC_START), done = 0;

	while (done < want->len) {
		struct region absent = { .key = want->key, .absent = true };
		struct want inner = { .access = want->access & WRITES ? REGION_LOCAL_WRITE : 0 };
		struct referred to;
		bool good;

		if (!depth || !find_referred(mkey, off + done, &to))
			return false;
		inner.key = to.key;
		inner.addr = to.addr;
		inner.len = to.len < want->len - done ? to.len : want->len - done;
		good = to.key == NULL_MKEY ? append(list, &absent, to.addr, inner.len) :
					     look_up(mlx5, user, &inner, depth - 1, list);
		if (!good)
			return false;
		done += inner.len;
	}
	return true;
}

static bool look_up(struct mlx5 *mlx5, const struct mlx5_user *user, const struct want *want,
		    unsigned int depth, struct mlx5_list *list)
{
	const struct mlx5_qp *qp = user->qp;
	const struct mlx5_mkey *mkey = mlx5_mkey_usable(mlx5, want->key >> 8);
	struct region region = { .key = want->key };

	if (!mkey || mlx5_get(mkey->ctx, MKC_VARIANT) != (want->key & 0xff) ||
	    !for_qp(mlx5, qp, mkey->ctx) ||
	    (!want->access && !mlx5_get(mkey->ctx, MKC_LOCAL_READ)) || !describe(mkey, &region))
		return false;
	/* the queue pair that changes keys belongs to no protection domain */
	if (!region_allows(&region, qp->service == SERVICE_UMR ? region.pd : user->pd, want->addr,
			   want->len, want->access))
		return false;
	if (mlx5_mkey_refers(mkey))
		return refer(mlx5, user, mkey, want, depth, list);
	return append(list, &region, want->addr, want->len);
}

bool mlx5_access(struct mlx5 *mlx5, const struct mlx5_user *user, uint32_t key, uint64_t addr,
		 uint64_t len, uint8_t access, struct mlx5_list *list)
{
	struct want want = { .key = key, .addr = addr, .len = len, .access = access };

	return look_up(mlx5, user, &want, MAX_DEPTH, list);
}

bool mlx5_invalidate(struct mlx5 *mlx5, const struct mlx5_user *user, uint32_t key)
{
	struct mlx5_mkey *mkey = mlx5_mkey_usable(mlx5, key >> 8);

	if (!mkey || mlx5_get(mkey->ctx, MKC_VARIANT) != (key & 0xff) ||
	    !mlx5_get(mkey->ctx, MKC_REMOTE_INVAL) || !for_qp(mlx5, user->qp, mkey->ctx) ||
	    mlx5_get(mkey->ctx, MKC_PD) != user->pd)
		return false;
	mlx5_set(mkey->ctx, MKC_FREE, 1);
	return true;
}
