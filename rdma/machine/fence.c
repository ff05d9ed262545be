// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The list of drivers that may be fenced off: see fence.h.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../kernel/fence_list.h"
#include "fence.h"
#include "sys.h"

/* Not pb_read(), which stops at the end of a line: the list may contain several lines. */
void pb_fence_read(struct pb_fence *fence)
{
	int fd = pb_open(O_RDONLY, PB_FENCE_FILE);
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, fence->list, sizeof(fence->list) - 1);
		close(fd);
	}
	fence->known = n >= 0;
	fence->list[fence->known ? n : 0] = '\0';
}

bool pb_fence_names(const struct pb_fence *fence, const char *driver)
{
	return peerbar_fence_names(fence->list, driver);
}

void pb_fence_with(const struct pb_fence *fence, const char *driver, char *word, size_t size)
{
	const char *name = fence->list;
	size_t used = 0, len;

	for (; *name && used < size; name += len) {
		name += strspn(name, PEERBAR_FENCE_SEPARATORS);
		len = strcspn(name, PEERBAR_FENCE_SEPARATORS);
		if (len)
			used += snprintf(word + used, size - used, "%.*s,", (int)len, name);
	}
	if (used < size)
		used += snprintf(word + used, size - used, "%s", driver);
	if (used >= size)
		snprintf(word, size, "$(cat " PB_FENCE_FILE "),%s", driver);
}
