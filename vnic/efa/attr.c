// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What the device reports about itself: GET_FEATURE, SET_FEATURE and GET_STATS.
 *
 * The limits of objects are one less than the sizes of the tables, because entry 0 of each
 * is not used. The device offers neither larger inline data (feature 9) nor host
 * information (feature 6).
 */
#include <string.h>

#include "admin_defs.h"
#include "efa.h"

#define FEATURES \
	(1u << EFA_FEATURE_DEVICE | 1u << EFA_FEATURE_AENQ | 1u << EFA_FEATURE_NETWORK | \
	 1u << EFA_FEATURE_QUEUES | 1u << EFA_FEATURE_HINTS | 1u << EFA_FEATURE_EQ)

#define PHYS_BITS	48u
#define VIRT_BITS	57u
#define LINK_GBPS	100u
#define MAX_SEND_SGES	2u
#define MAX_RECV_SGES	3u
#define CPU_PAGE	4096u	/* the driver multiplies max_mr_pages by it */

_Static_assert(MAX_RECV_SGES <= EFA_MAX_RECV_SEGS, "rq.c takes as many SGEs as reported here");

static void get_device(const struct efa *efa, void *rsp_buf)
{
	struct efa_device_rsp *rsp = rsp_buf;

	rsp->features = FEATURES;
	rsp->page_sizes = efa_config(&efa->nic->config)->page_sizes & EFA_MR_PAGE_SIZES;
	rsp->fw_version = 1;
	rsp->admin_version = 1;
	rsp->device_version = 1;
	rsp->db_bar = EFA_DB_BAR;
	rsp->phys_bits = PHYS_BITS;
	rsp->virt_bits = VIRT_BITS;
	rsp->device_caps = EFA_CAP_RDMA_READ | EFA_CAP_RNR_RETRY | EFA_CAP_RDMA_WRITE |
			   EFA_CAP_UNSOLICITED;
	rsp->max_rdma = EFA_MAX_RDMA;
	/* The lower half of the GID differs from NIC to NIC, so it serves as the GUID. */
	memcpy(rsp->guid, efa->nic->config.gid + 8, sizeof(rsp->guid));
	rsp->gbps = LINK_GBPS;
}

static void get_aenq(const struct efa *efa, void *rsp_buf)
{
	struct efa_aenq_rsp *rsp = rsp_buf;

	rsp->supported = EFA_AENQ_GROUPS;
	rsp->enabled = efa->aenq_groups;
}

static void get_network(const struct efa *efa, void *rsp_buf)
{
	struct efa_network_rsp *rsp = rsp_buf;

	memcpy(rsp->gid, efa->nic->config.gid, sizeof(rsp->gid));
	rsp->mtu = EFA_MTU;
}

static void get_queues(const struct efa *efa, void *rsp_buf)
{
	struct efa_queues_rsp *rsp = rsp_buf;

	(void)efa;
	rsp->max_qp = EFA_MAX_QP - 1;
	rsp->max_sq_depth = EFA_MAX_DEPTH;
	rsp->inline_size = EFA_INLINE;
	rsp->max_rq_depth = EFA_MAX_RQ_DEPTH;
	rsp->max_cq = EFA_MAX_CQ - 1;
	rsp->max_cq_depth = EFA_MAX_CQ_DEPTH;
	rsp->sub_cqs = 1;
	rsp->max_send_sges = MAX_SEND_SGES;
	rsp->max_recv_sges = MAX_RECV_SGES;
	rsp->max_mr = EFA_MAX_MR - 1;
	rsp->max_mr_pages = EFA_MAX_MR_SIZE / CPU_PAGE;
	rsp->max_pd = EFA_MAX_PD - 1;
	rsp->max_ah = EFA_MAX_AH - 1;
	rsp->max_llq = EFA_LLQ_QP_SIZE;
	rsp->max_rdma_sges = 1;
}

/* All hints are zero, which means that the driver keeps its own timeouts. */
static void get_hints(const struct efa *efa, void *rsp)
{
	(void)efa;
	(void)rsp;
}

static void get_eq(const struct efa *efa, void *rsp_buf)
{
	struct efa_eq_attr_rsp *rsp = rsp_buf;

	(void)efa;
	rsp->max_eq = EFA_VECTORS - 1;
	rsp->max_depth = EFA_MAX_EQ_DEPTH;
	rsp->event_mask = EFA_EQ_COMPLETIONS;
}

