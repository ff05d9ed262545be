// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reading and clearing the slots of a BAR; see slots.h. */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>

#include "machine/sys.h"
#include "slots.h"

static sigjmp_buf gone;

static void on_sigbus(int number)
{
	(void)number;
	siglongjmp(gone, 1);
}

int slots_map(struct slots *slots, struct peerbar_device *dev, const struct stress_device *what)
{
	slots->unit = what->unit;
	slots->bar = peerbar_map(dev, what->bar, 0, NR_SLOTS * what->unit);
	return slots->bar ? 0 : -1;
}

void slots_unmap(struct slots *slots)
{
	if (slots->bar)
		peerbar_unmap(slots->bar, NR_SLOTS * slots->unit);
	slots->bar = NULL;
}

static volatile uint64_t *slot(const struct slots *slots, unsigned int i)
{
	return (volatile uint64_t *)(slots->bar + i * slots->unit);
}

/* Run @reach, which touches a BAR. Return: false if that ended in a SIGBUS. */
static bool guard(void (*reach)(void *arg), void *arg)
{
	struct sigaction action = { .sa_handler = on_sigbus }, old;
	volatile bool reached = false;

	sigaction(SIGBUS, &action, &old);
	if (!sigsetjmp(gone, 1)) {
		reach(arg);
		reached = true;
	}
	sigaction(SIGBUS, &old, NULL);
	return reached;
}

static void write_register(void *reg)
{
	*(volatile uint32_t *)reg = config.enable.value;
}

void slots_enable(struct peerbar_device *dev)
{
	const size_t page = pb_page_size();
	uint8_t *regs;

	if (!config.enable.needed)
		return;
	regs = peerbar_map(dev, config.enable.bar, config.enable.offset & ~(page - 1), page);
	if (!regs)
		return;		/* the slots then do not keep what is written to them */
	guard(write_register, regs + (config.enable.offset & (page - 1)));
	peerbar_unmap(regs, page);
}

struct visit {
	const struct slots *slots;
	void (*each)(volatile uint64_t *slot, unsigned int i, uint64_t *data);
	uint64_t *data;
};

static void visit_all(void *arg)
{
	const struct visit *v = arg;

	for (unsigned int i = 0; i < NR_SLOTS; i++)
		v->each(slot(v->slots, i), i, v->data);
}

/* Call @each with every slot. */
static bool visit(const struct slots *slots,
		  void (*each)(volatile uint64_t *slot, unsigned int i, uint64_t *data),
		  uint64_t *data)
{
	return guard(visit_all, &(struct visit){ slots, each, data });
}

static void read_one(volatile uint64_t *slot, unsigned int i, uint64_t *data)
{
	data[i] = *slot;
}

static void clear_one(volatile uint64_t *slot, unsigned int i, uint64_t *data)
{
	(void)i;
	(void)data;
	*slot = 0;
}

static void mark_one(volatile uint64_t *slot, unsigned int i, uint64_t *data)
{
	(void)data;
	*slot = ~(uint64_t)i;
}

bool slots_read(const struct slots *slots, uint64_t stamp[NR_SLOTS])
{
	return slots->bar && visit(slots, read_one, stamp);
}

bool slots_clear(const struct slots *slots)
{
	uint64_t flushed[NR_SLOTS];

	/* the read makes the posted writes arrive before this returns */
	return slots->bar && visit(slots, clear_one, NULL) && visit(slots, read_one, flushed);
}

const char *slots_not_memory(const struct slots *slots)
{
	static char text[96];
	uint64_t found[NR_SLOTS];

	if (!visit(slots, mark_one, NULL) || !visit(slots, read_one, found))
		return "accesses to it end in SIGBUS";
	for (unsigned int i = 0; i < NR_SLOTS; i++) {
		if (found[i] == ~(uint64_t)i)
			continue;
		snprintf(text, sizeof(text), "slot %u holds %#" PRIx64 " after %#" PRIx64
			 " was written to it", i, found[i], ~(uint64_t)i);
		return text;
	}
	return slots_clear(slots) ? NULL : "accesses to it end in SIGBUS";
}
