/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What peerbar-vfio-pci shows in debugfs: kernel/debugfs.c describes the files.
 */
#ifndef PEERBAR_EXPORT_STATE_H
#define PEERBAR_EXPORT_STATE_H

#include "machine/sys.h"
#include "tool.h"

/* The addresses that it shows; if they cannot be read, with a sentence. */
struct pb_names export_devices(void);

/* Is there a folder for the device at @address? */
bool export_shows(const char *address);

/*
 * An object of the device at @address: counts, "exports", "reasons" and "times". NULL, with
 * a sentence: nothing is shown of it.
 */
json_object *export_state(const char *address);

#endif /* PEERBAR_EXPORT_STATE_H */
