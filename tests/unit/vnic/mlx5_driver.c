// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The guest's mlx5 driver of the unit tests: see mlx5_driver.h. */
#include <stdlib.h>
#include <string.h>

#include "mlx5/model.h"
#include "mlx5_driver.h"

#define BOXES		(MDRV_MAX / 512)
#define BOX_STRIDE	1024u

static void be32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

static void be64(uint8_t *at, uint64_t value)
{
	be32(at, (uint32_t)(value >> 32));
	be32(at + 4, (uint32_t)value);
}

uint32_t mdrv_read(struct mdrv *d, uint32_t off)
{
	uint8_t b[4];

	assert_int_equal(nic_vfu_ops.region_read(&d->f->nic, 0, off, b, 4), 0);
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

void mdrv_write(struct mdrv *d, uint32_t off, uint32_t value)
{
	uint8_t b[4];

	be32(b, value);
	assert_int_equal(nic_vfu_ops.region_write(&d->f->nic, 0, off, b, 4), 0);
}

int mdrv_setup(void **state)
{
	struct mdrv *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	assert_int_equal(fixture_setup_as((void **)&d->f, &mlx5_model), 0);
	d->mlx5 = d->f->nic.device;
	d->queue = fixture_alloc(d->f, FIXTURE_PAGE);
	d->in_box = fixture_alloc(d->f, BOXES * BOX_STRIDE);
	d->out_box = fixture_alloc(d->f, BOXES * BOX_STRIDE);
	mdrv_write(d, 0x10, (uint32_t)(d->queue >> 32));
	mdrv_write(d, 0x14, (uint32_t)d->queue);
	*state = d;
	return 0;
}

int mdrv_enabled(void **state)
{
	mdrv_setup(state);
	mdrv_begin(*state, 0x104, 0);
	assert_int_equal(mdrv_do(*state, 12, 12), 0);
	return 0;
}

int mdrv_teardown(void **state)
{
	struct mdrv *d = *state;

	fixture_teardown((void **)&d->f);
	free(d);
	return 0;
}

void mdrv_begin(struct mdrv *d, uint16_t opcode, uint16_t op_mod)
{
	memset(d->in, 0, sizeof(d->in));
	be32(d->in, (uint32_t)opcode << 16);
	be32(d->in + 4, op_mod);
}

void mdrv_put(struct mdrv *d, unsigned int byte, unsigned int bit, unsigned int width,
	      uint64_t value)
{
	for (; width; width--, bit++) {
		uint8_t *at = &d->in[byte + bit / 8];
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		*at = value >> (width - 1) & 1 ? *at | mask : *at & (uint8_t)~mask;
	}
}

/* A chain of mailboxes with @data (NULL: room only) from byte 16 on. */
static void write_boxes(struct mdrv *d, uint64_t box, const uint8_t *data, uint32_t len)
{
	for (uint32_t off = 16, n = 0; off < len; off += 512, n++) {
		uint8_t b[576] = { 0 };
		uint32_t size = len - off < 512 ? len - off : 512;

		if (data)
			memcpy(b, data + off, size);
		if (off + 512 < len)
			be64(b + 560, box + (n + 1) * BOX_STRIDE);
		be32(b + 568, n);
		b[573] = d->token;
		fixture_put(d->f, box + n * BOX_STRIDE, b, sizeof(b));
	}
}

void mdrv_queue(struct mdrv *d, unsigned int slot, uint32_t in_len, uint32_t out_len)
{
	uint8_t entry[64] = { 7 };

	assert_true(in_len <= MDRV_MAX && out_len <= MDRV_MAX);
	d->token++;
	be32(entry + 4, in_len);
	be64(entry + 8, in_len > 16 ? d->in_box : 0);
	memcpy(entry + 16, d->in, 16);
	be64(entry + 48, out_len > 16 ? d->out_box : 0);
	be32(entry + 56, out_len);
	entry[60] = d->token;
	entry[63] = 1;
	write_boxes(d, d->in_box, d->in, in_len);
	write_boxes(d, d->out_box, NULL, out_len);
	fixture_put(d->f, d->queue + 64 * slot, entry, sizeof(entry));
}

unsigned int mdrv_answer(struct mdrv *d, unsigned int slot, uint32_t out_len)
{
	uint8_t entry[64];

	fixture_get(d->f, d->queue + 64 * slot, entry, sizeof(entry));
	assert_false(entry[63] & 1);	/* it is the driver's again */
	if (entry[63] >> 1)
		return MDRV_UNDELIVERED | entry[63] >> 1;
	memset(d->out, 0, sizeof(d->out));
	memcpy(d->out, entry + 32, out_len < 16 ? out_len : 16);
	for (uint32_t off = 16, n = 0; off < out_len; off += 512, n++)
		fixture_get(d->f, d->out_box + n * BOX_STRIDE, d->out + off,
			    out_len - off < 512 ? out_len - off : 512);
	return d->out[0];
}

unsigned int mdrv_do(struct mdrv *d, uint32_t in_len, uint32_t out_len)
{
	mdrv_queue(d, 3, in_len, out_len);
	mdrv_write(d, 0x18, 1u << 3);
	return mdrv_answer(d, 3, out_len);
}

uint32_t mdrv_object(const struct mdrv *d)
{
	return (uint32_t)d->out[9] << 16 | (uint32_t)d->out[10] << 8 | d->out[11];
}

uint32_t mdrv_number(struct mdrv *d, uint16_t opcode)
{
	mdrv_begin(d, opcode, 0);
	assert_int_equal(mdrv_do(d, 16, 16), 0);
	assert_true(mdrv_object(d) > 0);
	return mdrv_object(d);
}

uint32_t mdrv_eq(struct mdrv *d, uint32_t uar, unsigned int log_size, uint64_t events,
		 uint64_t *page)
{
	uint64_t bytes = 64ull << log_size, ring;
	uint32_t pages = (uint32_t)((bytes + 4095) / 4096);

	mdrv_begin(d, 0x301, 0);
	ring = fixture_alloc(d->f, pages * 4096ull);
	be32(d->in + 16 + 0x0c, (uint32_t)log_size << 24 | uar);
	d->in[16 + 0x17] = 1;		/* vector */
	be64(d->in + 0x58, events);
	for (uint32_t i = 0; i < pages; i++)
		be64(d->in + 0x110 + 8 * i, ring + 4096ull * i);
	assert_int_equal(mdrv_do(d, 0x110 + 8 * pages, 16), 0);
	*page = ring;
	return d->out[11];
}

struct mdrv_cq mdrv_make_cq(struct mdrv *d, uint32_t uar, uint32_t eq, unsigned int log_size,
			    unsigned int log_cqe)
{
	uint64_t bytes = 1ull << (log_size + log_cqe);
	uint32_t pages = (uint32_t)((bytes + 4095) / 4096);
	struct mdrv_cq cq = {
		.ring = fixture_alloc(d->f, pages * 4096ull),
		.record = fixture_alloc(d->f, 64),
	};

	mdrv_begin(d, 0x400, 0);
	d->in[16 + 1] = (uint8_t)(log_cqe == 7 ? 1 << 5 : 0);
	be32(d->in + 16 + 0x0c, (uint32_t)log_size << 24 | uar);
	be32(d->in + 16 + 0x14, eq);
	be64(d->in + 16 + 0x38, cq.record);
	for (uint32_t i = 0; i < pages; i++)
		be64(d->in + 0x110 + 8 * i, cq.ring + 4096ull * i);
	assert_int_equal(mdrv_do(d, 0x110 + 8 * pages, 16), 0);
	cq.number = mdrv_object(d);
	return cq;
}

uint32_t mdrv_cq(struct mdrv *d, uint32_t uar, uint32_t eq, unsigned int log_size)
{
	return mdrv_make_cq(d, uar, eq, log_size, 6).number;
}
