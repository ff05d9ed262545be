/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the revoke test. */
#ifndef GUEST_REVOKE_H
#define GUEST_REVOKE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/trigger.h"

struct revoke_result {
	enum trigger trigger;
	unsigned int mrs;
	char wr_status[96];		/* status of the failed work requests */
	uint64_t stray_dma;
	uint64_t refused_dma;		/* refused by the IOMMU because of the fence */
	const char *after;		/* the MR: "revives", is "dead", or is "fenced" */
	bool ok;
};

/* One revoke with traffic in flight, with a check of every guarantee (revoke_traffic.c). */
void revoke_traffic(struct rig *rig, enum trigger trigger, unsigned int mrs,
		    struct revoke_result *result);

/* What does not revoke, what comes back, and a process that exits (revoke_cases.c). */
void revoke_case_close_fd(void);
void revoke_case_memory_off(void);
void revoke_case_exit(bool dead);

/* Register MRs while another thread resets the device, for @seconds (revoke_race.c). */
void revoke_race(unsigned int seconds);

#endif /* GUEST_REVOKE_H */
