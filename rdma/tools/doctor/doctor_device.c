// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Checks of the device itself: whether it exists, whether it decodes memory, and whether it
 * has a BAR that can be exported.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "machine/sys.h"

#define DEVICES "/sys/bus/pci/devices/"

void check_device(const struct doctor *d, struct finding *f)
{
	if (!d->dev_name)
		return;
	if (!d->has_dev) {
		found_failure(f, "%s", d->dev_error);
		advise(f, "name one of those that \"peerbar doctor\" lists");
	} else if (pb_pci_is_bridge(d->dev.address)) {
		found_failure(f, "%s is a bridge", d->dev.address);
		advise(f, "name a device behind it");
	} else if (d->has_nic && !strcmp(d->nic.pci.address, d->dev.address)) {
		found_failure(f, "%s is the NIC %s itself", d->dev.address, d->nic_name);
		advise(f, "%s", pb_cause_remedy(PB_CAUSE_SAME));
	} else {
		found_ok(f, "%s is there, driver %s", d->dev.address,
			 d->dev.driver[0] ? d->dev.driver : "none");
	}
}

/* Is the device enabled? vfio-pci enables a device when it is opened, and not before. */
static bool enabled(const char *address)
{
	char text[16];

	return !pb_read(text, sizeof(text), DEVICES "%s/enable", address) && atoi(text) > 0;
}

void check_memory(const struct doctor *d, struct finding *f)
{
	const struct pb_pci *dev = &d->dev;
	char owner[PB_NAME_SIZE * 2];

	if (!d->has_dev || dev->memory == PB_UNKNOWN)
		return;
	if (dev->memory == PB_YES) {
		found_ok(f, "%s decodes memory", dev->address);
		return;
	}
	if (!enabled(dev->address)) {
		found_ok(f, "memory decode of %s is off, and nobody has it open: opening it turns "
			 "decode on", dev->address);
		return;
	}
	found_failure(f, "memory decode of %s is off", dev->address);
	if (dev->vfio && find_owner(dev, owner, sizeof(owner)))
		advise(f, "its owner, %s, has to turn it on (peerbar_set_memory())", owner);
	else if (dev->vfio)
		advise(f, "its owner has to turn it on (peerbar_set_memory())");
	else
		advise(f, "give the device to VFIO: opening it turns decode on");
}

void check_bar(const struct doctor *d, struct finding *f)
{
	const struct pb_window *window = &d->dev.bar[d->bar < 0 ? 0 : d->bar];
	uint64_t page = sysconf(_SC_PAGESIZE);

	if (!d->has_dev)
		return;
	if (d->bar < 0 || window->size < page) {
		found_failure(f, "%s has no memory BAR of a page (%" PRIu64 " bytes) or more",
			      d->dev.address, page);
		advise(f, "use another device: this one has nothing to export");
	} else if (!window->assigned) {
		found_failure(f, "BAR %d of %s, %" PRIu64 " KiB, has no address", d->bar,
			      d->dev.address, window->size >> 10);
		advise(f, "%s", pb_cause_remedy(PB_CAUSE_BAR_UNASSIGNED));
	} else {
		found_ok(f, "BAR %d of %s has %" PRIu64 " KiB at %#" PRIx64, d->bar,
			 d->dev.address, window->size >> 10, window->start);
	}
}
