/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What peerbar-vfio-pci shows in debugfs. kernel/debugfs.c describes the files.
 */
#ifndef PEERBAR_EXPORT_STATE_H
#define PEERBAR_EXPORT_STATE_H

#include "machine/sys.h"
#include "tool.h"

/*
 * The addresses of the devices that it shows. If they cannot be read, nr is negative and a
 * sentence is kept.
 */
struct pb_names export_devices(void);

/* Does it show the device at @address? */
bool export_shows(const char *address);

/*
 * Return an object that describes the device at @address: its counts, "exports", "reasons"
 * and "times". Returns NULL and keeps a sentence if nothing is shown about the device.
 */
json_object *export_state(const char *address);

#endif /* PEERBAR_EXPORT_STATE_H */
