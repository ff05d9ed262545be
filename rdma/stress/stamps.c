// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Judging the bytes in the BARs; see run.h. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "run.h"

#define RECORDS (2 * EPISODE_STEPS)	/* of one episode, and one cannot fill it */
#define MAX_LANDINGS (MAX_IMPORTERS * NR_MRS)

static struct record {
	uint32_t serial;
	unsigned int device;
	bool revives;
	struct oracle_life life;
} records[RECORDS];

static unsigned int nr_records;
static struct landing landings[MAX_LANDINGS];
static unsigned int nr_landings;

void stamps_forget(void)
{
	nr_records = 0;
	nr_landings = 0;
}

void stamps_register(const struct step *step, const struct answer *a)
{
	records[nr_records++] = (struct record){
		.serial = step->serial, .device = step->device,
		.revives = config.nic[cast_nic(&config.cast, step->actor)].revives, .life = a->life,
	};
}

void stamps_land(const struct answer *a)
{
	memcpy(&landings[nr_landings], a->landing, a->nr_landings * sizeof(*a->landing));
	nr_landings += a->nr_landings;
}

static const struct record *find(uint32_t serial)
{
	for (unsigned int i = 0; i < nr_records; i++)
		if (records[i].serial == serial)
			return &records[i];
	return NULL;
}

/* May this stamp be in the BAR of @device? */
static void judge_stamp(unsigned int device, unsigned int slot, uint64_t stamp,
			struct violation *v)
{
	const struct record *r = find((uint32_t)(stamp >> 32));

	totals.stamps++;
	if (!r || r->device != device)
		blame(v, "slot %u of %s holds %#" PRIx64 ", which nobody wrote there", slot,
		      config.device[device].address, stamp);
	else if (!oracle_may_have_written(&shared->device[device], &r->life, r->revives))
		blame(v, "slot %u of %s holds bytes that MR %" PRIu32 " wrote after it was revoked",
		      slot, config.device[device].address, r->serial);
}

/* If requests on this slot succeeded while nothing else went on, the slot holds one of theirs. */
static void judge_landings(unsigned int device, unsigned int slot, uint64_t stamp,
			   struct violation *v)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < nr_landings; i++) {
		if (landings[i].device != device || landings[i].slot != slot)
			continue;
		if (landings[i].stamp == stamp)
			return;
		nr++;
	}
	if (nr)
		blame(v, "slot %u of %s holds %#" PRIx64 ", but %u other requests on it succeeded",
		      slot, config.device[device].address, stamp, nr);
}

void stamps_judge(const struct answer *a, struct violation *v)
{
	for (unsigned int d = 0; d < config.cast.devices; d++) {
		if (!a->scanned[d])
			continue;
		for (unsigned int slot = 0; slot < NR_SLOTS; slot++) {
			if (a->stamp[d][slot])
				judge_stamp(d, slot, a->stamp[d][slot], v);
			judge_landings(d, slot, a->stamp[d][slot], v);
		}
	}
}

void stamps_judged(void)
{
	nr_landings = 0;
}
