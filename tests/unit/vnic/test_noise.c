// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Work requests of random bytes: each completes once, and nothing else happens. */
#include <stdlib.h>
#include <string.h>

#include "efa_rig.h"

static uint16_t completions(struct rig *r, uint16_t cq)
{
	struct efa_io_cqe cqe;
	uint16_t n = 0;

	while (rig_poll(r, cq, &cqe)) {
		assert_in_range(cqe.status, EFA_IO_OK, EFA_IO_UNREACHABLE);
		n++;
	}
	return n;
}

static void test_all_ones(void **state)
{
	struct rig *r = *state;
	struct efa_io_wqe wqe;

	memset(&wqe, 0xff, sizeof(wqe));
	rig_do(r, r->a, &wqe, EFA_IO_UNSUPPORTED_OP);
	memset(&wqe, 0, sizeof(wqe));
	rig_do(r, r->a, &wqe, EFA_IO_UNSUPPORTED_OP);
}

static uint32_t one_of(const uint32_t *choice, unsigned int nr)
{
	return choice[(unsigned long)random() % nr];
}

/* All bytes random, or a valid request with some random bytes, which gets past more checks. */
static struct efa_io_wqe noise(struct rig *r, const struct efa_qp *to)
{
	const uint32_t keys[] = { r->src.key, r->dst.key, 0, ~0u };
	const uint32_t lens[] = { 0, 1, 31, 4096, EFA_MTU, RIG_BUF, RIG_BUF + 1, ~0u };
	uint32_t len = one_of(lens, 8);
	struct efa_io_wqe wqe = random() % 2 ? rig_send(r, to, len)
					     : rig_rdma(r, random() % 4, to, len);
	uint8_t *bytes = (uint8_t *)&wqe;

	switch (random() % 4) {
	case 0:
		for (size_t i = 0; i < sizeof(wqe); i++)
			bytes[i] = (uint8_t)random();
		break;
	case 1:
		for (unsigned int i = 0; i < 3; i++)
			bytes[(unsigned long)random() % sizeof(wqe)] ^= (uint8_t)random();
		break;
	case 2:
		wqe.rdma.remote.key = one_of(keys, 4);
		wqe.rdma.local.key = one_of(keys, 4);
		break;
	}
	return wqe;
}

static bool rq_full(const struct efa_qp *qp)
{
	return (uint16_t)(qp->rq_prod - qp->rq_cons) == qp->rq_depth;
}

/*
 * 100,000 requests on SRD and UD QPs, to themselves and to each other, with receive requests
 * of random bytes. Each completes exactly once. No QP waits for a receiver for ever, because
 * rnr_retry is 0.
 */
static void test_noise(void **state)
{
	struct rig *r = *state;
	struct efa_qp *qp[4] = {
		r->a, r->b, rig_qp(r, EFA_QP_UD, r->pd), rig_qp(r, EFA_QP_UD, r->pd),
	};
	uint64_t completed = 0;

	srandom(20);
	r->f->nic.config.slice = 1000;
	for (unsigned int i = 0; i < 4; i++)
		qp[i]->rnr_retry = 0;
	for (unsigned int round = 0; round < 100000 / RIG_SQ / 4 + 1; round++) {
		for (unsigned int i = 0; i < 4 * RIG_SQ; i++) {
			struct efa_io_wqe wqe = noise(r, qp[(unsigned long)random() % 4]);

			rig_post(r, qp[i % 4], &wqe);
			if (random() % 16 == 0 && !rq_full(qp[i % 4]))
				rig_recv(r, qp[i % 4], (uint16_t)i, (uint32_t)random() % RIG_BUF,
					 (uint16_t)random());
		}
		rig_run(r);
		for (unsigned int i = 0; i < 4; i++) {
			assert_int_equal(completions(r, qp[i]->send_cq), RIG_SQ);
			completions(r, qp[i]->recv_cq);
			assert_int_equal(qp[i]->state, EFA_QP_RTS);
			completed += RIG_SQ;
		}
	}
	assert_true(completed >= 100000);
	assert_int_equal(stray_total(&r->f->nic.stray), 0);
	/* Every status has occurred that needs neither a flush nor DMA that is refused. */
	for (unsigned int s = EFA_IO_OK; s <= EFA_IO_REMOTE_LENGTH; s++)
		if (s != EFA_IO_FLUSHED && s != EFA_IO_QP_INTERNAL && s != EFA_IO_REMOTE_ABORT)
			if (!r->efa->count.wr_status[s])
				fail_msg("status %u never came", s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		rig_test(test_all_ones),
		rig_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
