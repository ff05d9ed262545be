// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * ibv_reg_mr() for BARs. A program that only knows ibv_reg_mr() of an address gets EFAULT for an
 * address inside a peerbar_map(), because a BAR has no pages that could be pinned. With this shim
 * such an address is registered as a dma-buf, at the same address, and all others as ever:
 *
 *	LD_PRELOAD=./reg_mr_shim.so PROGRAM...
 *
 * The program, or a library that it uses, must have linked libpeerbar and libibverbs as shared
 * libraries. What it knows of a revoke is what any program knows: see "Revocation" in peerbar.h.
 * On-demand paging MRs and ibv_rereg_mr() of a BAR go on failing.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <infiniband/verbs.h>
#include <peerbar.h>

/* The header has macros of these names. */
#undef ibv_reg_mr
#undef ibv_reg_mr_iova

struct mapping {
	struct mapping *next;
	struct peerbar_device *dev;
	unsigned int bar;
	uint64_t offset;
	uintptr_t start;
	size_t length;
	int fd;		/* the dma-buf of all of it; -1 until an MR needs it */
};

static struct mapping *mappings;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The function that would have been called without the shim. */
#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

static uint64_t whole_pages(uint64_t length)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (length + page - 1) / page * page;
}

static void forget(struct mapping **link)
{
	struct mapping *map = *link;

	*link = map->next;
	if (map->fd >= 0)
		close(map->fd);
	free(map);
}

/* A child has none of its parent's mappings, and may have memory at the same addresses. */
static void forget_all(void)
{
	pthread_mutex_init(&lock, NULL);
	while (mappings)
		forget(&mappings);
}

__attribute__((constructor)) static void at_fork(void)
{
	pthread_atfork(NULL, NULL, forget_all);
}

static void remember(struct mapping new)
{
	struct mapping *map = malloc(sizeof(*map));

	if (!map)
		return;		/* ibv_reg_mr() will fail there, as without the shim */
	*map = new;
	pthread_mutex_lock(&lock);
	map->next = mappings;
	mappings = map;
	pthread_mutex_unlock(&lock);
}

void *peerbar_map(struct peerbar_device *dev, unsigned int bar, uint64_t offset, size_t length)
{
	void *start = NEXT(peerbar_map)(dev, bar, offset, length);

	if (start)
		remember((struct mapping){
			.dev = dev, .bar = bar, .offset = offset, .start = (uintptr_t)start,
			.length = length, .fd = -1,
		});
	return start;
}

int peerbar_unmap(void *addr, size_t length)
{
	struct mapping **link;

	pthread_mutex_lock(&lock);
	for (link = &mappings; *link && (*link)->start != (uintptr_t)addr; link = &(*link)->next)
		;
	if (*link)
		forget(link);
	pthread_mutex_unlock(&lock);
	return NEXT(peerbar_unmap)(addr, length);
}

void peerbar_close(struct peerbar_device *dev)
{
	struct mapping **link = &mappings;

	pthread_mutex_lock(&lock);
	while (*link)
		if ((*link)->dev == dev)
			forget(link);
		else
			link = &(*link)->next;
	pthread_mutex_unlock(&lock);
	NEXT(peerbar_close)(dev);
}

static struct mapping *find(uintptr_t addr, size_t length)
{
	struct mapping *map;

	for (map = mappings; map; map = map->next)
		if (addr >= map->start && addr - map->start < map->length &&
		    length <= map->length - (addr - map->start))
			break;
	return map;
}

/* One dma-buf serves all MRs of a mapping. */
static int export(struct mapping *map)
{
	struct peerbar_range range = { map->offset, whole_pages(map->length) };

	if (map->fd >= 0)
		return 0;
	map->fd = peerbar_export(map->dev, map->bar, &range, 1, O_RDWR);
	if (map->fd >= 0)
		return 0;
	fprintf(stderr, "reg_mr_shim: %s\n", peerbar_errmsg());
	errno = -map->fd;
	return -1;
}

/*
 * Sets *@mr and returns true if @addr is in a BAR. ibv_reg_dmabuf_mr() leaves the offset in
 * mr->addr, where programs expect their address.
 */
static bool register_bar(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova, int access,
			 struct ibv_mr **mr)
{
	struct mapping *map;

	*mr = NULL;
	pthread_mutex_lock(&lock);
	map = find((uintptr_t)addr, length);
	if (map && !export(map))
		*mr = ibv_reg_dmabuf_mr(pd, (uintptr_t)addr - map->start, length, iova, map->fd,
					access);
	pthread_mutex_unlock(&lock);
	if (*mr)
		(*mr)->addr = addr;
	return map;
}

struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *addr, size_t length, int access)
{
	struct ibv_mr *mr;

	if (register_bar(pd, addr, length, (uintptr_t)addr, access, &mr))
		return mr;
	return NEXT(ibv_reg_mr)(pd, addr, length, access);
}

struct ibv_mr *ibv_reg_mr_iova(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
			       int access)
{
	struct ibv_mr *mr;

	if (register_bar(pd, addr, length, iova, access, &mr))
		return mr;
	return NEXT(ibv_reg_mr_iova)(pd, addr, length, iova, access);
}

/* What the header's ibv_reg_mr() calls if it cannot see which access flags are given. */
struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t length, uint64_t iova,
				unsigned int access)
{
	struct ibv_mr *mr;

	if (register_bar(pd, addr, length, iova, (int)access, &mr))
		return mr;
	return NEXT(ibv_reg_mr_iova2)(pd, addr, length, iova, access);
}
