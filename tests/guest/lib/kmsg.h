/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The kernel's own opinion: warnings, oopses and hung tasks in its log fail a
 * test. IOMMU faults are not counted as such: the fault tests provoke them.
 */
#ifndef GUEST_KMSG_H
#define GUEST_KMSG_H

#include <stdint.h>

/* The sequence number that the next record will have at least. 0: no log. */
uint64_t kmsg_position(void);

/* Print, as comments, the bad records from @since on. Return: how many, or -errno. */
int kmsg_complaints(uint64_t since);

/* How many records from @since on contain @text, or -errno. */
int kmsg_count(uint64_t since, const char *text);

/* The first two as one check named "kernel log". */
void kmsg_check(uint64_t since);

#endif /* GUEST_KMSG_H */
