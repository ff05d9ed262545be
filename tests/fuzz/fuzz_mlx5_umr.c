// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * libFuzzer target: requests that change the keys of the virtual ConnectX (UMR), and accesses
 * through these keys. There is a queue pair for keys, one that is connected with itself (and
 * may change memory windows), and keys of every kind: translations, other keys of any and of
 * fixed size, DMA addresses, without a table, free, and not to be changed.
 *
 * Requests are valid ones in which the input changes some bytes. What must be true in the end
 * is in mlx5_check.c and mlx5_rig.c.
 */
#include "mlx5_pair.h"
#include "mlx5_rig.h"

#define IOVA		0x100000u	/* of keys when they are filled */
#define OCTOWORDS	4u
#define TABLE		0x800u		/* offset of entries in memory of end 0's region */
#define MASK_ALL	(1ull << 29 | 0x1full << 17 | 1 << 14 | 1 << 13 | 1 << 7 | 1 << 6 | 3)
#define MASK_BIND	(MASK_ALL & ~(1ull << 7 | 1 << 1))	/* not its domain or page size */
#define RIGHTS		0x1fu
#define MODE_FREE	0x10u
#define MODE_FIXED	0x20u		/* UMR may not change it */
#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

static const struct {
	uint8_t mode;
	uint8_t octowords;
} kinds[] = {
	{ MODE_MTT, OCTOWORDS }, { MODE_MTT | MODE_FREE, OCTOWORDS }, { MODE_KLM, OCTOWORDS },
	{ MODE_KLM | MODE_FREE, OCTOWORDS }, { MODE_KSM, OCTOWORDS }, { MODE_PHYSICAL, 0 },
	{ MODE_MTT, 0 }, { MODE_MTT | MODE_FIXED, OCTOWORDS },
};

#define NR_KEYS LENGTH(kinds)

static struct mdrv *d;
static struct pair p;			/* end 0: for keys; end 1: accesses */
static uint32_t keys[NR_KEYS];		/* indices of keys */

/* ---- keys ---- */

static uint32_t create_key(uint8_t mode, uint32_t octowords)
{
	mdrv_begin(d, 0x200, 0);
	mdrv_put(d, 16, 0x01, 1, !!(mode & MODE_FREE));
	mdrv_put(d, 16, 0x10, 1, !(mode & MODE_FIXED));
	mdrv_put(d, 16, 0x11, 5, RIGHTS);
	mdrv_put(d, 16, 0x16, 2, mode & 3);
	mdrv_put(d, 16, 0x20, 24, 0xffffff);
	mdrv_put(d, 16, 0x67, 1, 1);		/* a message may make it free */
	mdrv_put(d, 16, 0x68, 24, p.end[1].pd);
	mdrv_put(d, 16, 0x80, 64, IOVA);
	mdrv_put(d, 16, 0xc0, 64, octowords * 2 * FIXTURE_PAGE);
	mdrv_put(d, 16, 0x1a0, 32, octowords);
	mdrv_put(d, 16, 0x1da, 6, 12);
	return mdrv_do(d, 0x110, 16) ? 0 : mdrv_object(d);
}

/* A key of the table with the byte that it has now; the others are those of the pair. */
static uint32_t key(uint8_t which)
{
	const struct mlx5_mkey *mkey;

	if (which % (NR_KEYS + 2) >= NR_KEYS)
		return p.end[which & 1].key;
	which %= NR_KEYS;
	mkey = mlx5_mkey_get(d->mlx5, keys[which]);
	return keys[which] << 8 | (mkey ? (uint32_t)mlx5_get(mkey->ctx, MKC_VARIANT) : 0);
}

/* ---- UMR ---- */

static void be(uint8_t *at, unsigned int bytes, uint64_t value)
{
	while (bytes--)
		*at++ = (uint8_t)(value >> 8 * bytes);
}

/* An entry that is a translation, or another key with length and address: 8 or 16 bytes. */
static unsigned int make_entry(struct input *in, uint8_t *at)
{
	uint8_t how = take8(in);

	if (how & 1) {
		be(at, 8, (p.end[1].memory + (how >> 4) * FIXTURE_PAGE) | (how >> 1 & 3));
		return 8;
	}
	be(at, 4, how & 2 ? take32(in) : FIXTURE_PAGE);
	be(at + 4, 4, how >> 4 == 0xf ? NULL_MKEY : key(how >> 4));
	be(at + 8, 8, how & 4 ? take64(in) : how & 8 ? p.end[how >> 4 & 1].iova : IOVA);
	return 16;
}

/* Up to 7 entries, in the request or in memory that it names. */
static void add_table(struct input *in, struct pair_wqe *w, unsigned int n, bool by_other)
{
	struct pair_end *end = &p.end[0];
	uint8_t table[7 * 16] = { 0 };
	unsigned int size = 0;

	while (n--)
		size += make_entry(in, table + size);
	be(w->byte + 20, 2, (size + 15) / 16);
	if (w->byte[16] & 0x80) {
		memcpy(w->byte + w->size, table, size);
		w->size += (size + 15) / 16 * 16;
		return;
	}
	fixture_put(d->f, end->memory + (end->iova & 0xfff) + TABLE, table, sizeof(table));
	if (by_other)
		pair_segment(w, size, key(take8(in)), IOVA + TABLE);
	else
		pair_segment(w, size, end->key, end->iova + TABLE);
}

