// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Counting kernel objects; see census.h. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "census.h"
#include "nicctl.h"
#include "tap.h"

#define BUFINFO "/sys/kernel/debug/dma_buf/bufinfo"

static uint64_t count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	uint64_t n = 0;

	if (!dir)
		tap_die("census", "cannot read /proc/self/fd");
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n - 1;		/* do not count the descriptor of the directory itself */
}

/* The last line of bufinfo: "Total 3 objects, 50331648 bytes". */
static uint64_t count_dmabufs(void)
{
	FILE *f = fopen(BUFINFO, "re");
	char line[256];
	uint64_t n = 0;
	bool found = false;

	if (!f)
		tap_die("census", "cannot read " BUFINFO ": mount debugfs");
	while (fgets(line, sizeof(line), f))
		found |= sscanf(line, "Total %" SCNu64 " objects", &n) == 1;
	fclose(f);
	if (!found)
		tap_die("census", "no total in " BUFINFO);
	return n;
}

/* `rdma -j resource show dev DEV`: [ { "ifname": "efa_0", "mr": 2, ... } ] */
static uint64_t count_mrs(const char *ibdev)
{
	struct json_object *list, *mrs;
	char command[128], text[4096];
	size_t len;
	uint64_t n;
	FILE *f;

	snprintf(command, sizeof(command), "rdma -j resource show %s", ibdev);
	f = popen(command, "re");
	if (!f)
		tap_die("census", "cannot run: %s", command);
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	if (pclose(f))
		tap_die("census", "failed: %s", command);
	list = json_tokener_parse(text);
	if (!list || json_pointer_get(list, "/0/mr", &mrs))
		tap_die("census", "no MRs in the output of: %s", command);
	n = json_object_get_uint64(mrs);
	json_object_put(list);
	return n;
}

void census_take(struct census *census, const char *ibdev)
{
	struct json_object *report = nicctl_report();

	census->nic_mrs = nicctl_own_figure(report, "objects/mr");
	census->dma_maps = nicctl_figure(report, "/dma/live");
	census->dma_bytes = nicctl_figure(report, "/dma/live_bytes");
	json_object_put(report);
	census->dmabufs = count_dmabufs();
	census->mrs = count_mrs(ibdev);
	census->fds = count_fds();
}

void census_show(const struct census *c, const char *when)
{
	tap_note("%s: %" PRIu64 " dma-bufs, %" PRIu64 " MRs (NIC: %" PRIu64 "), %" PRIu64
		 " IOVA maps of %" PRIu64 " KiB, %" PRIu64 " descriptors", when, c->dmabufs,
		 c->mrs, c->nic_mrs, c->dma_maps, c->dma_bytes >> 10, c->fds);
}

bool census_check(const struct census *before, const struct census *after, const char *name)
{
	bool grew = after->dmabufs > before->dmabufs || after->mrs > before->mrs ||
		    after->nic_mrs > before->nic_mrs || after->dma_maps > before->dma_maps ||
		    after->dma_bytes > before->dma_bytes || after->fds > before->fds;

	if (grew) {
		census_show(before, "before");
		census_show(after, "after");
	}
	return tap_check(!grew, name, "something grew, see above");
}
