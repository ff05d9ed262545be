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

static const char usage[] =
	"Usage: peerbar dev bind ADDRESS [driver NAME] [exporter peerbar|core] [force]\n"
	"NAME is vfio-pci if none is given. With peerbar-vfio-pci, \"exporter\" says whose makes\n"
	"the dma-bufs: its own, or that of the kernel's core of vfio-pci. \"force\" also takes a\n"
	"network or RDMA device that is in use.\n";

struct request {
	char address[PB_ADDRESS_SIZE];
	char driver[PB_NAME_SIZE];	/* the new one */
	const char *exporter;		/* NULL: as the driver has it */
	bool force;

	/* what there was before */
	char previous[PB_NAME_SIZE];	/* "" if no driver was bound */
	char override[PB_NAME_SIZE];	/* "" if there was none */
};

static int check(const struct request *r)
{
	if (pb_pci_group(r->address) < 0)
		return pb_fail(ENXIO, "%s has no IOMMU group, and VFIO needs one: turn the IOMMU "
			       "on in the firmware and boot with intel_iommu=on or amd_iommu=on",
			       r->address);
	return binding_check(r->address, r->force);
}

static int move(const struct request *r)
{
	char now[PB_NAME_SIZE];
	int ret = binding_override(r->address, r->driver);

	if (!ret)
		ret = binding_release(r->address);
	if (!ret)
		ret = binding_probe(r->address);
	if (ret)
		return ret;
	pb_pci_driver(r->address, now);
	if (strcmp(now, r->driver))
		return pb_fail(ENODEV, "%s did not take %s: the kernel's log says why", r->driver,
			       r->address);
	return 0;
}

/*
 * Give the device back to its previous driver. That driver may not match the device by itself,
 * as is true of VFIO drivers, so it is named for the time of the probe. The message of the first
 * failure is saved first, because the functions that are called here may overwrite it.
 */
static void restore(const struct request *r)
{
	char now[PB_NAME_SIZE], cause[1024];

	snprintf(cause, sizeof(cause), "%s", peerbar_errmsg());
	pb_pci_driver(r->address, now);
	if (r->previous[0] && !now[0] && !binding_override(r->address, r->previous))
		binding_probe(r->address);
	binding_override(r->address, r->override);
	tool_failure("%s", cause);
	pb_pci_driver(r->address, now);
	if (r->previous[0] && strcmp(now, r->previous))
		tool_failure("%s did not go back to %s: the kernel's log says why; \"echo %s > "
			     "/sys/bus/pci/devices/%s/driver_override; echo %s > "
			     "/sys/bus/pci/drivers_probe\" tries again", r->address, r->previous,
			     r->previous, r->address, r->address);
}

/* The device is bound, and stays so if this fails. */
static int choose_exporter(const struct request *r)
{
	if (!r->exporter || !binding_choose_exporter(r->address, r->exporter))
		return TOOL_OK;
	return tool_failure("%s is bound to %s: %s", r->address, r->driver, peerbar_errmsg());
}

static int bind_device(struct request *r)
{
	json_object *result;

	if (binding_settle(r->address))
		return tool_failure("%s", peerbar_errmsg());
	pb_pci_driver(r->address, r->previous);
	binding_read_override(r->address, r->override);
	if (strcmp(r->previous, r->driver)) {
		if (check(r))
			return tool_failure("%s", peerbar_errmsg());
		if (move(r)) {
			restore(r);
			return TOOL_FAILURE;
		}
	}
	if (choose_exporter(r))
		return TOOL_FAILURE;
	result = tool_object();
	tool_add_string(result, "dev", r->address);
	tool_add_string(result, "driver", r->driver);
	if (r->exporter)
		tool_add_string(result, "exporter", r->exporter);
	if (r->previous[0])
		tool_add_string(result, "previous", r->previous);
	else
		tool_add_none(result, "previous");
	return tool_print(result);
}

static bool is_exporter(const char *name)
{
	return !strcmp(name, "peerbar") || !strcmp(name, "core");
}

/* Parse the words after the address. Sets @driver to the name, if there is one. */
static int parse(struct request *r, const char **driver, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++) {
		const char **name = !strcmp(argv[i], "driver") ? driver :
				    !strcmp(argv[i], "exporter") ? &r->exporter : NULL;

		if (!strcmp(argv[i], "force"))
			r->force = true;
		else if (!name)
			return tool_misuse(usage, "\"%s\" is not known here", argv[i]);
		else if (++i < argc)
			*name = argv[i];
		else
			return tool_misuse(usage, "%s needs a name", argv[i - 1]);
	}
	if (r->exporter && !is_exporter(r->exporter))
		return tool_misuse(usage, "exporter is peerbar or core, not \"%s\"", r->exporter);
	return TOOL_OK;
}

int dev_bind(int argc, char **argv)
{
	const char *driver = "vfio-pci";
	struct request r = { .force = false };
	int ret;

	if (tool_wants_help(argc, argv, usage))
		return TOOL_OK;
	if (!argc)
		return tool_misuse(usage, "dev bind takes an address, and a driver if not "
				   "vfio-pci");
	ret = parse(&r, &driver, argc - 1, argv + 1);
	if (ret)
		return ret;
	if (pb_pci_parse(argv[0], r.address) || pb_pci_exists(r.address) ||
	    binding_find_driver(driver, r.driver))
		return tool_failure("%s", peerbar_errmsg());
	if (r.exporter && !pb_driver_is_ours(r.driver))
		return tool_failure("%s has no choice of exporters: name the driver "
				    PB_OUR_DRIVER, r.driver);
	return bind_device(&r);
}
