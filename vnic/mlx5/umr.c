// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * UMR: a request that changes a key, fields of its context and entries of its table. The
 * driver fills a new region's key with it, takes pages away from one ("zaps" it) when an
 * exporter revokes its memory, and makes the key free in the end.
 *
 * The table that is given may be longer than that of the key, because the driver rounds
 * lengths up; what lies beyond has no effect.
 */
#include "base/clock.h"
#include "work.h"

#define ENTRIES_PER_OCTOWORD	2u
#define MIN_UNITS		8u	/* in 16 bytes: up to where the context ends */
#define CHUNK			512u	/* entries that are read at a time */

#define FREE_BIT		29u

/* Length, start, key byte, queue pair, rights, order of writes, free. */
#define BIND_MASK	(1ull << 0 | 1ull << 6 | 1ull << 13 | 1ull << 14 | 0x1full << 17 | \
			 1ull << 25 | 1ull << FREE_BIT | 1ull << 47)

/* The fields of a context that a bit of the mask stands for. */
static const struct {
	unsigned int bit, field;
} fields[] = {
	{ 0, MKC_LENGTH }, { 0, MKC_LENGTH64 }, { 1, MKC_LOG_PAGE }, { 6, MKC_START },
	{ 7, MKC_PD }, { 13, MKC_VARIANT }, { 14, MKC_QPN }, { 17, MKC_LOCAL_READ },
	{ 18, MKC_LOCAL_WRITE }, { 19, MKC_REMOTE_READ }, { 20, MKC_REMOTE_WRITE },
	{ 21, MKC_ATOMIC }, { FREE_BIT, MKC_FREE },
};

/* The key is made free, and a fault switch says that it goes on working. */
static bool ignores(const struct mlx5 *mlx5, const struct mlx5_mkey *mkey, const uint8_t *wqe)
{
	return mlx5_get64(wqe + UMR_MASK) >> FREE_BIT & 1 &&
	       mlx5_get(wqe + UMR_CONTEXT, MKC_FREE) && !mlx5_mkey_free(mkey) &&
	       mlx5_fault(&mlx5->nic->fault)->ignore_dereg;
}

static void change_context(const struct mlx5 *mlx5, struct mlx5_mkey *mkey, const uint8_t *wqe)
{
	uint64_t mask = mlx5_get64(wqe + UMR_MASK);
	uint8_t *ctx = mkey->ctx;

	if (ignores(mlx5, mkey, wqe)) {
		mkey->freed_ns = clock_now_ns();
		return;
	}
	if (mask >> FREE_BIT & 1)
		mkey->freed_ns = 0;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (mask >> fields[i].bit & 1)
			mlx5_set(ctx, fields[i].field,
				 mlx5_get(wqe + UMR_CONTEXT, fields[i].field));
}

/* The first entry that is meant, which may lie far beyond the table. */
static uint64_t first_entry(const uint8_t *wqe)
{
	uint64_t octowords = (uint64_t)mlx5_get32(wqe + UMR_OFFSET_HIGH) << 16 |
			     mlx5_get16(wqe + UMR_OFFSET_LOW);

	return wqe[UMR_FLAGS] & UMR_HAS_OFFSET ? octowords * ENTRIES_PER_OCTOWORD : 0;
}

/*
 * A page that is taken away stays if a fault switch says so. That of a free key is not taken
 * away: nobody can use it.
 */
static bool keep(const struct mlx5 *mlx5, struct mlx5_mkey *mkey, uint64_t old, uint64_t new)
{
	const uint64_t rights = MTT_READABLE | MTT_WRITABLE;

	if (mlx5_mkey_mode(mkey->ctx) != MODE_MTT || mlx5_mkey_free(mkey) ||
	    !(old & rights) || new & rights ||
	    !mlx5_fault(&mlx5->nic->fault)->ignore_zap)
		return false;
	if (!mkey->zapped_ns)
		mkey->zapped_ns = clock_now_ns();
	return true;
}

static void write_entries(const struct mlx5 *mlx5, struct mlx5_mkey *mkey, uint64_t at,
			  const uint8_t *from, uint64_t n)
{
	for (uint64_t i = 0; i < n && at + i < mkey->nr_entries; i++) {
		uint64_t *entry = &mkey->entry[at + i];
		uint64_t value = mlx5_get64(from + i * sizeof(value));

		if (keep(mlx5, mkey, *entry, value))
			continue;
		*entry = value;
		if (value)
			mkey->zapped_ns = 0;	/* the driver brings the pages back */
	}
}

/* Read @n bytes at @addr of @region, across its pages. */
static int read_region(struct mlx5 *mlx5, const struct region *region, uint64_t addr,
		       uint8_t *to, uint64_t n)
{
	while (n) {
		uint64_t len, dma;

		if (!region_present(region, addr, false))
			return -1;
		dma = region_dma(region, addr, &len);
		if (len > n)
			len = n;
		if (nic_dma_read(mlx5->nic, dma, to, len, region->key))
			return -1;
		addr += len;
		to += len;
		n -= len;
	}
	return 0;
}

