// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Wrong receives on a ConnectX: too short, with bad keys, and shared queues whose links and
 * doorbell record are nonsense. The receiver gets an error of its own, the sender another.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "hostile_mlx5.h"
#include "lib/tap.h"

#define WAIT_MS		5000u
#define SHARED		16u	/* receives in a shared queue */

/* ---- receives of the queue pair's own ---- */

/* What a receive that takes the correct SEND looks like. */
struct receive {
	uint32_t len, lkey;
	uint64_t addr;
};

typedef void (*change_fn)(const struct hostile_mlx5 *h, struct receive *recv);

#define CHANGE(name) \
	static void name(const struct hostile_mlx5 *h __attribute__((unused)), \
			 struct receive *recv)

CHANGE(nothing) { (void)recv; }
CHANGE(short_by_one) { recv->len--; }
CHANGE(ends_at_once) { recv->lkey = MLX5_INVALID_LKEY; }
CHANGE(unknown_key) { recv->lkey = 0x3fff00; }
CHANGE(key_of_pd) { recv->lkey = h->other_mr->lkey; }
CHANGE(read_only) { recv->lkey = h->read_only_mr->lkey; }
CHANGE(past_end) { recv->addr += HOSTILE_MEM - recv->len + 1; }
CHANGE(wraps) { recv->addr = UINT64_MAX - 1; }
CHANGE(length_0) { recv->len = 0; }
CHANGE(inline_data) { recv->len |= MLX5_INLINE_SEG; }

CHANGE(key_of_process)
{
	recv->lkey = h->bystander->key;
	recv->addr = h->bystander->addr;
}

static const struct {
	const char *name;
	change_fn change;
	enum ibv_wc_status sender, receiver;
} receives[] = {
	{ "a correct SEND", nothing, IBV_WC_SUCCESS, IBV_WC_SUCCESS },
	{ "a receive one byte too short", short_by_one, IBV_WC_REM_INV_REQ_ERR,
	  IBV_WC_LOC_LEN_ERR },
	{ "a receive that ends at once", ends_at_once, IBV_WC_REM_INV_REQ_ERR,
	  IBV_WC_LOC_LEN_ERR },
	{ "a receive with an unknown key", unknown_key, IBV_WC_REM_OP_ERR, IBV_WC_LOC_PROT_ERR },
	{ "a receive with the key of another PD", key_of_pd, IBV_WC_REM_OP_ERR,
	  IBV_WC_LOC_PROT_ERR },
	{ "a receive with the key of another process", key_of_process, IBV_WC_REM_OP_ERR,
	  IBV_WC_LOC_PROT_ERR },
	{ "a receive without write access", read_only, IBV_WC_REM_OP_ERR, IBV_WC_LOC_PROT_ERR },
	{ "a receive one byte past the end", past_end, IBV_WC_REM_OP_ERR, IBV_WC_LOC_PROT_ERR },
	{ "a receive that wraps around", wraps, IBV_WC_REM_OP_ERR, IBV_WC_LOC_PROT_ERR },
	{ "a receive of length 0, which is 2 GiB", length_0, IBV_WC_REM_OP_ERR,
	  IBV_WC_LOC_PROT_ERR },
	{ "a receive into inline data", inline_data, IBV_WC_REM_OP_ERR, IBV_WC_LOC_QP_OP_ERR },
};

static int received(struct hostile_mlx5 *h)
{
	struct rawrc_done done;

	return rawrc_received(&h->peer, &done, WAIT_MS) ? done.status : -1;
}

static void run(struct hostile_mlx5 *h, unsigned int i)
{
	struct receive recv = { HOSTILE_BYTES, h->remote_mr->lkey, (uintptr_t)h->remote };
	struct rawrc_wqe wqe = hostile_good_send(h);
	int status, other;

	hostile_pair(h, IBV_QPT_RC, NULL);
	receives[i].change(h, &recv);
	rawrc_recv(&h->peer, recv.len, recv.lkey, recv.addr);
	status = rawrc_one(&h->raw, &wqe);
	other = received(h);
	tap_check(other == (int)receives[i].receiver, receives[i].name,
		  "the receiver gets status %d instead of %d", other, receives[i].receiver);
	hostile_verdict(h, receives[i].name, status, receives[i].sender);
	hostile_unpair(h);
}

/* More is said to be posted than the ring holds, or what is there was never written. */
static void run_record(struct hostile_mlx5 *h, const char *name, uint32_t posted)
{
	struct rawrc_wqe wqe = hostile_good_send(h);

	hostile_pair(h, IBV_QPT_RC, NULL);
	*(volatile uint32_t *)&h->peer.at.dbrec[MLX5_RCV_DBR] = htobe32(posted);
	hostile_verdict(h, name, rawrc_one(&h->raw, &wqe), IBV_WC_REM_OP_ERR);
	hostile_unpair(h);
}

