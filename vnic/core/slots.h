/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Tables of objects, each slot of which has a flag "used". */
#ifndef VNIC_SLOTS_H
#define VNIC_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many of @n slots are used; @used is the flag of the first, and they are @stride apart. */
unsigned int slots_count(const bool *used, size_t stride, size_t n);

/* The same for an array of structs with a member "used". */
#define SLOTS_COUNT(array) slots_count(&(array)[0].used, sizeof((array)[0]), \
				       sizeof(array) / sizeof((array)[0]))

/*
 * Find a free slot from @first on, and before @end. They go round, so that a number comes
 * back only after all others: *@last is the slot handed out before, counted from @first.
 * Return: the slot, which also becomes *@last; 0 if none is free, so @first must not be 0.
 */
uint32_t slots_find(const bool *used, size_t stride, uint32_t first, uint32_t end,
		    uint32_t *last);

/* The same for an array of structs with a member "used", up to its end. */
#define SLOTS_FIND(array, first, last) \
	slots_find(&(array)[0].used, sizeof((array)[0]), first, \
		   sizeof(array) / sizeof((array)[0]), last)

#endif /* VNIC_SLOTS_H */
