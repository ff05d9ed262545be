// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What must be true of buffers and MRs; see oracle.h. All accesses are in sequence. */
#include "oracle.h"

unsigned int oracle_begin(struct oracle_device *dev, enum oracle_who who)
{
	dev->busy[who]++;	/* before the ticket is taken: oracle_birth() reads the other way */
	return ++dev->begun;
}

static void raise_to(atomic_uint *value, unsigned int ticket)
{
	unsigned int old = *value;

	while (old < ticket && !atomic_compare_exchange_weak(value, &old, ticket))
		;
}

void oracle_done(struct oracle_device *dev, unsigned int ticket, bool final)
{
	if (final)
		raise_to(&dev->final, ticket);
	raise_to(&dev->done, ticket);
}

void oracle_end(struct oracle_device *dev, enum oracle_who who)
{
	dev->busy[who]--;
}

void oracle_shut_gate(struct oracle_device *dev)
{
	dev->gate |= 1;
}

void oracle_open_gate(struct oracle_device *dev)
{
	if (dev->gate & 1)
		dev->gate++;
}

void oracle_owner_died(struct oracle_device *dev)
{
	oracle_open_gate(dev);
	dev->busy[ORACLE_OWNER] = 0;
}

void oracle_birth(struct oracle_device *dev, struct oracle_life *life)
{
	life->before = dev->begun;
	life->quiet = !dev->busy[ORACLE_OWNER] && !dev->busy[ORACLE_OTHERS];
}

void oracle_born(struct oracle_device *dev, struct oracle_life *life)
{
	life->after = dev->begun;
}

struct oracle_view oracle_look(struct oracle_device *dev)
{
	return (struct oracle_view){
		.done = dev->done, .final = dev->final, .gate = dev->gate,
	};
}

bool oracle_must_work(struct oracle_device *dev, const struct oracle_life *life)
{
	return life->quiet && dev->begun == life->before;
}

bool oracle_is_dead(const struct oracle_life *life, const struct oracle_view *view, bool revives)
{
	return (revives ? view->final : view->done) > life->after;
}

bool oracle_was_shut(struct oracle_device *dev, const struct oracle_view *view)
{
	return (view->gate & 1) && dev->gate == view->gate;
}

bool oracle_may_have_written(struct oracle_device *dev, const struct oracle_life *life,
			     bool revives)
{
	return (revives ? dev->cleared_final : dev->cleared) <= life->after;
}

struct oracle_view oracle_clearing(struct oracle_device *dev)
{
	return oracle_look(dev);
}

void oracle_cleared(struct oracle_device *dev, const struct oracle_view *view)
{
	raise_to(&dev->cleared, view->done);
	raise_to(&dev->cleared_final, view->final);
}
