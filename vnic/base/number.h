/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Numbers on a command line. */
#ifndef VNIC_NUMBER_H
#define VNIC_NUMBER_H

#include <stdint.h>

/*
 * Parse an unsigned number in C's notation (decimal, 0x..., 0...). There may be no sign,
 * no blanks and nothing after the number.
 * Return: 0, or -EINVAL if @text is no such number or it is not from @min to @max.
 */
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value);

#endif /* VNIC_NUMBER_H */
