// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Steps of importers: the NIC by verbs, and the test importer, which behaves as it is told. */
#include <errno.h>
#include <fcntl.h>

#include "fuzz.h"
#include "lib/test_importer.h"

#define PAGE 4096u

/* Verbs */

static void deregister(struct ibv_mr *mr)
{
	if (mr)
		ibv_dereg_mr(mr);
}

static void step_register(struct fuzz_world *w, const struct fuzz_step *s)
{
	uint64_t offset = s->flags & 1 ? s->value & 0xffffff : 0;
	size_t length = (1 + (s->value >> 24 & 0x3f)) * PAGE;
	struct ibv_mr *mr = ibv_reg_dmabuf_mr(w->lb->pd, offset, length, offset,
					      fuzz_fd(w, s, FUZZ_DMABUF),
					      s->flags & 2 ? (int)(s->flags >> 8) :
					      rig_access(w->lb->can_write));

	if (mr)
		deregister(atomic_exchange(&w->mr[s->other % FUZZ_SLOTS], mr));
}

static void step_deregister(struct fuzz_world *w, const struct fuzz_step *s)
{
	deregister(atomic_exchange(&w->mr[s->slot % FUZZ_SLOTS], NULL));
}

/* Have the NIC's driver map the buffer, where it does so by page faults. */
static void step_advise(struct fuzz_world *w, const struct fuzz_step *s)
{
	struct ibv_mr *mr = atomic_exchange(&w->mr[s->slot % FUZZ_SLOTS], NULL);
	struct ibv_sge sge;

	if (!mr)
		return;
	sge = (struct ibv_sge){
		.addr = s->value & 0xffff, .length = PAGE, .lkey = mr->lkey,
	};
	ibv_advise_mr(w->lb->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, s->flags & 1, &sge, 1);
	deregister(atomic_exchange(&w->mr[s->slot % FUZZ_SLOTS], mr));
}

/* The test importer */

/* Delays and sits are short, and end by themselves: steps wait for nobody. */
static void step_attach(struct fuzz_world *w, const struct fuzz_step *s)
{
	struct pti_attach how = {
		.dmabuf_fd = fuzz_fd(w, s, FUZZ_DMABUF), .mode = s->flags % 4,
		.unmap_delay_ms = s->flags & 0x10 ? s->value & 0x7f : PTI_UNMAP_AT_ONCE,
		.flags = s->flags & 0x20 ? PTI_LITTERS : 0,
		.callback_ms = s->flags & 0x40 ? s->value >> 8 & 0x3f : 0,
	};

	if (!importer_attach_as(w->importer, &how, rig_nic()))
		atomic_store(&w->handle[s->other % FUZZ_SLOTS], how.handle);
}

static void step_import(struct fuzz_world *w, const struct fuzz_step *s)
{
	importer_map(w->importer, atomic_load(&w->handle[s->slot % FUZZ_SLOTS]));
}

static void step_let_go(struct fuzz_world *w, const struct fuzz_step *s)
{
	importer_unmap(w->importer, atomic_load(&w->handle[s->slot % FUZZ_SLOTS]));
}

static void step_detach(struct fuzz_world *w, const struct fuzz_step *s)
{
	importer_detach(w->importer, atomic_load(&w->handle[s->slot % FUZZ_SLOTS]));
}

static void step_query(struct fuzz_world *w, const struct fuzz_step *s)
{
	struct pti_query query;

	importer_query(w->importer, atomic_load(&w->handle[s->slot % FUZZ_SLOTS]), &query, NULL, 0);
}

const struct fuzz_op fuzz_importer[] = {
	{ "register", step_register },
	{ "deregister", step_deregister },
	{ "advise", step_advise },
	{ "attach", step_attach },
	{ "import", step_import },
	{ "let-go", step_let_go },
	{ "detach", step_detach },
	{ "query", step_query },
	{ NULL, NULL },
};
