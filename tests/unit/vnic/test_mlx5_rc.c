// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * mlx5: SEND, WRITE and READ between connected queue pairs, and how each error ends: with the
 * right syndrome, the queue pair in the error state, and not a byte moved that should not be.
 */
#include <string.h>
#include <unistd.h>

#include "mlx5_pair.h"

#define SEND		0x0a
#define SEND_IMM	0x0b
#define WRITE		0x08
#define WRITE_IMM	0x09
#define READ		0x10
#define COMPARE_SWAP	0x11
#define FETCH_ADD	0x12

static struct pair rc(void **state)
{
	return pair_create(*state, PAIR_RC, 7);
}

/* @opcode from all of @bytes at @off of end 0's region to the same place of end 1's. */
static struct pair_wqe rdma(const struct pair *p, uint8_t opcode, uint64_t off, uint32_t bytes)
{
	struct pair_wqe w = pair_wqe(opcode, 0x11223344);

	pair_remote(&w, p->end[1].iova + off, p->end[1].key);
	pair_segment(&w, bytes, p->end[0].key, p->end[0].iova + off);
	return w;
}

static struct pair_wqe send(const struct pair *p, uint8_t opcode, uint64_t off, uint32_t bytes)
{
	struct pair_wqe w = pair_wqe(opcode, 0x11223344);

	pair_segment(&w, bytes, p->end[0].key, p->end[0].iova + off);
	return w;
}

static void recv(struct pair *p, uint64_t off, uint32_t bytes)
{
	pair_recv(p, 1, bytes, p->end[1].key, p->end[1].iova + off);
}

/* ---- what works ---- */

static void test_write(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = rdma(&p, WRITE, 77, 10000);
	struct pair_done done;

	pair_fill(&p, 0, 77, 10000, 1);
	pair_send(&p, 0, &w);
	done = pair_expect_sent(&p, 0, 0, 0);
	assert_int_equal(done.opcode, WRITE);
	assert_int_equal(done.counter, 0);
	pair_check(&p, 1, 77, 10000, 1);
	assert_false(pair_received(&p, 1, &done));	/* the other side learns of nothing */
}

static void test_read(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = rdma(&p, READ, 0, 5000);

	pair_fill(&p, 1, 0, 5000, 2);
	pair_send(&p, 0, &w);
	assert_int_equal(pair_expect_sent(&p, 0, 0, 0).bytes, 5000);
	pair_check(&p, 0, 0, 5000, 2);
}

static void test_send(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = send(&p, SEND, 0, 3000);
	struct pair_done done;

	pair_fill(&p, 0, 0, 3000, 3);
	recv(&p, 100, 4000);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	done = pair_expect_received(&p, 1, 2, 0);
	assert_int_equal(done.bytes, 3000);
	assert_int_equal(done.counter, 0);
	pair_check(&p, 1, 100, 3000, 3);
}

static void test_immediate(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = send(&p, SEND_IMM, 0, 10);

	recv(&p, 0, 10);
	recv(&p, 0, 10);
	pair_send(&p, 0, &w);
	assert_int_equal(pair_expect_received(&p, 1, 3, 0).imm, 0x11223344);
	w = rdma(&p, WRITE_IMM, 0, 7);
	pair_fill(&p, 0, 0, 7, 4);
	pair_send(&p, 0, &w);
	assert_int_equal(pair_expect_received(&p, 1, 1, 0).bytes, 7);
	pair_check(&p, 1, 0, 7, 4);
}

static void test_inline(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = pair_wqe(WRITE, 0);
	uint8_t data[100];

	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(5 + i * 7);		/* as pair_fill() has it */
	pair_remote(&w, p.end[1].iova, p.end[1].key);
	pair_inline(&w, data, sizeof(data));
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	pair_check(&p, 1, 0, sizeof(data), 5);
}

