// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * UD: each request names its receiver. A receive has room for a global routing header of 40
 * bytes before the data, which is filled in as it would arrive. Whatever goes wrong beyond
 * the sender's own memory loses the datagram, and the sender is not told.
 */
#include <string.h>

#include "work.h"

#define MTU		4096u
#define GRH_VERSION	0x60u		/* as IPv6 has it */
#define GRH_NEXT	0x1bu		/* what follows is InfiniBand's transport */
#define GRH_HOPS	64u

/* The receiver, if there is one that takes datagrams with this key. */
static struct mlx5_qp *receiver(struct mlx5 *mlx5, const struct mlx5_qp *from)
{
	const uint8_t *wqe = from->run.wqe;
	struct mlx5_qp *to = mlx5_qp_get(mlx5, mlx5_get32(wqe + WQE_AV_QPN) & 0xffffff);
	uint32_t key = mlx5_get32(wqe + WQE_AV_QKEY);

	if (key & QKEY_OWN)
		key = (uint32_t)mlx5_get(from->ctx, QPC_QKEY);
	if (!to || to->service != SERVICE_UD || (to->state != QP_RTR && to->state != QP_RTS) ||
	    mlx5_get16(wqe + WQE_AV_LID) != mlx5_config(&mlx5->nic->config)->lid ||
	    mlx5_get(to->ctx, QPC_QKEY) != key)
		return NULL;
	return to;
}

/* The header, if the sender asked for one; the room for it is there in any case. */
static void write_grh(const struct mlx5 *mlx5, const uint8_t *wqe, uint64_t bytes,
		      uint8_t grh[GRH_SIZE])
{
	memset(grh, 0, GRH_SIZE);
	if (!(mlx5_get32(wqe + WQE_AV_GRH) & AV_GRH))
		return;
	grh[0] = GRH_VERSION;
	mlx5_put16(grh + 4, (uint16_t)bytes);
	grh[6] = GRH_NEXT;
	grh[7] = GRH_HOPS;
	memcpy(grh + 8, mlx5->nic->config.gid, 16);
	memcpy(grh + 24, wqe + WQE_AV_GID, 16);
}

/* The header as the first segment, then those of the request. */
static enum mlx5_syndrome decode(struct mlx5 *mlx5, const struct mlx5_qp *qp,
				 struct mlx5_work *work)
{
	const uint8_t *wqe = qp->run.wqe, *at = wqe + WQE_CTRL_SIZE + WQE_AV_SIZE;
	const uint8_t *end = wqe + (wqe[WQE_DS] & WQE_DS_MASK) * SGE_SIZE;
	struct mlx5_user user = { .qp = qp, .pd = qp->pd };
	struct mlx5_list *local = &work->local;
	enum mlx5_syndrome syndrome;

	work->op = (enum mlx5_request)wqe[WQE_OPCODE];
	if ((work->op != WR_SEND && work->op != WR_SEND_IMM) || at > end)
		return SYNDROME_LOCAL_QP;
	local->seg[0] = (struct segment){ .bytes = work->grh, .len = GRH_SIZE };
	local->nr = 1;
	local->len = GRH_SIZE;
	syndrome = mlx5_list_read(mlx5, &user, at, end, 0, local);
	if (syndrome)
		return syndrome;
	if (local->len > GRH_SIZE + MTU)
		return SYNDROME_LOCAL_LENGTH;
	write_grh(mlx5, wqe, local->len - GRH_SIZE, work->grh);
	return SYNDROME_OK;
}

enum mlx5_syndrome mlx5_datagram(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	struct mlx5_work work;
	enum mlx5_syndrome syndrome = decode(mlx5, qp, &work);
	struct mlx5_target to;
	struct mlx5_qp *other;

	if (syndrome)
		return syndrome;
	other = receiver(mlx5, qp);
	syndrome = other && mlx5_target(mlx5, other, &qp->run, &to) ?
		   mlx5_recv_send(mlx5, &to, qp, &work) : SYNDROME_RETRIES;
	if (!syndrome)
		mlx5->count.bytes += work.local.len - GRH_SIZE;
	if (syndrome < SYNDROME_REMOTE_INVALID)
		return syndrome;
	mlx5->count.dropped++;
	return SYNDROME_OK;
}
