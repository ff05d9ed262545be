// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Mapping BARs for the CPU. Every mapping is kept in a list so that peerbar_close() can
 * undo it: a mapping that is left would keep the device open and its dma-bufs usable.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "device.h"
#include "machine/error.h"
#include "machine/sys.h"

struct mapping {
	struct mapping *next;
	struct peerbar_device *dev;
	void *addr;
	size_t length;
};

static struct mapping *mappings;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* No mapping of a BAR is copied to a child. */
void pb_map_fork(enum pb_fork stage)
{
	struct mapping *map;

	while (stage == PB_FORK_CHILD && (map = mappings)) {
		mappings = map->next;
		free(map);
	}
	pb_fork_lock(&lock, stage);
}

static void add(struct mapping *map)
{
	pthread_mutex_lock(&lock);
	map->next = mappings;
	mappings = map;
	pthread_mutex_unlock(&lock);
}

/*
 * Remove a mapping from the list and return it: with @dev the first one of that device, with
 * NULL the one that has this @addr and @length. Returns NULL if there is none.
 */
static struct mapping *take(const struct peerbar_device *dev, const void *addr, size_t length)
{
	struct mapping **link, *map;

	pthread_mutex_lock(&lock);
	for (link = &mappings; (map = *link); link = &map->next)
		if (dev ? map->dev == dev : map->addr == addr && map->length == length)
			break;
	if (map)
		*link = map->next;
	pthread_mutex_unlock(&lock);
	return map;
}

static int check(struct peerbar_device *dev, unsigned int bar, uint64_t offset, uint64_t length)
{
	const struct pb_bar *b = pb_bar_get(dev, bar);
	const struct pb_area *area;
	int ret;

	if (!b)
		return -errno;
	ret = pb_bar_range(dev, bar, offset, length);
	if (ret)
		return ret;
	if (!b->nr_areas)
		return pb_fail(ENOTSUP, "the kernel does not let the CPU map BAR %u of %s: its "
			       "driver keeps it to itself", bar, dev->address);
	for (area = b->areas; area < b->areas + b->nr_areas; area++)
		if (offset >= area->offset && offset + length <= area->offset + area->size)
			return 0;
	return pb_fail(ENOTSUP, "offset %#jx, %#jx bytes, of BAR %u of %s touches a part that the "
		       "kernel does not let the CPU map, such as its MSI-X table: map around it",
		       (uintmax_t)offset, (uintmax_t)length, bar, dev->address);
}

/* The largest power of two that is not above @length, but at least a page and at most 1 GiB. */
static size_t natural_alignment(size_t length)
{
	size_t align = 1ul << 30;

	while (align > length && align > pb_page_size())
		align >>= 1;
	return align;
}

/*
 * mmap() at a naturally aligned address: reserve more address space than needed, put the
 * mapping over the aligned part of it, and release the rest. Returns NULL and sets errno on
 * failure.
 */
static void *map_aligned(int fd, off_t offset, size_t length)
{
	size_t page = pb_page_size(), align = natural_alignment(length);
	size_t size = (length + page - 1) & ~(page - 1), head;
	char *room, *addr;

	room = mmap(NULL, size + align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0);
	if (room == MAP_FAILED)
		return NULL;
	head = -(uintptr_t)room & (align - 1);
	addr = mmap(room + head, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		    offset);
	if (addr == MAP_FAILED) {
		int err = errno;

		munmap(room, size + align);
		errno = err;
		return NULL;
	}
	if (head)
		munmap(room, head);
	munmap(addr + size, align - head);
	return addr;
}

/* A child must not get the mapping, see fork.c. */
static int map_and_add(struct mapping *map, off_t offset)
{
	int ret = 0;

	pb_fork_hold();
	map->addr = map_aligned(map->dev->fd, offset, map->length);
	if (!map->addr || madvise(map->addr, map->length, MADV_DONTFORK))
		ret = -errno;
	else
		add(map);
	if (map->addr && ret)
		munmap(map->addr, map->length);
	pb_fork_release();
	return ret;
}

void *peerbar_map(struct peerbar_device *dev, unsigned int bar, uint64_t offset, size_t length)
{
	int ret = pb_owned(dev);
	struct mapping *map;

	if (!ret)
		ret = check(dev, bar, offset, length);
	if (ret) {
		errno = -ret;
		return NULL;
	}
	map = malloc(sizeof(*map));
	if (!map)
		return pb_fail_ptr(ENOMEM, "out of memory");
	map->dev = dev;
	map->length = length;
	ret = map_and_add(map, dev->bars[bar].file_offset + offset);
	if (!ret)
		return map->addr;
	free(map);
	return pb_fail_ptr(-ret, "cannot map %#zx bytes of BAR %u of %s: %s: %s", length, bar,
			   dev->address, strerror(-ret), pb_next_step(-ret));
}

static void unmap(struct mapping *map)
{
	munmap(map->addr, map->length);
	free(map);
}

int peerbar_unmap(void *addr, size_t length)
{
	struct mapping *map = take(NULL, addr, length);

	if (!map)
		return pb_fail(EINVAL, "%p, %#zx bytes, is not a whole mapping that peerbar_map() "
			       "made", addr, length);
	unmap(map);
	return 0;
}

void pb_unmap_all(struct peerbar_device *dev)
{
	struct mapping *map;

	while ((map = take(dev, NULL, 0)))
		unmap(map);
}
