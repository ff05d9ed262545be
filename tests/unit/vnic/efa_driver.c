// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The driver's side of the control path, for the tests: see efa_driver.h. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "efa_driver.h"

int driver_setup(void **state)
{
	struct driver *d = calloc(1, sizeof(*d));
	void *f;

	assert_non_null(d);
	assert_int_equal(fixture_setup(&f), 0);
	d->f = f;
	d->efa = fixture_efa(d->f);
	d->resp = fixture_alloc(d->f, 8);
	drv_reset(d);
	drv_start(d, DRV_DEPTH);
	*state = d;
	return 0;
}

int driver_teardown(void **state)
{
	struct driver *d = *state;
	void *f = d->f;

	free(d);
	return fixture_teardown(&f);
}

/* ---- registers ---- */

void drv_write(struct driver *d, uint32_t off, uint32_t value)
{
	efa_reg_write(d->efa, off, value);
}

static void give_resp(struct driver *d)
{
	drv_write(d, 0x64, d->resp >> 32);
	drv_write(d, 0x60, (uint32_t)d->resp);
}

uint32_t drv_read(struct driver *d, uint16_t off)
{
	struct { uint16_t id, off; uint32_t value; } rsp;

	d->req_id++;
	drv_write(d, 0x5c, (uint32_t)off << 16 | d->req_id);
	fixture_get(d->f, d->resp, &rsp, sizeof(rsp));
	assert_int_equal(rsp.id, d->req_id);
	assert_int_equal(rsp.off, off);
	return rsp.value;
}

void drv_reset(struct driver *d)
{
	give_resp(d);
	assert_true(drv_read(d, 0x58) & 1);
	drv_write(d, 0x54, 1);
	give_resp(d);
	assert_true(drv_read(d, 0x58) & 8);
	drv_write(d, 0x54, 0);
	assert_false(drv_read(d, 0x58) & 8);
}

void drv_start(struct driver *d, uint16_t depth)
{
	d->depth = depth;
	d->prod = 0;
	d->cons = 0;
	d->aq = fixture_alloc(d->f, depth * 64u);
	d->acq = fixture_alloc(d->f, depth * 64u);
	drv_write(d, 0x4c, 1);
	drv_write(d, 0x10, (uint32_t)d->aq);
	drv_write(d, 0x14, d->aq >> 32);
	drv_write(d, 0x18, 64u << 16 | depth);
	drv_write(d, 0x20, (uint32_t)d->acq);
	drv_write(d, 0x24, d->acq >> 32);
	drv_write(d, 0x28, 64u << 16 | depth);
	drv_write(d, 0x4c, 0);
}

/* ---- commands ---- */

void put16(struct cmd *cmd, unsigned int at, uint16_t value)
{
	memcpy(cmd->b + at, &value, sizeof(value));
}

void put32(struct cmd *cmd, unsigned int at, uint32_t value)
{
	memcpy(cmd->b + at, &value, sizeof(value));
}

void put64(struct cmd *cmd, unsigned int at, uint64_t value)
{
	memcpy(cmd->b + at, &value, sizeof(value));
}

uint16_t get16(const struct rsp *rsp, unsigned int at)
{
	uint16_t value;

	memcpy(&value, rsp->b + at, sizeof(value));
	return value;
}

uint32_t get32(const struct rsp *rsp, unsigned int at)
{
	uint32_t value;

	memcpy(&value, rsp->b + at, sizeof(value));
	return value;
}

uint64_t get64(const struct rsp *rsp, unsigned int at)
{
	uint64_t value;

	memcpy(&value, rsp->b + at, sizeof(value));
	return value;
}

struct cmd drv_cmd(uint8_t opcode)
{
	struct cmd cmd = { .b = { [2] = opcode } };

	return cmd;
}

void drv_queue(struct driver *d, struct cmd cmd)
{
	put16(&cmd, 0, ++d->cmd_id & 0xfff);
	fixture_put(d->f, d->aq + d->prod++ % d->depth * 64u, &cmd, sizeof(cmd));
}

void drv_ring(struct driver *d)
{
	drv_write(d, 0x2c, d->prod);
}

bool drv_poll(struct driver *d, struct rsp *rsp)
{
	uint8_t phase = !(d->cons / d->depth & 1);

	fixture_get(d->f, d->acq + d->cons % d->depth * 64u, rsp, sizeof(*rsp));
	if ((rsp->b[3] & 1) != phase)
		return false;
	d->cons++;
	return true;
}

