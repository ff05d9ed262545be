// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Blame; see blame.h. */
#include <inttypes.h>
#include <stdio.h>

#include <linux/pci_regs.h>

#include "blame.h"
#include "exporter.h"
#include "kmsg.h"
#include "pci.h"
#include "rig.h"
#include "tap.h"

#define TITLE 160

void blame_begin(struct blame *blame)
{
	*blame = (struct blame){
		.log = kmsg_position(),
		.overdue = exporter_counter(rig_gpu(), "overdue"),
		.untold = exporter_counter(rig_gpu(), "untold"),
		.nic_command = pci_config_read(rig_nic(), PCI_COMMAND, 2),
	};
}

/* The exporter logs one line per event and importing device, not one per mapping. */
static void check(uint64_t counted, int logged, unsigned int expected, const char *name,
		  const char *what)
{
	char text[TITLE];

	snprintf(text, sizeof(text), "%s: %u %s", name, expected, what);
	tap_check(counted == expected && logged == !!expected, text,
		  "%" PRIu64 " counted, %d in the log", counted, logged);
}

void blame_check(const struct blame *blame, unsigned int overdue, unsigned int untold,
		 const char *name)
{
	uint32_t command = pci_config_read(rig_nic(), PCI_COMMAND, 2);
	char text[TITLE];

	check(exporter_counter(rig_gpu(), "overdue") - blame->overdue,
	      kmsg_count(blame->log, "did not let go"), overdue, name,
	      "blamed for what they hold");
	check(exporter_counter(rig_gpu(), "untold") - blame->untold,
	      kmsg_count(blame->log, "could not be told to let go of"), untold, name,
	      "could not be told");
	snprintf(text, sizeof(text), "%s: the NIC is bus master as before", name);
	tap_check(command == blame->nic_command, text, "PCI_COMMAND %#x, before %#x", command,
		  blame->nic_command);
}
