/* SPDX-License-Identifier: GPL-2.0-only */
/* Callbacks that take their time, and what cuts it short. Any context that may sleep. */
#ifndef IMPORTER_SIT_H
#define IMPORTER_SIT_H

#include <linux/types.h>

/* Return after @ms milliseconds, or PTI_SIT, or when somebody wakes all who sit. */
void importer_sit(u32 ms);

/* Whoever sits at this moment goes on; who comes later sits. */
void importer_wake(void);
int importer_sitting(void);

/* From the first to the last of these, nobody sits. */
void importer_hurry_begin(void);
void importer_hurry_end(void);

#endif
