// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The admin queue: fetch commands up to the producer counter, call the handler of each,
 * write the completion and raise the interrupt.
 *
 * The driver may set up an asynchronous event queue (AENQ), but it stays empty: the device
 * sends no keep-alives and has no events to report.
 */
#include <time.h>

#include "admin_defs.h"
#include "efa.h"
#include "ring.h"

#define MAX_AQ_DEPTH	1024u

#define CTRL_FLAGS	(EFA_AQ_CTRL_DATA | EFA_AQ_CTRL_INDIRECT)
#define KNOWN_FLAGS	(EFA_AQ_PHASE | CTRL_FLAGS)

static const struct op {
	const char *name;
	efa_admin_fn fn;	/* NULL: the API has it, this device does not offer it */
	uint8_t ctrl;		/* control buffer flags that the command may have */
} ops[EFA_ADMIN_OPS] = {
	[EFA_CMD_CREATE_QP] = { "CREATE_QP", efa_cmd_create_qp, 0 },
	[EFA_CMD_MODIFY_QP] = { "MODIFY_QP", efa_cmd_modify_qp, 0 },
	[EFA_CMD_QUERY_QP] = { "QUERY_QP", efa_cmd_query_qp, 0 },
	[EFA_CMD_DESTROY_QP] = { "DESTROY_QP", efa_cmd_destroy_qp, 0 },
	[EFA_CMD_CREATE_AH] = { "CREATE_AH", efa_cmd_create_ah, 0 },
	[EFA_CMD_DESTROY_AH] = { "DESTROY_AH", efa_cmd_destroy_ah, 0 },
	[EFA_CMD_REG_MR] = { "REG_MR", efa_cmd_reg_mr, CTRL_FLAGS },
	[EFA_CMD_DEREG_MR] = { "DEREG_MR", efa_cmd_dereg_mr, 0 },
	[EFA_CMD_CREATE_CQ] = { "CREATE_CQ", efa_cmd_create_cq, 0 },
	[EFA_CMD_DESTROY_CQ] = { "DESTROY_CQ", efa_cmd_destroy_cq, 0 },
	[EFA_CMD_GET_FEATURE] = { "GET_FEATURE", efa_cmd_get_feature, EFA_AQ_CTRL_DATA },
	[EFA_CMD_SET_FEATURE] = { "SET_FEATURE", efa_cmd_set_feature, EFA_AQ_CTRL_DATA },
	[EFA_CMD_GET_STATS] = { "GET_STATS", efa_cmd_get_stats, 0 },
	[EFA_CMD_ALLOC_PD] = { "ALLOC_PD", efa_cmd_alloc_pd, 0 },
	[EFA_CMD_DEALLOC_PD] = { "DEALLOC_PD", efa_cmd_dealloc_pd, 0 },
	[EFA_CMD_ALLOC_UAR] = { "ALLOC_UAR", efa_cmd_alloc_uar, 0 },
	[EFA_CMD_DEALLOC_UAR] = { "DEALLOC_UAR", efa_cmd_dealloc_uar, 0 },
	[EFA_CMD_CREATE_EQ] = { "CREATE_EQ", efa_cmd_create_eq, 0 },
	[EFA_CMD_DESTROY_EQ] = { "DESTROY_EQ", efa_cmd_destroy_eq, 0 },
	[EFA_CMD_ALLOC_MR] = { "ALLOC_MR", NULL, 0 },
	[EFA_CMD_SERVICE] = { "SERVICE", NULL, 0 },
	[EFA_CMD_CREATE_COUNTER] = { "CREATE_COUNTER", NULL, 0 },
	[EFA_CMD_DESTROY_COUNTER] = { "DESTROY_COUNTER", NULL, 0 },
	[EFA_CMD_ATTACH_COUNTER] = { "ATTACH_COUNTER", NULL, 0 },
	[EFA_CMD_MODIFY_COUNTER] = { "MODIFY_COUNTER", NULL, 0 },
	[EFA_CMD_DETACH_COUNTER] = { "DETACH_COUNTER", NULL, 0 },
};

union command {			/* a copy, because the guest may overwrite the queue */
	struct efa_aq_hdr hdr;
	uint64_t align[EFA_CMD_SIZE / sizeof(uint64_t)];
};

union response {
	struct efa_acq_hdr hdr;
	uint64_t align[EFA_CMD_SIZE / sizeof(uint64_t)];
};

const char *efa_admin_name(unsigned int opcode)
{
	return opcode < EFA_ADMIN_OPS ? ops[opcode].name : NULL;
}

/* ---- one command ---- */

static bool flags_ok(uint8_t flags, uint8_t ctrl)
{
	if (flags & ~KNOWN_FLAGS || flags & CTRL_FLAGS & ~ctrl)
		return false;
	return !(flags & EFA_AQ_CTRL_INDIRECT) || flags & EFA_AQ_CTRL_DATA;
}

static bool told_to_fail(struct efa_fault *fault, uint8_t opcode)
{
	if (!fault->fail_count || fault->fail_opcode != opcode)
		return false;
	fault->fail_count--;
	return true;
}

