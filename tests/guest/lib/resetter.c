// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A reset in a thread of its own; see resetter.h. */
#include "clock.h"
#include "peerbar.h"
#include "resetter.h"
#include "tap.h"

static void *reset(void *arg)
{
	struct resetter *r = arg;

	r->ret = peerbar_reset(r->dev);
	r->took_us = now_us() - r->start_us;
	r->done = true;
	return NULL;
}

void resetter_start(struct resetter *r, struct peerbar_device *dev)
{
	*r = (struct resetter){ .dev = dev, .start_us = now_us() };
	if (pthread_create(&r->thread, NULL, reset, r))
		tap_die("reset", "cannot start a thread");
}

int resetter_join(struct resetter *r)
{
	pthread_join(r->thread, NULL);
	return r->ret;
}
