// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Work requests on registered dma-bufs, and what their completions prove; see importer.h. */
#include <string.h>

#include "dice.h"
#include "importer.h"

#define REQUESTS	48u	/* of one step */
#define COMPLETION_MS	20000u

/* A request in flight. */
struct request {
	struct importer_mr *mr;
	struct oracle_life life;	/* the MR's: it may be deregistered meanwhile */
	struct oracle_view view;	/* when it was posted */
	unsigned int slot;
	uint64_t stamp;			/* 0: it does not write to the BAR */
	bool busy;
};

struct flow {
	struct importer *im;
	struct request request[DEPTH];
	unsigned int in_flight;
	bool broken;			/* RC: what is posted now is only flushed */
	struct answer *a;
};

/* Ways to use an MR. */
enum way { WRITE_TO, READ_INTO, READ_FROM, WRITE_FROM, WAYS };

static bool has_way(const struct importer *im, const struct importer_mr *mr, enum way way)
{
	switch (way) {
	case WRITE_TO:
		return mr->access & IBV_ACCESS_REMOTE_WRITE;
	case READ_INTO:
		return mr->access & IBV_ACCESS_LOCAL_WRITE;
	case READ_FROM:
		return mr->access & IBV_ACCESS_REMOTE_READ;
	default:
		return im->lb->can_write;
	}
}

static bool lands(enum way way)
{
	return way == WRITE_TO || way == READ_INTO;
}

/* The MR is the remote side of WRITE_TO and READ_FROM, and the local side of the others. */
static struct loopback_wr work_request(const struct importer *im, const struct importer_mr *mr,
				       enum way way, uint64_t addr, uint8_t *host, uint32_t length)
{
	bool remote = way == WRITE_TO || way == READ_FROM;
	uintptr_t memory = (uintptr_t)host;

	return (struct loopback_wr){
		.op = way == WRITE_TO || way == WRITE_FROM ? LOOPBACK_WRITE : LOOPBACK_READ,
		.local_addr = remote ? memory : addr,
		.lkey = remote ? im->host_mr->lkey : mr->mr->lkey,
		.remote_addr = remote ? addr : memory,
		.rkey = remote ? mr->mr->rkey : im->host_mr->rkey,
		.length = length,
	};
}

static uint32_t next_sequence(void)
{
	static uint32_t sequence;

	return ++sequence;
}

static void post(struct flow *f, unsigned int i, struct importer_mr *mr, const struct cover *cover,
		 enum way way, uint32_t length)
{
	uint8_t *host = f->im->host + i * HOST_SLOT;
	struct loopback_wr wr = work_request(f->im, mr, way, mr->iova + cover->offset, host,
					     length);
	struct request *r = &f->request[i];
	int ret;

	*r = (struct request){
		.mr = mr, .life = mr->life, .slot = cover->slot, .busy = true,
		.stamp = lands(way) ? (uint64_t)mr->serial << 32 | next_sequence() : 0,
	};
	memcpy(host, &r->stamp, sizeof(r->stamp));
	wr.wr_id = i;
	r->view = oracle_look(&shared->device[mr->device]);
	ret = loopback_post(f->im->lb, &wr);
	if (ret) {
		violate(f->a, "post: %s", loopback_errmsg());
		r->busy = false;
		return;
	}
	f->in_flight++;
	f->a->posted++;
}

static void succeeded(struct flow *f, const struct request *r)
{
	struct oracle_device *oracle = &shared->device[r->mr->device];
	bool revives = f->im->revives;

	f->a->succeeded++;
	if (oracle_is_dead(&r->life, &r->view, revives))
		violate(f->a, "a request on MR %u succeeded, although it was revoked before",
			r->mr->serial);
	else if (oracle_was_shut(oracle, &r->view))
		violate(f->a, "a request on MR %u succeeded while the device's memory was off",
			r->mr->serial);
	if (r->stamp && f->a->op == OP_PROBE && f->a->nr_landings < NR_MRS)
		f->a->landing[f->a->nr_landings++] = (struct landing){
			(uint8_t)r->mr->device, (uint8_t)r->slot, r->stamp,
		};
}

static void failed(struct flow *f, const struct request *r, enum ibv_wc_status status)
{
	if (f->im->lb->connected)
		f->broken = true;
	if (status == IBV_WC_WR_FLUSH_ERR)
		return;
	f->a->refused++;
	if (oracle_must_work(&shared->device[r->mr->device], &r->life))
		violate(f->a, "MR %u was not revoked, but a request on it failed: %s",
			r->mr->serial, ibv_wc_status_str(status));
}

