/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One run of "peerbar mr test".
 */
#ifndef PEERBAR_TEST_H
#define PEERBAR_TEST_H

#include <time.h>

#include "lost.h"
#include "machine/pci.h"
#include "mover.h"
#include "peerbar.h"
#include "tool.h"

struct test {
	/* arguments */
	const char *nic_text;
	const char *address;
	struct size bar, offset, length, total, seed, max_op;

	char nic[PB_NAME_SIZE];	/* the name of the RDMA device */

	struct peerbar_device *dev;
	int fd;			/* of the dma-buf */
	double registration;	/* time that registering the BAR took, in seconds */
	double seconds;		/* time that moving and checking took */
	struct mover mover;
	struct lost lost;
};

static inline double test_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/*
 * test_setup.c. Choose what the command line left open, and open and register everything.
 * Returns TOOL_OK, or TOOL_FAILURE after printing why not. Call test_cleanup() in either case.
 */
int test_setup(struct test *t);
void test_cleanup(struct test *t);

#endif /* PEERBAR_TEST_H */
