// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * An NVMe drive that this program owns and drives, and a NIC that reads and writes the drive's own
 * memory: bytes go from the network to the disk and back, and none of them through host memory.
 *
 *	nvme RDMA-DEVICE ADDRESS	THE FIRST 8 KiB OF THE DISK ARE OVERWRITTEN
 *
 * The drive must have a persistent memory region (PMR), as QEMU's has with pmrdev=; a controller
 * memory buffer (CMB) is turned on by other registers (NVM Express Base Specification 1.4). One
 * queue pair that is connected to itself plays both machines; the RDMA device must have RC.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <infiniband/verbs.h>
#include <peerbar.h>

#define PAGE 4096u
#define LENGTH (2 * PAGE)	/* of a transfer: what a command names without a list */
#define ENTRIES 8u		/* of each queue */
#define ACCESS (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ)

/* Registers, in BAR 0. */
enum { CAP = 0x0, CC = 0x14, CSTS = 0x1c, AQA = 0x24, ASQ = 0x28, ACQ = 0x30 };
enum { PMRCAP = 0xe00, PMRCTL = 0xe04, PMRSTS = 0xe08, PMRMSC = 0xe14 };
enum { DOORBELLS = 0x1000, REGISTERS = 0x2000 };
#define CAP_PMR (1u << 24)	/* in the upper half */
#define CC_ENABLE (1u | 6u << 16 | 4u << 20)	/* entries of 64 and of 16 bytes */
#define PMRSTS_NOT_READY (1u << 8)
#define PMRMSC_ENABLE 2u

/* By which addresses the drive's commands name its own memory: any that nothing else has. */
#define OWN_MEMORY (1ull << 60)

/* What is on which page of the queues' memory. */
enum { ADMIN_SQ, ADMIN_CQ, IO_SQ, IO_CQ, PAGES };

struct drive {
	struct peerbar_device *dev;
	volatile uint8_t *registers;
	uint8_t *queues;
	uint64_t queues_at;	/* the drive's address of them */
	unsigned int tail[2];	/* of the admin queue and of the other one */
};

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "nvme: %s\n", what);
	exit(1);
}

static uint32_t get(const struct drive *d, unsigned int reg)
{
	return *(volatile uint32_t *)(d->registers + reg);
}

static void put(struct drive *d, unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(d->registers + reg) = value;
}

static void put64(struct drive *d, unsigned int reg, uint64_t value)
{
	put(d, reg + 4, (uint32_t)(value >> 32));
	put(d, reg, (uint32_t)value);
}

static void wait_for(struct drive *d, unsigned int reg, uint32_t mask, uint32_t value)
{
	for (int ms = 0; (get(d, reg) & mask) != value; ms++, usleep(1000))
		need(ms < 10000, "the drive does not answer");
}

/* Queue 0 or 1. One command at a time, so the completion is at the same place in its queue. */
static void command(struct drive *d, unsigned int queue, const uint32_t dwords[16])
{
	uint8_t *sq = d->queues + 2 * queue * PAGE, *cq = sq + PAGE;
	unsigned int turn = d->tail[queue]++, slot = turn % ENTRIES, phase = !(turn / ENTRIES % 2);
	unsigned int stride = 4u << (get(d, CAP + 4) & 0xf);
	volatile uint32_t *end = (volatile uint32_t *)(cq + 16 * slot) + 3;

	memcpy(sq + 64 * slot, dwords, 64);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	put(d, DOORBELLS + 2 * queue * stride, (slot + 1) % ENTRIES);
	for (int tries = 0; (*end >> 16 & 1) != phase; tries++, usleep(100))
		need(tries < 100000, "the drive does not complete a command");
	need(!(*end >> 17), "the drive has refused a command");
	put(d, DOORBELLS + (2 * queue + 1) * stride, (slot + 1) % ENTRIES);
}

static void make_queue(struct drive *d, uint32_t opcode, unsigned int page, uint32_t flags)
{
	uint64_t at = d->queues_at + page * PAGE;
	const uint32_t dwords[16] = {
		[0] = opcode, [6] = (uint32_t)at, [7] = (uint32_t)(at >> 32),
		[10] = 1 | (ENTRIES - 1) << 16, [11] = flags };
	command(d, 0, dwords);
}

/* Between the disk's first blocks and @offset of the drive's memory. */
static void move_disk(struct drive *d, bool write, uint64_t offset)
{
	uint64_t at = OWN_MEMORY + offset;
	const uint32_t dwords[16] = {
		[0] = write ? 1 : 2, [1] = 1, [6] = (uint32_t)at, [7] = (uint32_t)(at >> 32),
		[8] = (uint32_t)(at + PAGE), [9] = (uint32_t)((at + PAGE) >> 32),
		[12] = LENGTH / 512 - 1 };
	command(d, 1, dwords);
}

static void start(struct drive *d, const char *address)
{
	need(!peerbar_open(address, &d->dev), peerbar_errmsg());
	d->registers = peerbar_map(d->dev, 0, 0, REGISTERS);
	need(d->registers, peerbar_errmsg());
	d->queues = aligned_alloc(PAGE, PAGES * PAGE);
	need(d->queues, "out of memory");
	memset(d->queues, 0, PAGES * PAGE);
	need(!peerbar_ioas_map_memory(d->dev, d->queues, PAGES * PAGE, &d->queues_at),
	     peerbar_errmsg());
	put(d, CC, 0);
	wait_for(d, CSTS, 1, 0);
	put(d, AQA, (ENTRIES - 1) | (ENTRIES - 1) << 16);
	put64(d, ASQ, d->queues_at + ADMIN_SQ * PAGE);
	put64(d, ACQ, d->queues_at + ADMIN_CQ * PAGE);
	put(d, CC, CC_ENABLE);
	wait_for(d, CSTS, 1, 1);
	make_queue(d, 5, IO_CQ, 1);
	make_queue(d, 1, IO_SQ, 1 | 1 << 16);
}

