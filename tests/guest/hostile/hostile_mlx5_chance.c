// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Random requests and receives on a ConnectX, a ring full of them on a new pair each time. A
 * request may or may not ask for a completion, and says how many blocks it is; so what must
 * complete in any case is the last one of so many NOPs behind them that none can swallow all.
 */
#include <stdlib.h>

#include "hostile_mlx5.h"
#include "lib/tap.h"

#define BLOCKS		40u
#define NOPS		17u	/* more than the longest request has blocks */
#define WAIT_MS		10000u

/*
 * All bytes random, or a correct request, perhaps with one to three bytes changed. Most are
 * correct, since the first that is not ends the pair.
 */
static void random_block(const struct hostile_mlx5 *h, struct rawrc_wqe *wqe)
{
	long choice = random() % 8;

	*wqe = random() % 2 ? hostile_good_write(h) : hostile_good_send(h);
	if (!choice) {
		wqe->size = MLX5_SEND_WQE_BB;
		wqe->units = random() % (RAWRC_UNITS + 1);
		hostile_randomize(wqe->byte, wqe->size);
	} else if (choice < 3) {
		for (long i = random() % 3; i >= 0; i--)
			wqe->byte[(size_t)random() % wqe->size] = (uint8_t)(random() >> 8);
	}
}

static void post(struct hostile_mlx5 *h)
{
	struct rawrc_wqe wqe;

	hostile_randomize(h->peer.at.rq.buf, h->peer.at.rq.wqe_cnt * h->peer.at.rq.stride);
	for (unsigned int i = 0; i < RAWRC_RECVS; i++)
		rawrc_recv(&h->peer, random() % 8 ? HOSTILE_BYTES : (uint32_t)random(),
			   random() % 8 ? h->remote_mr->lkey : (uint32_t)random(),
			   (uintptr_t)h->remote);
	for (unsigned int i = 0; i < BLOCKS; i++) {
		random_block(h, &wqe);
		rawrc_put(&h->raw, &wqe);
	}
	for (unsigned int i = 0; i < NOPS; i++) {
		wqe = rawrc_wqe(MLX5_OPCODE_NOP, 0);
		rawrc_put(&h->raw, &wqe);
	}
	rawrc_ring(&h->raw);
}

/* Return: did the last NOP complete? *@failed and *@done count completions. */
static bool await_last(struct hostile_mlx5 *h, unsigned int *failed, unsigned int *done)
{
	uint16_t last = (uint16_t)(h->raw.prod - 1);
	struct rawrc_done one;

	while (rawrc_sent(&h->raw, &one, WAIT_MS)) {
		++*done;
		*failed += one.status != 0;
		if (one.counter == last)
			return true;
	}
	return false;
}

void hostile_mlx5_chance(struct hostile_mlx5 *h, unsigned int rounds)
{
	unsigned int ended = 0, failed = 0, done = 0;

	for (unsigned int i = 0; i < rounds; i++) {
		hostile_pair(h, random() % 4 ? IBV_QPT_RC : IBV_QPT_UC, NULL);
		post(h);
		ended += await_last(h, &failed, &done);
		hostile_unpair(h);
	}
	tap_note("%u rings by chance: %u completions, %u of them with an error", rounds, done,
		 failed);
	tap_check(ended == rounds, "every ring by chance completes", "%u of %u did", ended,
		  rounds);
}
