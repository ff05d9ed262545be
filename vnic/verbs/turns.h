/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Fair turns among the queues of an engine, and the waiting for points in time. */
#ifndef VNIC_TURNS_H
#define VNIC_TURNS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Round robin among @nr queues: the one after *@last, which had the last turn, is asked
 * first. Return: the queue whose turn it is, also in *@last, or -1: none is @ready.
 */
int turns_next(unsigned int *last, unsigned int nr,
	       bool (*ready)(const void *priv, unsigned int queue), const void *priv);

/* Of two points in time, where 0 is none. */
uint64_t turns_earlier(uint64_t a, uint64_t b);

/*
 * For how many microseconds an engine may sleep that has nothing to do but to wait for
 * @due, clock_now_ns() time: at most 1000, so that new work is not kept waiting.
 */
uint32_t turns_pause_us(uint64_t due);

#endif /* VNIC_TURNS_H */
