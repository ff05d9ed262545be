// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The command queue: up to 32 entries in guest memory, each rung by a bit of the doorbell.
 *
 * A command is read whole, with the mailboxes that hold what does not fit into its entry,
 * and done at once, in the message loop. Its answer goes back the same way, the ownership
 * byte of the entry last. A driver polls that byte until it has made an event queue for
 * commands, and waits for events from then on; which of the two it does for a command is
 * decided when it rings, so what counts is the queue that was there before.
 *
 * What the guest wrote there is not trusted: lengths have a limit, every mailbox has to
 * carry the number and the token that the driver gives it, and nothing is written beyond
 * the length that it gave for the answer.
 */
#include <stdlib.h>
#include <string.h>

#include "mlx5.h"

#define MAX_INPUT	(2u << 20)
#define MAX_OUTPUT	(1u << 20)

struct entry {
	uint64_t at;		/* DMA address */
	uint8_t b[CMD_SIZE];
};

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Is @box the @block-th of the command with @token? */
static enum mlx5_delivery check_box(const uint8_t box[BOX_SIZE], uint32_t block, uint8_t token)
{
	if (mlx5_get32(box + BOX_BLOCK) != block)
		return DELIVERY_BLOCK_NUMBER;
	return box[BOX_TOKEN] == token ? DELIVERY_OK : DELIVERY_TOKEN;
}

/* Read the @block-th mailbox, which is at *@at, and set *@at to the next. */
static enum mlx5_delivery read_box(struct mlx5 *mlx5, uint64_t *at, uint32_t block,
				   uint8_t token, enum mlx5_delivery unreachable,
				   uint8_t box[BOX_SIZE])
{
	if (!*at || *at & BOX_ALIGN || nic_dma_read(mlx5->nic, *at, box, BOX_SIZE, 0))
		return unreachable;
	*at = mlx5_get64(box + BOX_NEXT);
	return check_box(box, block, token);
}

static enum mlx5_delivery read_input(struct mlx5 *mlx5, const struct entry *entry, uint8_t *in,
				     uint32_t len)
{
	uint64_t at = mlx5_get64(entry->b + CMD_IN_MAILBOX);
	enum mlx5_delivery delivery = DELIVERY_OK;
	uint8_t box[BOX_SIZE];

	memcpy(in, entry->b + CMD_INPUT, smaller(len, CMD_INLINE));
	for (uint32_t off = CMD_INLINE, n = 0; off < len && !delivery; off += BOX_DATA, n++) {
		delivery = read_box(mlx5, &at, n, entry->b[CMD_TOKEN], DELIVERY_IN_POINTER, box);
		memcpy(in + off, box, smaller(BOX_DATA, len - off));
	}
	return delivery;
}

static enum mlx5_delivery write_output(struct mlx5 *mlx5, struct entry *entry,
				       const uint8_t *out, uint32_t len)
{
	uint64_t at = mlx5_get64(entry->b + CMD_OUT_MAILBOX), here;
	enum mlx5_delivery delivery = DELIVERY_OK;
	uint8_t box[BOX_SIZE];

	memcpy(entry->b + CMD_OUTPUT, out, smaller(len, CMD_INLINE));
	for (uint32_t off = CMD_INLINE, n = 0; off < len && !delivery; off += BOX_DATA, n++) {
		here = at;
		delivery = read_box(mlx5, &at, n, entry->b[CMD_TOKEN], DELIVERY_OUT_POINTER,
				    box);
		if (!delivery && nic_dma_write(mlx5->nic, here, out + off,
					       smaller(BOX_DATA, len - off), 0))
			delivery = DELIVERY_OUT_POINTER;
	}
	return delivery;
}

/* The answer in the entry first, then the byte that says that it is there. */
static void finish(struct mlx5 *mlx5, struct entry *entry, enum mlx5_delivery delivery)
{
	uint8_t own = (uint8_t)(delivery << 1);

	if (nic_dma_write(mlx5->nic, entry->at + CMD_OUTPUT, entry->b + CMD_OUTPUT, CMD_INLINE,
			  0)) {
		mlx5->count.lost++;
		return;
	}
	__atomic_thread_fence(__ATOMIC_RELEASE);
	if (nic_dma_write(mlx5->nic, entry->at + CMD_STATUS_OWN, &own, 1, 0))
		mlx5->count.lost++;
}

static enum mlx5_delivery check_entry(const struct entry *entry)
{
	uint32_t in_len = mlx5_get32(entry->b + CMD_IN_LENGTH);
	uint32_t out_len = mlx5_get32(entry->b + CMD_OUT_LENGTH);

