// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * libFuzzer target: work requests of the virtual ConnectX. Two queue pairs are connected; the
 * first byte of the input chooses how, and whether the second shares receives. The rest is a
 * program that posts requests and receives, shared ones with any link, writes doorbell records
 * and rings, takes pages of keys away and gives them back, answers page faults, changes states,
 * destroys objects, and lets the engine take turns.
 *
 * Requests are valid ones of any operation in which the input changes some bytes. What must be
 * true in the end is in mlx5_check.c and mlx5_rig.c.
 */
#include "mlx5_pair.h"
#include "mlx5_rig.h"

#define NR_KEYS		8u
#define SMALL		(4 * FIXTURE_PAGE)	/* bytes of a key beside those of the pair */
#define SHARED_BYTES	64u			/* a receive in a shared queue */
#define PAGE_FAULT	0x0c			/* event */
#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

static struct mdrv *d;
static struct pair p;
static struct pair_srq other;		/* of an XRC pair */

/* Keys that requests use, and where the memory of each begins. */
static struct {
	uint32_t key;
	uint64_t iova;
} keys[NR_KEYS];

/* ---- keys and connection ---- */

/* Two for the same memory, one of each end, with pages that have the rights @flags. */
static void add_keys(unsigned int first, unsigned int flags)
{
	uint64_t memory = fixture_alloc(d->f, SMALL + FIXTURE_PAGE);

	for (unsigned int end = 0; end < 2; end++) {
		unsigned int n = first + end;

		keys[n].iova = ((uint64_t)n << 40) + 0xff8;
		keys[n].key = pair_key(&p, p.end[end].pd, keys[n].iova, memory, SMALL,
				       PAIR_LOCAL | PAIR_REMOTE, flags);
	}
}

/* One that names DMA addresses, of end 1. */
static void add_physical(unsigned int n)
{
	mdrv_begin(d, 0x200, 0);
	mdrv_put(d, 16, 0x11, 5, 0x1f);
	mdrv_put(d, 16, 0x20, 24, 0xffffff);
	mdrv_put(d, 16, 0x60, 1, 1);
	mdrv_put(d, 16, 0x68, 24, p.end[1].pd);
	assert_int_equal(mdrv_do(d, 0x110, 16), 0);
	keys[n].key = mdrv_object(d) << 8;
	keys[n].iova = p.end[1].memory;
}

static void make_keys(void)
{
	for (unsigned int n = 0; n < 2; n++) {
		keys[n].key = p.end[n].key;
		keys[n].iova = p.end[n].iova;
	}
	add_keys(2, 0);
	add_keys(4, 1);
	keys[6].iova = p.end[1].iova;
	keys[6].key = pair_key(&p, p.end[1].pd, keys[6].iova, p.end[1].memory, SMALL, PAIR_REMOTE,
			       3);
	add_physical(7);
}

/* Another shared queue for XRC, of one receive at the end of its page, which no QP holds. */
static void make_other(void)
{
	other = (struct pair_srq){ .ring = fixture_alloc(d->f, FIXTURE_PAGE) };
	other.record = other.ring;
	mdrv_begin(d, 0x705, 0);
	mdrv_put(d, 16, 0x25, 3, 2);
	mdrv_put(d, 16, 0x28, 24, p.xrcd);
	mdrv_put(d, 16, 0x40, 6, 63);
	mdrv_put(d, 16, 0x48, 24, p.end[1].recv.number);
	mdrv_put(d, 16, 0xc8, 24, p.end[1].pd);
	mdrv_put(d, 16, 0x140, 64, other.record);
	mdrv_put(d, 0x110, 0, 64, other.ring);
	assert_int_equal(mdrv_do(d, 0x118, 16), 0);
	other.number = mdrv_object(d);
	other.ring += FIXTURE_PAGE - SHARED_BYTES;
}

static void connect(struct input *in)
{
	uint8_t how = take8(in), service = how & 3, rnr_retry = how >> 3 & 7;
	uint64_t events;

	p = service == PAIR_XRC || how & 4 ? pair_create_shared(d, service) :
					     pair_create(d, service, rnr_retry);
	if (!(how & 0x40))
		mdrv_eq(d, p.uar, 4, 1ull << PAGE_FAULT | 1ull << 0x13 | 1ull << 0x14, &events);
	make_keys();
	if (service == PAIR_XRC)
		make_other();
}

/* ---- requests ---- */