/* The key that ends a list of places to write to is no end of what is sent. */
static void test_end_of_list(void **state)
{
	static const uint8_t data[12] = { 0, 0, 1, 0, 0x77 };	/* where a key would be */
	struct pair p = rc(state);
	struct pair_wqe w = pair_wqe(WRITE, 0);
	uint8_t got[sizeof(data)];

	pair_remote(&w, p.end[1].iova, p.end[1].key);
	pair_inline(&w, data, sizeof(data));
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	fixture_get(p.d->f, p.end[1].memory + (p.end[1].iova & 0xfff), got, sizeof(got));
	assert_memory_equal(got, data, sizeof(data));
	w = pair_wqe(SEND, 0);
	pair_segment(&w, 10, 0x100, 0);
	recv(&p, 0, 10);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 13, 0x04);
}

/* Neither a key nor an address is looked at when nothing moves. */
static void test_nothing(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = pair_wqe(WRITE, 0);

	pair_remote(&w, 0, 0);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	w = pair_wqe(SEND, 0);
	recv(&p, 0, 10);
	pair_send(&p, 0, &w);
	assert_int_equal(pair_expect_received(&p, 1, 2, 0).bytes, 0);
	w = pair_wqe(0x00, 0);			/* NOP */
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	pair_expect_sent(&p, 0, 0, 0);
}

/* Requests of four blocks, of which the second wraps in the ring; messages of many slices. */
static void test_large(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe nop = pair_wqe(0x00, 0);

	p.d->f->nic.config.slice = 4096;
	nop.byte[11] = 0;			/* it does not complete */
	pair_send(&p, 0, &nop);
	for (uint8_t i = 0; i < 2; i++) {
		struct pair_wqe w = pair_wqe(WRITE, 0);

		pair_remote(&w, p.end[1].iova, p.end[1].key);
		for (unsigned int s = 0; s < 14; s++)
			pair_segment(&w, 5000, p.end[0].key, p.end[0].iova + 5000 * s);
		pair_fill(&p, 0, 0, 70000, i);
		pair_send(&p, 0, &w);
		assert_int_equal(pair_expect_sent(&p, 0, 0, 0).counter, 1 + 4 * i);
		pair_check(&p, 1, 0, 70000, i);
	}
}

/* ---- atomics: values in memory have the host's byte order ---- */

/* The address that is a multiple of 8, as region 1 does not begin at one, + @off. */
static struct pair_wqe atomic(const struct pair *p, uint8_t opcode, uint64_t off,
			      uint64_t operand, uint64_t compare)
{
	struct pair_wqe w = pair_wqe(opcode, 0);

	pair_remote(&w, (p->end[1].iova + 7) / 8 * 8 + off, p->end[1].key);
	mlx5_put64(w.byte + 32, operand);
	mlx5_put64(w.byte + 40, compare);
	w.size += 16;
	pair_segment(&w, 8, p->end[0].key, p->end[0].iova);
	return w;
}

static uint64_t word(const struct pair *p, unsigned int end)
{
	uint64_t value, off = p->end[end].iova & 0xfff;

	fixture_get(p->d->f, p->end[end].memory + (end ? (off + 7) / 8 * 8 : off), &value, 8);
	return value;
}

static void test_atomics(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = atomic(&p, FETCH_ADD, 0, 1000000000007, 0);

	pair_send(&p, 0, &w);
	assert_int_equal(pair_expect_sent(&p, 0, 0, 0).bytes, 8);
	assert_int_equal(word(&p, 0), 0);
	assert_int_equal(word(&p, 1), 1000000000007);
	w = atomic(&p, COMPARE_SWAP, 0, 5, 6);		/* it is not 6 */
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	assert_int_equal(word(&p, 0), 1000000000007);
	assert_int_equal(word(&p, 1), 1000000000007);
	w = atomic(&p, COMPARE_SWAP, 0, 5, 1000000000007);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	assert_int_equal(word(&p, 1), 5);
}

/* ---- the receiver is not ready ---- */

static void test_waits_for_ever(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = send(&p, SEND, 0, 10);
	struct pair_done done;

	pair_send(&p, 0, &w);
	assert_false(pair_sent(&p, 0, &done));
	recv(&p, 0, 10);			/* without a doorbell */
	while (!pair_received(&p, 1, &done))
		pair_run(&p);
	pair_expect_sent(&p, 0, 0, 0);
}