	if (entry->b[CMD_TYPE] != CMD_TYPE_PCI)
		return DELIVERY_DESCRIPTOR;
	if (in_len < IN_MIN || in_len > MAX_INPUT)
		return DELIVERY_IN_LENGTH;
	if (out_len < OUT_MIN || out_len > MAX_OUTPUT)
		return DELIVERY_OUT_LENGTH;
	return DELIVERY_OK;
}

static bool told_to_fail(struct mlx5_fault *fault, uint16_t opcode)
{
	if (!fault->fail_count || fault->fail_opcode != opcode)
		return false;
	fault->fail_count--;
	return true;
}

static enum mlx5_status execute(struct mlx5 *mlx5, struct mlx5_cmd *cmd)
{
	struct mlx5_fault *fault = mlx5_fault(&mlx5->nic->fault);

	cmd->opcode = mlx5_get16(cmd->in + IN_OPCODE);
	cmd->op_mod = mlx5_get16(cmd->in + IN_OP_MOD);
	mlx5->count.opcode[cmd->opcode & 0xfff]++;
	if (told_to_fail(fault, cmd->opcode))
		return fault->fail_status ? fault->fail_status : ST_INTERNAL;
	return mlx5_dispatch(mlx5, cmd);
}

/* Run the command of @entry, and put its answer there. */
static enum mlx5_delivery run(struct mlx5 *mlx5, struct entry *entry, struct mlx5_cmd *cmd,
			      uint8_t *in)
{
	enum mlx5_delivery delivery = read_input(mlx5, entry, in, cmd->in_len);
	enum mlx5_status status;

	if (delivery)
		return delivery;
	cmd->in = in;
	status = execute(mlx5, cmd);
	mlx5->count.commands++;
	if (status) {
		mlx5->count.failed++;
		memset(cmd->out, 0, cmd->out_len);
		cmd->out[OUT_STATUS] = (uint8_t)status;
	}
	return write_output(mlx5, entry, cmd->out, cmd->out_len);
}

static enum mlx5_delivery deliver(struct mlx5 *mlx5, struct entry *entry)
{
	enum mlx5_delivery delivery = check_entry(entry);
	struct mlx5_cmd cmd = { 0 };
	uint8_t *in;

	if (delivery)
		return delivery;
	cmd.in_len = mlx5_get32(entry->b + CMD_IN_LENGTH);
	cmd.out_len = mlx5_get32(entry->b + CMD_OUT_LENGTH);
	in = calloc(1, cmd.in_len);
	cmd.out = calloc(1, cmd.out_len);
	delivery = in && cmd.out ? run(mlx5, entry, &cmd, in) : DELIVERY_DESCRIPTOR;
	free(in);
	free(cmd.out);
	return delivery;
}

/* Tell a driver that waits for events. The queue may have been the one that was destroyed. */
static void tell(struct mlx5 *mlx5, struct mlx5_eq *eq, unsigned int slot)
{
	struct mlx5_fault *fault = mlx5_fault(&mlx5->nic->fault);
	uint8_t data[EQE_DATA_SIZE] = { 0 };

	if (!eq || !eq->used)
		return;
	if (fault->drop_command_eqe) {
		fault->drop_command_eqe--;
		mlx5->count.events_lost++;
		return;
	}
	mlx5_put32(data, 1u << slot);
	mlx5_eq_post(mlx5, eq, EV_COMMAND, 0, data);
}

/* By a fault switch the command neither is done, nor does anybody learn of that. */
static bool lose(struct mlx5 *mlx5, const struct entry *entry)
{
	const struct mlx5_fault *fault = mlx5_fault(&mlx5->nic->fault);
	uint16_t opcode = mlx5_get16(entry->b + CMD_INPUT + IN_OPCODE);

	if (!fault->internal_error && (!fault->lose_opcode || fault->lose_opcode != opcode))
		return false;
	mlx5->count.lost++;
	return true;
}

void mlx5_command(struct mlx5 *mlx5, unsigned int slot)
{
	struct mlx5_eq *eq = mlx5_eq_for(mlx5, EV_COMMAND);
	struct entry entry = { .at = mlx5->cmdq + slot * CMD_SIZE };
	enum mlx5_delivery delivery;

	if (!mlx5->cmdq || nic_dma_read(mlx5->nic, entry.at, entry.b, CMD_SIZE, 0)) {
		mlx5->count.lost++;
		return;
	}
	if (!(entry.b[CMD_STATUS_OWN] & CMD_OWNED)) {
		mlx5->count.bad_access++;
		return;
	}
	if (lose(mlx5, &entry))
		return;
	memset(entry.b + CMD_OUTPUT, 0, CMD_INLINE);
	delivery = deliver(mlx5, &entry);
	if (delivery)
		mlx5->count.undelivered++;
	finish(mlx5, &entry, delivery);
	tell(mlx5, eq, slot);
}