/* Bytes, key and address of a segment. */
struct place {
	uint32_t len, key;
	uint64_t addr;
};

static struct place place(struct input *in)
{
	uint8_t how = take8(in);
	struct place at = {
		.len = how & 0x10 ? take32(in) : take16(in),
		.key = keys[how % NR_KEYS].key,
		.addr = keys[how % NR_KEYS].iova,
	};

	at.addr += how & 0x20 ? take64(in) : (uint64_t)take8(in) * 8;
	if (how & 0x40)
		at.key ^= take32(in);
	return at;
}

/* Behind the control segment of a datagram: where it goes. */
static void address(struct pair_wqe *w, unsigned int to)
{
	uint32_t qp = p.end[to].qp;

	w->byte[w->size + 15] = 0;
	w->byte[w->size] = PAIR_QKEY >> 24;
	w->byte[w->size + 1] = PAIR_QKEY >> 16 & 0xff;
	w->byte[w->size + 2] = PAIR_QKEY >> 8 & 0xff;
	w->byte[w->size + 3] = PAIR_QKEY & 0xff;
	w->byte[w->size + 9] = (uint8_t)(qp >> 16);
	w->byte[w->size + 10] = (uint8_t)(qp >> 8);
	w->byte[w->size + 11] = (uint8_t)qp;
	w->byte[w->size + 15] = 1;		/* LID */
	w->size += 48;
}

static void add_segments(struct input *in, struct pair_wqe *w, unsigned int n)
{
	while (n--) {
		uint8_t bytes = take8(in) % 64, data[64];
		struct place at;

		if (bytes & 1) {
			take(in, data, bytes);
			pair_inline(w, data, bytes);
		} else {
			at = place(in);
			pair_segment(w, at.len, at.key, at.addr);
		}
	}
}

static void step_send(struct input *in)
{
	static const uint8_t opcodes[] = { 0, 1, 8, 9, 0xa, 0xb, 0x10, 0x11, 0x12 };
	uint8_t opcode = opcodes[take8(in) % LENGTH(opcodes)], how = take8(in);
	struct pair_wqe w = pair_wqe(opcode, take16(in));
	unsigned int end = how & 1, service = d->mlx5->qp[p.end[end].qp].service;
	struct place at;

	if (service == PAIR_XRC)
		pair_xrc(&w, how & 2 ? p.srq.number : other.number);
	if (service == PAIR_UD)
		address(&w, how >> 1 & 1);
	if (opcode == 8 || opcode == 9 || opcode >= 0x10) {
		at = place(in);
		pair_remote(&w, at.addr, at.key);
	}
	if (opcode >= 0x11)
		pair_remote(&w, take16(in), 0);		/* operands have the same layout */
	add_segments(in, &w, how >> 2 & 7);
	for (unsigned int spoils = how >> 5 & 3; spoils; spoils--)
		spoil(in, w.byte, w.size);
	if (how & 0x80)
		w.says = take8(in);
	pair_post(&p, end, &w);
}

/* In the queue of one receive. */
static void post_other(const struct place *at)
{
	struct pair_wqe w = { .size = 16 };
	uint8_t posted[4] = { 0 };

	other.posted++;
	posted[3] = (uint8_t)other.posted;
	pair_segment(&w, at->len, at->key, at->addr);
	pair_segment(&w, 0, SCATTER_END, 0);
	fixture_put(d->f, other.ring, w.byte, SHARED_BYTES);
	fixture_put(d->f, other.record, posted, sizeof(posted));
}

static void step_receive(struct input *in)
{
	uint8_t how = take8(in);
	struct place at = place(in);

	if (!(how & 2))
		pair_recv(&p, how & 1, at.len, at.key, at.addr);
	else if (how & 0x40 && p.xrcd)
		post_other(&at);
	else if (p.srq.number)	/* any link, or that to the next */
		pair_share(&p, how >> 2 & 7, how & 0x20 ? take8(in) : (how >> 2) + 1u, at.len,
			   at.addr);
}

/* ---- what else a guest does ---- */

