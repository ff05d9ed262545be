// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * libFuzzer target: commands to the virtual ConnectX. The input is a program of commands, which
 * are delivered as the driver does it, in the command queue and mailboxes; of writes to
 * registers, doorbells, stores into guest memory (the queue and the mailboxes are there, too),
 * turns of the engine, fault switches, unmaps and resets.
 *
 * Each command is a valid one of its kind, for the newest objects, in which the input changes
 * some bytes, so that the fuzzer gets past the first check. What must be true in the end is in
 * mlx5_check.c and mlx5_rig.c.
 */
#include "mlx5_rig.h"

#define POOL_PAGES	16u
#define LOG_ENTRIES	4u		/* of rings that valid commands make */
#define RIGHTS		0x1fu		/* all that a key can give */
#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

enum kind { NONE, PD, UAR, XRCD, TD, COUNTER, EQ, CQ, QP, RMP, XRC_SRQ, KEY, NR_KINDS };

static struct mdrv *d;
static uint64_t pool;			/* pages for rings and records */
static uint32_t made[NR_KINDS];		/* the newest object of each kind */

/* ---- commands that are valid once an object of each kind exists ---- */

static void put_pages(unsigned int first, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		mdrv_put(d, 0x110 + 8 * i, 0, 64, pool + FIXTURE_PAGE * (first + i));
}

static void fill_eq(void)
{
	mdrv_put(d, 16, 0x63, 5, LOG_ENTRIES);
	mdrv_put(d, 16, 0x68, 24, made[UAR]);
	mdrv_put(d, 16, 0xb4, 12, 1);
	mdrv_put(d, 0x58, 0, 64, UINT64_MAX);		/* all events */
	put_pages(9, 1);
}

static void fill_cq(void)
{
	mdrv_put(d, 16, 0x63, 5, LOG_ENTRIES);
	mdrv_put(d, 16, 0x68, 24, made[UAR]);
	mdrv_put(d, 16, 0xa0, 32, made[EQ]);
	mdrv_put(d, 16, 0x1c0, 64, pool);
	put_pages(1, 1);
}

static void fill_qp(void)
{
	mdrv_put(d, 24, 0x28, 24, made[PD]);
	mdrv_put(d, 24, 0x49, 4, 3);			/* receives of 32 bytes */
	mdrv_put(d, 24, 0x4d, 3, 1);
	mdrv_put(d, 24, 0x51, 4, 3);
	mdrv_put(d, 24, 0x68, 24, made[UAR]);
	mdrv_put(d, 24, 0x3e8, 24, made[CQ]);
	mdrv_put(d, 24, 0x4c8, 24, made[XRCD]);
	mdrv_put(d, 24, 0x4e8, 24, made[CQ]);
	mdrv_put(d, 24, 0x500, 64, pool + 64);
	mdrv_put(d, 24, 0x568, 24, made[RMP]);
	put_pages(2, 1);
}

/* Connected with itself. */
static void fill_state(void)
{
	mdrv_put(d, 24, 0xa8, 24, made[QP]);
	mdrv_put(d, 24, 0xf0, 16, 1);
	mdrv_put(d, 24, 0x390, 3, 7);
	mdrv_put(d, 24, 0x490, 3, 7);
}

static void fill_rmp(void)
{
	mdrv_put(d, 0x20, 0x1c8, 24, made[PD]);
	mdrv_put(d, 0x20, 0x200, 64, pool + 128);
	mdrv_put(d, 0x20, 0x28c, 4, 6);
	mdrv_put(d, 0x20, 0x29b, 5, 3);
	put_pages(3, 1);
}

static void fill_limit(void)
{
	mdrv_put(d, 0x10, 0, 64, 1);
	mdrv_put(d, 0x20, 0x1b0, 16, 2);
}

static void fill_xrc_srq(void)
{
	mdrv_put(d, 16, 0x04, 4, 3);
	mdrv_put(d, 16, 0x25, 3, 2);
	mdrv_put(d, 16, 0x28, 24, made[XRCD]);
	mdrv_put(d, 16, 0x48, 24, made[CQ]);
	mdrv_put(d, 16, 0xc8, 24, made[PD]);
	mdrv_put(d, 16, 0x140, 64, pool + 192);
	put_pages(4, 1);
}

