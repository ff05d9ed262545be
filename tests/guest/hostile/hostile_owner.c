// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* hostile_owner: what the owner of a device may try; see hostile_owner.h. */
#include <pthread.h>

#include "lib/census.h"
#include "lib/kmsg.h"
#include "lib/tap.h"
#include "lib/watchdog.h"
#include "lib/window.h"
#include "hostile_owner.h"

/* Memory off and on, and every fourth time a reset. */
static void *take_and_give(void *arg)
{
	struct taker *t = arg;

	while (!t->stop) {
		if (t->rounds % 4 == 3) {
			peerbar_reset(t->rig->dev);
		} else {
			peerbar_set_memory(t->rig->dev, false);
			peerbar_set_memory(t->rig->dev, true);
		}
		t->rounds++;
	}
	return NULL;
}

void taker_start(struct taker *t, struct rig *rig)
{
	t->rig = rig;
	t->stop = false;
	t->rounds = 0;
	if (pthread_create(&t->thread, NULL, take_and_give, t))
		tap_die("taker", "cannot start a thread");
}

unsigned int taker_stop(struct taker *t)
{
	t->stop = true;
	pthread_join(t->thread, NULL);
	return t->rounds;
}

/* The device and the NIC do what they should. */
static void check_unharmed(struct rig *rig)
{
	struct window w;

	window_open(&w, rig, 1);
	tap_check(!window_verify(rig, &w, 4096, 4096), "hostile owner: the BAR works",
		  "wrong bytes");
	tap_check(window_close(&w), "hostile owner: its MR deregisters", "it does not");
}

int main(void)
{
	uint64_t log = kmsg_position(), stray = rig_stray();
	struct census before, after;
	struct rig rig;

	rig_open(&rig, 4 * MIB, 4 * MIB, 8);
	watchdog_set(OWNER_LIMIT_S, "hostile owner: pages");
	hostile_owner_pages(&rig);
	hostile_owner_buffers(&rig);
	check_unharmed(&rig);	/* a NIC's driver keeps some of what it needed for that */
	census_take(&before, rig_ibdev());
	watchdog_set(OWNER_LIMIT_S, "hostile owner: arguments");
	hostile_owner_arguments(&rig);
	watchdog_set(OWNER_LIMIT_S, "hostile owner: signals");
	hostile_owner_signals(&rig);
	check_unharmed(&rig);
	census_take(&after, rig_ibdev());
	census_check(&before, &after, "hostile owner: nothing is left");
	rig_close(&rig);
	watchdog_set(OWNER_LIMIT_S, "hostile owner: stopped");
	hostile_owner_stopped();
	watchdog_clear();
	tap_check(rig_stray() == stray, "hostile owner: no stray DMA", "the NIC counted some");
	kmsg_check(log);
	return tap_exit_status();
}
