/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * System sleep, woken up by the kernel's pm_test: the system goes to sleep as far as the given
 * level, stays there for a second or a few, and comes back by itself. The devices that the
 * guest itself depends on are kept awake (tests/kmod/peerbar_test_sleep.c). Failure ends the
 * test.
 */
#ifndef GUEST_POWER_H
#define GUEST_POWER_H

#include <stdbool.h>
#include <stdint.h>

struct power_sleep {
	int ret;		/* 0, or the negative errno with which sleep was refused */
	bool slept;		/* were devices suspended? */
	/* CLOCK_MONOTONIC: before the first device was suspended; after the last resumed. */
	uint64_t down_ns, up_ns;
};

/* Why this kernel cannot sleep so, or NULL. */
const char *power_why_not(void);

/* Does this kernel have the state "freeze", "mem" or "disk"? */
bool power_has(const char *state);

/* To be called before the first sleep. */
void power_prepare(void);

/*
 * @state: "freeze", "mem" or "disk". @level, each including those before it: "devices";
 * "platform", what the firmware has to do; "processors", all CPUs but one; "core", timers,
 * interrupts and IOMMUs; or "none", all the way, which "disk" comes back from only after
 * power_test_resume().
 */
struct power_sleep power_sleep(const char *state, const char *level);

/* From now on a hibernation image is read back once it is written, with no power-off. */
void power_test_resume(void);

#endif /* GUEST_POWER_H */
