// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A ring of completions that are held back: see held.h. */
#include "base/clock.h"
#include "held.h"

static void write_oldest(struct held *held, held_write *write, void *device)
{
	const struct held_entry *entry = &held->entry[held->head++ % MAX_HELD];

	if (entry->qp)
		write(device, entry);
}

void held_add(struct held *held, const struct held_entry *entry, held_write *write,
	      void *device)
{
	if (held->tail - held->head == MAX_HELD)
		write_oldest(held, write, device);
	held->entry[held->tail++ % MAX_HELD] = *entry;
}

void held_release(struct held *held, held_write *write, void *device)
{
	uint64_t due;

	while ((due = held_due(held)) && due <= clock_now_ns())
		write_oldest(held, write, device);
}

void held_drop(struct held *held, uint32_t qp)
{
	for (uint32_t i = held->head; i != held->tail; i++)
		if (held->entry[i % MAX_HELD].qp == qp)
			held->entry[i % MAX_HELD].qp = 0;
}

uint64_t held_due(const struct held *held)
{
	return held->head == held->tail ? 0 : held->entry[held->head % MAX_HELD].due;
}
