/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Callbacks that block ("sit") for a while, and ways to cut that short. All of these may be
 * called from any context that may sleep.
 */
#ifndef IMPORTER_SIT_H
#define IMPORTER_SIT_H

#include <linux/types.h>

/* Sit for @ms milliseconds, or without limit for PTI_SIT, or until somebody wakes all. */
void importer_sit(u32 ms);

/* All callbacks that sit at this moment go on; those that come later sit again. */
void importer_wake(void);

/* How many callbacks sit at this moment. */
int importer_sitting(void);

/* No callback sits between begin and end. Such sections may overlap. */
void importer_hurry_begin(void);
void importer_hurry_end(void);

#endif