/* One octoword: two translations, or one other key. */
static void fill_key(void)
{
	mdrv_put(d, 12, 0, 1, 1);
	mdrv_put(d, 16, 0x10, 1, 1);
	mdrv_put(d, 16, 0x11, 5, RIGHTS);
	mdrv_put(d, 16, 0x16, 2, 1);
	mdrv_put(d, 16, 0x20, 24, 0xffffff);
	mdrv_put(d, 16, 0x68, 24, made[PD]);
	mdrv_put(d, 16, 0xc0, 64, 2 * FIXTURE_PAGE);
	mdrv_put(d, 16, 0x1a0, 32, 1);
	mdrv_put(d, 16, 0x1da, 6, 12);
	mdrv_put(d, 0, 0x300, 32, 1);
	put_pages(5, 2);
}

static void fill_pages(void)
{
	mdrv_put(d, 0, 0x60, 32, 2);
	put_pages(7, 2);
}

static void fill_register(void)
{
	mdrv_put(d, 0, 0x50, 16, 0x5003);
}

/* The fault that a queue pair waits with; 0: none does. */
static uint32_t token(void)
{
	for (uint32_t n = 0; n < LENGTH(d->mlx5->qp); n++)
		if (d->mlx5->qp[n].run.active && d->mlx5->qp[n].run.fault.token)
			return d->mlx5->qp[n].run.fault.token;
	return 0;
}

static void fill_resume(void)
{
	mdrv_put(d, 0, 0x68, 24, token());
}

/* The seeds know these by their position. */
static const struct valid {
	uint16_t opcode, op_mod;
	uint16_t in, out;		/* bytes */
	void (*fill)(void);
	enum kind makes, names;
} valid[] = {
	{ 0x100, .in = 12, .out = 0x1010 },	/* capabilities */
	{ 0x101, .in = 12, .out = 0x110 },
	{ 0x102, .in = 12, .out = 12 },
	{ 0x103, .in = 12, .out = 12 },	/* TEARDOWN_HCA */
	{ 0x104, .in = 12, .out = 12 },	/* ENABLE_HCA */
	{ 0x105, .in = 12, .out = 12 },	/* DISABLE_HCA */
	{ 0x107, .op_mod = 1, .in = 12, .out = 16 },
	{ 0x108, .op_mod = 1, .in = 0x120, .out = 16, .fill = fill_pages },	/* give pages */
	{ 0x108, .op_mod = 2, .in = 16, .out = 0x40, .fill = fill_pages },	/* take them */
	{ 0x109, .in = 0x1010, .out = 12 },
	{ 0x10a, .in = 12, .out = 0x70 },
	{ 0x200, .in = 0x120, .out = 12, .fill = fill_key, .makes = KEY },
	{ 0x201, .in = 12, .out = 0x110, .names = KEY },
	{ 0x202, .in = 12, .out = 12, .names = KEY },
	{ 0x203, .in = 12, .out = 0x18 },
	{ 0x204, .in = 16, .out = 12, .fill = fill_resume },
	{ 0x301, .in = 0x118, .out = 12, .fill = fill_eq, .makes = EQ },
	{ 0x302, .in = 12, .out = 12, .names = EQ },
	{ 0x400, .in = 0x118, .out = 12, .fill = fill_cq, .makes = CQ },
	{ 0x401, .in = 12, .out = 12, .names = CQ },
	{ 0x402, .in = 12, .out = 0x110, .names = CQ },
	{ 0x403, .op_mod = 1, .in = 0x118, .out = 12, .fill = fill_cq, .names = CQ },
	{ 0x500, .in = 0x118, .out = 12, .fill = fill_qp, .makes = QP },
	{ 0x501, .in = 12, .out = 12, .names = QP },
	{ 0x502, .in = 0x110, .out = 12, .fill = fill_state, .names = QP },
	{ 0x503, .in = 0x110, .out = 12, .fill = fill_state, .names = QP },
	{ 0x504, .in = 0x110, .out = 12, .fill = fill_state, .names = QP },
	{ 0x505, .in = 0x110, .out = 12, .fill = fill_state, .names = QP },
	{ 0x507, .in = 12, .out = 12, .names = QP },
	{ 0x50a, .in = 12, .out = 12, .names = QP },
	{ 0x50b, .in = 12, .out = 0x110, .names = QP },
	{ 0x705, .in = 0x118, .out = 12, .fill = fill_xrc_srq, .makes = XRC_SRQ },
	{ 0x706, .in = 12, .out = 12, .names = XRC_SRQ },
	{ 0x707, .in = 12, .out = 0x110, .names = XRC_SRQ },
	{ 0x708, .in = 16, .out = 12, .names = XRC_SRQ },
	{ 0x762, .in = 16, .out = 0x110 },
	{ 0x764, .in = 16, .out = 0x20 },
	{ 0x765, .in = 16, .out = 0x20 },
	{ 0x771, .in = 12, .out = 12, .makes = COUNTER },
	{ 0x772, .in = 12, .out = 12, .names = COUNTER },
	{ 0x800, .in = 12, .out = 12, .makes = PD },
	{ 0x801, .in = 12, .out = 12, .names = PD },
	{ 0x802, .in = 12, .out = 12, .makes = UAR },
	{ 0x803, .in = 12, .out = 12, .names = UAR },
	{ 0x805, .op_mod = 1, .in = 0x20, .out = 0x20, .fill = fill_register },
	{ 0x80e, .in = 12, .out = 12, .makes = XRCD },
	{ 0x80f, .in = 12, .out = 12, .names = XRCD },
	{ 0x816, .in = 12, .out = 12, .makes = TD },
	{ 0x817, .in = 12, .out = 12, .names = TD },
	{ 0x90c, .in = 0x118, .out = 12, .fill = fill_rmp, .makes = RMP },
	{ 0x90d, .in = 0x110, .out = 12, .fill = fill_limit, .names = RMP },
	{ 0x90e, .in = 12, .out = 12, .names = RMP },
	{ 0x90f, .in = 12, .out = 0x110, .names = RMP },
};

