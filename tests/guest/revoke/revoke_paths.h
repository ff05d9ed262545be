/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the test of all paths. */
#ifndef GUEST_REVOKE_PATHS_H
#define GUEST_REVOKE_PATHS_H

/* revoke_removal.c: the driver is taken from a device that its owner keeps open. */
void revoke_removal(void);

/* revoke_error.c: an error that is not fatal takes nothing away. */
void revoke_error(void);

/* revoke_late.c: paths that wait for nobody, with importers that are late or never unmap. */
void revoke_late(void);

/* revoke_unload.c: the exporter's module stays as long as a buffer lives. */
void revoke_unload(void);

/* revoke_unplug.c: the card leaves its slot with traffic in flight, and another comes. */
void revoke_unplug(void);

#endif /* GUEST_REVOKE_PATHS_H */
