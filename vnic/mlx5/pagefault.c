// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Page faults. A key permits the access, but a page behind it is not present: the driver has
 * taken it away, because whoever exports the memory has revoked it. The request stops where
 * it is, and with it all that were posted behind it. The driver gets an event, brings the
 * pages in, and resumes; or it cannot, and says so, and the request fails.
 *
 * A fault belongs to the request that met it, also where the page is one of the other
 * side's: a connected queue pair has nothing else to do meanwhile. A driver that has no
 * queue for such events, or that resumes a request again and again without bringing in what
 * it needs, gets an error of the request instead.
 */
#include "work.h"

#define MAX_REPEATS	8u	/* without one byte having been moved */
#define MTU		4096u
#define NR_GENERATIONS	((1u << (24 - LOG_MAX_QP)) - 1)

/*
 * A token names a queue pair and a generation, which is never 0. So no token is 0, and an
 * answer that comes late, to a fault that was dropped, is not taken for one to the next.
 */
static uint32_t new_token(struct mlx5 *mlx5, const struct mlx5_qp *qp)
{
	uint32_t generation = 1 + (uint32_t)(mlx5->faults++ % NR_GENERATIONS);

	return generation << LOG_MAX_QP | (uint32_t)(qp - mlx5->qp);
}

static bool may_repeat(struct mlx5_run *run)
{
	if (run->done != run->fault.at) {
		run->fault.at = run->done;
		run->fault.repeats = 0;
	}
	return !run->fault.refused && run->fault.repeats++ < MAX_REPEATS;
}

/*
 * Tell the driver, with @data, that the request of @qp met a page that @of lacks. The token is
 * put into a field that may have something in its high bits. Return: SYNDROME_PAGE_FAULT;
 * @failed: the driver cannot be told, or was told often enough.
 */
static enum mlx5_syndrome stop(struct mlx5 *mlx5, struct mlx5_qp *qp, const struct mlx5_qp *of,
			       enum mlx5_fault_event event, uint8_t data[EQE_DATA_SIZE],
			       enum mlx5_syndrome failed)
{
	struct mlx5_eq *eq = mlx5_eq_for(mlx5, EV_PAGE_FAULT);
	uint8_t *at = data + (event == FAULT_RDMA ? FAULT_QUEUE : FAULT_TOKEN);
	uint32_t token = new_token(mlx5, qp);

	mlx5_put32(data + FAULT_COMMITTED, (uint32_t)qp->run.done);
	mlx5_put32(at, mlx5_get32(at) | token);
	if (!eq || !may_repeat(&qp->run) ||
	    !mlx5_eq_post(mlx5, eq, EV_PAGE_FAULT, (uint8_t)event, data))
		return failed;
	qp->run.fault.token = token;
	qp->run.fault.of = (uint32_t)(of - mlx5->qp);
	mlx5->count.page_faults++;
	return SYNDROME_PAGE_FAULT;
}

/* The driver finds the addresses in the request: of queue @number of @type, at @index. */
static enum mlx5_syndrome stop_in_queue(struct mlx5 *mlx5, struct mlx5_qp *qp,
					const struct mlx5_qp *of, uint32_t type, uint32_t number,
					uint16_t index, enum mlx5_syndrome failed)
{
	uint8_t data[EQE_DATA_SIZE] = { 0 };

	mlx5_put16(data + FAULT_INDEX, index);
	mlx5_put32(data + FAULT_QUEUE, type << 24 | number);
	return stop(mlx5, qp, of, FAULT_IN_QUEUE, data, failed);
}

enum mlx5_syndrome mlx5_pagefault_local(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	bool write = qp->run.wqe[WQE_OPCODE] >= WR_READ;	/* of its own memory */

	if (qp->service != SERVICE_RC && qp->service != SERVICE_UD)
		return SYNDROME_LOCAL_PROTECTION;
	return stop_in_queue(mlx5, qp, qp, FAULT_REQUESTER | (write ? FAULT_WRITE : 0),
			     (uint32_t)(qp - mlx5->qp), qp->sq_cons, SYNDROME_LOCAL_PROTECTION);
}

enum mlx5_syndrome mlx5_pagefault_recv(struct mlx5 *mlx5, struct mlx5_qp *qp,
				       const struct mlx5_target *to, uint16_t index)
{
	uint32_t type = to->srq ? 0 : FAULT_WRITE;
	uint32_t number = (uint32_t)(to->srq ? to->srq - mlx5->srq : to->qp - mlx5->qp);

	if (qp->service != SERVICE_RC)
		return SYNDROME_REMOTE_OPERATION;
	return stop_in_queue(mlx5, qp, to->qp, type, number, index, SYNDROME_REMOTE_OPERATION);
}

enum mlx5_syndrome mlx5_pagefault_remote(struct mlx5 *mlx5, struct mlx5_qp *qp,
					 const struct mlx5_target *to,
					 const struct mlx5_work *work)
{
	uint32_t type = FAULT_OF_RDMA | (work->op == WR_READ ? 0 : FAULT_WRITE);
	uint32_t length = (uint32_t)work->local.len;
	uint8_t data[EQE_DATA_SIZE] = { 0 };

	if (qp->service != SERVICE_RC)
		return SYNDROME_REMOTE_ACCESS;
	mlx5_put32(data + FAULT_KEY, work->key);
	mlx5_put16(data + FAULT_PACKET, (uint16_t)(length < MTU ? length : MTU));
	mlx5_put32(data + FAULT_LENGTH, length);
	mlx5_put64(data + FAULT_ADDR, work->addr);
	mlx5_put32(data + FAULT_QUEUE, type << 24);
	return stop(mlx5, qp, to->qp, FAULT_RDMA, data, SYNDROME_REMOTE_ACCESS);
}

/* ---- going on ---- */

static void go_on(struct mlx5 *mlx5, struct mlx5_qp *qp)
{
	qp->run.fault.token = 0;
	mlx5_qp_doorbell(mlx5, qp);
}

void mlx5_pagefault_forget(struct mlx5 *mlx5, const struct mlx5_qp *of)
{
	uint32_t number = (uint32_t)(of - mlx5->qp);

	for (uint32_t n = 0; n < 1u << LOG_MAX_QP; n++) {
		struct mlx5_qp *qp = &mlx5->qp[n];

		if (qp != of && qp->run.active && qp->run.fault.token &&
		    qp->run.fault.of == number)
			go_on(mlx5, qp);
	}
}

/* A token that nobody waits with is an answer that came too late. */
enum mlx5_status mlx5_pagefault_resume(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	uint32_t token = (uint32_t)mlx5_get(cmd->in, RESUME_TOKEN);
	struct mlx5_qp *qp = mlx5_qp_get(mlx5, token % (1u << LOG_MAX_QP));
	struct mlx5_fault *fault = mlx5_fault(&mlx5->nic->fault);

	if (fault->lose_resume) {
		fault->lose_resume--;
		return ST_OK;
	}
	if (!token || !qp || !qp->run.active || qp->run.fault.token != token)
		return ST_OK;
	qp->run.fault.refused = mlx5_get(cmd->in, RESUME_ERROR);
	if (qp->run.fault.refused)
		mlx5->count.page_faults_refused++;
	go_on(mlx5, qp);
	return ST_OK;
}
