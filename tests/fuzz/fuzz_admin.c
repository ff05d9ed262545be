// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * libFuzzer target: a hostile guest. The input is a program of register writes, admin
 * commands, stores into guest memory and into send rings, doorbells, turns of the engine,
 * fault switches and unmaps, which runs on a whole struct nic.
 *
 * Each command is a valid one of its kind in which the input changes some fields, so that
 * the fuzzer gets past the first check. Besides looking for crashes, the target checks after
 * every input that the counts of users that objects keep are right.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "core/nic.h"
#include "efa/admin_defs.h"
#include "efa/efa.h"
#include "efa/model.h"
#include "input.h"
#include "must.h"

#define RAM_SIZE	(4u << 20)	/* from IOVA 0 */
#define PAGE		4096u
#define MAX_TURNS	64u

#define AT_RESP		0x1000u		/* addresses that the valid commands use */
#define AT_AQ		0x2000u
#define AT_ACQ		0x3000u
#define AT_EQ		0x4000u
#define AT_CQ		0x8000u
#define AT_RQ		0x10000u
#define AT_TABLE	0x20000u
#define AQ_DEPTH	32u
#define MANY_PAGES	600u		/* pages of a region that needs a page table */

static struct nic nic;
static uint8_t *ram;
static int ram_fd = -1;

static struct efa *device(void)
{
	return nic.device;
}

/* ---- commands that are valid once an object of each kind exists, with id 1 ---- */

static const struct efa_create_qp_cmd create_qp = {
	.hdr.opcode = EFA_CMD_CREATE_QP, .pd = 1, .type = EFA_QP_SRD, .rq_base = AT_RQ,
	.send_cq = 1, .recv_cq = 1, .sq_bytes = 16 * 64, .sq_depth = 16, .rq_bytes = 16 * 16,
	.rq_depth = 16, .uar = 1,
};

static const struct efa_modify_qp_cmd modify_qp = {
	.hdr.opcode = EFA_CMD_MODIFY_QP, .handle = 1, .state = EFA_QP_INIT,
	.mask = EFA_QP_SET_STATE | EFA_QP_SET_QKEY,
};

static const struct efa_handle_cmd query_qp = {
	.hdr.opcode = EFA_CMD_QUERY_QP, .handle = 1,
};

static const struct efa_handle_cmd destroy_qp = {
	.hdr.opcode = EFA_CMD_DESTROY_QP, .handle = 1,
};

static const struct efa_create_ah_cmd create_ah = {
	.hdr.opcode = EFA_CMD_CREATE_AH, .pd = 1,
	.gid = { 0xfe, 0x80, [8] = 0x02, 0x00, 0x00, 0xff, 0xfe, 0x00, 0x00, 0x01 },
};

static const struct efa_destroy_ah_cmd destroy_ah = {
	.hdr.opcode = EFA_CMD_DESTROY_AH, .ah = 1, .pd = 1,
};

static const struct efa_reg_mr_cmd reg_inline = {
	.hdr.opcode = EFA_CMD_REG_MR, .pd = 1, .pbl.page = { 0x40000, 0x41000 },
	.length = 2 * PAGE, .flags = 12, .access = 7, .iova = 0x100000,
};

static const struct efa_reg_mr_cmd reg_direct = {
	.hdr = { .opcode = EFA_CMD_REG_MR, .flags = EFA_AQ_CTRL_DATA }, .pd = 1,
	.pbl.table = { .length = MANY_PAGES * 8, .addr = AT_TABLE },
	.length = MANY_PAGES * PAGE, .flags = 12, .access = 7,
};

static const struct efa_reg_mr_cmd reg_indirect = {	/* two table pages */
	.hdr = { .opcode = EFA_CMD_REG_MR,
		 .flags = EFA_AQ_CTRL_DATA | EFA_AQ_CTRL_INDIRECT },
	.pd = 1, .pbl.table = { .length = 2 * 8 + 12, .addr = AT_TABLE },
	.length = MANY_PAGES * PAGE, .flags = 12, .access = 7,
};

static const struct efa_handle_cmd dereg_mr = {
	.hdr.opcode = EFA_CMD_DEREG_MR, .handle = 1 << 8,
};

static const struct efa_create_cq_cmd create_cq = {
	.hdr.opcode = EFA_CMD_CREATE_CQ, .caps1 = EFA_CQ_INTERRUPT, .caps2 = 8, .depth = 16,
	.eq = 1, .base = AT_CQ, .sub_cqs = 1, .uar = 1,
};

static const struct efa_id_cmd destroy_cq = { .hdr.opcode = EFA_CMD_DESTROY_CQ, .id = 1 };
static const struct efa_feature_cmd get_feature = {
	.hdr.opcode = EFA_CMD_GET_FEATURE, .feature = EFA_FEATURE_DEVICE,
};

