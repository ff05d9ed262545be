/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* For nic_model.step(): round robin among queues, and sleeping until a deadline. */
#ifndef VNIC_TURNS_H
#define VNIC_TURNS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Round robin among @nr queues: asks @ready() for each, beginning after *@last, the queue
 * that had the previous turn.
 * Return: the queue whose turn it is, which also becomes *@last; -1 if none is ready.
 */
int turns_next(unsigned int *last, unsigned int nr,
	       bool (*ready)(const void *priv, unsigned int queue), const void *priv);

/* The earlier of two deadlines, where 0 means that there is none. */
uint64_t turns_earlier(uint64_t a, uint64_t b);

/*
 * How many microseconds the engine may sleep when its only work is to wait until @due, in
 * clock_now_ns() time. The result is at most 1000: a gate_kick() does not end the sleep,
 * so a longer one would delay new work.
 */
uint32_t turns_pause_us(uint64_t due);

#endif /* VNIC_TURNS_H */
