/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What must be true of a buffer or an MR, although revokes, registrations and traffic run at the
 * same time in different processes. All of them see the same struct oracle_device.
 *
 * Every revoke takes a ticket before it begins, and records it when its call has returned. So
 *  - what was made before a revoke took its ticket is dead once that ticket is recorded;
 *  - what was made while no revoke was going on works as long as no new ticket was taken;
 *  - of everything else nothing is known.
 */
#ifndef STRESS_ORACLE_H
#define STRESS_ORACLE_H

#include <stdatomic.h>
#include <stdbool.h>

/* Who revokes: the process that has the device open, or others. */
enum oracle_who { ORACLE_OWNER, ORACLE_OTHERS, ORACLE_WHO };

struct oracle_device {
	atomic_uint begun;		/* how many tickets were taken */
	atomic_uint done;		/* the highest ticket of a revoke that has returned */
	atomic_uint final;		/* the same of those after which no buffer revives */
	atomic_uint busy[ORACLE_WHO];	/* revokes that are going on */
	atomic_uint gate;		/* odd while the device is inaccessible: memory off */
	atomic_uint cleared;		/* @done, when the slots of the BAR were last cleared */
	atomic_uint cleared_final;	/* @final at that time */
};

/* When a buffer or an MR was made. */
struct oracle_life {
	unsigned int before, after;	/* tickets before and after the call that made it */
	bool quiet;			/* no revoke was going on before it */
};

/* What is known at a moment, such as when a request is posted. */
struct oracle_view {
	unsigned int done, final, gate;
};

/* Return: the ticket for oracle_done(). */
unsigned int oracle_begin(struct oracle_device *dev, enum oracle_who who);

/* The call that revoked has returned. @final: no buffer of before revives. */
void oracle_done(struct oracle_device *dev, unsigned int ticket, bool final);

/* The device can be used again. */
void oracle_end(struct oracle_device *dev, enum oracle_who who);

/* The device is inaccessible until oracle_open_gate(), which precedes the call that ends that. */
void oracle_shut_gate(struct oracle_device *dev);
void oracle_open_gate(struct oracle_device *dev);

/* The owner is gone, whatever it was doing. */
void oracle_owner_died(struct oracle_device *dev);

/* Enclose the call that makes a buffer or an MR. */
void oracle_birth(struct oracle_device *dev, struct oracle_life *life);
void oracle_born(struct oracle_device *dev, struct oracle_life *life);

struct oracle_view oracle_look(struct oracle_device *dev);

/* Did nothing happen from oracle_birth() till now that could have revoked it? */
bool oracle_must_work(struct oracle_device *dev, const struct oracle_life *life);

/*
 * Was it dead at the moment of @view? An MR that @revives is dead only after a final revoke; it
 * must not work while the gate is shut, either, but whether it was shut is known only if it still
 * is: see oracle_was_shut().
 */
bool oracle_is_dead(const struct oracle_life *life, const struct oracle_view *view, bool revives);
bool oracle_was_shut(struct oracle_device *dev, const struct oracle_view *view);

/* May bytes that a request on this MR wrote be in a slot since the slots were cleared? */
bool oracle_may_have_written(struct oracle_device *dev, const struct oracle_life *life,
			     bool revives);

/* The owner is about to clear all slots: what oracle_cleared() records then. */
struct oracle_view oracle_clearing(struct oracle_device *dev);
void oracle_cleared(struct oracle_device *dev, const struct oracle_view *view);

#endif /* STRESS_ORACLE_H */