/* ---- steps ---- */

static void begin(const struct valid *which)
{
	mdrv_begin(d, which->opcode, which->op_mod);
	mdrv_put(d, 9, 0, 24, made[which->names]);
	if (which->fill)
		which->fill();
}

/* If the command was done, @kind has a newer object. */
static void note(unsigned int slot, enum kind kind)
{
	uint8_t entry[64];

	fixture_get(d->f, d->queue + 64 * slot, entry, sizeof(entry));
	if (!entry[63] && !entry[32])
		made[kind] = (uint32_t)entry[41] << 16 | (uint32_t)entry[42] << 8 | entry[43];
}

/* What the guest wrote for a command, changed behind the driver's back. */
static void spoil_delivery(struct input *in, unsigned int slot)
{
	const uint64_t places[] = { d->queue + 64 * slot, d->in_box, d->out_box };
	uint8_t bytes[576];
	uint64_t at = places[take8(in) % LENGTH(places)];
	size_t size = at == places[0] ? 64 : sizeof(bytes);

	fixture_get(d->f, at, bytes, size);
	spoil(in, bytes, size);
	fixture_put(d->f, at, bytes, size);
}

static void step_command(struct input *in)
{
	const struct valid *which = &valid[take8(in) % LENGTH(valid)];
	uint8_t how = take8(in);
	uint32_t in_len = which->in, out_len = which->out;
	unsigned int slot = how >> 5 & 3;

	begin(which);
	for (unsigned int spoils = how & 3; spoils; spoils--)
		spoil(in, d->in, sizeof(d->in));
	if (how & 4)
		in_len = take16(in) % (MDRV_MAX + 1);
	if (how & 8)
		out_len = take16(in) % (MDRV_MAX + 1);
	mdrv_queue(d, slot, in_len, out_len);
	if (how & 0x10)
		spoil_delivery(in, slot);
	mdrv_write(d, 0x18, 1u << slot);
	note(slot, which->makes);
}

static void step_register(struct input *in)
{
	uint32_t at = take16(in) % (SEG_SIZE + 8);
	uint8_t how = take8(in), value[8];
	uint32_t len = how >> 1 & 7;

	take(in, value, sizeof(value));
	if (how & 1)
		nic_vfu_ops.region_write(&d->f->nic, MLX5_BAR, at, value, len);
	else
		nic_vfu_ops.region_read(&d->f->nic, MLX5_BAR, at, value, len);
}

/* The doorbell record of queue pairs, as a program writes it. */
static void step_post(struct input *in)
{
	uint8_t record[8] = { 0 };

	record[3] = take8(in);
	record[7] = take8(in);
	fixture_put(d->f, pool + 64, record, sizeof(record));
}

static void step(struct input *in)
{
	switch (take8(in) % 20) {
	case 0:
		step_register(in);
		break;
	case 1:
		rig_store(in);
		break;
	case 2:
		rig_doorbell(in, made[UAR]);
		break;
	case 3:
		rig_engine(in);
		break;
	case 4:
		rig_fault(in);
		break;
	case 5:
		rig_unmap(in, true);
		break;
	case 6:
		rig_reset();
		break;
	case 7:
		step_post(in);
		break;
	case 8:
		rig_wait(in);
		break;
	default:
		step_command(in);
		break;
	}
}

/* ---- one input ---- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .left = size };

	d = rig_begin();
	memset(made, 0, sizeof(made));
	pool = fixture_alloc(d->f, POOL_PAGES * FIXTURE_PAGE);
	while (in.left > 0)
		step(&in);
	rig_end();
	return 0;
}
