// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Stores into the doorbell page of a ConnectX that a process has: for queues of others and for
 * such that do not exist, and of every width everywhere. And a storm of them.
 */
#include <endian.h>
#include <stdlib.h>

#include "hostile_mlx5.h"
#include "hostile_random.h"
#include "lib/clock.h"
#include "lib/tap.h"

#define ARM_CQ		0x20u
#define ARM_EQ		0x40u
#define UPDATE_EQ	0x48u
#define SQ		0x800u
#define SOLICITED	(1u << 24)
#define QUEUES		256u		/* numbers from 0 on; those of others are among them */
#define NO_QUEUE	0xffffffu
#define ROUNDS		8u
#define STORM_US	1500000u
#define MIN_SHARE	0.02	/* of what the bystander does otherwise, in a storm */

static const uint32_t nonsense[] = { 0, 1, 0x7fffff, 0x800000, 0xffffff };

#define NR_NONSENSE (sizeof(nonsense) / sizeof(*nonsense))

/* ---- queues of others ---- */

static void ring_others(const struct rawrc *raw)
{
	for (uint32_t n = 0; n < QUEUES; n++) {
		rawrc_store(raw, SQ, (uint32_t)random(), n << 8);
		rawrc_store(raw, SQ + 0x100, (uint32_t)random(), n << 8);
	}
	rawrc_store(raw, SQ, 0, NO_QUEUE << 8);
}

/* One that has others sleep for completions that are solicited, which theirs are not. */
static void arm_others(const struct rawrc *raw)
{
	for (uint32_t n = 0; n < QUEUES; n++)
		for (unsigned int i = 0; i < NR_NONSENSE; i++)
			rawrc_store(raw, ARM_CQ, SOLICITED | nonsense[i], n);
	rawrc_store(raw, ARM_CQ, 0, NO_QUEUE);
}

/* It was said to have been read that far: events would be lost, those of commands, too. */
static void move_events(const struct rawrc *raw)
{
	for (uint32_t n = 0; n < 64; n++)
		for (unsigned int i = 0; i < NR_NONSENSE; i++) {
			volatile uint8_t *page = rawrc_page(raw);
			uint32_t word = htobe32(n << 24 | nonsense[i]);

			*(volatile uint32_t *)(page + UPDATE_EQ) = word;
			*(volatile uint32_t *)(page + ARM_EQ) = word;
		}
}

/* ---- the page ---- */

/* Stores of every width all over the page, also across the edges of registers. */
static void scribble(const struct rawrc *raw)
{
	for (unsigned int i = 0; i < 512; i++) {
		volatile uint8_t *at = rawrc_page(raw) + (size_t)random() % 511 * 8 + random() % 8;

		hostile_store(at, i);
	}
}

/* Whatever its own queue was armed with, it can be used. */
static void arm_own(const struct rawrc *raw)
{
	for (unsigned int i = 0; i < 64; i++)
		rawrc_store(raw, ARM_CQ, (uint32_t)random(), raw->send.at.cqn);
}

/* ---- the checks ---- */

static void check(struct hostile_mlx5 *h, struct bystander *waiter, const char *name,
		  void (*attack)(const struct rawrc *raw))
{
	struct rawrc_wqe wqe = hostile_good_write(h);
	uint64_t waited = waiter->verified;

	hostile_pair(h, IBV_QPT_RC, NULL);
	for (unsigned int i = 0; i < ROUNDS; i++)
		attack(&h->raw);
	hostile_verdict(h, name, rawrc_one(&h->raw, &wqe), IBV_WC_SUCCESS);
	hostile_unpair(h);
	tap_check(bystander_works(waiter), name, "who waits for events: %lu right, %lu wrong",
		  waiter->verified - waited, waiter->wrong);
}

void hostile_mlx5_doorbells(struct hostile_mlx5 *h, struct bystander *waiter)
{
	check(h, waiter, "doorbells for queue pairs of others", ring_others);
	check(h, waiter, "completion queues of others, armed", arm_others);
	check(h, waiter, "event queues of the driver, moved", move_events);
	check(h, waiter, "its own completion queue, armed with nonsense", arm_own);
	check(h, waiter, "stores of every width, everywhere in the page", scribble);
}

/* ---- a storm ---- */

/* Return: stores. */
static uint64_t storm(const struct rawrc *raw)
{
	uint64_t end = now_us() + STORM_US, stores = 0;

	for (; now_us() < end; stores++)
		rawrc_store(raw, SQ, (uint32_t)random(), raw->qp->qp_num << 8);
	return stores;
}

void hostile_mlx5_storm(struct hostile_mlx5 *h)
{
	uint64_t stores, alone, beside, begin;

	hostile_pair(h, IBV_QPT_RC, NULL);
	begin = h->bystander->verified;
	sleep_us(STORM_US);
	alone = h->bystander->verified - begin;
	begin += alone;
	stores = storm(&h->raw);
	beside = h->bystander->verified - begin;
	tap_note("bystander: %lu transfers alone, %lu beside %lu doorbells, in %u ms each",
		 alone, beside, stores, STORM_US / 1000);
	tap_check((double)beside >= MIN_SHARE * (double)alone && !h->bystander->wrong,
		  "a storm of doorbells leaves others their share", "%lu instead of %lu, %lu wrong",
		  beside, alone, (unsigned long)h->bystander->wrong);
	hostile_unpair(h);
}