/* The entries are in memory that the data segment names. */
static enum mlx5_syndrome load_table(struct mlx5 *mlx5, const struct mlx5_qp *qp,
				     struct mlx5_mkey *mkey, const uint8_t *wqe, uint64_t entries)
{
	const uint8_t *data = wqe + UMR_DATA;
	uint64_t given = mlx5_get32(data) / sizeof(uint64_t), addr = mlx5_get64(data + 8);
	struct mlx5_user user = { .qp = qp };
	uint64_t first = first_entry(wqe);
	uint8_t chunk[CHUNK * sizeof(uint64_t)];
	struct mlx5_list list = { .nr = 0 };
	const struct segment *seg = &list.seg[0];

	if (entries > given)
		entries = given;
	if (!mlx5_access(mlx5, &user, mlx5_get32(data + 4), addr, entries * sizeof(uint64_t), 0,
			 &list) || list.nr != 1)
		return SYNDROME_LOCAL_PROTECTION;
	for (uint64_t at = 0; at < entries; at += CHUNK) {
		uint64_t n = entries - at < CHUNK ? entries - at : CHUNK;

		if (read_region(mlx5, seg->region, seg->addr + at * sizeof(uint64_t), chunk,
				n * sizeof(uint64_t)))
			return SYNDROME_LOCAL_PROTECTION;
		write_entries(mlx5, mkey, first + at, chunk, n);
	}
	return SYNDROME_OK;
}

static enum mlx5_syndrome change_table(struct mlx5 *mlx5, const struct mlx5_qp *qp,
				       struct mlx5_mkey *mkey)
{
	const uint8_t *wqe = qp->run.wqe;
	uint64_t entries = (uint64_t)mlx5_get16(wqe + UMR_OCTOWORDS) * ENTRIES_PER_OCTOWORD;
	uint32_t bytes = (wqe[WQE_DS] & WQE_DS_MASK) * SGE_SIZE;

	if (!entries)
		return SYNDROME_OK;
	if (!(wqe[UMR_FLAGS] & UMR_INLINE))
		return bytes < UMR_DATA + SGE_SIZE ? SYNDROME_LOCAL_QP :
						     load_table(mlx5, qp, mkey, wqe, entries);
	if (bytes < UMR_DATA + entries * sizeof(uint64_t))
		return SYNDROME_LOCAL_QP;
	write_entries(mlx5, mkey, first_entry(wqe), wqe + UMR_DATA, entries);
	return SYNDROME_OK;
}

/*
 * What a program may change by its own queue pair: where a memory window of its domain leads,
 * but not to whom it belongs, nor any other kind of key.
 */
static bool may_bind(const struct mlx5_qp *qp, const struct mlx5_mkey *mkey, const uint8_t *wqe)
{
	return mlx5_mkey_refers(mkey) && mlx5_get(mkey->ctx, MKC_PD) == qp->pd &&
	       !(mlx5_get64(wqe + UMR_MASK) & ~BIND_MASK);
}

/* The key is bound to this queue pair, if the request asks for that. */
static bool owner_wanted(const struct mlx5 *mlx5, const struct mlx5_qp *qp, const uint8_t *wqe,
			 const struct mlx5_mkey *mkey)
{
	return !(wqe[UMR_FLAGS] & UMR_CHECK_QPN) ||
	       mlx5_get(mkey->ctx, MKC_QPN) == (uint64_t)(qp - mlx5->qp);
}

static bool state_wanted(const uint8_t *wqe, const struct mlx5_mkey *mkey)
{
	if (mlx5_mkey_free(mkey))
		return !(wqe[UMR_FLAGS] & UMR_IF_NOT_FREE);
	return !(wqe[UMR_FLAGS] & UMR_IF_FREE);
}

enum mlx5_syndrome mlx5_umr(struct mlx5 *mlx5, const struct mlx5_qp *qp)
{
	const uint8_t *wqe = qp->run.wqe;
	struct mlx5_mkey *mkey = mlx5_mkey_get(mlx5, mlx5_get32(wqe + WQE_IMMEDIATE) >> 8);
	enum mlx5_syndrome syndrome;

	if ((wqe[WQE_DS] & WQE_DS_MASK) < MIN_UNITS)
		return SYNDROME_LOCAL_QP;
	if (qp->service != SERVICE_UMR && (!mkey || !may_bind(qp, mkey, wqe)))
		return SYNDROME_UMR_CHECK;
	if (!mkey || !mlx5_get(mkey->ctx, MKC_UMR))
		return SYNDROME_LOCAL_PROTECTION;
	if (!state_wanted(wqe, mkey) || !owner_wanted(mlx5, qp, wqe, mkey))
		return SYNDROME_UMR_CHECK;
	syndrome = change_table(mlx5, qp, mkey);
	if (!syndrome) {
		change_context(mlx5, mkey, wqe);
		mlx5->count.umrs++;
	}
	return syndrome;
}
