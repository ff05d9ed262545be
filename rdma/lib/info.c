// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Answers of VFIO that end in a chain of capabilities: see info.h. */
#include <stdlib.h>
#include <string.h>

#include "info.h"
#include "machine/sys.h"

void *pb_info(int fd, unsigned long request, const void *question, uint32_t size)
{
	uint32_t *info = calloc(1, size), *larger, room = size;

	while (info) {
		memcpy(info, question, size);
		*info = room;
		if (pb_ioctl(fd, request, info)) {
			free(info);
			return NULL;
		}
		if (*info <= room)
			return info;
		room = *info;
		larger = calloc(1, room);
		free(info);
		info = larger;
	}
	return NULL;
}

const void *pb_info_cap(const void *info, uint32_t at, uint16_t id)
{
	const struct vfio_info_cap_header *cap;
	const uint32_t *argsz = info;

	while (at && at + sizeof(*cap) <= *argsz) {
		cap = (const void *)((const char *)info + at);
		if (cap->id == id)
			return cap;
		at = cap->next;
	}
	return NULL;
}
