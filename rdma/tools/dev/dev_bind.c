// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar dev bind: bind a device to a VFIO driver. What cannot work is refused before
 * the device is touched. If the bind fails later, the device goes back to its old driver.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "binding.h"
#include "machine/error.h"
#include "machine/pci.h"
#include "machine/sys.h"
#include "peerbar.h"
#include "tool.h"

static const char usage[] = "Usage: peerbar dev bind ADDRESS [driver NAME]\n"
			    "NAME is vfio-pci if none is given.\n";

static int check_target(const char *address, const char *driver)
{
	if (strchr(driver, '/') || !pb_exists("/sys/bus/pci/drivers/%s", driver))
		return pb_fail(ENOENT, "there is no PCI driver %s: load its module", driver);
	if (pb_pci_group(address) < 0)
		return pb_fail(ENXIO, "%s has no IOMMU group, and VFIO needs one: turn the IOMMU "
			       "on in the firmware and boot with intel_iommu=on or amd_iommu=on",
			       address);
	return binding_check(address);
}

static int move(const char *address, const char *driver)
{
	char now[PB_NAME_SIZE];
	int ret = binding_override(address, driver);

	if (!ret)
		ret = binding_release(address);
	if (!ret)
		ret = binding_probe(address);
	if (ret)
		return ret;
	pb_pci_driver(address, now);
	if (strcmp(now, driver))
		return pb_fail(ENODEV, "%s did not take %s: the kernel's log says why", driver,
			       address);
	return 0;
}

/*
 * Give the device back to its previous driver. The message of the first failure is saved
 * first, because the functions that are called here may overwrite it.
 */
static void restore(const char *address, const char *previous)
{
	char now[PB_NAME_SIZE], cause[1024];

	snprintf(cause, sizeof(cause), "%s", peerbar_errmsg());
	binding_override(address, NULL);
	pb_pci_driver(address, now);
	if (previous[0] && !now[0])
		binding_probe(address);
	pb_pci_driver(address, now);
	tool_failure("%s", cause);
	if (previous[0] && strcmp(now, previous))
		tool_failure("%s did not go back to %s: \"echo %s > /sys/bus/pci/drivers/%s/bind\"",
			     address, previous, address, previous);
}

static int bind_device(const char *address, const char *driver)
{
	char previous[PB_NAME_SIZE];
	json_object *result;

	pb_pci_driver(address, previous);
	if (strcmp(previous, driver)) {
		if (check_target(address, driver))
			return tool_failure("%s", peerbar_errmsg());
		if (move(address, driver)) {
			restore(address, previous);
			return TOOL_FAILURE;
		}
	}
	result = tool_object();
	tool_add_string(result, "dev", address);
	tool_add_string(result, "driver", driver);
	if (previous[0])
		tool_add_string(result, "previous", previous);
	else
		tool_add_none(result, "previous");
	return tool_print(result);
}

/* peerbar-vfio-pci may have another name now. */
static const char *present_name(const char *driver)
{
	const char *ours = pb_our_driver();

	return ours && !strcmp(driver, PB_OUR_DRIVER) ? ours : driver;
}

int dev_bind(int argc, char **argv)
{
	const char *driver = "vfio-pci";
	char address[PB_ADDRESS_SIZE];

	if (tool_wants_help(argc, argv, usage))
		return TOOL_OK;
	if (argc != 1 && argc != 3)
		return tool_misuse(usage, "dev bind takes an address, and a driver if not "
				   "vfio-pci");
	if (argc == 3) {
		if (strcmp(argv[1], "driver"))
			return tool_misuse(usage, "\"%s\" is not known here", argv[1]);
		driver = present_name(argv[2]);
	}
	if (pb_pci_parse(argv[0], address) || pb_pci_exists(address))
		return tool_failure("%s", peerbar_errmsg());
	return bind_device(address, driver);
}
