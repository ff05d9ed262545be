// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The DMA map: see dma.h.
 *
 * Maps are kept in a tree ordered by IOVA. They never overlap, so the comparison
 * function can treat overlapping ranges as equal: a search for a range then finds some
 * map that overlaps it.
 *
 * Backing files stay mmapped until the space is freed, because a guest maps and unmaps
 * its RAM thousands of times, always from the same one or two files.
 */
#include "base/clock.h"
#include "dma.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <bsd/sys/tree.h>

#define MAX_FILES	64u
#define MAX_UNMAPS	1024u	/* remembered for dma_unmapped_at() */

struct dma_file {
	dev_t dev;
	ino_t ino;
	bool writable;
	uint8_t *base;
	uint64_t size;
};

struct dma_map {
	RB_ENTRY(dma_map) node;
	uint64_t first, last;	/* inclusive, as a map may end at the highest address */
	uint32_t prot;
	struct dma_file *file;	/* NULL: every access is refused */
	uint64_t offset;	/* where first is in the file */
};

RB_HEAD(dma_tree, dma_map);

struct dma_gone {
	uint64_t first, last, when;
};

struct dma_space {
	struct dma_tree tree;
	struct dma_file file[MAX_FILES];
	struct dma_gone gone[MAX_UNMAPS];	/* ring; nr_gone entries were ever written */
	uint64_t nr_gone;
	struct dma_stats stats;
};

static int dma_cmp(const struct dma_map *a, const struct dma_map *b)
{
	if (a->last < b->first)
		return -1;
	return a->first > b->last;
}

/* RB_GENERATE_STATIC() needs a macro of BSD, __unused, that glibc does not have. */
RB_GENERATE_INTERNAL(dma_tree, dma_map, node, dma_cmp, __attribute__((unused)) static)

static struct dma_map *find_overlap(struct dma_space *space, uint64_t first, uint64_t last)
{
	struct dma_map range = { .first = first, .last = last };

	return RB_FIND(dma_tree, &space->tree, &range);
}

static void drop(struct dma_space *space, struct dma_map *map)
{
	RB_REMOVE(dma_tree, &space->tree, map);
	space->stats.live--;
	space->stats.live_bytes -= map->last - map->first + 1;
	free(map);
}

static int insert(struct dma_space *space, const struct dma_map *want)
{
	struct dma_map *map = malloc(sizeof(*map));

	if (!map)
		return -ENOMEM;
	*map = *want;
	if (RB_INSERT(dma_tree, &space->tree, map)) {
		free(map);
		return -EEXIST;
	}
	space->stats.live++;
	space->stats.live_bytes += map->last - map->first + 1;
	if (space->stats.live > space->stats.peak)
		space->stats.peak = space->stats.live;
	return 0;
}

struct dma_space *dma_space_new(void)
{
	struct dma_space *space = calloc(1, sizeof(*space));

	if (space)
		RB_INIT(&space->tree);
	return space;
}

void dma_space_free(struct dma_space *space)
{
	struct dma_map *map;

	while ((map = RB_ROOT(&space->tree)))
		drop(space, map);
	for (uint64_t i = 0; i < space->stats.files; i++)
		munmap(space->file[i].base, space->file[i].size);
	free(space);
}

/* No address into the file outlives a hold of the gate, so the mapping may move here. */
static int file_grow(struct dma_file *file, uint64_t size)
{
	void *base = mremap(file->base, file->size, size, MREMAP_MAYMOVE);

	if (base == MAP_FAILED)
		return -errno;
	file->base = base;
	file->size = size;
	return 0;
}

static int file_add(struct dma_space *space, const struct dma_file *want, int fd,
		    struct dma_file **found)
{
	struct dma_file *file = &space->file[space->stats.files];
	int prot = PROT_READ | (want->writable ? PROT_WRITE : 0);

