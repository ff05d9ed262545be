// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Finding the process that has a device node open, so that "busy" messages can name it.
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
	PB_NAMES fds = pb_list("/proc/%s/fd", pid);
	char target[PATH_MAX];
	int i;

	for (i = 0; i < fds.nr; i++)
		if (!pb_target(target, sizeof(target), "/proc/%s/fd/%s", pid, pb_name(&fds, i)) &&
		    !strcmp(target, node))
			return true;
	return false;
}

bool pb_holder(const char *node, char *text, size_t size)
{
	PB_NAMES processes = pb_list("/proc");
	char command[PB_NAME_SIZE];
	int i;

	for (i = 0; i < processes.nr; i++) {
		const char *pid = pb_name(&processes, i);

		if (!isdigit((unsigned char)pid[0]) || atoi(pid) == getpid() ||
		    !process_has(pid, node))
			continue;
		if (pb_read(command, sizeof(command), "/proc/%s/comm", pid))
			snprintf(command, sizeof(command), "a process");
		snprintf(text, size, "%s (pid %s)", command, pid);
		return true;
	}
	return false;
}
