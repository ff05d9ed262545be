// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Surviving a revoke: a server lets a client write into a PCI device's BAR by RDMA, for as long as
 * it takes until the device was taken away and came back TIMES times, for example by
 * "echo 1 > /sys/bus/pci/devices/ADDRESS/reset". Each time the server registers anew, connects
 * anew and hands the new key over. It is the same code for MRs that die, that revive and that are
 * fenced off. With the kernel's own exporter, which does not tell, the client's failed writes do.
 *
 *	survivor RDMA-DEVICE ADDRESS BAR TIMES		the RDMA device must have RC
 *
 * Both sides are processes of this machine and talk over a socketpair; a TCP socket would do, too.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <infiniband/verbs.h>
#include <peerbar.h>

#define LENGTH (1u << 20)
#define PATIENCE_MS 30000

/* What one side has to know of the other; the server's has the region, too. */
struct ticket {
	uint32_t qpn, rkey;
	uint64_t address;
	uint16_t lid;
	uint16_t kind;
	union ibv_gid gid;
};

/* The server says GO with each new key, STOP before it, and END. The client says GO if it waits. */
enum { GO, STOP, END };

struct side {
	struct ibv_context *nic;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_qp *qp;
	int sock;
};

static void die(const char *why)
{
	fprintf(stderr, "survivor: %s\n", why);
	exit(1);
}

static void need(int failed, const char *what)
{
	if (failed)
		die(what);
}

static void open_side(struct side *s, const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC, .cap = { .max_send_wr = 1, .max_recv_wr = 1,
						.max_send_sge = 1, .max_recv_sge = 1 },
	};

	for (int i = 0; list && list[i] && !s->nic; i++)
		if (!strcmp(ibv_get_device_name(list[i]), name))
			s->nic = ibv_open_device(list[i]);
	need(!s->nic, "there is no such RDMA device");
	ibv_free_device_list(list);
	s->pd = ibv_alloc_pd(s->nic);
	s->cq = ibv_create_cq(s->nic, 4, NULL, NULL, 0);
	need(!s->pd || !s->cq, "no protection domain or completion queue");
	init.send_cq = s->cq;
	init.recv_cq = s->cq;
	s->qp = ibv_create_qp(s->pd, &init);
	need(!s->qp, "no RC queue pair");
}

static struct ticket my_ticket(const struct side *s)
{
	struct ticket t = { .qpn = s->qp->qp_num };
	struct ibv_port_attr port;

	need(ibv_query_port(s->nic, 1, &port) || ibv_query_gid(s->nic, 1, 0, &t.gid), "no port");
	t.lid = port.lid;
	return t;
}

/* From whatever state it is in, so also after an error: both sides begin anew. */
static void connect_to(struct side *s, const struct ticket *peer)
{
	struct ibv_qp_attr a = { .qp_state = IBV_QPS_RESET };

	need(ibv_modify_qp(s->qp, &a, IBV_QP_STATE), "reset of the queue pair");
	a = (struct ibv_qp_attr){
		.qp_state = IBV_QPS_INIT, .port_num = 1, .qp_access_flags = IBV_ACCESS_REMOTE_WRITE,
	};
	need(ibv_modify_qp(s->qp, &a, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
			   IBV_QP_ACCESS_FLAGS), "INIT");
	a = (struct ibv_qp_attr){
		.qp_state = IBV_QPS_RTR, .path_mtu = IBV_MTU_1024, .dest_qp_num = peer->qpn,
		.max_dest_rd_atomic = 1, .min_rnr_timer = 12,
		.ah_attr = { .dlid = peer->lid, .port_num = 1, .is_global = !peer->lid,
			     .grh = { .dgid = peer->gid, .hop_limit = 1 } },
	};
	need(ibv_modify_qp(s->qp, &a, IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU |
			   IBV_QP_DEST_QPN | IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC |
			   IBV_QP_MIN_RNR_TIMER), "RTR");
	a = (struct ibv_qp_attr){
		.qp_state = IBV_QPS_RTS, .timeout = 14, .retry_cnt = 7, .max_rd_atomic = 1,
	};
	need(ibv_modify_qp(s->qp, &a, IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT |
			   IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC), "RTS");
}

static void tell(const struct side *s, const struct ticket *t)
{
	need(write(s->sock, t, sizeof(*t)) != sizeof(*t), "the other side is gone");
}

static void hear(const struct side *s, struct ticket *t)
{
	need(recv(s->sock, t, sizeof(*t), MSG_WAITALL) != sizeof(*t), "the other side is gone");
}

