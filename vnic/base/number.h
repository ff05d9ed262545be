/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Numbers as people write them on a command line. */
#ifndef VNIC_NUMBER_H
#define VNIC_NUMBER_H

#include <stdint.h>

/*
 * A plain number in C's notation, with no sign, no blanks and nothing behind it.
 * Return: 0, or -EINVAL if @text is none or is not between @min and @max.
 */
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value);

#endif /* VNIC_NUMBER_H */
