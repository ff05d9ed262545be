// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar export show: which dma-bufs exist, which importers have them mapped and at
 * which addresses, and how often, why and how fast they were revoked.
 */

#include "export_state.h"
#include "machine/pci.h"
#include "peerbar.h"

static const char usage[] = "Usage: peerbar export show [DEV]\n";

static int show_one(const char *text)
{
	char address[PB_ADDRESS_SIZE];
	json_object *array, *state;

	if (pb_pci_parse(text, address) || pb_pci_exists(address))
		return tool_failure("%s", peerbar_errmsg());
	state = export_state(address);
	if (!state)
		return tool_failure("%s", peerbar_errmsg());
	array = tool_array();
	tool_append(array, state);
	return tool_print(array);
}

/*
 * Returns false if the state cannot be read. A device that has gone away since the list was
 * made is left out, which is not an error.
 */
static bool append_state(json_object *array, const char *address)
{
	json_object *state = export_state(address);

	if (state)
		tool_append(array, state);
	return state || !export_shows(address);
}

static int show_all(void)
{
	PB_NAMES devices = export_devices();
	bool readable = true;
	json_object *array;
	int i;

	if (devices.nr < 0)
		return tool_failure("%s", peerbar_errmsg());
	array = tool_array();
	for (i = 0; i < devices.nr && readable; i++)
		readable = append_state(array, pb_name(&devices, i));
	if (readable)
		return tool_print(array);
	json_object_put(array);
	return tool_failure("%s", peerbar_errmsg());
}

int export_show(int argc, char **argv)
{
	if (tool_wants_help(argc, argv, usage))
		return TOOL_OK;
	if (argc > 1)
		return tool_misuse(usage, "\"%s\" is one word too many", argv[1]);
	return argc ? show_one(argv[0]) : show_all();
}