/* The client: one number after the other into the first bytes of the region. */

static enum ibv_wc_status write_number(struct side *s, struct ibv_mr *mr, const struct ticket *to)
{
	struct ibv_sge sge = { (uintptr_t)mr->addr, 8, mr->lkey };
	struct ibv_send_wr *bad, wr = {
		.opcode = IBV_WR_RDMA_WRITE, .send_flags = IBV_SEND_SIGNALED, .sg_list = &sge,
		.num_sge = 1, .wr.rdma = { .remote_addr = to->address, .rkey = to->rkey },
	};
	struct ibv_wc wc;

	need(ibv_post_send(s->qp, &wr, &bad), "cannot post");
	while (!ibv_poll_cq(s->cq, 1, &wc))
		;
	return wc.status;
}

static void client(struct side *s)
{
	struct pollfd p = { .fd = s->sock, .events = POLLIN };
	uint64_t number = 0, failed = 0;
	struct ticket mine = my_ticket(s), to;
	struct ibv_mr *mr = ibv_reg_mr(s->pd, &number, sizeof(number), 0);
	int error = 0;

	need(!mr, "cannot register host memory");
	tell(s, &mine);
	for (hear(s, &to); to.kind != END; hear(s, &to)) {
		if (to.kind == STOP && !error)
			tell(s, &mine);
		if (to.kind == STOP)
			continue;	/* after an error it was told already */
		connect_to(s, &to);
		for (error = 0; !error && !poll(&p, 1, 0); number++)
			error = write_number(s, mr, &to);
		failed += !!error;
		if (error)
			tell(s, &mine);
	}
	printf("%ju writes, %ju of them failed\n", (uintmax_t)number, (uintmax_t)failed);
	ibv_dereg_mr(mr);
}

/* The server */

/* Wait until the MR is another, or the client has an error. Returns when it does not write. */
static void renew(struct side *s, struct peerbar_region *region, struct ticket *peer)
{
	struct pollfd p[2] = {
		{ .fd = s->sock, .events = POLLIN },
		{ .fd = peerbar_region_fd(region), .events = POLLIN },
	};
	struct ticket stop = { .kind = STOP };
	int ret;

	do {
		poll(p, 2, -1);
		ret = peerbar_region_renew(region, PATIENCE_MS);
		if (ret < 0)
			die(peerbar_errmsg());
	} while (!ret && !p[0].revents);
	if (!p[0].revents)
		tell(s, &stop);
	hear(s, peer);
}

static void server(struct side *s, int dmabuf, unsigned int times)
{
	struct ticket mine = my_ticket(s), peer;
	struct peerbar_region *region;

	if (peerbar_region_open(s->pd, dmabuf, 0, LENGTH, IBV_ACCESS_LOCAL_WRITE |
				IBV_ACCESS_REMOTE_WRITE, &region))
		die(peerbar_errmsg());
	hear(s, &peer);
	for (unsigned int i = 0; i <= times; i++) {
		if (i)
			renew(s, region, &peer);
		mine.rkey = peerbar_region_mr(region, &mine.address)->rkey;
		connect_to(s, &peer);
		tell(s, &mine);
		printf("the client has key %#x\n", mine.rkey);
		fflush(stdout);
	}
	usleep(100000);		/* so that the last key is used, too */
	mine.kind = END;
	tell(s, &mine);
	peerbar_region_close(region);
}

int main(int argc, char **argv)
{
	struct peerbar_range range = { 0, LENGTH };
	struct side s = { 0 };
	struct peerbar_device *dev;
	int socks[2], fd, status = 1;
	pid_t pid;

	if (argc != 5)
		die("usage: survivor RDMA-DEVICE ADDRESS BAR TIMES");
	need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks), "no socket");
	pid = fork();
	need(pid < 0, "no second process");
	close(socks[pid ? 1 : 0]);
	s.sock = socks[pid ? 0 : 1];
	open_side(&s, argv[1]);
	if (!pid) {
		client(&s);
		return 0;
	}
	if (peerbar_open(argv[2], &dev))
		die(peerbar_errmsg());
	fd = peerbar_export(dev, (unsigned int)atoi(argv[3]), &range, 1, O_RDWR);
	if (fd < 0)
		die(peerbar_errmsg());
	server(&s, fd, (unsigned int)atoi(argv[4]));
	peerbar_close(dev);
	waitpid(pid, &status, 0);
	return status ? 1 : 0;
}
