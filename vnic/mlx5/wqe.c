// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Decoding requests: which operation, on which memory of the other side, with which data
 * segments. A request was copied from the ring when it began, and is decoded anew in every
 * turn, as keys may have changed since.
 */
#include "work.h"

/* One inline segment. Return: where the next begins; NULL: it does not fit. */
static const uint8_t *take_inline(const uint8_t *at, const uint8_t *end, struct segment *seg)
{
	uint32_t bytes = mlx5_get32(at) & SGE_INLINE_MASK;
	size_t size = (sizeof(uint32_t) + bytes + SGE_SIZE - 1) / SGE_SIZE * SGE_SIZE;

	if (size > (size_t)(end - at))
		return NULL;
	*seg = (struct segment){ .bytes = at + sizeof(uint32_t), .len = bytes };
	return at + size;
}

static bool take_entry(struct mlx5 *mlx5, const struct mlx5_user *user, const uint8_t *at,
		       uint8_t access, struct mlx5_list *list)
{
	uint32_t len = mlx5_get32(at);

	return mlx5_access(mlx5, user, mlx5_get32(at + 4), mlx5_get64(at + 8),
			   len ? len : SGE_LENGTH_0, access, list);
}

enum mlx5_syndrome mlx5_list_read(struct mlx5 *mlx5, const struct mlx5_user *user,
				  const uint8_t *at, const uint8_t *end, uint8_t access,
				  struct mlx5_list *list)
{
	while (end - at >= (ptrdiff_t)SGE_SIZE &&
	       !(access && mlx5_get32(at + 4) == SCATTER_END)) {
		if (list->nr == MAX_SEGMENTS)
			return SYNDROME_LOCAL_LENGTH;
		if (mlx5_get32(at) & SGE_INLINE) {
			at = take_inline(at, end, &list->seg[list->nr]);
			if (!at || access)	/* nothing can be written there */
				return SYNDROME_LOCAL_QP;
			list->len += list->seg[list->nr++].len;
		} else {
			if (!take_entry(mlx5, user, at, access, list))
				return SYNDROME_LOCAL_PROTECTION;
			at += SGE_SIZE;
		}
	}
	return SYNDROME_OK;
}

/* What each operation has behind the control segment, and does with local memory. */
static const struct operation {
	bool offered, remote, atomic;
	uint8_t access;
} operations[] = {
	[WR_SEND] = { .offered = true },
	[WR_SEND_IMM] = { .offered = true },
	[WR_SEND_INVAL] = { .offered = true },
	[WR_WRITE] = { .offered = true, .remote = true },
	[WR_WRITE_IMM] = { .offered = true, .remote = true },
	[WR_READ] = { .offered = true, .remote = true, .access = REGION_LOCAL_WRITE },
	[WR_COMPARE_SWAP] = { .offered = true, .remote = true, .atomic = true,
			      .access = REGION_LOCAL_WRITE },
	[WR_FETCH_ADD] = { .offered = true, .remote = true, .atomic = true,
			   .access = REGION_LOCAL_WRITE },
};

static const struct operation *find_operation(const struct mlx5_qp *qp, uint8_t opcode)
{
	if (opcode >= sizeof(operations) / sizeof(operations[0]) || !operations[opcode].offered)
		return NULL;
	/* what has an answer needs a reliable transport */
	return qp->service == SERVICE_UC && operations[opcode].access ? NULL : &operations[opcode];
}

/*
 * What stands between the control segment and the data. Return: where the data begin; NULL:
 * behind @end.
 */
static const uint8_t *read_head(const struct mlx5_qp *qp, const struct operation *operation,
				const uint8_t *end, struct mlx5_work *work)
{
	const uint8_t *remote = qp->run.wqe + WQE_CTRL_SIZE +
				(qp->service == SERVICE_XRC ? WQE_XRC_SIZE : 0);
	const uint8_t *atomic = remote + (operation->remote ? REMOTE_SIZE : 0);
	const uint8_t *data = atomic + (operation->atomic ? ATOMIC_SIZE : 0);

	if (data > end)
		return NULL;
	if (operation->remote) {
		work->addr = mlx5_get64(remote + REMOTE_ADDR);
		work->key = mlx5_get32(remote + REMOTE_KEY);
	}
	if (operation->atomic) {
		work->operand = mlx5_get64(atomic + ATOMIC_OPERAND);
		work->compare = mlx5_get64(atomic + ATOMIC_COMPARE);
	}
	return data;
}

enum mlx5_syndrome mlx5_wqe_decode(struct mlx5 *mlx5, const struct mlx5_qp *qp,
				   struct mlx5_work *work)
{
	const uint8_t *wqe = qp->run.wqe, *data;
	const uint8_t *end = wqe + (wqe[WQE_DS] & WQE_DS_MASK) * SGE_SIZE;
	const struct operation *operation = find_operation(qp, wqe[WQE_OPCODE]);
	struct mlx5_user user = { .qp = qp, .pd = qp->pd };
	enum mlx5_syndrome syndrome;

	if (!operation)
		return SYNDROME_LOCAL_QP;
	work->local.nr = 0;
	work->local.len = 0;
	work->op = (enum mlx5_request)wqe[WQE_OPCODE];
	data = read_head(qp, operation, end, work);
	if (!data)
		return SYNDROME_LOCAL_QP;
	syndrome = mlx5_list_read(mlx5, &user, data, end, operation->access, &work->local);
	if (!syndrome && (work->local.len > 1ull << LOG_MAX_MSG ||
			  (operation->atomic && work->local.len != ATOMIC_BYTES)))
		return SYNDROME_LOCAL_LENGTH;
	return syndrome;
}