/* The bytes of a WRITE are there before its receive is. */
static void test_write_imm_waits(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = rdma(&p, WRITE_IMM, 0, 9000);
	struct pair_done done;

	pair_fill(&p, 0, 0, 9000, 8);
	pair_send(&p, 0, &w);
	pair_check(&p, 1, 0, 9000, 8);
	pair_fill(&p, 0, 0, 9000, 9);
	recv(&p, 0, 0);
	while (!pair_received(&p, 1, &done))
		pair_run(&p);
	pair_check(&p, 1, 0, 9000, 8);		/* it was not written twice */
}

static void test_gives_up(void **state)
{
	struct pair p = pair_create(*state, PAIR_RC, 1);
	struct pair_wqe w = send(&p, SEND, 0, 10);
	struct pair_done done;

	pair_send(&p, 0, &w);
	while (!pair_sent(&p, 0, &done))
		pair_run(&p);
	assert_int_equal(done.syndrome, 0x16);
	assert_int_equal(done.kind, 13);
}

static void test_unreliable(void **state)
{
	struct pair p = pair_create(*state, PAIR_UC, 0);
	struct pair_wqe w = send(&p, SEND, 0, 10);

	pair_send(&p, 0, &w);			/* nobody receives it */
	pair_expect_sent(&p, 0, 0, 0);
	p.end[1].key++;
	w = rdma(&p, WRITE, 0, 10);
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 0, 0);
	p.end[1].key--;
	w = rdma(&p, READ, 0, 10);		/* there is none on UC */
	pair_send(&p, 0, &w);
	pair_expect_sent(&p, 0, 13, 0x02);
}

/* ---- errors ---- */

/* It ends with @syndrome, what comes later is flushed, and end 1 has no byte of it. */
static void refused(struct pair *p, const struct pair_wqe *w, uint8_t syndrome)
{
	struct pair_wqe nop = pair_wqe(0x00, 0);
	uint8_t byte = 0xff;

	pair_fill(p, 0, 0, 64, 9);
	pair_send(p, 0, w);
	pair_expect_sent(p, 0, 13, syndrome);
	pair_send(p, 0, &nop);
	pair_expect_sent(p, 0, 13, 0x05);
	fixture_get(p->d->f, p->end[1].memory + (p->end[1].iova & 0xfff), &byte, 1);
	assert_int_equal(byte, 0);
	assert_int_equal(p->d->f->nic.stray.noted, 0);
}

static void test_remote_key(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w;

	p.end[1].key ^= 1;			/* another variant */
	w = rdma(&p, WRITE, 0, 64);
	refused(&p, &w, 0x13);
}

static void test_remote_range(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = pair_wqe(WRITE, 0);

	pair_remote(&w, p.end[1].iova + PAIR_MEMORY - 63, p.end[1].key);
	pair_segment(&w, 64, p.end[0].key, p.end[0].iova);
	refused(&p, &w, 0x13);
}

/* A range does not go on at address 0 behind the highest. */
static void test_remote_wraps(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = pair_wqe(WRITE, 0);
	uint32_t key = pair_key(&p, p.end[1].pd, -4096ull, p.end[1].memory, 8192,
				PAIR_LOCAL | PAIR_REMOTE, 3);

	pair_remote(&w, -8ull, key);
	pair_segment(&w, 64, p.end[0].key, p.end[0].iova);
	refused(&p, &w, 0x13);
}

static void test_remote_right(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w;

	p.end[1].key = pair_key(&p, p.end[1].pd, p.end[1].iova, p.end[1].memory, PAIR_MEMORY,
				PAIR_LOCAL, 3);
	w = rdma(&p, WRITE, 0, 64);
	refused(&p, &w, 0x13);
}

static void test_remote_domain(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w;

	p.end[1].key = pair_key(&p, p.end[0].pd, p.end[1].iova, p.end[1].memory, PAIR_MEMORY,
				PAIR_LOCAL | PAIR_REMOTE, 3);
	w = rdma(&p, WRITE, 0, 64);
	refused(&p, &w, 0x13);
}

