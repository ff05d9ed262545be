// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Which VFIO driver does the user mean? The kernel knows drivers by names such as "vfio-pci",
 * and their modules by names such as "vfio_pci".
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "binding.h"
#include "machine/error.h"
#include "machine/pci.h"
#include "machine/sys.h"

#define DRIVERS "/sys/bus/pci/drivers"

static char plain(char c)
{
	return c == '_' ? '-' : tolower((unsigned char)c);
}

static bool means(const char *text, const char *name)
{
	while (*text && plain(*text) == plain(*name)) {
		text++;
		name++;
	}
	return !*text && !*name;
}

/* A name that is written exactly so comes first. */
static bool find(const char *text, char *driver)
{
	PB_NAMES names = pb_list(DRIVERS);
	int i;

	driver[0] = '\0';
	for (i = 0; i < names.nr; i++) {
		const char *name = pb_name(&names, i);

		if (!strcmp(text, name) || (!driver[0] && means(text, name)))
			snprintf(driver, PB_NAME_SIZE, "%.63s", name);
	}
	return driver[0];
}

/*
 * Every VFIO driver of Linux has "vfio" in its name. Another one is known by its module, which
 * uses that of the core.
 */
static bool is_vfio(const char *driver)
{
	char module[PB_NAME_SIZE];

	return strstr(driver, "vfio") ||
	       (!pb_link(module, sizeof(module), DRIVERS "/%s/module", driver) &&
		pb_exists("/sys/module/vfio_pci_core/holders/%s", module));
}

/* peerbar-vfio-pci may have another name now. */
static const char *present_name(const char *text)
{
	const char *ours = pb_our_driver();

	return ours && means(text, PB_OUR_DRIVER) ? ours : text;
}

int binding_find_driver(const char *text, char *driver)
{
	if (!find(present_name(text), driver))
		return pb_fail(ENOENT, "there is no PCI driver %s: load its module", text);
	if (!is_vfio(driver))
		return pb_fail(EINVAL, "%s is not a VFIO driver: name one, such as vfio-pci or "
			       "peerbar-vfio-pci; \"peerbar dev unbind\" gives a device back to "
			       "its own", driver);
	return 0;
}
