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

/* How many records from @since on contain @text, or -errno. */
int kmsg_count(uint64_t since, const char *text);

/* One check named "kernel log": no record from @since on is bad. Bad ones are printed. */
void kmsg_check(uint64_t since);

/*
 * The same, but warnings that contain @excuse do not count, nor does the heading of the stack
 * that follows such a warning. They are printed, and left out of the lab's own check at the
 * end of the run. Only for a fault of the kernel that docs/findings.md has, and only around
 * what provokes it. @excuse may be NULL.
 */
void kmsg_check_but(uint64_t since, const char *excuse);

/* The same with several; the last one is NULL. */
void kmsg_check_but_these(uint64_t since, const char *const *excuses);

#endif /* GUEST_KMSG_H */