/* Pages that were taken away are not reached, whatever the key still permits. */
static void test_remote_absent(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w;

	p.end[1].key = pair_key(&p, p.end[1].pd, p.end[1].iova, p.end[1].memory, PAIR_MEMORY,
				PAIR_LOCAL | PAIR_REMOTE, 1);
	w = rdma(&p, WRITE, 0, 64);
	refused(&p, &w, 0x13);
}

static void test_local_key(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w;

	p.end[0].key += 0x100;
	w = rdma(&p, WRITE, 0, 64);
	refused(&p, &w, 0x04);
}

static void test_local_absent(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w;

	p.end[0].key = pair_key(&p, p.end[0].pd, p.end[0].iova, p.end[0].memory, PAIR_MEMORY,
				PAIR_LOCAL, 1);
	w = rdma(&p, READ, 0, 64);
	refused(&p, &w, 0x04);
}

/* A table that is shorter than the range which the key names ends it. */
static void test_short_table(void **state)
{
	struct pair p = rc(state);
	struct mlx5_mkey *mkey = mlx5_mkey_get(p.d->mlx5, p.end[1].key >> 8);
	struct pair_wqe w;

	mkey->nr_entries = 1;			/* as if the driver had made it so */
	w = rdma(&p, WRITE, 0, 4096);
	refused(&p, &w, 0x13);
}

static void test_too_long_for_receive(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = send(&p, SEND, 0, 64);

	recv(&p, 0, 63);
	recv(&p, 0, 64);
	refused(&p, &w, 0x12);
	pair_expect_received(&p, 1, 14, 0x01);
	pair_expect_received(&p, 1, 14, 0x05);	/* the other one is flushed */
}

static void test_bad_receive(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = send(&p, SEND, 0, 64);

	pair_recv(&p, 1, 64, p.end[1].key ^ 1, p.end[1].iova);
	refused(&p, &w, 0x14);
	pair_expect_received(&p, 1, 14, 0x04);
}

/* An atomic changes nothing if it fails. */
static void refused_atomic(struct pair *p, struct pair_wqe w, uint8_t syndrome)
{
	pair_send(p, 0, &w);
	pair_expect_sent(p, 0, 13, syndrome);
	assert_int_equal(word(p, 1), 0);
}

static void test_bad_atomics(void **state)
{
	struct pair p = rc(state);

	refused_atomic(&p, atomic(&p, FETCH_ADD, 4, 1, 0), 0x12);	/* not aligned */
	p = rc(state);
	refused_atomic(&p, atomic(&p, FETCH_ADD, PAIR_MEMORY, 1, 0), 0x13);
	p = rc(state);
	p.end[0].key ^= 1;
	refused_atomic(&p, atomic(&p, FETCH_ADD, 0, 1, 0), 0x04);
	p = rc(state);
	p.end[1].key = pair_key(&p, p.end[1].pd, p.end[1].iova, p.end[1].memory, PAIR_MEMORY,
				PAIR_LOCAL, 3);
	refused_atomic(&p, atomic(&p, FETCH_ADD, 0, 1, 0), 0x13);
	p = rc(state);
	p.end[1].key = pair_key(&p, p.end[1].pd, p.end[1].iova, p.end[1].memory, PAIR_MEMORY,
				PAIR_LOCAL | PAIR_REMOTE, 1);
	refused_atomic(&p, atomic(&p, FETCH_ADD, 0, 1, 0), 0x13);	/* not present */
	p = rc(state);
	mlx5_set(mlx5_qp_get(p.d->mlx5, p.end[1].qp)->ctx, QPC_RAE, 0);
	refused_atomic(&p, atomic(&p, FETCH_ADD, 0, 1, 0), 0x13);
}

/* Nor one whose page has an address that no page has. */
static void test_atomic_unaligned_page(void **state)
{
	struct pair p = rc(state);

	p.end[1].key = pair_key(&p, p.end[1].pd, p.end[1].iova, p.end[1].memory, PAIR_MEMORY,
				PAIR_LOCAL | PAIR_REMOTE, 3 | 4);
	refused_atomic(&p, atomic(&p, FETCH_ADD, 0, 1, 0), 0x12);
}

