// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The module's parameters, and its files in debugfs; see exporter.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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

void exporter_get_fence(char drivers[EXPORTER_FENCE])
{
	FILE *f = fopen(FENCE, "re");

	if (!f || !fgets(drivers, EXPORTER_FENCE, f))
		tap_die(FENCE, "cannot read it: %s", strerror(errno));
	drivers[strcspn(drivers, "\n")] = '\0';
	fclose(f);
}

void exporter_set_fence(const char *drivers)
{
	char line[EXPORTER_FENCE + 1];
	int ret;

	/* the newline, because a write of no bytes would never reach the parameter */
	snprintf(line, sizeof(line), "%s\n", drivers);
	ret = sysfs_write(line, FENCE);
	if (ret)
		tap_die(FENCE, "cannot set it: %s", strerror(-ret));
}

static FILE *open_file(const char *device, const char *file)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/peerbar/%s/%s", device, file);
	f = fopen(path, "re");
	if (!f)
		tap_die(path, "cannot read it: %s", strerror(errno));
	return f;
}

unsigned int exporter_shows(const char *device, const char *file, const char *text)
{
	FILE *f = open_file(device, file);
	unsigned int found = 0;
	char line[512];

	while (fgets(line, sizeof(line), f))
		found += strstr(line, text) ? 1 : 0;
	fclose(f);
	return found;
}

uint64_t exporter_counter(const char *device, const char *name)
{
	FILE *f = open_file(device, "revokes");
	unsigned long long count = 0;
	char line[512], key[64];
	const char *found;

	snprintf(key, sizeof(key), "%s=", name);
	while (fgets(line, sizeof(line), f)) {
		found = strstr(line, key);
		if (found)
			count = strtoull(found + strlen(key), NULL, 10);
	}
	fclose(f);
	return count;
}

uint64_t exporter_revokes(const char *device, const char *reason)
{
	FILE *f = open_file(device, "revokes");
	unsigned long long count, found = 0;
	char line[512], name[64];

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "reason=%63s count=%llu", name, &count) == 2 &&
		    !strcmp(name, reason))
			found = count;
	fclose(f);
	return found;
}
