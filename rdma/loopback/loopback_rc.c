// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The loopback on every NIC but EFA: two RC queue pairs that are connected to each other.
 */
#include <errno.h>
#include <string.h>

#include "loopback_priv.h"

static int rc_probe(struct loopback *lb)
{
	struct ibv_device_attr attr;
	int err = ibv_query_device(lb->context, &attr);

	if (err)
		return loopback_fail(err, "%s: cannot query the device: %s",
				     ibv_get_device_name(lb->context->device), strerror(err));
	lb->can_read = true;
	lb->can_write = true;
	lb->can_atomic = attr.atomic_cap != IBV_ATOMIC_NONE;
	lb->connected = true;
	if (lb->depth > (unsigned int)attr.max_qp_wr)
		lb->depth = attr.max_qp_wr;
	return 0;
}

static int create_qp(struct loopback *lb, struct ibv_qp **qp)
{
	struct ibv_qp_init_attr attr = {
		.qp_type = IBV_QPT_RC,
		.send_cq = lb->cq,
		.recv_cq = lb->cq,
		.sq_sig_all = 1,
		.cap = {
			.max_send_wr = lb->depth, .max_send_sge = 1,
			.max_recv_wr = lb->depth, .max_recv_sge = 1,
		},
	};

	*qp = ibv_create_qp(lb->pd, &attr);
	if (!*qp)
		return loopback_fail(errno, "%s: cannot create an RC queue pair: %s",
				     ibv_get_device_name(lb->context->device),
				     strerror(errno));
	return 0;
}

/*
 * On Ethernet prefer a RoCE v2 GID that is made from an IPv4 address. There is always a
 * link-local GID, too, but packets to it do not always find their way back to the own port.
 */
static int pick_gid(struct loopback *lb, struct ibv_gid_entry *gid, int nr)
{
	static const uint8_t v4_mapped[12] = { [10] = 0xff, [11] = 0xff };
	int i;

	for (i = 0; i < nr; i++)
		if (!ibv_query_gid_ex(lb->context, lb->port, i, gid, 0) &&
		    gid->gid_type == IBV_GID_TYPE_ROCE_V2 &&
		    !memcmp(gid->gid.raw, v4_mapped, sizeof(v4_mapped)))
			return 0;
	if (!ibv_query_gid_ex(lb->context, lb->port, 0, gid, 0))
		return 0;
	return loopback_fail(EADDRNOTAVAIL, "%s: port %u has no GID: give its network "
			     "interface an address",
			     ibv_get_device_name(lb->context->device), lb->port);
}

static int own_address(struct loopback *lb, struct ibv_qp_attr *rtr)
{
	struct ibv_gid_entry gid;
	struct ibv_port_attr port;
	int ret = ibv_query_port(lb->context, lb->port, &port);

	if (ret)
		return loopback_fail(ret, "%s: cannot query port %u: %s",
				     ibv_get_device_name(lb->context->device), lb->port,
				     strerror(ret));
	rtr->path_mtu = port.active_mtu;
	rtr->ah_attr.port_num = lb->port;
	rtr->ah_attr.dlid = port.lid;
	if (port.link_layer != IBV_LINK_LAYER_ETHERNET)
		return 0;
	ret = pick_gid(lb, &gid, port.gid_tbl_len);
	if (ret)
		return ret;
	rtr->ah_attr.is_global = 1;
	rtr->ah_attr.grh.dgid = gid.gid;
	rtr->ah_attr.grh.sgid_index = gid.gid_index;
	rtr->ah_attr.grh.hop_limit = 1;
	return 0;
}

static int bring_up(struct loopback *lb, struct ibv_qp *qp, const struct ibv_qp *peer)
{
	struct ibv_qp_attr init = {
		.qp_state = IBV_QPS_INIT, .port_num = lb->port,
		.qp_access_flags = loopback_access(lb),
	};
	struct ibv_qp_attr rtr = {
		.qp_state = IBV_QPS_RTR, .dest_qp_num = peer->qp_num,
		.max_dest_rd_atomic = 1, .min_rnr_timer = 12,
	};
	struct ibv_qp_attr rts = {
		.qp_state = IBV_QPS_RTS, .timeout = 14, .retry_cnt = 7, .rnr_retry = 7,
		.max_rd_atomic = 1,
	};
	int ret = own_address(lb, &rtr);

	if (!ret)
		ret = loopback_modify(lb, qp, &init, IBV_QP_STATE | IBV_QP_PKEY_INDEX |
				      IBV_QP_PORT | IBV_QP_ACCESS_FLAGS);
	if (!ret)
		ret = loopback_modify(lb, qp, &rtr, IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU |
				      IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
				      IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER);
	if (!ret)
		ret = loopback_modify(lb, qp, &rts, IBV_QP_STATE | IBV_QP_TIMEOUT |
				      IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN |
				      IBV_QP_MAX_QP_RD_ATOMIC);
	return ret;
}

static int rc_connect(struct loopback *lb)
{
	int ret = create_qp(lb, &lb->requester);

	if (!ret)
		ret = create_qp(lb, &lb->responder);
	if (!ret)
		ret = bring_up(lb, lb->responder, lb->requester);
	if (!ret)
		ret = bring_up(lb, lb->requester, lb->responder);
	return ret;
}

static bool is_atomic(enum loopback_op op)
{
	return op == LOOPBACK_FETCH_ADD || op == LOOPBACK_COMPARE_SWAP;
}

static void fill(const struct loopback_wr *wr, struct ibv_send_wr *send, struct ibv_sge *sge)
{
	static const enum ibv_wr_opcode opcodes[] = {
		[LOOPBACK_READ] = IBV_WR_RDMA_READ, [LOOPBACK_WRITE] = IBV_WR_RDMA_WRITE,
		[LOOPBACK_SEND] = IBV_WR_SEND, [LOOPBACK_FETCH_ADD] = IBV_WR_ATOMIC_FETCH_AND_ADD,
		[LOOPBACK_COMPARE_SWAP] = IBV_WR_ATOMIC_CMP_AND_SWP,
	};

	*sge = (struct ibv_sge){
		.addr = wr->local_addr, .length = wr->length, .lkey = wr->lkey,
	};
	*send = (struct ibv_send_wr){
		.wr_id = wr->wr_id, .sg_list = sge, .num_sge = 1,
		.opcode = opcodes[wr->op], .send_flags = IBV_SEND_SIGNALED,
		.wr.rdma = { .remote_addr = wr->remote_addr, .rkey = wr->rkey },
	};
	if (is_atomic(wr->op)) {
		bool add = wr->op == LOOPBACK_FETCH_ADD;

		send->wr.atomic.remote_addr = wr->remote_addr;
		send->wr.atomic.rkey = wr->rkey;
		send->wr.atomic.compare_add = add ? wr->operand : wr->compare;
		send->wr.atomic.swap = add ? 0 : wr->operand;
	}
}

static int rc_post(struct loopback *lb, const struct loopback_wr *wr, unsigned int nr)
{
	struct ibv_send_wr send[LOOPBACK_BATCH], *bad;
	struct ibv_sge sge[LOOPBACK_BATCH];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		fill(&wr[i], &send[i], &sge[i]);
		if (i)
			send[i - 1].next = &send[i];
	}
	return ibv_post_send(lb->requester, send, &bad);
}

const struct loopback_transport loopback_rc = {
	.name = "RC",
	.probe = rc_probe,
	.connect = rc_connect,
	.post = rc_post,
};
