// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The module's parameters, and its files in debugfs; see exporter.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exporter.h"
#include "pci.h"
#include "tap.h"

#define PARAMETERS "/sys/module/peerbar_vfio_pci/parameters/"
#define TIMEOUT PARAMETERS "revoke_timeout_ms"
#define FENCE PARAMETERS "fence"

unsigned int exporter_set_timeout(unsigned int ms)
{
	FILE *f = fopen(TIMEOUT, "r+e");
	unsigned int old;

	if (!f || fscanf(f, "%u", &old) != 1 || fseek(f, 0, SEEK_SET) ||
	    fprintf(f, "%u", ms) < 0 || fclose(f))
		tap_die(TIMEOUT, "cannot set it: %s", strerror(errno));
	return old;
}

void exporter_set_fence(bool on)
{
	int ret = sysfs_write(on ? "1" : "0", FENCE);

	if (ret)
		tap_die(FENCE, "cannot set it: %s", strerror(-ret));
}

unsigned int exporter_shows(const char *device, const char *file, const char *text)
{
	unsigned int found = 0;
	char path[128], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/peerbar/%s/%s", device, file);
	f = fopen(path, "re");
	if (!f)
		tap_die(path, "cannot read it: %s", strerror(errno));
	while (fgets(line, sizeof(line), f))
		found += strstr(line, text) ? 1 : 0;
	fclose(f);
	return found;
}
