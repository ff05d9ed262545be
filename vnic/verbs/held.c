// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A ring of completions that are held back: see held.h. */
#include "held.h"

#include <string.h>

bool held_full(const struct held *held)
{
	return held->tail - held->head == MAX_HELD;
}

void held_add(struct held *held, uint64_t due, uint32_t cq, uint32_t qp, const void *completion,
	      size_t len)
{
	struct held_entry *entry = &held->entry[held->tail++ % MAX_HELD];

	*entry = (struct held_entry){ .due = due, .cq = cq, .qp = qp };
	memcpy(entry->completion, completion, len);
}

const struct held_entry *held_take(struct held *held)
{
	return &held->entry[held->head++ % MAX_HELD];
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