/* The old value goes into the word itself, its halves exchanged. */
static void test_atomic_into_itself(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = atomic(&p, FETCH_ADD, 0, 7, 0);
	uint64_t at = (p.end[1].iova + 7) / 8 * 8, off = p.end[1].iova & 0xfff;
	uint32_t key = pair_key(&p, p.end[0].pd, p.end[1].iova, p.end[1].memory, PAIR_MEMORY,
				PAIR_LOCAL, 3);

	w.size -= 16;
	pair_segment(&w, 4, key, at + 4);
	pair_segment(&w, 4, key, at);
	fixture_put(p.d->f, p.end[1].memory + (off + 7) / 8 * 8, "\1\0\0\0\2\0\0", 8);
	pair_send(&p, 0, &w);			/* which ends */
	assert_int_equal(pair_expect_sent(&p, 0, 0, 0).bytes, 8);
}

/* Its answer has eight bytes. */
static void test_atomic_length(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = atomic(&p, FETCH_ADD, 0, 1, 0);

	w.byte[48 + 3] = 9;
	refused_atomic(&p, w, 0x01);
}

static void test_nonsense(void **state)
{
	static const uint8_t opcodes[] = { 0x07, 0x13, 0x25, 0x7f, 0xff };

	for (size_t i = 0; i < sizeof(opcodes); i++) {
		struct pair p = rc(state);
		struct pair_wqe w = rdma(&p, opcodes[i], 0, 64);

		refused(&p, &w, 0x02);
	}
}

/* No length at all; longer than what was posted; an inline segment that ends outside. */
static void test_lengths(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = pair_wqe(WRITE, 0);

	w.size = 0;
	pair_send(&p, 0, &w);			/* no block is posted */
	w = rdma(&p, WRITE, 0, 64);
	w.size = 16;				/* the segments are not part of it */
	refused(&p, &w, 0x02);

	p = rc(state);
	w = rdma(&p, WRITE, 0, 64);
	w.says = 16;				/* four blocks, of which one is posted */
	refused(&p, &w, 0x02);

	p = rc(state);
	w = pair_wqe(WRITE, 0);
	pair_remote(&w, p.end[1].iova, p.end[1].key);
	pair_inline(&w, (uint8_t[]){ 1, 2, 3 }, 3);
	w.byte[35] = 0xff;
	refused(&p, &w, 0x02);
}

static void test_peer_gone(void **state)
{
	struct pair p = rc(state);
	struct pair_wqe w = rdma(&p, WRITE, 0, 64);

	mdrv_begin(p.d, 0x501, 0);
	mdrv_put(p.d, 9, 0, 24, p.end[1].qp);
	assert_int_equal(mdrv_do(p.d, 16, 16), 0);
	pair_send(&p, 0, &w);
	usleep(510000);				/* it may still come back */
	pair_run(&p);
	pair_expect_sent(&p, 0, 13, 0x15);
}

/* A request may come before the other side is connected. */
static void test_peer_late(void **state)
{
	struct pair p = rc(state);
	struct mlx5_qp *to = mlx5_qp_get(p.d->mlx5, p.end[1].qp);
	struct pair_wqe w = rdma(&p, WRITE, 0, 64);
	struct pair_done done;

	to->state = QP_INIT;
	pair_send(&p, 0, &w);
	assert_false(pair_sent(&p, 0, &done));
	to->state = QP_RTR;
	usleep(1000);
	pair_run(&p);
	pair_expect_sent(&p, 0, 0, 0);
}

#define t(name) mdrv_test(test_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		t(write), t(read), t(send), t(immediate), t(inline), t(end_of_list),
		t(nothing), t(large),
		t(atomics), t(bad_atomics), t(atomic_length),
		t(atomic_unaligned_page), t(atomic_into_itself),
		t(waits_for_ever), t(write_imm_waits), t(gives_up), t(unreliable),
		t(remote_key), t(remote_range), t(remote_wraps), t(remote_right), t(remote_domain),
		t(remote_absent), t(local_key), t(local_absent), t(short_table),
		t(too_long_for_receive), t(bad_receive), t(nonsense), t(lengths),
		t(peer_gone), t(peer_late),
	};

	return cmocka_run_group_tests_name("mlx5_rc", tests, NULL, NULL);
}