uint8_t efa_cmd_get_feature(struct efa *efa, const void *cmd_buf, void *rsp)
{
	static void (*const get[])(const struct efa *efa, void *rsp) = {
		[EFA_FEATURE_DEVICE] = get_device,
		[EFA_FEATURE_AENQ] = get_aenq,
		[EFA_FEATURE_NETWORK] = get_network,
		[EFA_FEATURE_QUEUES] = get_queues,
		[EFA_FEATURE_HINTS] = get_hints,
		[EFA_FEATURE_EQ] = get_eq,
	};
	const struct efa_feature_cmd *cmd = cmd_buf;

	if (cmd->feature >= sizeof(get) / sizeof(get[0]) || !get[cmd->feature])
		return EFA_ADMIN_UNSUPPORTED;
	get[cmd->feature](efa, rsp);
	return EFA_ADMIN_OK;
}

uint8_t efa_cmd_set_feature(struct efa *efa, const void *cmd_buf, void *rsp)
{
	const struct efa_feature_cmd *cmd = cmd_buf;

	(void)rsp;
	if (cmd->feature != EFA_FEATURE_AENQ)
		return EFA_ADMIN_UNSUPPORTED;
	/* arg[0]: the groups that the device supports; arg[1]: those that it shall report */
	if (cmd->arg[1] & ~EFA_AENQ_GROUPS)
		return EFA_ADMIN_ILLEGAL;
	efa->aenq_groups = cmd->arg[1];
	return EFA_ADMIN_OK;
}

/* ---- statistics ---- */

/*
 * Both ends of every transfer are in this device, and sends do not count datagrams that
 * were dropped. So what was received is exactly what was sent.
 */
static void stats_basic(const struct efa_counters *c, struct efa_stats_rsp *rsp)
{
	uint64_t bytes = c->send_bytes + c->read_bytes + c->write_bytes;
	uint64_t packets = c->sends + c->reads + c->writes;

	rsp->value[0] = bytes;		/* tx */
	rsp->value[1] = packets;
	rsp->value[2] = bytes;		/* rx */
	rsp->value[3] = packets;
	rsp->value[4] = c->ud_dropped;	/* rx drops */
}

static void stats_messages(const struct efa_counters *c, struct efa_stats_rsp *rsp)
{
	rsp->value[0] = c->send_bytes;
	rsp->value[1] = c->sends;
	rsp->value[2] = c->recv_bytes;
	rsp->value[3] = c->recvs;
}

/* value[2] stays 0 for READ and WRITE: it is errors, which the device counts only by status. */
static void stats_read(const struct efa_counters *c, struct efa_stats_rsp *rsp)
{
	rsp->value[0] = c->reads;
	rsp->value[1] = c->read_bytes;
	rsp->value[3] = c->read_bytes;	/* as the responder */
}

static void stats_write(const struct efa_counters *c, struct efa_stats_rsp *rsp)
{
	rsp->value[0] = c->writes;
	rsp->value[1] = c->write_bytes;
	rsp->value[3] = c->write_bytes;	/* as the receiver */
}

/* All types that drivers ask for are answered: an error would fail the driver's probe. */
uint8_t efa_cmd_get_stats(struct efa *efa, const void *cmd_buf, void *rsp)
{
	const struct efa_stats_cmd *cmd = cmd_buf;

	if (cmd->scope != 0)
		return EFA_ADMIN_UNSUPPORTED;
	switch (cmd->type) {
	case EFA_STATS_BASIC:
		stats_basic(&efa->count, rsp);
		return EFA_ADMIN_OK;
	case EFA_STATS_MESSAGES:
		stats_messages(&efa->count, rsp);
		return EFA_ADMIN_OK;
	case EFA_STATS_RDMA_READ:
		stats_read(&efa->count, rsp);
		return EFA_ADMIN_OK;
	case EFA_STATS_RDMA_WRITE:
		stats_write(&efa->count, rsp);
		return EFA_ADMIN_OK;
	case EFA_STATS_NETWORK:	/* retransmissions and the like, which never happen here */
		return EFA_ADMIN_OK;
	default:
		return EFA_ADMIN_UNSUPPORTED;
	}
}