uint8_t drv_do(struct driver *d, struct cmd cmd, struct rsp *rsp)
{
	drv_queue(d, cmd);
	drv_ring(d);
	assert_true(drv_poll(d, rsp));
	assert_int_equal(get16(rsp, 0), d->cmd_id & 0xfff);
	return rsp->b[2];
}

struct rsp drv_ok(struct driver *d, struct cmd cmd)
{
	struct rsp rsp;

	assert_int_equal(drv_do(d, cmd, &rsp), EFA_ADMIN_OK);
	return rsp;
}

/* ---- refusals ---- */

/* The counts of live objects, from the device's report. The caller puts it. */
static struct json_object *live(struct driver *d)
{
	struct json_object *report = efa_report(d->efa);
	struct json_object *objects = json_object_get(json_object_object_get(report, "objects"));

	assert_non_null(objects);
	json_object_put(report);
	return objects;
}

static void refuse_one(struct driver *d, struct cmd cmd, const struct spoil *s)
{
	static const uint8_t nothing[56];
	struct rsp rsp;

	memcpy(cmd.b + s->at, &s->value, s->size);
	if (drv_do(d, cmd, &rsp) != s->status)
		fail_msg("%s: status %u, expected %u", s->what, rsp.b[2], s->status);
	assert_memory_equal(rsp.b + 8, nothing, sizeof(nothing));
}

struct rsp drv_spoil(struct driver *d, struct cmd good, const struct spoil *spoil, size_t n)
{
	struct json_object *before = live(d), *after;

	for (size_t i = 0; i < n; i++)
		refuse_one(d, good, &spoil[i]);
	after = live(d);
	assert_true(json_object_equal(before, after));
	json_object_put(before);
	json_object_put(after);
	return drv_ok(d, good);
}

/* ---- objects ---- */

uint16_t drv_pd(struct driver *d)
{
	struct rsp rsp = drv_ok(d, drv_cmd(14));

	return get16(&rsp, 8);
}

uint16_t drv_uar(struct driver *d)
{
	struct rsp rsp = drv_ok(d, drv_cmd(16));

	return get16(&rsp, 8);
}

uint16_t drv_eq(struct driver *d)
{
	struct cmd cmd = drv_cmd(18);
	struct rsp rsp;

	put16(&cmd, 4, 16);
	cmd.b[6] = 1;
	cmd.b[7] = 4;
	put64(&cmd, 8, fixture_alloc(d->f, 16 * 16));
	put32(&cmd, 16, 1);
	rsp = drv_ok(d, cmd);
	return get16(&rsp, 8);
}

uint16_t drv_cq(struct driver *d, uint16_t uar)
{
	struct cmd cmd = drv_cmd(9);
	struct rsp rsp;

	cmd.b[5] = 8;
	put16(&cmd, 6, 16);
	put64(&cmd, 12, fixture_alloc(d->f, 16 * 32));
	put16(&cmd, 24, 1);
	put16(&cmd, 26, uar);
	rsp = drv_ok(d, cmd);
	return get16(&rsp, 8);
}

uint8_t drv_drop(struct driver *d, uint8_t opcode, uint16_t id)
{
	struct cmd cmd = drv_cmd(opcode);
	struct rsp rsp;

	put16(&cmd, 4, id);
	return drv_do(d, cmd, &rsp);
}

struct drv_qp_parts drv_qp_parts(struct driver *d)
{
	struct drv_qp_parts p = { .pd = drv_pd(d), .uar = drv_uar(d) };

	p.send_cq = drv_cq(d, p.uar);
	p.recv_cq = drv_cq(d, p.uar);
	p.rq = fixture_alloc(d->f, 512 * 16);
	return p;
}

struct cmd drv_create_qp(const struct drv_qp_parts *p, uint8_t type)
{
	struct cmd cmd = drv_cmd(1);

	put16(&cmd, 4, p->pd);
	cmd.b[6] = type;
	put64(&cmd, 16, p->rq);
	put32(&cmd, 24, p->send_cq);
	put32(&cmd, 28, p->recv_cq);
	put32(&cmd, 40, 128 * 64);
	put32(&cmd, 44, 100);
	put32(&cmd, 48, 512 * 16);
	put32(&cmd, 52, 300);
	put16(&cmd, 56, p->uar);
	return cmd;
}