/* Turn the drive's memory on. Return: a dma-buf of the first 2 * LENGTH bytes of it. */
static int export_memory(struct drive *d)
{
	struct peerbar_range range = { 0, 2 * LENGTH };
	int fd;

	need(get(d, CAP + 4) & CAP_PMR, "the drive has no persistent memory region");
	put(d, PMRCTL, 1);
	wait_for(d, PMRSTS, PMRSTS_NOT_READY, 0);
	put64(d, PMRMSC, OWN_MEMORY | PMRMSC_ENABLE);
	fd = peerbar_export(d->dev, get(d, PMRCAP) >> 5 & 7, &range, 1, O_RDWR);
	need(fd >= 0, peerbar_errmsg());
	return fd;
}

static struct ibv_pd *open_nic(const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_context *nic = NULL;

	for (int i = 0; list && list[i] && !nic; i++)
		if (!strcmp(ibv_get_device_name(list[i]), name))
			nic = ibv_open_device(list[i]);
	need(nic, "there is no such RDMA device, or it cannot be opened");
	ibv_free_device_list(list);
	return ibv_alloc_pd(nic);
}

static struct ibv_qp *queue_pair(struct ibv_pd *pd)
{
	struct ibv_cq *cq = pd ? ibv_create_cq(pd->context, 4, NULL, NULL, 0) : NULL;
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC, .send_cq = cq, .recv_cq = cq,
		.cap = { .max_send_wr = 1, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1 },
	};
	struct ibv_qp *qp = cq ? ibv_create_qp(pd, &init) : NULL;
	struct ibv_qp_attr a = {
		.qp_state = IBV_QPS_INIT, .port_num = 1, .qp_access_flags = ACCESS };
	struct ibv_port_attr port;

	need(qp && !ibv_query_port(pd->context, 1, &port), "no RC queue pair");
	need(!ibv_modify_qp(qp, &a, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
			    IBV_QP_ACCESS_FLAGS), "INIT");
	a = (struct ibv_qp_attr){
		.qp_state = IBV_QPS_RTR, .path_mtu = IBV_MTU_1024, .dest_qp_num = qp->qp_num,
		.max_dest_rd_atomic = 1, .min_rnr_timer = 12,
		.ah_attr = { .dlid = port.lid, .port_num = 1, .is_global = !port.lid,
			     .grh = { .hop_limit = 1 } },
	};
	need(!ibv_query_gid(pd->context, 1, 0, &a.ah_attr.grh.dgid), "no GID");
	need(!ibv_modify_qp(qp, &a, IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN |
			    IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER),
	     "RTR");
	a = (struct ibv_qp_attr){
		.qp_state = IBV_QPS_RTS, .timeout = 14, .retry_cnt = 7, .max_rd_atomic = 1 };
	need(!ibv_modify_qp(qp, &a, IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT |
			    IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC), "RTS");
	return qp;
}

/* Between @length bytes of host memory and those at @remote. */
static void rdma(struct ibv_qp *qp, enum ibv_wr_opcode opcode, struct ibv_mr *host, void *addr,
		 unsigned int length, uint64_t remote, uint32_t rkey)
{
	struct ibv_sge sge = { (uintptr_t)addr, length, host->lkey };
	struct ibv_send_wr *bad, wr = {
		.opcode = opcode, .send_flags = IBV_SEND_SIGNALED, .sg_list = &sge, .num_sge = 1,
		.wr.rdma = { .remote_addr = remote, .rkey = rkey },
	};
	struct ibv_wc wc;

	need(!ibv_post_send(qp, &wr, &bad), "cannot post");
	while (!ibv_poll_cq(qp->send_cq, 1, &wc))
		;
	need(wc.status == IBV_WC_SUCCESS, ibv_wc_status_str(wc.status));
}

int main(int argc, char **argv)
{
	static uint8_t sent[2 * LENGTH], *back = sent + LENGTH;
	struct ibv_mr *host, *mr;
	struct drive d = { 0 };
	struct ibv_qp *qp;
	uint64_t at;

	need(argc == 3, "usage: nvme RDMA-DEVICE ADDRESS");
	qp = queue_pair(open_nic(argv[1]));
	host = ibv_reg_mr(qp->pd, sent, sizeof(sent), IBV_ACCESS_LOCAL_WRITE);
	need(host, "cannot register host memory");
	start(&d, argv[2]);
	mr = peerbar_reg_mr(qp->pd, export_memory(&d), 0, 2 * LENGTH, ACCESS, &at);
	need(mr, peerbar_errmsg());

	for (unsigned int i = 0; i < LENGTH; i++)
		sent[i] = (uint8_t)(i * 7 + (unsigned int)getpid());
	rdma(qp, IBV_WR_RDMA_WRITE, host, sent, LENGTH, at, mr->rkey);
	/* "Complete" says that PCIe has the bytes; after a READ the drive has them. */
	rdma(qp, IBV_WR_RDMA_READ, host, back, 1, at, mr->rkey);
	move_disk(&d, true, 0);
	move_disk(&d, false, LENGTH);
	rdma(qp, IBV_WR_RDMA_READ, host, back, LENGTH, at + LENGTH, mr->rkey);
	need(!memcmp(sent, back, LENGTH), "other bytes came back");
	printf("%u bytes from the network to the disk of %s and back\n", LENGTH,
	       peerbar_address(d.dev));

	ibv_dereg_mr(mr);
	put(&d, CC, 0);		/* the drive must be still before its queues go */
	wait_for(&d, CSTS, 1, 0);
	peerbar_close(d.dev);
	return 0;
}