static const struct efa_feature_cmd set_feature = {
	.hdr.opcode = EFA_CMD_SET_FEATURE, .feature = EFA_FEATURE_AENQ,
};

static const struct efa_stats_cmd get_stats = { .hdr.opcode = EFA_CMD_GET_STATS };
static const struct efa_aq_hdr alloc_pd = { .opcode = EFA_CMD_ALLOC_PD };
static const struct efa_id_cmd dealloc_pd = { .hdr.opcode = EFA_CMD_DEALLOC_PD, .id = 1 };
static const struct efa_aq_hdr alloc_uar = { .opcode = EFA_CMD_ALLOC_UAR };
static const struct efa_id_cmd dealloc_uar = { .hdr.opcode = EFA_CMD_DEALLOC_UAR, .id = 1 };
static const struct efa_create_eq_cmd create_eq = {
	.hdr.opcode = EFA_CMD_CREATE_EQ, .depth = 16, .vector = 1, .caps = 4, .base = AT_EQ,
	.event_mask = EFA_EQ_COMPLETIONS,
};

static const struct efa_id_cmd destroy_eq = { .hdr.opcode = EFA_CMD_DESTROY_EQ, .id = 1 };

#define VALID(cmd) { &(cmd), sizeof(cmd) }

static const struct { const void *cmd; size_t size; } valid[] = {
	VALID(create_qp), VALID(modify_qp), VALID(query_qp), VALID(destroy_qp),
	VALID(create_ah), VALID(destroy_ah), VALID(reg_inline), VALID(reg_direct),
	VALID(reg_indirect), VALID(dereg_mr), VALID(create_cq), VALID(destroy_cq),
	VALID(get_feature), VALID(set_feature), VALID(get_stats), VALID(alloc_pd),
	VALID(dealloc_pd), VALID(alloc_uar), VALID(dealloc_uar), VALID(create_eq),
	VALID(destroy_eq),
};

/* ---- steps ---- */

static void setup_queues(void)
{
	struct efa *efa = device();

	efa_reg_write(efa, 0x60, AT_RESP);
	efa_reg_write(efa, 0x10, AT_AQ);
	efa_reg_write(efa, 0x18, EFA_CMD_SIZE << 16 | AQ_DEPTH);
	efa_reg_write(efa, 0x20, AT_ACQ);
	efa_reg_write(efa, 0x28, EFA_CMD_SIZE << 16 | AQ_DEPTH);
}

static void step_command(struct input *in)
{
	const struct efa_regs *regs = &device()->regs;
	uint8_t which = take8(in) % (sizeof(valid) / sizeof(valid[0]));
	uint8_t spoils = take8(in) % 4;
	uint8_t cmd[EFA_CMD_SIZE] = { 0 };
	uint64_t at;

	memcpy(cmd, valid[which].cmd, valid[which].size);
	while (spoils-- > 0) {
		uint8_t first = take8(in) % EFA_CMD_SIZE;
		uint8_t len = 1u << take8(in) % 4;

		take(in, cmd + first, len < EFA_CMD_SIZE - first ? len : EFA_CMD_SIZE - first);
	}
	at = regs->aq_base + (regs->aq_prod & ((regs->aq_caps & 0xffffu) - 1)) * EFA_CMD_SIZE;
	if (at <= RAM_SIZE - EFA_CMD_SIZE)
		memcpy(ram + at, cmd, sizeof(cmd));
	efa_reg_write(device(), 0x2c, regs->aq_prod + 1u);
}

static void step_register(struct input *in)
{
	uint32_t off = take8(in) % 0x70;

	efa_reg_write(device(), off, take32(in));
}

static void step_store(struct input *in, uint8_t *to, uint32_t size)
{
	uint32_t off = take32(in) % (size - 255);

	take(in, to + off, take8(in));
}

static void step_doorbell(struct input *in)
{
	uint32_t off = take32(in) % EFA_DB_SIZE;

	efa_doorbell_write(device(), off, take32(in));
}

static void step_engine(struct input *in)
{
	uint8_t turns = take8(in) % MAX_TURNS;

	while (turns-- > 0 && efa_engine_step(device()))
		;
}

/* Sets fault switches, but none that makes the device sleep. */
static void step_fault(struct input *in)
{
	struct efa_fault *fault = efa_fault(&nic.fault);
	uint8_t bits = take8(in);

	fault->ignore_dereg = bits & 1;
	fault->stall_aq = bits & 2;
	fault->drop_acq = bits >> 2 & 3;
	nic.fault.drop_cqe = bits >> 4 & 3;
	fault->fail_opcode = take8(in);
	fault->fail_count = bits >> 6;
	efa_aq_process(device());
}

