// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Two connected mlx5 queue pairs: see mlx5_pair.h. */
#include <string.h>

#include "mlx5_pair.h"

#define RECV_BYTES	32u
#define SEND_RING	(PAIR_RECVS * RECV_BYTES)	/* it is behind the receives */
#define SHARED_BYTES	64u	/* a receive in a shared queue */
#define USER_INDEX	0x4242u

static void be32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void be64(uint8_t *at, uint64_t value)
{
	be32(at, (uint32_t)(value >> 32));
	be32(at + 4, (uint32_t)value);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* ---- creation ---- */

uint32_t pair_key(struct pair *p, uint32_t pd, uint64_t iova, uint64_t memory, uint64_t bytes,
		  unsigned int rights, unsigned int flags)
{
	struct mdrv *d = p->d;
	uint32_t pages = (uint32_t)((bytes + 4095) / 4096);

	mdrv_begin(d, 0x200, 0);
	d->in[12] = 0x80;				/* entries have rights */
	mdrv_put(d, 16, 0x11, 5, (rights & PAIR_REMOTE ? 0x1c : 0) | (rights & PAIR_LOCAL ? 3 : 0));
	mdrv_put(d, 16, 0x16, 2, 1);			/* translations */
	mdrv_put(d, 16, 0x10, 1, 1);			/* UMR may change it */
	mdrv_put(d, 16, 0x20, 24, 0xffffff);
	mdrv_put(d, 16, 0x38, 8, 0x5a);
	mdrv_put(d, 16, 0x68, 24, pd);
	mdrv_put(d, 16, 0x80, 64, iova);
	mdrv_put(d, 16, 0xc0, 64, bytes);
	mdrv_put(d, 16, 0x1a0, 32, (pages + 1) / 2);
	mdrv_put(d, 16, 0x1da, 6, 12);
	mdrv_put(d, 0, 0x300, 32, (pages + 1) / 2);
	for (uint32_t i = 0; i < pages; i++)
		mdrv_put(d, 0x110 + 8 * i, 0, 64, (memory + 4096ull * i) | flags);
	assert_int_equal(mdrv_do(d, 0x110 + 16 * ((pages + 1) / 2), 16), 0);
	return mdrv_object(d) << 8 | 0x5a;
}

/* A plain one, or, if the pair has an XRC domain, one that completes to end 1's queue. */
static void create_srq(struct pair *p)
{
	struct mdrv *d = p->d;
	struct pair_srq *srq = &p->srq;

	srq->ring = fixture_alloc(d->f, FIXTURE_PAGE);
	srq->record = fixture_alloc(d->f, 64);
	mdrv_begin(d, p->xrcd ? 0x705 : 0x90c, 0);
	if (p->xrcd) {
		mdrv_put(d, 16, 0x04, 4, 3);
		mdrv_put(d, 16, 0x25, 3, 2);
		mdrv_put(d, 16, 0x28, 24, p->xrcd);
		mdrv_put(d, 16, 0x48, 24, p->end[1].recv.number);
		mdrv_put(d, 16, 0x88, 24, USER_INDEX);
		mdrv_put(d, 16, 0xc8, 24, p->end[1].pd);
		mdrv_put(d, 16, 0x140, 64, srq->record);
	} else {
		mdrv_put(d, 0x20, 0x1c8, 24, p->end[1].pd);
		mdrv_put(d, 0x20, 0x200, 64, srq->record);
		mdrv_put(d, 0x20, 0x28c, 4, 6);
		mdrv_put(d, 0x20, 0x29b, 5, 3);
	}
	mdrv_put(d, 0x110, 0, 64, srq->ring);
	assert_int_equal(mdrv_do(d, 0x118, 16), 0);
	srq->number = mdrv_object(d);
}

static uint32_t create_qp(struct pair *p, const struct pair_end *end, uint8_t service)
{
	struct mdrv *d = p->d;
	bool shared = end == &p->end[1] && p->srq.number;

	mdrv_begin(d, 0x500, 0);
	mdrv_put(d, 24, 0x08, 8, service);
	mdrv_put(d, 24, 0x28, 24, end->pd);
	mdrv_put(d, 24, 0x49, 4, 3);			/* receives, log2 */
	mdrv_put(d, 24, 0x4d, 3, 1);			/* of 32 bytes */
	mdrv_put(d, 24, 0x51, 4, 3);			/* blocks, log2 */
	mdrv_put(d, 24, 0x68, 24, p->uar);
	mdrv_put(d, 24, 0x88, 24, 0x4242);		/* user index */
	mdrv_put(d, 24, 0x3e8, 24, end->send.number);
	mdrv_put(d, 24, 0x4e8, 24, end->recv.number);
	mdrv_put(d, 24, 0x500, 64, end->record);
	mdrv_put(d, 24, 0x4c8, 24, p->xrcd);
	mdrv_put(d, 24, 0x565, 3, shared);
	mdrv_put(d, 24, 0x568, 24, shared ? p->srq.number : 0);
	mdrv_put(d, 0x110, 0, 64, end->ring);
	assert_int_equal(mdrv_do(d, 0x118, 16), 0);
	return mdrv_object(d);
}

static void create_end(struct pair *p, unsigned int n, uint32_t eq, uint8_t service,
		       bool shared)
{
	struct pair_end *end = &p->end[n];

	end->pd = mdrv_number(p->d, 0x800);
	end->send = mdrv_make_cq(p->d, p->uar, eq, 4, 6);
	end->recv = mdrv_make_cq(p->d, p->uar, eq, 4, 6);
	end->ring = fixture_alloc(p->d->f, FIXTURE_PAGE);
	end->record = fixture_alloc(p->d->f, 64);
	if (n == 1 && shared)
		create_srq(p);
	end->qp = create_qp(p, end, service);
	end->iova = PAIR_IOVA + ((uint64_t)n << 32) + 0x123;	/* begins within a page */
	end->memory = fixture_alloc(p->d->f, PAIR_MEMORY + FIXTURE_PAGE);
	end->key = pair_key(p, end->pd, end->iova, end->memory, PAIR_MEMORY,
			    PAIR_LOCAL | PAIR_REMOTE, 3);
}

unsigned int pair_modify(struct pair *p, unsigned int n, uint16_t opcode, uint8_t rnr_retry)
{
	struct mdrv *d = p->d;

	mdrv_begin(d, opcode, 0);
	mdrv_put(d, 9, 0, 24, p->end[n].qp);
	mdrv_put(d, 24, 0xa8, 24, p->end[!n].qp);
	mdrv_put(d, 24, 0xf0, 16, 1);			/* LID */
	mdrv_put(d, 24, 0x390, 3, rnr_retry);
	mdrv_put(d, 24, 0x490, 3, 7);			/* RDMA is permitted */
	mdrv_put(d, 24, 0x540, 32, PAIR_QKEY);
	return mdrv_do(d, 0x110, 16);
}

static struct pair create(struct mdrv *d, uint8_t service, uint8_t rnr_retry, bool shared)
{
	struct pair p = { .d = d, .uar = mdrv_number(d, 0x802) };
	uint64_t events;
	uint32_t eq = mdrv_eq(d, p.uar, 4, 0, &events);

	if (service == PAIR_XRC)
		p.xrcd = mdrv_number(d, 0x80e);
	create_end(&p, 0, eq, service, shared);
	create_end(&p, 1, eq, service, shared);
	for (uint16_t opcode = 0x502; opcode <= 0x504; opcode++) {
		assert_int_equal(pair_modify(&p, 0, opcode, rnr_retry), 0);
		assert_int_equal(pair_modify(&p, 1, opcode, rnr_retry), 0);
	}
	return p;
}

struct pair pair_create(struct mdrv *d, uint8_t service, uint8_t rnr_retry)
{
	return create(d, service, rnr_retry, false);
}

struct pair pair_create_shared(struct mdrv *d, uint8_t service)
{
	return create(d, service, 7, true);
}

/* ---- requests ---- */

struct pair_wqe pair_wqe(uint8_t opcode, uint32_t imm)
{
	struct pair_wqe w = { .byte = { [3] = opcode, [11] = 8 }, .size = 16 };

	be32(w.byte + 12, imm);
	return w;
}

void pair_xrc(struct pair_wqe *w, uint32_t srq)
{
	be32(w->byte + w->size, srq);
	w->size += 16;
}

void pair_remote(struct pair_wqe *w, uint64_t addr, uint32_t key)
{
	be64(w->byte + w->size, addr);
	be32(w->byte + w->size + 8, key);
	w->size += 16;
}

void pair_segment(struct pair_wqe *w, uint32_t len, uint32_t key, uint64_t addr)
{
	be32(w->byte + w->size, len);
	be32(w->byte + w->size + 4, key);
	be64(w->byte + w->size + 8, addr);
	w->size += 16;
}

void pair_inline(struct pair_wqe *w, const void *data, uint32_t len)
{
	be32(w->byte + w->size, 0x80000000u | len);
	memcpy(w->byte + w->size + 4, data, len);
	w->size += (4 + len + 15) / 16 * 16;
}

static void write_record(struct pair *p, const struct pair_end *end)
{
	uint8_t be[8];

	be32(be, end->recvs);
	be32(be + 4, end->sends);
	fixture_put(p->d->f, end->record, be, sizeof(be));
}

void pair_post(struct pair *p, unsigned int n, const struct pair_wqe *w)
{
	struct pair_end *end = &p->end[n];
	unsigned int blocks = (w->size + 63) / 64;
	struct pair_wqe copy = *w;
	uint8_t bell[8];

	copy.byte[7] = w->says ? w->says : (uint8_t)(w->size / 16);
	for (unsigned int i = 0; i < blocks; i++)
		fixture_put(p->d->f, end->ring + SEND_RING + (end->sends + i) % PAIR_BLOCKS * 64,
			    copy.byte + 64 * i, 64);
	end->sends = (uint16_t)(end->sends + blocks);
	write_record(p, end);
	memcpy(bell, copy.byte, 4);
	be32(bell + 4, end->qp << 8 | copy.byte[7]);
	assert_int_equal(nic_vfu_ops.region_write(&p->d->f->nic, 0, p->uar * 4096ull + 0x800,
						  bell, sizeof(bell)), 0);
}

void pair_send(struct pair *p, unsigned int n, const struct pair_wqe *w)
{
	pair_post(p, n, w);
	pair_run(p);
}

void pair_recv(struct pair *p, unsigned int n, uint32_t len, uint32_t key, uint64_t addr)
{
	struct pair_end *end = &p->end[n];
	struct pair_wqe w = { .size = 0 };

	pair_segment(&w, len, key, addr);
	pair_segment(&w, 0, 0x100, 0);			/* the list ends here */
	fixture_put(p->d->f, end->ring + end->recvs % PAIR_RECVS * RECV_BYTES, w.byte,
		    RECV_BYTES);
	end->recvs++;
	write_record(p, end);
}

void pair_share(struct pair *p, uint16_t index, uint16_t next, uint32_t len, uint64_t addr)
{
	struct pair_wqe w = { .byte = { [2] = (uint8_t)(next >> 8), [3] = (uint8_t)next },
			      .size = 16 };
	uint8_t be[4];

	pair_segment(&w, len, p->end[1].key, addr);
	pair_segment(&w, 0, 0x100, 0);
	fixture_put(p->d->f, p->srq.ring + index * SHARED_BYTES, w.byte, SHARED_BYTES);
	be32(be, ++p->srq.posted);
	fixture_put(p->d->f, p->srq.record, be, sizeof(be));
}

void pair_run(struct pair *p)
{
	const struct nic_model *model = p->d->f->nic.config.model;
	uint32_t pause_us = 0;

	while (model->step(p->d->f->nic.device, &pause_us) && !pause_us)
		;
}

/* ---- completions ---- */

static bool next(struct pair *p, const struct mdrv_cq *cq, unsigned int *index,
		 struct pair_done *done)
{
	uint8_t cqe[64], be[4];

	fixture_get(p->d->f, cq->ring + *index % 16 * 64, cqe, sizeof(cqe));
	/* memory begins as zero, so an entry of the first lap is there if it has a number */
	if (!get32(cqe + 56) || (cqe[63] & 1) != (*index >> 4 & 1))
		return false;
	++*index;
	be32(be, *index);
	fixture_put(p->d->f, cq->record, be, sizeof(be));
	assert_int_equal(get32(cqe + 32), USER_INDEX);
	*done = (struct pair_done){
		.kind = cqe[63] >> 4, .syndrome = cqe[55], .opcode = cqe[56],
		.counter = (uint16_t)(cqe[60] << 8 | cqe[61]), .qp = get32(cqe + 56) & 0xffffff,
		.bytes = get32(cqe + 44), .imm = get32(cqe + 36), .source = get32(cqe + 24),
	};
	return true;
}

bool pair_sent(struct pair *p, unsigned int end, struct pair_done *done)
{
	return next(p, &p->end[end].send, &p->end[end].sent, done);
}

bool pair_received(struct pair *p, unsigned int end, struct pair_done *done)
{
	return next(p, &p->end[end].recv, &p->end[end].received, done);
}

static void expect(const struct pair *p, unsigned int end, const struct pair_done *done,
		   uint8_t kind, uint8_t syndrome)
{
	assert_int_equal(done->syndrome, syndrome);
	assert_int_equal(done->kind, kind);
	assert_int_equal(done->qp, p->end[end].qp);
}

struct pair_done pair_expect_sent(struct pair *p, unsigned int end, uint8_t kind,
				  uint8_t syndrome)
{
	struct pair_done done;

	assert_true(pair_sent(p, end, &done));
	expect(p, end, &done, kind, syndrome);
	return done;
}

struct pair_done pair_expect_received(struct pair *p, unsigned int end, uint8_t kind,
				      uint8_t syndrome)
{
	struct pair_done done;

	assert_true(pair_received(p, end, &done));
	expect(p, end, &done, kind, syndrome);
	return done;
}

/* ---- data ---- */

/* The region begins where its address does within a page. */
static uint64_t at(const struct pair_end *end, uint64_t off)
{
	return end->memory + (end->iova & 0xfff) + off;
}

void pair_fill(struct pair *p, unsigned int end, uint64_t off, uint32_t bytes, uint8_t seed)
{
	for (uint32_t i = 0; i < bytes; i++) {
		uint8_t byte = (uint8_t)(seed + i * 7 + (i >> 8));

		fixture_put(p->d->f, at(&p->end[end], off + i), &byte, 1);
	}
}

void pair_check(struct pair *p, unsigned int end, uint64_t off, uint32_t bytes, uint8_t seed)
{
	for (uint32_t i = 0; i < bytes; i++) {
		uint8_t byte;

		fixture_get(p->d->f, at(&p->end[end], off + i), &byte, 1);
		assert_int_equal(byte, (uint8_t)(seed + i * 7 + (i >> 8)));
	}
}
