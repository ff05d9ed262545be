// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Requests that change a memory key (UMR), which are the driver's alone: a process that posts
 * one must be refused, whatever the key, and whatever of it the request is to change. That a
 * key is as it was shows afterwards: the bystander's still works, and one without rights has
 * none.
 */
#include <endian.h>

#include "hostile_mlx5.h"
#include "lib/tap.h"

#define MASK_LENGTH	(1u << 0)
#define MASK_PAGE_SIZE	(1u << 1)
#define MASK_START	(1u << 6)
#define MASK_PD		(1u << 7)
#define MASK_KEY	(1u << 13)
#define MASK_RIGHTS	(0x1fu << 17)
#define MASK_FREE	(1u << 29)
#define MASK_ALL	(MASK_LENGTH | MASK_PAGE_SIZE | MASK_START | MASK_PD | MASK_KEY | \
			 MASK_RIGHTS | MASK_FREE)
#define ALL_RIGHTS	0x7c
#define FREE		0x40
#define LENGTH64	(1u << 31)
#define CHECK_NOT_FREE	0x40
#define KERNEL_KEYS	24u	/* indices from 1 on: the driver's own keys are among them */

struct change {
	uint8_t flags;			/* MLX5_WQE_UMR_CTRL_FLAG_* */
	uint32_t mask;
	uint8_t free;			/* FREE or 0 */
	uint16_t octowords;		/* of the table, all 0 */
};

static const struct {
	const char *name;
	struct change change;
} changes[] = {
	{ "all of it", { MLX5_WQE_UMR_CTRL_FLAG_INLINE, MASK_ALL, 0, 0 } },
	{ "its rights", { MLX5_WQE_UMR_CTRL_FLAG_INLINE, MASK_RIGHTS, 0, 0 } },
	{ "its range", { MLX5_WQE_UMR_CTRL_FLAG_INLINE, MASK_LENGTH | MASK_START, 0, 0 } },
	{ "its PD", { MLX5_WQE_UMR_CTRL_FLAG_INLINE, MASK_PD, 0, 0 } },
	{ "that it is in use", { MLX5_WQE_UMR_CTRL_FLAG_INLINE, MASK_FREE, FREE, 0 } },
	{ "its pages", { MLX5_WQE_UMR_CTRL_FLAG_INLINE | MLX5_WQE_UMR_CTRL_FLAG_TRNSLATION_OFFSET,
			 0, 0, 4 } },
	{ "its pages, if it is not free", { MLX5_WQE_UMR_CTRL_FLAG_INLINE | CHECK_NOT_FREE,
					    MASK_PAGE_SIZE, 0, 4 } },
	{ "its pages, from memory", { 0, 0, 0, 4 } },
	{ "nothing", { 0, 0, 0, 0 } },
};

static struct rawrc_wqe umr(const struct hostile_mlx5 *h, uint32_t key, const struct change *c)
{
	struct mlx5_wqe_umr_ctrl_seg ctrl = {
		.flags = c->flags, .klm_octowords = htobe16(c->octowords),
		.mkey_mask = htobe64(c->mask),
	};
	struct mlx5_wqe_mkey_context_seg context = {
		.free = c->free, .access_flags = ALL_RIGHTS, .flags_pd = htobe32(LENGTH64),
		.qpn_mkey = htobe32(0xffffff00 | (key & 0xff)), .log_page_size = 12,
	};
	uint8_t table[64] = { 0 };
	struct rawrc_wqe wqe = rawrc_wqe(MLX5_OPCODE_UMR, key);

	rawrc_append(&wqe, &ctrl, sizeof(ctrl));
	rawrc_append(&wqe, &context, sizeof(context));
	if (c->flags & MLX5_WQE_UMR_CTRL_FLAG_INLINE)
		rawrc_append(&wqe, table, 16u * c->octowords);
	else if (c->octowords)
		rawrc_local(&wqe, sizeof(table), h->local_mr->lkey, (uintptr_t)h->local);
	return wqe;
}

/* An operation that the transport has not, or, where it binds windows, a window it is not. */
static bool is_refusal(int status)
{
	return status == IBV_WC_LOC_QP_OP_ERR || status == IBV_WC_MW_BIND_ERR;
}

static void run(struct hostile_mlx5 *h, const char *whose, uint32_t key, unsigned int i)
{
	struct rawrc_wqe wqe = umr(h, key, &changes[i].change);
	char name[128];
	int status;

	snprintf(name, sizeof(name), "to change %s: %s", whose, changes[i].name);
	hostile_pair(h, IBV_QPT_RC, NULL);
	status = rawrc_one(&h->raw, &wqe);
	hostile_verdict(h, name, status, is_refusal(status) ? status : IBV_WC_LOC_QP_OP_ERR);
	hostile_unpair(h);
}

/* The driver's keys cannot be seen. All that are below the first of processes are tried. */
static void run_kernel(struct hostile_mlx5 *h)
{
	struct rawrc_wqe wqe;
	int status = IBV_WC_LOC_QP_OP_ERR;

	for (uint32_t index = 1; index <= KERNEL_KEYS && is_refusal(status); index++) {
		hostile_pair(h, IBV_QPT_RC, NULL);
		wqe = umr(h, index << 8, &changes[0].change);
		status = rawrc_one(&h->raw, &wqe);
		hostile_unpair(h);
	}
	hostile_prepare(h);
	hostile_verdict(h, "to change keys of the driver", status,
			is_refusal(status) ? status : IBV_WC_LOC_QP_OP_ERR);
}

static void check_rights(struct hostile_mlx5 *h)
{
	struct rawrc_wqe wqe = hostile_good_write(h);

	RAWRC_REMOTE(&wqe)->rkey = htobe32(h->read_only_mr->rkey);
	hostile_pair(h, IBV_QPT_RC, NULL);
	hostile_verdict(h, "a key without rights still has none", rawrc_one(&h->raw, &wqe),
			IBV_WC_REM_ACCESS_ERR);
	hostile_unpair(h);
}

static void run_unreliable(struct hostile_mlx5 *h)
{
	struct rawrc_wqe wqe = umr(h, h->bystander->key, &changes[0].change);
	int status;

	hostile_pair(h, IBV_QPT_UC, NULL);
	status = rawrc_one(&h->raw, &wqe);
	hostile_verdict(h, "to change the bystander's key, over UC", status,
			is_refusal(status) ? status : IBV_WC_LOC_QP_OP_ERR);
	hostile_unpair(h);
}

void hostile_mlx5_umr(struct hostile_mlx5 *h)
{
	for (unsigned int i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		run(h, "the bystander's key", h->bystander->key, i);
		run(h, "a key without rights", h->read_only_mr->rkey, i);
		run(h, "a key of another PD", h->other_mr->rkey, i);
		run(h, "a key that does not exist", 0x3fff00, i);
	}
	run_unreliable(h);
	run_kernel(h);
	check_rights(h);
	hostile_check_good(h, "a key of its own is as it was");
}
