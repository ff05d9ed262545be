// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Registers of BAR 0, readless reads, and reset.
 *
 * The driver never loads from a register. It writes the register's offset to MMIO_REG_READ
 * and spins, for up to 50 ms with interrupts off, until the device has stored the value at
 * the address in MMIO_RESP. So the answer is given at once, in the message loop.
 *
 * An access to a register that does not exist is counted; reads give 0, writes are ignored.
 */
#include "admin_defs.h"
#include "efa.h"

enum {
	REG_VERSION = 0x00,
	REG_CONTROLLER_VERSION = 0x04,
	REG_CAPS = 0x08,
	REG_AQ_BASE_LO = 0x10,
	REG_AQ_BASE_HI = 0x14,
	REG_AQ_CAPS = 0x18,
	REG_ACQ_BASE_LO = 0x20,
	REG_ACQ_BASE_HI = 0x24,
	REG_ACQ_CAPS = 0x28,
	REG_AQ_PROD_DB = 0x2c,
	REG_AENQ_CAPS = 0x34,
	REG_AENQ_BASE_LO = 0x38,
	REG_AENQ_BASE_HI = 0x3c,
	REG_AENQ_CONS_DB = 0x40,
	REG_INTR_MASK = 0x4c,
	REG_DEV_CTL = 0x54,
	REG_DEV_STS = 0x58,
	REG_MMIO_REG_READ = 0x5c,
	REG_MMIO_RESP_LO = 0x60,
	REG_MMIO_RESP_HI = 0x64,
	REG_EQ_DB = 0x68,
};

/*
 * The device speaks admin API 0.1. From 0.2 on drivers expect checksums in completions, and
 * from 0.3 on they send commands of 128 bytes.
 */
#define VERSION			0x0001u
#define CONTROLLER_VERSION	0x00000001u

#define CAPS_RESET_TIMEOUT	(10u << 1)	/* units of 100 ms */
#define CAPS_DMA_BITS_SHIFT	8		/* 8 bits */
#define CAPS_ADMIN_TIMEOUT_SHIFT 16		/* units of 100 ms, 4 bits */
#define CAPS_ADMIN_TIMEOUT_MAX	15u

#define DEV_CTL_RESET		0x01u

struct read_response {		/* what the device stores for a readless read */
	uint16_t req_id;
	uint16_t off;
	uint32_t value;
};

static uint32_t caps(const struct efa *efa)
{
	uint32_t ms = efa_config(&efa->nic->config)->admin_timeout_ms;
	uint32_t timeout = ms / 100 + (ms % 100 != 0);

	if (timeout > CAPS_ADMIN_TIMEOUT_MAX)
		timeout = CAPS_ADMIN_TIMEOUT_MAX;
	return CAPS_RESET_TIMEOUT | efa_config(&efa->nic->config)->dma_bits << CAPS_DMA_BITS_SHIFT |
	       timeout << CAPS_ADMIN_TIMEOUT_SHIFT;
}

uint32_t efa_reg_read(struct efa *efa, uint32_t off)
{
	switch (off) {
	case REG_VERSION:
		return VERSION;
	case REG_CONTROLLER_VERSION:
		return CONTROLLER_VERSION;
	case REG_CAPS:
		return caps(efa);
	case REG_DEV_STS:
		return efa->regs.dev_sts;
	default:
		efa->count.reg_bad++;
		return 0;
	}
}

/* The driver polls the first dword, so nic_dma_publish() makes that one visible last. */
static void answer_read(struct efa *efa, uint32_t request)
{
	uint64_t to = efa->regs.mmio_resp;
	struct read_response rsp = { .req_id = request & 0xffff, .off = request >> 16 };

	if (to == 0 || to % sizeof(rsp)) {
		efa->count.reg_bad++;
		return;
	}
	rsp.value = efa_reg_read(efa, rsp.off);
	if (nic_dma_publish(efa->nic, to, &rsp, sizeof(rsp)))
		efa->count.admin_lost++;
}

/*
 * The driver resets the device in two steps. When it sets DEV_CTL_RESET, the device drops
 * its state and reports that it is resetting; when it clears the bit, the reset is done.
 */
static void control(struct efa *efa, uint32_t value)
{
	if (value & DEV_CTL_RESET) {
		efa_reset(efa);
		efa->regs.dev_sts |= EFA_STS_RESETTING;
	} else if (efa->regs.dev_sts & EFA_STS_RESETTING) {
		efa->regs.dev_sts = EFA_STS_READY | EFA_STS_RESET_DONE;
	}
}

static void set_lo(uint64_t *reg, uint32_t value)
{
	*reg = (*reg & ~0xffffffffull) | value;
}

static void set_hi(uint64_t *reg, uint32_t value)
{
	*reg = (*reg & 0xffffffffull) | (uint64_t)value << 32;
}

void efa_reg_write(struct efa *efa, uint32_t off, uint32_t value)
{
	struct efa_regs *regs = &efa->regs;

	switch (off) {
	case REG_AQ_BASE_LO:
		set_lo(&regs->aq_base, value);
		break;
	case REG_AQ_BASE_HI:
		set_hi(&regs->aq_base, value);
		break;
	case REG_AQ_CAPS:
		regs->aq_caps = value;
		break;
	case REG_ACQ_BASE_LO:
		set_lo(&regs->acq_base, value);
		break;
	case REG_ACQ_BASE_HI:
		set_hi(&regs->acq_base, value);
		break;
	case REG_ACQ_CAPS:
		regs->acq_caps = value;
		break;
	case REG_AQ_PROD_DB:
		efa_aq_doorbell(efa, (uint16_t)value);
		break;
	case REG_AENQ_CAPS:
		regs->aenq_caps = value;
		break;
	case REG_AENQ_BASE_LO:
		set_lo(&regs->aenq_base, value);
		break;
	case REG_AENQ_BASE_HI:
		set_hi(&regs->aenq_base, value);
		break;
	case REG_AENQ_CONS_DB:
		regs->aenq_cons = (uint16_t)value;
		break;
	case REG_INTR_MASK:
		regs->intr_masked = value & 1;
		break;
	case REG_DEV_CTL:
		control(efa, value);
		break;
	case REG_MMIO_REG_READ:
		answer_read(efa, value);
		break;
	case REG_MMIO_RESP_LO:
		set_lo(&regs->mmio_resp, value);
		break;
	case REG_MMIO_RESP_HI:
		set_hi(&regs->mmio_resp, value);
		break;
	case REG_EQ_DB:
		efa_eq_doorbell(efa, value);
		break;
	default:
		efa->count.reg_bad++;
		break;
	}
}
