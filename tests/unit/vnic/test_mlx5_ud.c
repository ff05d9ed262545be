// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* mlx5: datagrams: whom they reach, what arrives with them, and that the sender never knows. */
#include <string.h>

#include "mlx5_pair.h"

#define SEND		0x0a
#define SEND_IMM	0x0b
#define GRH		40u

static struct pair ud(void **state)
{
	return pair_create(*state, PAIR_UD, 0);
}

/* @bytes of end 0's region for end 1. */
static struct pair_wqe datagram(const struct pair *p, uint8_t opcode, uint32_t bytes)
{
	struct pair_wqe w = pair_wqe(opcode, 0x55667788);

	mlx5_put32(w.byte + 16, PAIR_QKEY);
	mlx5_put32(w.byte + 24, p->end[1].qp | 1u << 31);
	mlx5_put16(w.byte + 30, 1);			/* LID */
	w.size = 64;
	pair_segment(&w, bytes, p->end[0].key, p->end[0].iova);
	return w;
}

static void recv(struct pair *p, uint32_t bytes)
{
	pair_recv(p, 1, bytes, p->end[1].key, p->end[1].iova);
}

static void get(const struct pair *p, uint64_t off, void *to, size_t len)
{
	fixture_get(p->d->f, p->end[1].memory + (p->end[1].iova & 0xfff) + off, to, len);
}

static void test_arrives(void **state)
{
	struct pair p = ud(state);
	struct pair_wqe w = datagram(&p, SEND_IMM, 1000);
	struct pair_done done;

	pair_fill(&p, 0, 0, 1000, 1);
	recv(&p, 2000);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	done = pair_expect_received(&p, 1, 3, 0);
	assert_int_equal(done.bytes, GRH + 1000);
	assert_int_equal(done.imm, 0x55667788);
	assert_int_equal(done.source, p.end[0].qp);	/* no GRH */
	assert_int_equal(p.d->mlx5->count.bytes, 1000);
	pair_check(&p, 1, GRH, 1000, 1);
}

static void test_header(void **state)
{
	struct pair p = ud(state);
	struct pair_wqe w = datagram(&p, SEND, 8);
	uint8_t grh[GRH];

	mlx5_put32(w.byte + 44, 1u << 30);
	memset(w.byte + 48, 0xab, 16);			/* to this GID */
	recv(&p, 100);
	pair_send(&p, 0, &w);
	assert_int_equal(pair_expect_received(&p, 1, 2, 0).source, p.end[0].qp | 1u << 28);
	get(&p, 0, grh, sizeof(grh));
	assert_int_equal(grh[0] >> 4, 6);
	assert_int_equal(grh[5], 8);
	assert_memory_equal(grh + 8, p.d->f->nic.config.gid, 16);
	assert_int_equal(grh[24], 0xab);
	assert_int_equal(grh[39], 0xab);
}

/* The largest goes in one turn, also if a slice is smaller: others may send, too. */
static void test_largest(void **state)
{
	struct pair p = ud(state);
	struct pair_wqe w = datagram(&p, SEND, 4096);

	p.d->f->nic.config.slice = 4096;
	pair_fill(&p, 0, 0, 4096, 2);
	recv(&p, 5000);
	pair_send(&p, 0, &w);
	pair_expect_received(&p, 1, 2, 0);
	pair_check(&p, 1, GRH, 4096, 2);
	w = datagram(&p, SEND, 4097);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	pair_expect_sent(&p, 0, 13, 0x01);
}

static void lost(struct pair *p, const struct pair_wqe *w)
{
	uint64_t before = p->d->mlx5->count.dropped, bytes = p->d->mlx5->count.bytes;
	struct pair_done done;

	pair_send(p, 0, w);
	pair_expect_sent(p, 0, 0, 0);
	assert_false(pair_received(p, 1, &done));
	assert_int_equal(p->d->mlx5->count.dropped, before + 1);
	assert_int_equal(p->d->mlx5->count.bytes, bytes);
}

static void test_lost(void **state)
{
	struct pair p = ud(state);
	struct pair_wqe w = datagram(&p, SEND, 100), other = datagram(&p, SEND, 100);

	lost(&p, &w);					/* nobody receives it */
	recv(&p, GRH + 99);
	lost(&p, &w);					/* it is too long */
	w = datagram(&p, SEND, 99);
	pair_send(&p, 0, &w);				/* but the receive is still there */
	pair_expect_sent(&p, 0, 0, 0);
	pair_expect_received(&p, 1, 2, 0);
	recv(&p, 1000);
	mlx5_put32(other.byte + 16, PAIR_QKEY + 1);
	lost(&p, &other);
	other = datagram(&p, SEND, 100);
	mlx5_put32(other.byte + 24, 0xfff);		/* no such queue pair */
	lost(&p, &other);
	other = datagram(&p, SEND, 100);
	other.byte[31] = 2;				/* no such port */
	lost(&p, &other);
}

/* With the highest bit set, the key of the sender's queue pair counts. */
static void test_own_key(void **state)
{
	struct pair p = ud(state);
	struct pair_wqe w = datagram(&p, SEND, 100);

	mlx5_put32(w.byte + 16, 0x80000000);
	recv(&p, 1000);
	pair_send(&p, 0, &w);
	pair_expect_received(&p, 1, 2, 0);
}

/* What the sender's own device finds, it does tell. */
static void test_errors(void **state)
{
	struct pair p = ud(state);
	struct pair_wqe w = datagram(&p, 0x08, 100);

	pair_send(&p, 0, &w);				/* there is no WRITE */
	pair_expect_sent(&p, 0, 13, 0x02);
	p = ud(state);
	w = datagram(&p, SEND, 100);
	w.size = 48;					/* no whole address */
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 13, 0x02);
	p = ud(state);
	p.end[0].key ^= 1;
	w = datagram(&p, SEND, 100);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 13, 0x04);
}

#define t(name) mdrv_test(test_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		t(arrives), t(header), t(largest), t(lost), t(own_key), t(errors),
	};

	return cmocka_run_group_tests_name("mlx5_ud", tests, NULL, NULL);
}
