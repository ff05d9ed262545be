// SPDX-License-Identifier: GPL-2.0-only
/*
 * Callbacks that block; see sit.h. All of them share one wait queue, and there is no lock: a
 * callback that sits holds a reservation lock, and whoever wakes it may next wait for that lock.
 */
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "peerbar_test_importer.h"
#include "sit.h"

static DECLARE_WAIT_QUEUE_HEAD(queue);
static atomic_t sitting = ATOMIC_INIT(0);
static atomic_t wakes = ATOMIC_INIT(0);
static atomic_t hurries = ATOMIC_INIT(0);

void importer_sit(u32 ms)
{
	long timeout = ms == PTI_SIT ? MAX_SCHEDULE_TIMEOUT : msecs_to_jiffies(ms) + 1;
	int before = atomic_read(&wakes);

	/* wakes is read before sitting is incremented: a callback that was counted can be woken */
	smp_mb__before_atomic();
	atomic_inc(&sitting);
	if (wait_event_killable_timeout(queue,
					atomic_read(&wakes) != before || atomic_read(&hurries),
					timeout) < 0)
		pr_info("whoever called the callback was killed: it goes on\n");
	atomic_dec(&sitting);
}

void importer_wake(void)
{
	atomic_inc(&wakes);
	wake_up_all(&queue);
}

int importer_sitting(void)
{
	return atomic_read(&sitting);
}

void importer_hurry_begin(void)
{
	atomic_inc(&hurries);
	wake_up_all(&queue);
}

void importer_hurry_end(void)
{
	atomic_dec(&hurries);
}