static void step_unmap(struct input *in)
{
	uint64_t page = take32(in) % (RAM_SIZE / PAGE);

	dma_unmap(nic.dma, page * PAGE, PAGE);
}

static void step(struct input *in)
{
	switch (take8(in) % 16) {
	case 0:
		step_register(in);
		break;
	case 1:
		step_store(in, ram, RAM_SIZE);
		break;
	case 2:
		step_store(in, device()->llq, EFA_LLQ_SIZE);
		break;
	case 3:
		step_doorbell(in);
		break;
	case 4:
		step_engine(in);
		break;
	case 5:
		step_fault(in);
		break;
	case 6:
		step_unmap(in);
		break;
	default:
		step_command(in);
		break;
	}
}

/* ---- what must be true whatever the guest has done ---- */

static uint32_t pd_users[EFA_MAX_PD], cq_users[EFA_MAX_CQ], eq_users[EFA_MAX_EQ];

static void count_qps(struct efa *efa)
{
	for (unsigned int i = 0; i < EFA_MAX_QP; i++) {
		const struct efa_qp *qp = &efa->qp[i];

		if (!qp->used)
			continue;
		MUST(i > 0 && qp->id == i);
		MUST(efa->pd[qp->pd].used && efa->uar[qp->uar]);
		MUST(efa->cq[qp->send_cq].used && efa->cq[qp->recv_cq].used);
		MUST((uint16_t)(qp->sq_prod - qp->sq_cons) <= qp->sq_depth);
		MUST((uint16_t)(qp->rq_prod - qp->rq_cons) <= qp->rq_depth);
		pd_users[qp->pd]++;
		cq_users[qp->send_cq]++;
		cq_users[qp->recv_cq]++;
	}
}

static void count_mrs(struct efa *efa)
{
	uint64_t pages = 0;

	for (unsigned int i = 0; i < EFA_MAX_MR; i++) {
		const struct efa_mr *mr = &efa->mr[i];

		MUST(!(mr->used && mr->region.gone));
		MUST(!mr->region.page == !(mr->used || mr->region.gone));
		pages += mr->region.nr_pages;
		if (mr->used) {
			MUST(efa_mr_get(efa, efa_mr_key(efa, mr)) == mr);
			pd_users[mr->region.pd]++;
		}
	}
	MUST(pages == efa->mr_pages);
}

static void count_ahs(struct efa *efa)
{
	for (uint16_t i = 0; i < EFA_MAX_AH; i++) {
		const struct efa_ah *ah = &efa->ah[i];

		if (!ah->used)
			continue;
		MUST(ah->refs > 0 && efa_ah_find(efa, ah->pd, ah->gid) == i);
		pd_users[ah->pd]++;
	}
}

static void count_events(struct efa *efa)
{
	for (unsigned int i = 0; i < EFA_MAX_CQ; i++)
		if (efa->cq[i].used && efa->cq[i].interrupt)
			eq_users[efa->cq[i].eq]++;
}

static void check(struct efa *efa)
{
	memset(pd_users, 0, sizeof(pd_users));
	memset(cq_users, 0, sizeof(cq_users));
	memset(eq_users, 0, sizeof(eq_users));
	count_qps(efa);
	count_mrs(efa);
	count_ahs(efa);
	count_events(efa);
	for (unsigned int i = 0; i < EFA_MAX_PD; i++)
		MUST(efa->pd[i].used ? efa->pd[i].users == pd_users[i] : !pd_users[i]);
	for (unsigned int i = 0; i < EFA_MAX_CQ; i++)
		MUST(efa->cq[i].used ? efa->cq[i].users == cq_users[i] : !cq_users[i]);
	for (unsigned int i = 0; i < EFA_MAX_EQ; i++)
		MUST(efa->eq[i].used ? efa->eq[i].users == eq_users[i] : !eq_users[i]);
}

/* ---- one input ---- */

static void make_ram(void)
{
	ram_fd = memfd_create("fuzz-ram", MFD_CLOEXEC);
	MUST(ram_fd >= 0 && !ftruncate(ram_fd, RAM_SIZE));
	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ram_fd, 0);
	MUST(ram != MAP_FAILED);
}

static void setup(void)
{
	const struct nic_config config = nic_default_config(&efa_model);
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

	if (ram_fd < 0)
		make_ram();
	MUST(!madvise(ram, RAM_SIZE, MADV_REMOVE));	/* zeroes it */
	MUST(!nic_init(&nic, &config));
	MUST(!pci_cfg_write(&nic.pci, PCI_COMMAND, &command, sizeof(command)));
	MUST(!dma_map(nic.dma, 0, RAM_SIZE, DMA_PROT_READ | DMA_PROT_WRITE, ram_fd, 0));
	setup_queues();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .left = size };

	setup();
	while (in.left > 0)
		step(&in);
	check(device());
	nic_release(&nic);
	return 0;
}
