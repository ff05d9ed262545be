/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Sleep of the whole system, with the kernel's pm_test as the alarm clock: it goes as far as
 * a level, stays there for a second or a few, and comes back by itself. What the guest itself
 * stands on is kept awake (tests/kmod/peerbar_test_sleep.c). Failure ends the test.
 */
#ifndef GUEST_POWER_H
#define GUEST_POWER_H

#include <stdbool.h>
#include <stdint.h>

struct power_sleep {
	int ret;		/* 0, or the negative errno of who refused */
	bool slept;		/* were devices suspended? */
	/* CLOCK_MONOTONIC: before the first of them was, and after the last had resumed. */
	uint64_t down_ns, up_ns;
};

/* Why this kernel cannot, or NULL. */
const char *power_why_not(void);

/* To be called before the first sleep. */
void power_prepare(void);

/*
 * @state: "freeze", "mem", "disk"; @level: "devices", "platform" (and what the firmware has to
 * do), "processors" (and all but one), "core" (and timers, interrupts and IOMMUs), or "none":
 * all the way, which "disk" comes back from after power_test_resume().
 */
struct power_sleep power_sleep(const char *state, const char *level);

/* From now on a hibernation image that was written is read back, with no power off between. */
void power_test_resume(void);

#endif /* GUEST_POWER_H */
