// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The loopback on EFA: two SRD queue pairs. SRD is reliable but connectionless: every
 * work request names its target (address handle, QP number, queue key), and one that fails
 * leaves the queue pair usable.
 */
#include <errno.h>
#include <string.h>

#include <infiniband/efadv.h>

#include "loopback_priv.h"

#define QKEY 0x70656572u

/* EFADV_DEVICE_ATTR_CAPS_RDMA_WRITE, an enumerator that rdma-core before v46 lacks. */
#define CAP_RDMA_WRITE (1u << 3)

static int srd_probe(struct loopback *lb)
{
	struct efadv_device_attr attr = { 0 };
	int err = efadv_query_device(lb->context, &attr, sizeof(attr));

	if (err == EOPNOTSUPP)
		return -err;	/* not an EFA device */
	if (err)
		return loopback_fail(err, "%s: cannot query the EFA device: %s",
				     ibv_get_device_name(lb->context->device), strerror(err));
	lb->can_read = attr.device_caps & EFADV_DEVICE_ATTR_CAPS_RDMA_READ;
	lb->can_write = attr.device_caps & CAP_RDMA_WRITE;
	lb->max_rdma = attr.max_rdma_size;
	if (lb->depth > attr.max_sq_wr)
		lb->depth = attr.max_sq_wr;
	if (lb->depth > attr.max_rq_wr)
		lb->depth = attr.max_rq_wr;
	return 0;
}

static int create_qp(struct loopback *lb, struct ibv_qp **qp)
{
	struct efadv_qp_init_attr efa = { .driver_qp_type = EFADV_QP_DRIVER_TYPE_SRD };
	struct ibv_qp_init_attr_ex attr = {
		.qp_type = IBV_QPT_DRIVER,
		.pd = lb->pd,
		.send_cq = lb->cq,
		.recv_cq = lb->cq,
		.sq_sig_all = 1,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.send_ops_flags = IBV_QP_EX_WITH_SEND,
		.cap = {
			.max_send_wr = lb->depth, .max_send_sge = 1,
			.max_recv_wr = lb->depth, .max_recv_sge = 1,
		},
	};

	/* The provider refuses the flag of an operation that the device does not have. */
	if (lb->can_read)
		attr.send_ops_flags |= IBV_QP_EX_WITH_RDMA_READ;
	if (lb->can_write)
		attr.send_ops_flags |= IBV_QP_EX_WITH_RDMA_WRITE;
	*qp = efadv_create_qp_ex(lb->context, &attr, &efa, sizeof(efa));
	if (!*qp)
		return loopback_fail(errno, "%s: cannot create an SRD queue pair: %s",
				     ibv_get_device_name(lb->context->device),
				     strerror(errno));
	return 0;
}

static int bring_up(struct loopback *lb, struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT, .port_num = lb->port, .qkey = QKEY,
	};
	int ret;

	ret = loopback_modify(lb, qp, &attr, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
					     IBV_QP_QKEY);
	if (ret)
		return ret;
	attr.qp_state = IBV_QPS_RTR;
	ret = loopback_modify(lb, qp, &attr, IBV_QP_STATE);
	if (ret)
		return ret;
	attr.qp_state = IBV_QPS_RTS;
	return loopback_modify(lb, qp, &attr, IBV_QP_STATE | IBV_QP_SQ_PSN);
}

static int create_ah(struct loopback *lb)
{
	const char *name = ibv_get_device_name(lb->context->device);
	struct ibv_ah_attr attr = { .is_global = 1, .port_num = lb->port };
	int err = ibv_query_gid(lb->context, lb->port, 0, &attr.grh.dgid);

	if (err)
		return loopback_fail(EADDRNOTAVAIL, "%s: port %u has no GID", name, lb->port);
	lb->ah = ibv_create_ah(lb->pd, &attr);
	if (!lb->ah)
		return loopback_fail(errno, "%s: cannot create an address handle to itself: %s",
				     name, strerror(errno));
	return 0;
}

static int srd_connect(struct loopback *lb)
{
	int ret = create_ah(lb);

	if (!ret)
		ret = create_qp(lb, &lb->requester);
	if (!ret)
		ret = create_qp(lb, &lb->responder);
	if (!ret)
		ret = bring_up(lb, lb->responder);
	if (!ret)
		ret = bring_up(lb, lb->requester);
	return ret;
}

/* EFA's ibv_post_send() supports SEND only, so RDMA needs the ibv_wr_* calls. */
static void queue(struct loopback *lb, struct ibv_qp_ex *qp, const struct loopback_wr *wr)
{
	qp->wr_id = wr->wr_id;
	qp->wr_flags = IBV_SEND_SIGNALED;
	switch (wr->op) {
	case LOOPBACK_READ:
		ibv_wr_rdma_read(qp, wr->rkey, wr->remote_addr);
		break;
	case LOOPBACK_WRITE:
		ibv_wr_rdma_write(qp, wr->rkey, wr->remote_addr);
		break;
	default:	/* the NIC has no atomic operations, and loopback_post() refuses them */
		ibv_wr_send(qp);
		break;
	}
	ibv_wr_set_ud_addr(qp, lb->ah, lb->responder->qp_num, QKEY);
	ibv_wr_set_sge(qp, wr->lkey, wr->local_addr, wr->length);
}

static int srd_post(struct loopback *lb, const struct loopback_wr *wr, unsigned int nr)
{
	struct ibv_qp_ex *qp = ibv_qp_to_qp_ex(lb->requester);
	unsigned int i;

	ibv_wr_start(qp);
	for (i = 0; i < nr; i++)
		queue(lb, qp, &wr[i]);
	return ibv_wr_complete(qp);
}

const struct loopback_transport loopback_srd = {
	.name = "SRD",
	.probe = srd_probe,
	.connect = srd_connect,
	.post = srd_post,
};
