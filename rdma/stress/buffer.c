// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Which parts of a BAR a step exports; see stress.h. */
#include "dice.h"
#include "stress.h"

/* One run of units; the first unit, and how many. */
static unsigned int one_range(struct dice *dice, unsigned int *length)
{
	*length = 1 + dice_below(dice, NR_SLOTS);
	return dice_below(dice, NR_SLOTS - *length + 1);
}

static void add(struct stress_buffer *buffer, struct peerbar_range *range, uint64_t unit,
		unsigned int first, unsigned int length)
{
	*range = (struct peerbar_range){ first * unit, length * unit };
	for (unsigned int i = 0; i < length; i++)
		buffer->unit[buffer->nr_units++] = (uint8_t)(first + i);
}

/* Every @stride-th unit, from the last to the first. */
static unsigned int scatter(struct stress_buffer *buffer, struct peerbar_range *range,
			    uint64_t unit, unsigned int stride)
{
	unsigned int nr = 0;

	for (unsigned int i = NR_SLOTS; i >= stride; i -= stride)
		add(buffer, &range[nr++], unit, i - stride, 1);
	return nr;
}

unsigned int buffer_layout(struct stress_buffer *buffer, const struct step *step,
			   struct peerbar_range *range)
{
	uint64_t unit = config.device[step->device].unit;
	struct dice dice = { step->dice };
	unsigned int first, length;

	buffer->device = step->device;
	buffer->nr_units = 0;
	if (step->op == OP_SCATTER)
		return scatter(buffer, range, unit, 1 + dice_below(&dice, 16));
	first = one_range(&dice, &length);
	add(buffer, range, unit, first, length);
	return 1;
}
