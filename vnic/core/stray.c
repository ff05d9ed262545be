// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Counters and records of stray accesses: see stray.h. */
#include "stray.h"

void stray_note(struct stray *stray, const struct stray_record *record)
{
	struct stray_count *count = &stray->count[record->kind];

	if (record->write)
		count->writes++;
	else
		count->reads++;
	count->bytes += record->len;
	if (record->age_ns > count->max_age_ns)
		count->max_age_ns = record->age_ns;
	stray->record[stray->noted++ % STRAY_RECORDS] = *record;
}

uint64_t stray_total(const struct stray *stray)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < STRAY_KINDS; i++)
		total += stray->count[i].reads + stray->count[i].writes;
	return total;
}

const char *stray_kind_name(enum stray_kind kind)
{
	static const char *const name[STRAY_KINDS] = {
		[STRAY_UNMAPPED] = "unmapped",
		[STRAY_DEREGISTERED] = "deregistered",
		[STRAY_ZAPPED] = "zapped",
		[STRAY_NO_MASTER] = "no_master",
	};

	return name[kind];
}
