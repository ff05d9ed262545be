// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar dev show: PCI devices with memory BARs, and whether the BARs can be
 * exported. Only the driver knows whether they can, so an idle device that is bound to a
 * VFIO driver is opened for a moment. As every open of a VFIO device, this resets it. A
 * device in use is left alone, because the kernel refuses to open it. What has been
 * exported is counted in either case, if peerbar-vfio-pci shows it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "export/export_state.h"
#include "machine/pci.h"
#include "machine/sys.h"
#include "peerbar.h"
#include "tool.h"

static const char usage[] = "Usage: peerbar dev show [ADDRESS]\n";

/* Module names have "_" where names of drivers may have "-". */
static bool same_name(const char *driver, const char *module)
{
	while (*driver && (*driver == *module || (*driver == '-' && *module == '_')))
		driver++, module++;
	return *driver == *module;
}

/*
 * The driver, and its module if that does not have the same name: so vfio-pci is told from its
 * stand-in.
 */
static void add_driver(json_object *object, const char *address)
{
	char driver[PB_NAME_SIZE], module[PB_NAME_SIZE];

	pb_pci_driver(address, driver);
	if (!driver[0]) {
		tool_add_none(object, "driver");
		return;
	}
	tool_add_string(object, "driver", driver);
	pb_driver_module(driver, module);
	if (module[0] && (tool_options.json || tool_options.details || !same_name(driver, module)))
		tool_add_string(object, "module", module);
}

static void add_sysfs(json_object *object, const char *address)
{
	uint64_t vendor = 0, device = 0, class = 0;
	int group = pb_pci_group(address);
	char text[32];

	/* Every PCI device has these. If one cannot be read, 0 is shown. */
	pb_pci_hex(address, "vendor", &vendor);
	pb_pci_hex(address, "device", &device);
	pb_pci_hex(address, "class", &class);
	tool_add_string(object, "dev", address);
	snprintf(text, sizeof(text), "%04" PRIx64 ":%04" PRIx64, vendor, device);
	tool_add_string(object, "id", text);
	snprintf(text, sizeof(text), "0x%06" PRIx64, class);
	if (tool_options.details || tool_options.json)
		tool_add_string(object, "class", text);
	add_driver(object, address);
	if (group >= 0)
		tool_add_number(object, "group", group);
	else
		tool_add_none(object, "group");
}

static json_object *closed_bars(const uint64_t size[PEERBAR_NR_BARS])
{
	json_object *bars = tool_array(), *object;
	unsigned int i;

	for (i = 0; i < PEERBAR_NR_BARS; i++) {
		if (!size[i])
			continue;
		object = tool_object();
		tool_add_number(object, "bar", i);
		tool_add_size(object, "size", size[i]);
		tool_append(bars, object);
	}
	return bars;
}

static json_object *open_bar(struct peerbar_device *dev, unsigned int index, bool exports)
{
	json_object *object = tool_object();
	struct peerbar_bar bar;

	peerbar_bar(dev, index, &bar);
	tool_add_number(object, "bar", index);
	tool_add_size(object, "size", bar.size);
	tool_add_bool(object, "mappable", bar.mappable);
	tool_add_bool(object, "exportable", exports && bar.exportable);
	if (!bar.exportable)
		tool_add_sentence(object, "reason", "it is smaller than a page, or the kernel "
				  "lets no CPU map it");
	return object;
}

static json_object *open_bars(struct peerbar_device *dev, const uint64_t size[PEERBAR_NR_BARS],
			      bool exports)
{
	json_object *bars = tool_array();
	unsigned int i;

	for (i = 0; i < PEERBAR_NR_BARS; i++)
		if (size[i])
			tool_append(bars, open_bar(dev, i, exports));
	return bars;
}

/* Add what opening the device tells. If that fails, the message says why it is not usable. */
static void add_vfio(json_object *object, const char *address,
		     const uint64_t size[PEERBAR_NR_BARS])
{
	struct peerbar_device *dev;
	int ret = peerbar_open(address, &dev);
	bool exports;

	if (ret) {
		tool_add_string(object, "state", ret == -EBUSY ? "in-use" : "unavailable");
		tool_add_sentence(object, "reason", peerbar_errmsg());
		tool_add_object(object, "bars", closed_bars(size));
		return;
	}
	exports = !peerbar_can_export(dev);
	tool_add_string(object, "state", "idle");
	if (tool_options.details || tool_options.json)
		tool_add_string(object, "backend", peerbar_backend(dev));
	tool_add_bool(object, "exports", exports);
	if (!exports)
		tool_add_sentence(object, "reason", peerbar_errmsg());
	tool_add_object(object, "bars", open_bars(dev, size, exports));
	peerbar_close(dev);
}

/* A list of devices has room only for the most important counts of the exporter. */
static void add_exports(json_object *object, const char *address)
{
	static const char * const keys[] = { "buffers", "importers", "revokes" };
	json_object *state, *value;
	unsigned int i;

	if (!tool_options.details && !tool_options.json)
		return;
	state = export_state(address);
	if (!state)
		return;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_object_object_get_ex(state, keys[i], &value);
		tool_add_object(object, keys[i], json_object_get(value));
	}
	json_object_put(state);
}

static bool has_memory(const uint64_t size[PEERBAR_NR_BARS])
{
	unsigned int i;

	for (i = 0; i < PEERBAR_NR_BARS; i++)
		if (size[i])
			return true;
	return false;
}

static json_object *describe(const char *address, const uint64_t size[PEERBAR_NR_BARS])
{
	json_object *object = tool_object();

	add_sysfs(object, address);
	add_exports(object, address);
	add_vfio(object, address, size);
	return object;
}

static int show_one(const char *text)
{
	uint64_t size[PEERBAR_NR_BARS];
	char address[PB_ADDRESS_SIZE];
	json_object *array;
	int ret;

	if (pb_pci_parse(text, address) || pb_pci_exists(address))
		return tool_failure("%s", peerbar_errmsg());
	ret = pb_pci_bars(address, size);
	if (ret)
		return tool_failure("cannot read the BARs of %s: %s", address, strerror(-ret));
	array = tool_array();
	tool_append(array, describe(address, size));
	return tool_print(array);
}

/* Show only devices that a program could own: not bridges, and with a memory BAR. */
static void append_candidate(json_object *array, const char *address)
{
	uint64_t size[PEERBAR_NR_BARS];

	if (!pb_pci_is_bridge(address) && !pb_pci_bars(address, size) && has_memory(size))
		tool_append(array, describe(address, size));
}

static int show_all(void)
{
	PB_NAMES devices = pb_list("/sys/bus/pci/devices");
	json_object *array;
	int i;

	if (devices.nr < 0)
		return tool_failure("cannot list the PCI devices: %s: is /sys mounted?",
				    strerror(-devices.nr));
	array = tool_array();
	for (i = 0; i < devices.nr; i++)
		append_candidate(array, pb_name(&devices, i));
	return tool_print(array);
}

int dev_show(int argc, char **argv)
{
	if (tool_wants_help(argc, argv, usage))
		return TOOL_OK;
	if (argc > 1)
		return tool_misuse(usage, "\"%s\" is one word too many", argv[1]);
	return argc ? show_one(argv[0]) : show_all();
}
