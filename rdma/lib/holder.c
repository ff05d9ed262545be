// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Which process has a device node open: "busy" is of little use without a name.
 */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pci.h"
#include "sys.h"

static bool process_has(const char *pid, const char *node)
{
	DIR *dir = pb_opendir("/proc/%s/fd", pid);
	struct dirent *entry;
	char target[PATH_MAX];
	bool found = false;

	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = !pb_target(target, sizeof(target), "/proc/%s/fd/%s", pid,
				   entry->d_name) && !strcmp(target, node);
	closedir(dir);
	return found;
}

bool pb_holder(const char *node, char *text, size_t size)
{
	DIR *dir = pb_opendir("/proc");
	struct dirent *entry;
	char command[PB_NAME_SIZE];
	bool found = false;

	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == getpid())
			continue;
		if (!process_has(entry->d_name, node))
			continue;
		found = true;
		if (pb_read(command, sizeof(command), "/proc/%s/comm", entry->d_name))
			snprintf(command, sizeof(command), "a process");
		snprintf(text, size, "%s (pid %s)", command, entry->d_name);
	}
	closedir(dir);
	return found;
}
