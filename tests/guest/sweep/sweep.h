/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Failing the n-th allocation of a call, for n = 1, 2, 3 and so on until the call needs fewer.
 * The kernel needs CONFIG_FAILSLAB and CONFIG_FAIL_PAGE_ALLOC, as the debug kernel has them.
 */
#ifndef GUEST_SWEEP_H
#define GUEST_SWEEP_H

#include "lib/rig.h"
#include "lib/test_importer.h"

#define SWEEP_SPAN	(4 * MIB)

/* What the calls work on. A set-up makes what is missing. */
struct sweep {
	struct rig rig;		/* its device may be closed: rig.dev is NULL then */
	char driver[64];	/* of the GPU */
	int dmabuf;		/* -1: none */
	int importer;		/* the test importer */
	uint32_t handle;	/* 0: nothing is attached */
	struct ibv_mr *mr;
	enum pti_mode mode;
	unsigned int ranges;	/* of a buffer: as many as the exporter maps */
};

struct subject {
	const char *name;
	enum pti_mode mode;	/* of the test importer, where it takes part */
	void (*set_up)(struct sweep *s);
	/* Allocations fail in here. Return: 0 or a negative errno. */
	int (*call)(struct sweep *s);
	/* After a call that returned 0: NULL, or what is not as it must be. */
	const char *(*check)(struct sweep *s);
	/* With this errno, and nothing failing, the kernel says that it has had enough; 0: never */
	int end_errno;
};

/* sweep_exporter.c, sweep_driver.c, sweep_nic.c: what is swept; a name of NULL ends each. */
extern const struct subject sweep_exporter[], sweep_driver[], sweep_nic[];

/* Set-ups that several of them share; failure ends the test. */
void need_device(struct sweep *s);
void need_no_device(struct sweep *s);
void need_buffer(struct sweep *s);

/* A call that several of them make. */
int sweep_reset(struct sweep *s);

/* Leave nothing but the device and the NIC. */
void sweep_tidy(struct sweep *s);

#endif /* GUEST_SWEEP_H */
