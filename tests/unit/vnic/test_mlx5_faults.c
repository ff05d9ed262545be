// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * mlx5: the fault switches. Each does what it says, and what goes wrong by it is counted.
 */
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#include "fits.h"
#include "mlx5_pair.h"

#define WRITE		0x08
#define UMR		0x25
#define IF_NOT_FREE	0x40
#define INLINE		0x80
#define MASK_FREE	(1ull << 29)
#define MASK_PD		(1ull << 7)

static struct mlx5_fault *switches(struct pair *p)
{
	return mlx5_fault(&p->d->f->nic.fault);
}

/* The first queue pair of the result writes to the second's region. */
static struct pair rc(void **state)
{
	return pair_create(*state, PAIR_RC, 7);
}

static void write_to(struct pair *p, uint32_t key)
{
	struct pair_wqe w = pair_wqe(WRITE, 0);

	pair_remote(&w, p->end[1].iova, key);
	pair_inline(&w, "peerbar", 7);
	pair_send(p, 0, &w);
}

static void expect_written(struct pair *p, uint8_t syndrome)
{
	write_to(p, p->end[1].key);
	pair_expect_sent(p, 0, syndrome ? 13 : 0, syndrome);
}

/* A request to the queue for keys, posted by the second queue pair, which is made into one. */
static void umr(struct pair *p, struct pair_wqe w)
{
	struct mlx5_qp *qp = mlx5_qp_get(p->d->mlx5, p->end[1].qp);
	struct mlx5_qp saved = *qp;

	qp->service = SERVICE_UMR;
	pair_send(p, 1, &w);
	qp->service = saved.service;
}

/* All pages of the second region are taken away. */
static struct pair_wqe zap(const struct pair *p)
{
	struct pair_wqe w = pair_wqe(UMR, p->end[1].key);

	w.byte[16] = INLINE | IF_NOT_FREE;
	w.byte[21] = 4;			/* 8 entries, which are 0 */
	w.size = 192;
	return w;
}

/* As the driver does when a region is deregistered. */
static struct pair_wqe make_free(const struct pair *p)
{
	struct pair_wqe w = pair_wqe(UMR, p->end[1].key);
	uint64_t mask = MASK_FREE | MASK_PD;

	w.byte[16] = INLINE;
	for (int i = 0; i < 8; i++)
		w.byte[24 + i] = (uint8_t)(mask >> (56 - 8 * i));
	w.byte[64] = 0x40;
	w.size = 128;
	return w;
}

static const struct stray_count *strays(const struct pair *p, enum stray_kind kind)
{
	return &p->d->f->nic.stray.count[kind];
}

static void expect_report(struct pair *p)
{
	struct json_object *report = nic_report(&p->d->f->nic);

	assert_fits("peerbar-vnic", json_object_to_json_string(report));
	json_object_put(report);
}

static void test_ignore_zap(void **state)
{
	struct pair p = rc(state);

	switches(&p)->ignore_zap = true;
	umr(&p, zap(&p));
	expect_written(&p, 0);
	assert_int_equal(strays(&p, STRAY_ZAPPED)->writes, 1);
	assert_int_equal(strays(&p, STRAY_ZAPPED)->bytes, 7);
	switches(&p)->ignore_zap = false;
	umr(&p, zap(&p));
	expect_written(&p, 0x13);
	assert_int_equal(strays(&p, STRAY_ZAPPED)->writes, 1);
	expect_report(&p);
}

static void test_ignore_dereg(void **state)
{
	struct pair p = rc(state);

	switches(&p)->ignore_dereg = true;
	umr(&p, make_free(&p));
	expect_written(&p, 0);
	assert_int_equal(strays(&p, STRAY_DEREGISTERED)->writes, 1);
	switches(&p)->ignore_dereg = false;
	expect_written(&p, 0x13);
}

static void test_ignore_destruction(void **state)
{
	struct pair p = rc(state);

	switches(&p)->ignore_dereg = true;
	mdrv_begin(p.d, 0x202, 0);
	mdrv_put(p.d, 9, 0, 24, p.end[1].key >> 8);
	assert_int_equal(mdrv_do(p.d, 16, 16), 0);
	assert_int_equal(mdrv_do(p.d, 16, 16), ST_BAD_RESOURCE);	/* to the driver */
	expect_written(&p, 0);
	assert_int_equal(strays(&p, STRAY_DEREGISTERED)->writes, 1);
}

static void test_stall_umr(void **state)
{
	struct pair p = rc(state);
	struct pair_done done;
	struct mlx5_qp *qp = mlx5_qp_get(p.d->mlx5, p.end[1].qp);
	struct pair_wqe w = zap(&p);

	switches(&p)->stall_umr = true;
	qp->service = SERVICE_UMR;
	pair_send(&p, 1, &w);
	assert_false(pair_sent(&p, 1, &done));
	switches(&p)->stall_umr = false;
	usleep(1000);
	pair_run(&p);
	pair_expect_sent(&p, 1, 0, 0);
}

static void test_lose_opcode(void **state)
{
	struct pair p = rc(state);
	uint64_t lost = p.d->mlx5->count.lost;

	switches(&p)->lose_opcode = 0x800;
	mdrv_begin(p.d, 0x800, 0);
	mdrv_queue(p.d, 0, 16, 16);
	mdrv_write(p.d, 0x18, 1);
	assert_int_equal(p.d->mlx5->count.lost, lost + 1);
	switches(&p)->lose_opcode = 0;
	mdrv_number(p.d, 0x800);
}

static void test_internal_error(void **state)
{
	struct pair p = rc(state);
	struct pair_done done;

	switches(&p)->internal_error = true;
	assert_int_equal(mdrv_read(p.d, 0x23c), 1 << 16);
	assert_int_equal(mdrv_read(p.d, 0x14) >> 8 & 7, 1);
	write_to(&p, p.end[1].key);
	assert_false(pair_sent(&p, 0, &done));
	switches(&p)->internal_error = false;
	assert_int_equal(mdrv_read(p.d, 0x23c), 0);
	pair_run(&p);
	pair_expect_sent(&p, 0, 0, 0);
}

static void test_drop_cqe(void **state)
{
	struct pair p = rc(state);
	struct pair_done done;

	p.d->f->nic.fault.drop_cqe = 1;
	write_to(&p, p.end[1].key);
	assert_false(pair_sent(&p, 0, &done));
	assert_int_equal(p.d->mlx5->count.completions_lost, 1);
	expect_written(&p, 0);
}

/* In order, also those that come when the switch is off again. */
static void test_delay_cqe(void **state)
{
	struct pair p = rc(state);
	struct pair_done done;

	p.d->f->nic.fault.delay_cqe_us = 2000;
	write_to(&p, p.end[1].key);
	p.d->f->nic.fault.delay_cqe_us = 0;
	write_to(&p, p.end[1].key);
	assert_false(pair_sent(&p, 0, &done));
	usleep(3000);
	pair_run(&p);
	assert_int_equal(pair_expect_sent(&p, 0, 0, 0).counter, 0);
	assert_int_equal(pair_expect_sent(&p, 0, 0, 0).counter, 1);
}

#define t(name) mdrv_test(test_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		t(ignore_zap), t(ignore_dereg), t(ignore_destruction), t(stall_umr),
		t(lose_opcode), t(internal_error), t(drop_cqe), t(delay_cqe),
	};

	return cmocka_run_group_tests_name("mlx5_faults", tests, NULL, NULL);
}
