// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * From the memory of one device to that of another, by two NICs: the first one reads the first
 * device's BAR, the second one writes into the second device's, and no byte is in host memory
 * between. The two NICs may also be one and the same.
 *
 *	gpu_to_gpu RDMA-DEVICE ADDRESS RDMA-DEVICE ADDRESS BAR
 *
 * Both sides are in this process here. On two machines, each would do its half, and they would
 * exchange what is in struct side. Both RDMA devices must have RC, and reach each other.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <infiniband/verbs.h>
#include <peerbar.h>

#define LENGTH (1u << 20)

struct side {
	struct peerbar_device *dev;
	uint8_t *bar;		/* for the CPU, which only fills and checks it */
	struct ibv_context *nic;
	struct ibv_cq *cq;
	struct ibv_qp *qp;
	struct ibv_mr *mr;
	uint64_t at;		/* the address of the MR in work requests */
};

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "gpu_to_gpu: %s\n", what);
	exit(1);
}

static void open_nic(struct side *s, const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL);

	for (int i = 0; list && list[i] && !s->nic; i++)
		if (!strcmp(ibv_get_device_name(list[i]), name))
			s->nic = ibv_open_device(list[i]);
	need(s->nic, "there is no such RDMA device, or it cannot be opened");
	ibv_free_device_list(list);
}

static void open_bar(struct side *s, struct ibv_pd *pd, const char *address, unsigned int bar)
{
	struct peerbar_range range = { 0, LENGTH };
	int fd;

	need(!peerbar_open(address, &s->dev), peerbar_errmsg());
	s->bar = peerbar_map(s->dev, bar, 0, LENGTH);
	need(s->bar, peerbar_errmsg());
	fd = peerbar_export(s->dev, bar, &range, 1, O_RDWR);
	need(fd >= 0, peerbar_errmsg());
	s->mr = peerbar_reg_mr(pd, fd, 0, LENGTH, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE,
			       &s->at);
	need(s->mr, peerbar_errmsg());
	close(fd);	/* the MR has a reference of its own */
}

static void open_side(struct side *s, const char *nic, const char *address, unsigned int bar)
{
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC, .cap = { .max_send_wr = 1, .max_recv_wr = 1,
						.max_send_sge = 1, .max_recv_sge = 1 },
	};
	struct ibv_pd *pd;

	open_nic(s, nic);
	pd = ibv_alloc_pd(s->nic);
	s->cq = ibv_create_cq(s->nic, 4, NULL, NULL, 0);
	need(pd && s->cq, "no protection domain or completion queue");
	init.send_cq = s->cq;
	init.recv_cq = s->cq;
	s->qp = ibv_create_qp(pd, &init);
	need(s->qp, "no RC queue pair");
	open_bar(s, pd, address, bar);
}

static void connect_to(struct side *s, const struct side *peer)
{
	struct ibv_qp_attr a = {
		.qp_state = IBV_QPS_INIT, .port_num = 1, .qp_access_flags = IBV_ACCESS_REMOTE_WRITE,
	};
	struct ibv_port_attr port;
	union ibv_gid gid;

	need(!ibv_query_port(peer->nic, 1, &port) && !ibv_query_gid(peer->nic, 1, 0, &gid),
	     "no port");
	need(!ibv_modify_qp(s->qp, &a, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
			    IBV_QP_ACCESS_FLAGS), "INIT");
	a = (struct ibv_qp_attr){
		.qp_state = IBV_QPS_RTR, .path_mtu = IBV_MTU_1024,
		.dest_qp_num = peer->qp->qp_num, .max_dest_rd_atomic = 1, .min_rnr_timer = 12,
		.ah_attr = { .dlid = port.lid, .port_num = 1, .is_global = !port.lid,
			     .grh = { .dgid = gid, .hop_limit = 1 } },
	};
	need(!ibv_modify_qp(s->qp, &a, IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU |
			    IBV_QP_DEST_QPN | IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC |
			    IBV_QP_MIN_RNR_TIMER), "RTR");
	a = (struct ibv_qp_attr){
		.qp_state = IBV_QPS_RTS, .timeout = 14, .retry_cnt = 7, .max_rd_atomic = 1,
	};
	need(!ibv_modify_qp(s->qp, &a, IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT |
			    IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC), "RTS");
}

static void copy(struct side *from, const struct side *to)
{
	struct ibv_sge sge = { from->at, LENGTH, from->mr->lkey };
	struct ibv_send_wr *bad, wr = {
		.opcode = IBV_WR_RDMA_WRITE, .send_flags = IBV_SEND_SIGNALED, .sg_list = &sge,
		.num_sge = 1, .wr.rdma = { .remote_addr = to->at, .rkey = to->mr->rkey },
	};
	struct ibv_wc wc;

	need(!ibv_post_send(from->qp, &wr, &bad), "cannot post");
	while (!ibv_poll_cq(from->cq, 1, &wc))
		;
	need(wc.status == IBV_WC_SUCCESS, ibv_wc_status_str(wc.status));
}

static uint8_t pattern(unsigned int i)
{
	return (uint8_t)((i >> 8) * 31 + i);
}

int main(int argc, char **argv)
{
	struct side from = { 0 }, to = { 0 };
	unsigned int i, bar;

	need(argc == 6, "usage: gpu_to_gpu RDMA-DEVICE ADDRESS RDMA-DEVICE ADDRESS BAR");
	bar = (unsigned int)atoi(argv[5]);
	open_side(&from, argv[1], argv[2], bar);
	open_side(&to, argv[3], argv[4], bar);
	connect_to(&from, &to);
	connect_to(&to, &from);
	for (i = 0; i < LENGTH; i++) {
		from.bar[i] = pattern(i);
		to.bar[i] = (uint8_t)~pattern(i);
	}
	copy(&from, &to);
	for (i = 0; i < LENGTH; i++)
		need(to.bar[i] == pattern(i), "other bytes have arrived");
	printf("%u bytes from %s to %s\n", LENGTH, peerbar_address(from.dev),
	       peerbar_address(to.dev));

	ibv_dereg_mr(from.mr);
	ibv_dereg_mr(to.mr);
	peerbar_close(from.dev);
	peerbar_close(to.dev);
	return 0;
}
