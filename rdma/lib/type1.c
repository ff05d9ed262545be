// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The address space of a device that was opened through its VFIO group: that of the type 1
 * container, which all devices of the group share. Unlike iommufd, the kernel leaves the choice of
 * addresses to the program, and says only which ranges the IOMMU can translate.
 */
#include <errno.h>
#include <stdlib.h>

#include <linux/vfio.h>

#include "info.h"
#include "machine/sys.h"
#include "type1.h"

#define LOWEST (1ull << 20)	/* many devices take 0 to mean that there is no buffer */
#define LARGE_PAGE (2ull << 20)	/* what the IOMMU can map with one entry, if it is aligned */

/* Something that is mapped. A list of these is sorted by address. */
struct pb_window {
	struct pb_window *next;
	uint64_t iova, length;
};

static uint64_t align_up(uint64_t value, uint64_t align)
{
	return (value + align - 1) & ~(align - 1);
}

/* The first free place of @length bytes in [@start, @last]. */
static bool find_gap(const struct pb_window *window, uint64_t start, uint64_t last,
		     uint64_t length, uint64_t *iova)
{
	uint64_t align = length < LARGE_PAGE ? pb_page_size() : LARGE_PAGE, at;

	if (start < LOWEST)
		start = LOWEST;
	at = align_up(start, align);
	for (; window; window = window->next) {
		if (window->iova + (window->length - 1) < at)
			continue;
		if (window->iova >= at && length <= window->iova - at)
			break;
		at = align_up(window->iova + window->length, align);
	}
	*iova = at;
	return at >= start && at <= last && length - 1 <= last - at;
}

/* The kernel lists the ranges since 5.4. */
static int choose(struct pb_type1 *space, uint64_t length, uint64_t *iova)
{
	struct vfio_iommu_type1_info question = { 0 }, *info;
	const struct vfio_iommu_type1_info_cap_iova_range *cap;
	bool found = false;

	info = pb_info(space->container, VFIO_IOMMU_GET_INFO, &question, sizeof(question));
	if (!info)
		return -errno;
	cap = pb_info_cap(info, info->flags & VFIO_IOMMU_INFO_CAPS ? info->cap_offset : 0,
			  VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	for (uint32_t i = 0; cap && i < cap->nr_iovas && !found; i++)
		found = find_gap(space->windows, cap->iova_ranges[i].start,
				 cap->iova_ranges[i].end, length, iova);
	free(info);
	return found ? 0 : -ENOSPC;
}

static int map(struct pb_type1 *space, void *addr, const struct pb_window *window)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg), .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)addr, .iova = window->iova, .size = window->length,
	};

	return pb_ioctl(space->container, VFIO_IOMMU_MAP_DMA, &arg) ? -errno : 0;
}

static void insert(struct pb_type1 *space, struct pb_window *window)
{
	struct pb_window **link = &space->windows;

	while (*link && (*link)->iova < window->iova)
		link = &(*link)->next;
	window->next = *link;
	*link = window;
}

/* The kernel holds a mutex of the container meanwhile, too. */
int pb_type1_map(struct pb_type1 *space, void *addr, uint64_t length, uint64_t *iova)
{
	struct pb_window *window = calloc(1, sizeof(*window));
	int ret;

	if (!window)
		return -ENOMEM;
	window->length = length;
	pthread_mutex_lock(&space->lock);
	ret = choose(space, length, &window->iova);
	if (!ret)
		ret = map(space, addr, window);
	if (!ret) {
		*iova = window->iova;
		insert(space, window);
	} else {
		free(window);
	}
	pthread_mutex_unlock(&space->lock);
	return ret;
}

static int unmap(struct pb_type1 *space, struct pb_window **link)
{
	struct pb_window *window = *link;
	struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = sizeof(arg), .iova = window->iova, .size = window->length,
	};

	if (pb_ioctl(space->container, VFIO_IOMMU_UNMAP_DMA, &arg))
		return -errno;
	*link = window->next;
	free(window);
	return 0;
}

int pb_type1_unmap(struct pb_type1 *space, uint64_t iova, uint64_t length)
{
	struct pb_window **link;
	int ret = -EINVAL;

	pthread_mutex_lock(&space->lock);
	for (link = &space->windows; *link && (*link)->iova != iova; link = &(*link)->next)
		;
	if (*link && (*link)->length == length)
		ret = unmap(space, link);
	pthread_mutex_unlock(&space->lock);
	return ret;
}

void pb_type1_free(struct pb_type1 *space)
{
	struct pb_window *window;

	while ((window = space->windows)) {
		space->windows = window->next;
		free(window);
	}
	pthread_mutex_destroy(&space->lock);
}
