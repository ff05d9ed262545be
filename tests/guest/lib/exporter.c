// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The module's parameters; see exporter.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exporter.h"
#include "tap.h"

#define TIMEOUT "/sys/module/peerbar_vfio_pci/parameters/revoke_timeout_ms"

unsigned int exporter_set_timeout(unsigned int ms)
{
	FILE *f = fopen(TIMEOUT, "r+e");
	unsigned int old;

	if (!f || fscanf(f, "%u", &old) != 1 || fseek(f, 0, SEEK_SET) ||
	    fprintf(f, "%u", ms) < 0 || fclose(f))
		tap_die(TIMEOUT, "cannot set it: %s", strerror(errno));
	return old;
}