/* ---- shared receive queues ---- */

struct shared {
	struct ibv_srq *srq;
	struct mlx5dv_srq at;
};

static struct shared open_shared(struct hostile_mlx5 *h)
{
	struct ibv_srq_init_attr attr = { .attr = { .max_wr = SHARED - 1, .max_sge = 1 } };
	struct shared s = { .srq = ibv_create_srq(h->pd, &attr) };
	struct mlx5dv_obj obj = { .srq = { .in = s.srq, .out = &s.at } };

	if (!s.srq || mlx5dv_init_obj(&obj, MLX5DV_OBJ_SRQ))
		tap_die("shared queue", "cannot create it: %s", strerror(errno));
	return s;
}

/* Receive @index takes the correct SEND, and the list goes on with @next. */
static void put_shared(const struct hostile_mlx5 *h, const struct shared *s, uint16_t index,
		       uint16_t next)
{
	uint8_t *at = (uint8_t *)s->at.buf + index * s->at.stride;
	struct mlx5_wqe_srq_next_seg link = { .next_wqe_index = htobe16(next) };
	struct mlx5_wqe_data_seg seg[] = {
		{ .byte_count = htobe32(HOSTILE_BYTES), .lkey = htobe32(h->remote_mr->lkey),
		  .addr = htobe64((uintptr_t)h->remote) },
		{ .lkey = htobe32(MLX5_INVALID_LKEY) },
	};
	size_t room = s->at.stride - sizeof(link);

	memcpy(at, &link, sizeof(link));
	memcpy(at + sizeof(link), seg, room < sizeof(seg) ? room : sizeof(seg));
}

static void say_shared(const struct shared *s, uint32_t posted)
{
	__builtin_ia32_sfence();
	*(volatile uint32_t *)s->at.dbrec = htobe32(posted);
}

/*
 * @sends correct SENDs into a queue whose record says @posted, with @good receives in it of
 * which the last leads to @link. Return: status of the last.
 */
static int send_shared(struct hostile_mlx5 *h, struct shared *s, unsigned int good,
		       uint16_t link, uint32_t posted, unsigned int sends)
{
	struct rawrc_wqe wqe = hostile_good_send(h);
	int status = -1;

	for (uint16_t i = 0; i < good; i++)
		put_shared(h, s, i, i + 1 < (int)good ? i + 1 : link);
	say_shared(s, posted);
	while (sends--)
		status = rawrc_one(&h->raw, &wqe);
	return status;
}

static const struct {
	const char *name;
	unsigned int good;
	uint16_t link;
	uint32_t posted;
	unsigned int sends;
	enum ibv_wc_status expect;
} shared[] = {
	{ "a correct shared receive", 3, 3, 3, 3, IBV_WC_SUCCESS },
	{ "shared receives in a circle", 2, 0, 9, 9, IBV_WC_SUCCESS },
	{ "a shared receive that leads to itself", 1, 0, 9, 9, IBV_WC_SUCCESS },
	{ "a circle ends when all that was posted is taken", 1, 0, 2, 3,
	  IBV_WC_RNR_RETRY_EXC_ERR },
	{ "a link outside, behind which nothing is posted", 1, 0xffff, 1, 1, IBV_WC_SUCCESS },
	{ "a link outside", 1, 0xfff5, 2, 2, IBV_WC_REM_OP_ERR },
	{ "shared receives that were never written", 1, 5, 2, 2, IBV_WC_REM_OP_ERR },
	{ "a record that says more than the shared queue has", 1, 0, 60000, 1,
	  IBV_WC_RNR_RETRY_EXC_ERR },
};

static void run_shared(struct hostile_mlx5 *h, unsigned int i)
{
	struct shared s = open_shared(h);
	int status;

	/* as the provider has linked them, and cleared */
	memset((uint8_t *)s.at.buf, 0, (size_t)SHARED * s.at.stride);
	hostile_pair(h, IBV_QPT_RC, s.srq);
	status = send_shared(h, &s, shared[i].good, shared[i].link, shared[i].posted,
			     shared[i].sends);
	/* SENDs that arrived before the one that failed have changed the memory */
	if (shared[i].sends > 1)
		hostile_prepare(h);
	hostile_verdict(h, shared[i].name, status, shared[i].expect);
	hostile_unpair(h);
	if (ibv_destroy_srq(s.srq))
		tap_die("shared queue", "cannot be destroyed");
}

void hostile_mlx5_receives(struct hostile_mlx5 *h)
{
	for (unsigned int i = 0; i < sizeof(receives) / sizeof(*receives); i++)
		run(h, i);
	run_record(h, "receives that were never written", 1);
	run_record(h, "a record that says more receives than the ring has", 30000);
	for (unsigned int i = 0; i < sizeof(shared) / sizeof(*shared); i++)
		run_shared(h, i);
}
