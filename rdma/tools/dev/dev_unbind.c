// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar dev unbind: take a device from its VFIO driver, and let the kernel bind the
 * driver that it chooses by default.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "binding.h"
#include "machine/error.h"
#include "machine/pci.h"
#include "peerbar.h"
#include "tool.h"

static const char usage[] = "Usage: peerbar dev unbind ADDRESS\n";

static int check(const char *address, const char *driver)
{
	if (!driver[0])
		return pb_fail(ENXIO, "no driver is bound to %s: there is nothing to undo",
			       address);
	if (!pb_pci_is_vfio(address))
		return pb_fail(ENXIO, "%s is bound to %s, which is not a VFIO driver: there is "
			       "nothing to undo", address, driver);
	return binding_check(address, false);
}

/* If the driver does not let go of the device, the choice of it stays, too. */
static int move_back(const char *address)
{
	char override[PB_NAME_SIZE], cause[1024];
	int ret;

	binding_read_override(address, override);
	ret = binding_override(address, "");
	if (ret)
		return ret;
	ret = binding_release(address);
	if (!ret)
		return binding_probe(address);
	snprintf(cause, sizeof(cause), "%s", peerbar_errmsg());
	binding_override(address, override);
	return pb_fail(-ret, "%s", cause);
}

int dev_unbind(int argc, char **argv)
{
	char address[PB_ADDRESS_SIZE], previous[PB_NAME_SIZE], now[PB_NAME_SIZE];
	json_object *result;

	if (tool_wants_help(argc, argv, usage))
		return TOOL_OK;
	if (argc != 1)
		return tool_misuse(usage, "dev unbind takes one address");
	if (pb_pci_parse(argv[0], address) || pb_pci_exists(address))
		return tool_failure("%s", peerbar_errmsg());
	pb_pci_driver(address, previous);
	if (check(address, previous) || move_back(address))
		return tool_failure("%s", peerbar_errmsg());
	pb_pci_driver(address, now);
	result = tool_object();
	tool_add_string(result, "dev", address);
	if (now[0])
		tool_add_string(result, "driver", now);
	else
		tool_add_none(result, "driver");
	tool_add_string(result, "previous", previous);
	return tool_print(result);
}