static uint8_t dispatch(struct efa *efa, const union command *cmd, union response *rsp)
{
	struct efa_fault *fault = efa_fault(&efa->nic->fault);
	uint8_t opcode = cmd->hdr.opcode;

	if (!efa_admin_name(opcode))
		return EFA_ADMIN_BAD_OPCODE;
	if (told_to_fail(fault, opcode))
		return fault->fail_status ? fault->fail_status : EFA_ADMIN_UNKNOWN;
	if (!ops[opcode].fn)
		return EFA_ADMIN_UNSUPPORTED;
	if (!flags_ok(cmd->hdr.flags, ops[opcode].ctrl))
		return EFA_ADMIN_MALFORMED;
	return ops[opcode].fn(efa, cmd, rsp);
}

static void account(struct efa *efa, uint8_t opcode, uint8_t status)
{
	struct efa_counters *count = &efa->count;

	if (status == EFA_ADMIN_OK)
		count->admin_ok++;
	else if (status == EFA_ADMIN_BAD_OPCODE || status == EFA_ADMIN_MALFORMED)
		count->admin_bad++;
	else
		count->admin_failed++;
	if (!efa_admin_name(opcode))
		return;
	if (status == EFA_ADMIN_OK)
		count->admin_op[opcode].ok++;
	else
		count->admin_op[opcode].failed++;
}

/* ---- the two rings ---- */

static uint32_t aq_depth(const struct efa *efa)
{
	return efa->regs.aq_caps & 0xffff;
}

static uint32_t acq_depth(const struct efa *efa)
{
	return efa->regs.acq_caps & 0xffff;
}

static uint32_t acq_vector(const struct efa *efa)
{
	return efa->regs.acq_caps >> 24;
}

/*
 * In admin API 0.1 all entries have 64 bytes. The driver never tells the device how many
 * completions it has read, so the ACQ must have room for the completions of a full AQ.
 */
bool efa_aq_ready(const struct efa *efa)
{
	const struct efa_regs *regs = &efa->regs;

	return !(regs->dev_sts & EFA_STS_RESETTING) &&
	       regs->aq_caps >> 16 == EFA_CMD_SIZE &&
	       (regs->acq_caps >> 16 & 0xff) == EFA_CMD_SIZE &&
	       efa_ring_ok(regs->aq_base, aq_depth(efa), MAX_AQ_DEPTH, EFA_CMD_SIZE) &&
	       efa_ring_ok(regs->acq_base, acq_depth(efa), MAX_AQ_DEPTH, EFA_CMD_SIZE) &&
	       acq_depth(efa) >= aq_depth(efa) && acq_vector(efa) < EFA_VECTORS;
}

static int fetch(struct efa *efa, union command *cmd)
{
	uint32_t index = efa->aq_cons++ & (aq_depth(efa) - 1);

	return nic_dma_read(efa->nic, efa->regs.aq_base + index * EFA_CMD_SIZE, cmd,
			    sizeof(*cmd), 0);
}

static int complete(struct efa *efa, union response *rsp)
{
	uint32_t depth = acq_depth(efa);
	uint32_t index = efa->acq_prod & (depth - 1);

	rsp->hdr.flags = efa->acq_prod / depth & 1 ? 0 : EFA_ACQ_PHASE;
	efa->acq_prod++;
	if (nic_dma_publish(efa->nic, efa->regs.acq_base + index * EFA_CMD_SIZE, rsp,
			    sizeof(*rsp)))
		return -1;
	if (!efa->regs.intr_masked)
		pci_raise(&efa->nic->pci, acq_vector(efa));
	return 0;
}

static void pause_us(uint32_t us)
{
	struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	nanosleep(&t, NULL);
}

static void execute(struct efa *efa)
{
	struct efa_fault *fault = efa_fault(&efa->nic->fault);
	union response rsp = { .align = { 0 } };
	union command cmd;

	if (fetch(efa, &cmd)) {
		efa->count.admin_lost++;
		return;
	}
	rsp.hdr.status = dispatch(efa, &cmd, &rsp);
	rsp.hdr.command_id = cmd.hdr.command_id & EFA_AQ_COMMAND_ID;
	account(efa, cmd.hdr.opcode, rsp.hdr.status);
	if (fault->drop_acq) {
		fault->drop_acq--;
		return;
	}
	if (fault->delay_acq_us)
		pause_us(fault->delay_acq_us);
	if (complete(efa, &rsp))
		efa->count.admin_lost++;
}

void efa_aq_process(struct efa *efa)
{
	while (efa->aq_cons != efa->regs.aq_prod && !efa_fault(&efa->nic->fault)->stall_aq &&
	       efa_aq_ready(efa))
		execute(efa);
}

/* A producer counter that goes back, or beyond what the ring holds, is ignored. */
void efa_aq_doorbell(struct efa *efa, uint16_t prod)
{
	uint16_t had = efa->regs.aq_prod - efa->aq_cons;
	uint16_t has = prod - efa->aq_cons;

	if (!efa_aq_ready(efa) || has < had || has > aq_depth(efa)) {
		efa->count.admin_bad++;
		return;
	}
	efa->regs.aq_prod = prod;
	efa_aq_process(efa);
}