static void put(struct pair_wqe *w, unsigned int field, uint64_t value)
{
	mlx5_set(w->byte + 64, field, value);
}

static void step_umr(struct input *in)
{
	uint8_t which = take8(in), how = take8(in), flags = take8(in), end = which >> 7;
	struct pair_wqe w = pair_wqe(0x25, key(which & 0x7f));

	w.byte[16] = flags & 0xf8;
	be(w.byte + 22, 2, flags & 0x03);		/* offset */
	be(w.byte + 24, 8, how & 1 ? take64(in) : end ? MASK_BIND : MASK_ALL);
	w.size = 128;
	put(&w, MKC_FREE, how >> 1 & 1);
	for (unsigned int field = MKC_ATOMIC; field <= MKC_LOCAL_READ; field += FIELD(1, 0))
		put(&w, field, 1);
	put(&w, MKC_QPN, end ? p.end[1].qp : MKC_ANY_QP);
	put(&w, MKC_VARIANT, which);
	put(&w, MKC_PD, p.end[1].pd);
	put(&w, MKC_START, IOVA);
	put(&w, MKC_LENGTH, OCTOWORDS * 2 * FIXTURE_PAGE);
	put(&w, MKC_LOG_PAGE, 12);
	add_table(in, &w, how >> 2 & 7, flags & 0x04);
	for (unsigned int spoils = how >> 5 & 3; spoils; spoils--)
		spoil(in, w.byte, w.size);
	if (how & 0x80)
		w.says = take8(in);
	pair_post(&p, end, &w);
}

/* ---- accesses ---- */

static uint64_t address(struct input *in, uint8_t which, uint8_t how)
{
	uint64_t start = which % (NR_KEYS + 2) < NR_KEYS ? IOVA : p.end[1].iova;

	return how & 1 ? take64(in) : start + (uint64_t)take16(in) * 8;
}

static void step_access(struct input *in)
{
	static const uint8_t opcodes[] = { 8, 9, 0xa, 1, 0x10, 0x11, 0x12 };
	uint8_t opcode = opcodes[take8(in) % LENGTH(opcodes)], how = take8(in), which = take8(in);
	struct pair_wqe w = pair_wqe(opcode, key(which));	/* which a message makes free */

	if (opcode != 0xa && opcode != 1)
		pair_remote(&w, address(in, which, how), key(which));
	if (opcode >= 0x11)
		pair_remote(&w, take8(in), 0);
	for (unsigned int n = how >> 1 & 3; n; n--) {
		uint32_t len = how & 8 ? 8u : take16(in);

		which = take8(in);
		pair_segment(&w, len, key(which), address(in, which, how));
	}
	if (how & 0x10)
		spoil(in, w.byte, w.size);
	pair_post(&p, 1, &w);
}

static void step_receive(struct input *in)
{
	uint8_t which = take8(in);
	uint32_t len = take16(in);

	pair_recv(&p, 1, len, key(which), address(in, which, 0));
}

/* ---- the rest ---- */

static void step_key(struct input *in)
{
	uint8_t which = take8(in) % NR_KEYS, how = take8(in);

	mdrv_begin(d, 0x202, 0);
	mdrv_put(d, 9, 0, 24, keys[which]);
	if (!mdrv_do(d, 12, 12) || how & 1)
		keys[which] = create_key(kinds[which].mode, how >> 1);
}

/* A queue pair that failed is made ready again. */
static void step_revive(struct input *in)
{
	uint8_t n = take8(in) & 1;

	pair_modify(&p, n, 0x50a, 7);
	for (uint16_t opcode = 0x502; opcode <= 0x504; opcode++)
		pair_modify(&p, n, opcode, 7);
	mlx5_set(d->mlx5->qp[p.end[n].qp].ctx, QPC_REMOTE_QPN, p.end[n].qp);
	p.end[n].sends = 0;
	p.end[n].recvs = 0;
}

static void step_unmap(struct input *in)
{
	rig_unmap(in, false);
}

static void (*const steps[])(struct input *in) = {
	step_umr, step_umr, step_umr, step_umr, step_access, step_access, step_access, step_key,
	rig_engine, rig_engine, step_receive, step_revive, rig_fault, step_unmap, rig_store,
};

/* ---- one input ---- */

/* The queue pair for keys belongs to no protection domain; the other is its own peer. */
static void setup(void)
{
	uint64_t events;
	struct mlx5_qp *qp;

	p = pair_create(d, PAIR_RC, 7);
	mdrv_eq(d, p.uar, 4, 1ull << 0x0c, &events);
	qp = mlx5_qp_get(d->mlx5, p.end[0].qp);
	qp->service = SERVICE_UMR;
	qp->pd = 0;
	mlx5_set(d->mlx5->qp[p.end[1].qp].ctx, QPC_REMOTE_QPN, p.end[1].qp);
	for (unsigned int i = 0; i < NR_KEYS; i++)
		keys[i] = create_key(kinds[i].mode, kinds[i].octowords);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .left = size };

	d = rig_begin();
	setup();
	while (in.left > 0)
		steps[take8(&in) % LENGTH(steps)](&in);
	rig_end();
	return 0;
}
