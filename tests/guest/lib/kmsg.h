/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Watches the kernel log: warnings, oopses and hung tasks fail a test. IOMMU faults do
 * not, because the fault tests provoke them.
 */
#ifndef GUEST_KMSG_H
#define GUEST_KMSG_H

#include <stdint.h>

/* A lower bound for the sequence number of the next record. 0: no log. */
uint64_t kmsg_position(void);

/* Print, as comments, the bad records from @since on. Return: how many, or -errno. */
int kmsg_complaints(uint64_t since);

/* How many records from @since on contain @text, or -errno. */
int kmsg_count(uint64_t since, const char *text);

/* One check named "kernel log": kmsg_complaints(@since) finds nothing. */
void kmsg_check(uint64_t since);

#endif /* GUEST_KMSG_H */