/* Take completions. Return: false if none comes. */
static bool take(struct flow *f)
{
	struct ibv_wc wc[DEPTH];
	int n = loopback_poll(f->im->lb, wc, DEPTH, COMPLETION_MS);

	if (n <= 0) {
		violate(f->a, "%u requests have not completed in %u s", f->in_flight,
			COMPLETION_MS / 1000);
		return false;
	}
	for (int i = 0; i < n; i++) {
		struct request *r = &f->request[wc[i].wr_id];

		r->busy = false;
		f->in_flight--;
		if (wc[i].status == IBV_WC_SUCCESS)
			succeeded(f, r);
		else
			failed(f, r, wc[i].status);
	}
	return true;
}

/* Wait for all of them, and connect again if one has failed. */
static bool drain(struct flow *f)
{
	while (f->in_flight)
		if (!take(f))
			return false;
	if (f->broken && loopback_reconnect(f->im->lb)) {
		violate(f->a, "connect again: %s", loopback_errmsg());
		return false;
	}
	f->broken = false;
	return true;
}

/* Return: an element of f->request that is free, or DEPTH. */
static unsigned int free_request(const struct flow *f)
{
	unsigned int i;

	for (i = 0; i < DEPTH && f->request[i].busy; i++)
		;
	return i < f->im->lb->depth ? i : DEPTH;
}

static uint32_t choose_length(const struct importer *im, const struct cover *cover,
			      struct dice *dice)
{
	uint64_t length = cover->room < HOST_SLOT ? cover->room : HOST_SLOT;

	if (length > im->lb->max_rdma)
		length = im->lb->max_rdma;
	return dice_chance(dice, 70) ? STAMP_SIZE : (uint32_t)length;
}

/* Post one random request on @mr, if there is a way. */
static void post_random(struct flow *f, struct importer_mr *mr, struct dice *dice)
{
	enum way way = (enum way)dice_below(dice, WAYS);
	const struct cover *cover;
	unsigned int i = free_request(f);

	if (i == DEPTH || !mr->mr || !mr->nr_covers || !has_way(f->im, mr, way))
		return;
	cover = &mr->cover[dice_below(dice, mr->nr_covers)];
	post(f, i, mr, cover, way, choose_length(f->im, cover, dice));
}

/* Return: one of the MRs, more often one that works; NULL: none was found. */
static struct importer_mr *choose_mr(struct importer *im, struct dice *dice)
{
	bool dead_too = dice_chance(dice, 15);

	for (unsigned int tries = 0; tries < 2 * NR_MRS; tries++) {
		struct importer_mr *mr = &im->mr[dice_below(dice, NR_MRS)];

		if (mr->mr && mr->nr_covers &&
		    (dead_too || oracle_must_work(&shared->device[mr->device], &mr->life)))
			return mr;
	}
	return NULL;
}

void importer_traffic(struct importer *im, const struct step *step, struct answer *a)
{
	struct flow f = { .im = im, .a = a };
	struct dice dice = { step->dice };
	struct importer_mr *mr;

	for (unsigned int n = 0; n < REQUESTS * 4 && a->posted < REQUESTS; n++) {
		if (f.broken && !drain(&f))
			return;
		if (free_request(&f) == DEPTH && !take(&f))
			return;
		mr = choose_mr(im, &dice);
		if (mr)
			post_random(&f, mr, &dice);
	}
	drain(&f);
}

void importer_deregister_busy(struct importer *im, const struct step *step, struct answer *a)
{
	struct importer_mr *mr = &im->mr[step->mr];
	struct flow f = { .im = im, .a = a };
	struct dice dice = { step->dice };

	for (unsigned int i = 0; i < DEPTH; i++)
		post_random(&f, mr, &dice);
	for (unsigned int i = 0; i < DEPTH; i++)
		f.request[i].life.quiet = false;	/* from now on any of them may fail */
	importer_deregister(mr, a);
	drain(&f);
}

static void probe_one(struct flow *f, struct importer_mr *mr, unsigned int turn)
{
	const struct cover *cover;
	enum way way;

	for (way = WRITE_TO; way < WAYS && !(lands(way) && has_way(f->im, mr, way)); way++)
		;
	if (way == WAYS)
		return;
	cover = &mr->cover[turn % mr->nr_covers];
	post(f, 0, mr, cover, way, STAMP_SIZE);
	drain(f);
}

void importer_probe(struct importer *im, struct answer *a)
{
	struct flow f = { .im = im, .a = a };

	for (unsigned int i = 0; i < NR_MRS && !a->violation[0]; i++)
		if (im->mr[i].mr && im->mr[i].nr_covers)
			probe_one(&f, &im->mr[i], i);
}