	if (space->stats.files == MAX_FILES)
		return -EMFILE;
	*file = *want;
	file->base = mmap(NULL, want->size, prot, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (file->base == MAP_FAILED)
		return -errno;
	space->stats.files++;
	*found = file;
	return 0;
}

/*
 * Find the mapping of @fd's file, or make it the first time. The mapping keeps the inode
 * alive, so device and inode number go on identifying this file.
 */
static int file_get(struct dma_space *space, int fd, struct dma_file **found)
{
	int flags = fcntl(fd, F_GETFL);
	struct dma_file want;
	struct stat st;

	if (flags < 0 || fstat(fd, &st))
		return -errno;
	if (st.st_size <= 0)
		return -EINVAL;
	want = (struct dma_file){
		.dev = st.st_dev, .ino = st.st_ino, .size = (uint64_t)st.st_size,
		.writable = (flags & O_ACCMODE) == O_RDWR,
	};
	for (uint64_t i = 0; i < space->stats.files; i++) {
		struct dma_file *file = &space->file[i];

		if (file->dev != want.dev || file->ino != want.ino ||
		    file->writable != want.writable)
			continue;
		*found = file;
		return want.size > file->size ? file_grow(file, want.size) : 0;
	}
	return file_add(space, &want, fd, found);
}

static int file_bind(struct dma_space *space, struct dma_map *map, int fd)
{
	uint64_t size = map->last - map->first + 1;
	int err = file_get(space, fd, &map->file);

	if (err)
		return err;
	if (map->offset > map->file->size || size > map->file->size - map->offset)
		return -EINVAL;
	if ((map->prot & DMA_PROT_WRITE) && !map->file->writable)
		return -EACCES;
	return 0;
}

int dma_map(struct dma_space *space, uint64_t iova, uint64_t size, uint32_t prot,
	    int fd, uint64_t offset)
{
	struct dma_map map = {
		.first = iova, .last = iova + size - 1, .prot = prot, .offset = offset,
	};
	int err;

	if (!size || map.last < iova || (iova | size | offset) % DMA_PAGE)
		return -EINVAL;
	if (find_overlap(space, map.first, map.last))
		return -EEXIST;
	err = fd < 0 ? 0 : file_bind(space, &map, fd);
	if (!err)
		err = insert(space, &map);
	if (!err)
		space->stats.maps++;
	return err;
}

static void remember(struct dma_space *space, uint64_t first, uint64_t last)
{
	space->gone[space->nr_gone++ % MAX_UNMAPS] = (struct dma_gone){
		.first = first, .last = last, .when = clock_now_ns(),
	};
}

/*
 * Remove [first, last] from @map, and keep the parts of @map on either side of it. If
 * memory runs out these parts are lost too: the device then reaches less than it should,
 * but never more. Return: the number of bytes that were removed.
 */
static uint64_t cut(struct dma_space *space, struct dma_map *map, uint64_t first,
		    uint64_t last)
{
	struct dma_map left = *map, right = *map;
	uint64_t bytes;

	drop(space, map);
	bytes = left.last - left.first + 1;
	if (left.first < first) {
		bytes -= first - left.first;
		left.last = first - 1;
		insert(space, &left);
	}
	if (right.last > last) {
		bytes -= right.last - last;
		right.offset += last + 1 - right.first;
		right.first = last + 1;
		insert(space, &right);
	}
	return bytes;
}

static uint64_t unmap_range(struct dma_space *space, uint64_t first, uint64_t last)
{
	struct dma_map *map;
	uint64_t bytes = 0;

	while ((map = find_overlap(space, first, last)))
		bytes += cut(space, map, first, last);
	if (bytes)
		remember(space, first, last);
	space->stats.unmaps++;
	return bytes;
}

uint64_t dma_unmap(struct dma_space *space, uint64_t iova, uint64_t size)
{
	uint64_t last = size > UINT64_MAX - iova ? UINT64_MAX : iova + size - 1;

	/* A page that lies in the range only in part is unmapped as a whole. */
	return size ? unmap_range(space, iova & ~(DMA_PAGE - 1), last | (DMA_PAGE - 1)) : 0;
}

uint64_t dma_unmap_all(struct dma_space *space)
{
	return unmap_range(space, 0, UINT64_MAX);
}

void *dma_translate(struct dma_space *space, uint64_t iova, uint64_t *len,
		    uint32_t prot)
{
	const struct dma_map *map = find_overlap(space, iova, iova);

	if (!map || !map->file || (map->prot & prot) != prot)
		return NULL;
	if (*len > map->last - iova)
		*len = map->last - iova + 1;
	return map->file->base + map->offset + (iova - map->first);
}

uint64_t dma_unmapped_at(const struct dma_space *space, uint64_t iova)
{
	uint64_t kept = space->nr_gone < MAX_UNMAPS ? space->nr_gone : MAX_UNMAPS;

	for (uint64_t i = 1; i <= kept; i++) {
		const struct dma_gone *gone = &space->gone[(space->nr_gone - i) % MAX_UNMAPS];

		if (iova >= gone->first && iova <= gone->last)
			return gone->when;
	}
	return 0;
}

void dma_get_stats(const struct dma_space *space, struct dma_stats *stats)
{
	*stats = space->stats;
}