/* Anything into one of the places that are laid out for requests. */
static void step_write(struct input *in)
{
	const struct pair_end *end = &p.end[take8(in) & 1];
	const uint64_t places[] = { end->ring, end->record, end->send.record, end->recv.record,
				    p.srq.number ? p.srq.ring : end->ring,
				    p.srq.number ? p.srq.record : end->record };
	uint64_t at = places[take8(in) % LENGTH(places)];
	uint8_t bytes[64];

	if (!(at % FIXTURE_PAGE))		/* a ring; in a record it is the first bytes */
		at += take8(in) % 12 * 64u;
	fixture_get(d->f, at, bytes, sizeof(bytes));
	spoil(in, bytes, at % FIXTURE_PAGE ? sizeof(bytes) : 8);
	fixture_put(d->f, at, bytes, sizeof(bytes));
}

/* Pages of a key from one on: the driver takes them away, or brings them back. */
static void step_pages(struct input *in)
{
	uint8_t how = take8(in), rights = how >> 3 & 3;
	uint32_t first = take8(in);
	struct mlx5_mkey *mkey = mlx5_mkey_get(d->mlx5, keys[how % NR_KEYS].key >> 8);

	for (uint32_t i = first; mkey && i < mkey->nr_entries; i++)
		mkey->entry[i] = (mkey->entry[i] & ~3ull) | rights;
}

static uint32_t pending(void)
{
	for (unsigned int n = 0; n < 2; n++) {
		const struct mlx5_qp *qp = mlx5_qp_get(d->mlx5, p.end[n].qp);

		if (qp && qp->run.active && qp->run.fault.token)
			return qp->run.fault.token;
	}
	return 0;
}

static void step_resume(struct input *in)
{
	uint8_t how = take8(in);

	mdrv_begin(d, 0x204, 0);
	mdrv_put(d, 0, 0x40, 1, how & 1);
	mdrv_put(d, 0, 0x68, 24, how & 2 ? take32(in) : pending());
	mdrv_do(d, 16, 16);
}

/* One step, or all that make a queue pair ready again. */
static void step_state(struct input *in)
{
	static const uint16_t opcodes[] = { 0x502, 0x503, 0x504, 0x505, 0x507, 0x50a, 0x50e };
	uint8_t how = take8(in), n = how & 1;
	uint16_t opcode = opcodes[take8(in) % LENGTH(opcodes)];

	if (!(how & 2)) {
		pair_modify(&p, n, opcode, how >> 2 & 7);
		return;
	}
	pair_modify(&p, n, 0x50a, 0);
	for (opcode = 0x502; opcode <= 0x504; opcode++)
		pair_modify(&p, n, opcode, how >> 2 & 7);
	p.end[n].sends = 0;
	p.end[n].recvs = 0;
}

static void step_destroy(struct input *in)
{
	uint8_t how = take8(in), n = how >> 3 & 1;
	const struct {
		uint16_t opcode;
		uint32_t number;
	} objects[] = {
		{ 0x202, keys[how >> 3 & 7].key >> 8 }, { 0x501, p.end[n].qp },
		{ 0x401, p.end[n].send.number }, { 0x401, p.end[n].recv.number },
		{ p.xrcd ? 0x706 : 0x90e, n ? other.number : p.srq.number },
		{ 0x801, p.end[n].pd },
		{ 0x803, p.uar }, { 0x80f, p.xrcd },
	};

	mdrv_begin(d, objects[how & 7].opcode, 0);
	mdrv_put(d, 9, 0, 24, objects[how & 7].number);
	mdrv_do(d, 12, 12);
}

static void step_limit(struct input *in)
{
	mdrv_begin(d, p.xrcd ? 0x708 : 0x90d, 0);
	mdrv_put(d, 9, 0, 24, p.srq.number);
	if (p.xrcd) {
		mdrv_put(d, 0, 0x70, 16, take8(in));
	} else {
		mdrv_put(d, 0x10, 0, 64, 1);
		mdrv_put(d, 0x20, 0x1b0, 16, take8(in));
	}
	mdrv_do(d, 0x110, 16);
}

static void (*const steps[])(struct input *in) = {
	step_send, step_send, step_send, step_receive, step_receive, rig_engine, rig_engine,
	step_write, step_pages, step_resume, step_state, step_destroy, step_limit, rig_wait,
	rig_fault, rig_store,
};

static void step(struct input *in)
{
	uint8_t which = take8(in) % (LENGTH(steps) + 2);

	if (which < LENGTH(steps))
		steps[which](in);
	else if (which == LENGTH(steps))
		rig_unmap(in, false);
	else
		rig_doorbell(in, p.uar);
}

/* ---- one input ---- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .left = size };

	d = rig_begin();
	connect(&in);
	while (in.left > 0)
		step(&in);
	rig_end();
	return 0;
}
