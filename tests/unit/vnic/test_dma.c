// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The DMA map: what it accepts, where it cuts maps, what it forgets; and ten thousand random
 * operations, compared with a model that is an array of pages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "bus/dma.h"
#include "core/nic.h"

#define P		DMA_PAGE
#define RW		(DMA_PROT_READ | DMA_PROT_WRITE)
#define FILE_PAGES	512u

struct space {
	struct dma_space *dma;
	int fd[2];		/* page n of file f begins with stamp(f, n) */
};

static uint64_t stamp(unsigned int file, uint64_t page)
{
	return 0xabcd000000000000ull | (uint64_t)file << 32 | page;
}

static int stamped_file(unsigned int file)
{
	int fd = memfd_create("backing", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, FILE_PAGES * P), 0);
	for (uint64_t page = 0; page < FILE_PAGES; page++) {
		uint64_t word = stamp(file, page);

		assert_int_equal(pwrite(fd, &word, sizeof(word), (off_t)(page * P)),
				 sizeof(word));
	}
	return fd;
}

static int setup(void **state)
{
	struct space *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->dma = dma_space_new();
	assert_non_null(s->dma);
	s->fd[0] = stamped_file(0);
	s->fd[1] = stamped_file(1);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct space *s = *state;

	dma_space_free(s->dma);
	close(s->fd[0]);
	close(s->fd[1]);
	free(s);
	return 0;
}

static struct dma_stats stats(const struct space *s)
{
	struct dma_stats now;

	dma_get_stats(s->dma, &now);
	return now;
}

/* What the device finds at @iova: the stamp of its page, or 0 if it cannot read there. */
static uint64_t look(struct space *s, uint64_t iova, uint64_t *len)
{
	uint8_t *at = dma_translate(s->dma, iova, len, DMA_PROT_READ);
	uint64_t word;

	if (!at)
		return 0;
	memcpy(&word, at - iova % P, sizeof(word));
	return word;
}

static void expect(struct space *s, uint64_t iova, uint64_t word, uint64_t room)
{
	uint64_t len = 1ull << 40;

	assert_int_equal(look(s, iova, &len), word);
	if (word)
		assert_int_equal(len, room);
	len = 1;
	assert_int_equal(look(s, iova, &len), word);
	assert_int_equal(len, 1);
}

static void test_translate(void **state)
{
	struct space *s = *state;

	assert_int_equal(dma_map(s->dma, 0x10000, 4 * P, RW, s->fd[0], 8 * P), 0);
	assert_int_equal(dma_map(s->dma, 0x14000, 2 * P, RW, s->fd[1], 0), 0);
	expect(s, 0x10000, stamp(0, 8), 4 * P);
	expect(s, 0x11004, stamp(0, 9), 3 * P - 4);
	expect(s, 0x13fff, stamp(0, 11), 1);	/* clipped, although another map follows */
	expect(s, 0x14000, stamp(1, 0), 2 * P);
	expect(s, 0xffff, 0, 0);
	expect(s, 0x16000, 0, 0);
	assert_int_equal(stats(s).live, 2);
	assert_int_equal(stats(s).live_bytes, 6 * P);
}

static void test_protection(void **state)
{
	struct space *s = *state;
	uint64_t len = 8;

	assert_int_equal(dma_map(s->dma, 0, P, DMA_PROT_READ, s->fd[0], 0), 0);
	assert_int_equal(dma_map(s->dma, P, P, DMA_PROT_WRITE, s->fd[0], 0), 0);
	assert_int_equal(dma_map(s->dma, 2 * P, P, 0, s->fd[0], 0), 0);
	assert_non_null(dma_translate(s->dma, 0, &len, DMA_PROT_READ));
	assert_null(dma_translate(s->dma, 0, &len, DMA_PROT_WRITE));
	assert_null(dma_translate(s->dma, P, &len, DMA_PROT_READ));
	assert_non_null(dma_translate(s->dma, P, &len, DMA_PROT_WRITE));
	assert_null(dma_translate(s->dma, 2 * P, &len, DMA_PROT_READ));
	assert_null(dma_translate(s->dma, 2 * P, &len, DMA_PROT_WRITE));
}

static void test_refused(void **state)
{
	struct space *s = *state;
	const uint64_t top = UINT64_MAX - P + 1;

	assert_int_equal(dma_map(s->dma, 0, 0, RW, s->fd[0], 0), -EINVAL);
	assert_int_equal(dma_map(s->dma, 1, P, RW, s->fd[0], 0), -EINVAL);
	assert_int_equal(dma_map(s->dma, 0, P + 1, RW, s->fd[0], 0), -EINVAL);
	assert_int_equal(dma_map(s->dma, 0, P, RW, s->fd[0], 1), -EINVAL);
	assert_int_equal(dma_map(s->dma, top, 2 * P, RW, s->fd[0], 0), -EINVAL);
	assert_int_equal(dma_map(s->dma, 0, P, RW, s->fd[0], FILE_PAGES * P), -EINVAL);
	assert_int_equal(dma_map(s->dma, 0, 2 * P, RW, s->fd[0], (FILE_PAGES - 1) * P),
			 -EINVAL);
	assert_int_equal(dma_map(s->dma, 0, P, RW, s->fd[0], top), -EINVAL);
	assert_int_equal(dma_map(s->dma, 0, P, RW, 1 << 20, 0), -EBADF);
	assert_int_equal(stats(s).live, 0);
	assert_int_equal(stats(s).maps, 0);

	assert_int_equal(dma_map(s->dma, top, P, RW, s->fd[0], 0), 0);	/* the last page */
	expect(s, UINT64_MAX, stamp(0, 0), 1);
	assert_int_equal(dma_map(s->dma, 4 * P, 4 * P, RW, s->fd[0], 0), 0);
	assert_int_equal(dma_map(s->dma, 4 * P, P, RW, s->fd[0], 0), -EEXIST);
	assert_int_equal(dma_map(s->dma, 3 * P, 2 * P, RW, s->fd[0], 0), -EEXIST);
	assert_int_equal(dma_map(s->dma, 7 * P, 2 * P, RW, s->fd[0], 0), -EEXIST);
	assert_int_equal(dma_map(s->dma, 0, 16 * P, RW, s->fd[0], 0), -EEXIST);
	assert_int_equal(stats(s).live, 2);
}

static void test_without_file(void **state)
{
	struct space *s = *state;

	assert_int_equal(dma_map(s->dma, 0, 16 * P, DMA_PROT_READ, -1, 0), 0);
	expect(s, 0, 0, 0);
	assert_int_equal(dma_map(s->dma, P, P, RW, s->fd[0], 0), -EEXIST);
	assert_int_equal(stats(s).files, 0);
	assert_int_equal(dma_unmap(s->dma, 0, 16 * P), 16 * P);
}

static void test_unmap_cuts(void **state)
{
	struct space *s = *state;

	assert_int_equal(dma_map(s->dma, 0x100000, 16 * P, RW, s->fd[0], 0), 0);
	assert_int_equal(dma_unmap(s->dma, 0x104000, 2 * P), 2 * P);
	expect(s, 0x103000, stamp(0, 3), P);
	expect(s, 0x104000, 0, 0);
	expect(s, 0x105fff, 0, 0);
	expect(s, 0x106000, stamp(0, 6), 10 * P);
	assert_int_equal(stats(s).live, 2);
	assert_int_equal(stats(s).live_bytes, 14 * P);
	assert_int_equal(dma_unmap(s->dma, 0, 0x101000), P);		/* its first page */
	expect(s, 0x101000, stamp(0, 1), 3 * P);
	assert_int_equal(dma_unmap(s->dma, 0x10f800, 1), P);		/* part of a page */
	expect(s, 0x10f000, 0, 0);
	expect(s, 0x10e000, stamp(0, 14), P);
	assert_int_equal(dma_map(s->dma, 0x104000, 2 * P, RW, s->fd[1], 0), 0);
	expect(s, 0x104000, stamp(1, 0), 2 * P);
}

static void test_unmap_takes_anything(void **state)
{
	struct space *s = *state;

	assert_int_equal(dma_unmap(s->dma, 0, UINT64_MAX), 0);
	assert_int_equal(dma_unmap(s->dma, 0x1000, 0), 0);
	for (uint64_t i = 0; i < 8; i++)
		assert_int_equal(dma_map(s->dma, i * 16 * P, P, RW, s->fd[0], i * P), 0);
	assert_int_equal(dma_unmap(s->dma, 8 * P, 32 * P), 2 * P);
	assert_int_equal(dma_unmap(s->dma, 64 * P, UINT64_MAX), 4 * P);	/* past the top */
	assert_int_equal(stats(s).live, 2);
	assert_int_equal(dma_unmap_all(s->dma), 2 * P);
	assert_int_equal(stats(s).live, 0);
	assert_int_equal(stats(s).live_bytes, 0);
	assert_int_equal(stats(s).peak, 8);
	assert_int_equal(stats(s).maps, 8);
}

static void test_unmapped_at(void **state)
{
	struct space *s = *state;
	uint64_t before = clock_now_ns(), first;

	assert_int_equal(dma_map(s->dma, 0, 4 * P, RW, s->fd[0], 0), 0);
	assert_int_equal(dma_unmapped_at(s->dma, 0), 0);
	dma_unmap(s->dma, 8 * P, P);			/* nothing was there */
	assert_int_equal(dma_unmapped_at(s->dma, 8 * P), 0);
	dma_unmap(s->dma, P, P);
	first = dma_unmapped_at(s->dma, 2 * P - 1);
	assert_in_range(first, before, clock_now_ns());
	assert_int_equal(dma_unmapped_at(s->dma, 0), 0);
	assert_int_equal(dma_unmapped_at(s->dma, 2 * P), 0);
	for (unsigned int i = 0; i < 1024; i++) {
		assert_int_equal(dma_unmapped_at(s->dma, P), first);
		assert_int_equal(dma_map(s->dma, 64 * P, P, RW, s->fd[0], 0), 0);
		dma_unmap(s->dma, 64 * P, P);
	}
	assert_int_equal(dma_unmapped_at(s->dma, P), 0);	/* 1,024 newer ones */
	assert_true(dma_unmapped_at(s->dma, 64 * P) >= first);
}

static void test_file_is_mapped_once(void **state)
{
	struct space *s = *state;

	for (uint64_t i = 0; i < FILE_PAGES; i++) {
		int again = dup(s->fd[0]);

		assert_int_equal(dma_map(s->dma, 2 * i * P, P, RW, again, i * P), 0);
		close(again);
	}
	assert_int_equal(stats(s).files, 1);
	assert_int_equal(stats(s).peak, FILE_PAGES);
	dma_unmap_all(s->dma);
	assert_int_equal(dma_map(s->dma, 0, P, RW, s->fd[0], 0), 0);
	assert_int_equal(stats(s).files, 1);
}

static void test_file_grows(void **state)
{
	struct space *s = *state;
	uint64_t len = 1;

	assert_int_equal(dma_map(s->dma, 0, P, RW, s->fd[0], P), 0);
	assert_int_equal(ftruncate(s->fd[0], 4 * FILE_PAGES * P), 0);
	assert_int_equal(dma_map(s->dma, P, P, RW, s->fd[0], 3 * FILE_PAGES * P), 0);
	expect(s, 0, stamp(0, 1), P);		/* still mapped, maybe at another address */
	assert_non_null(dma_translate(s->dma, P, &len, DMA_PROT_WRITE));
	assert_int_equal(stats(s).files, 1);
}

static void test_read_only_file(void **state)
{
	struct space *s = *state;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd[0]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(dma_map(s->dma, 0, P, RW, fd, 0), -EACCES);
	assert_int_equal(dma_map(s->dma, 0, P, DMA_PROT_READ, fd, 2 * P), 0);
	assert_int_equal(dma_map(s->dma, P, P, RW, s->fd[0], P), 0);
	expect(s, 0, stamp(0, 2), P);
	expect(s, P, stamp(0, 1), P);
	close(fd);
}

static void test_too_many_files(void **state)
{
	struct space *s = *state;
	int fd, err = 0;
	uint64_t i;

	for (i = 0; !err && i < 100; i++) {
		fd = memfd_create("one of many", MFD_CLOEXEC);
		assert_int_equal(ftruncate(fd, P), 0);
		err = dma_map(s->dma, i * P, P, RW, fd, 0);
		close(fd);
	}
	assert_int_equal(err, -EMFILE);
	assert_int_equal(i, 65);
	assert_int_equal(stats(s).live, 64);
}

static void test_half_a_terabyte(void **state)
{
	const uint64_t size = 512ull << 30;
	struct space *s = *state;
	int fd = memfd_create("huge", MFD_CLOEXEC);
	uint64_t len = 4, *word;

	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(dma_map(s->dma, size, size, RW, fd, 0), 0);
	word = dma_translate(s->dma, 2 * size - P, &len, DMA_PROT_WRITE);
	assert_non_null(word);
	*word = 42;
	assert_int_equal(dma_unmap(s->dma, 0, UINT64_MAX), size);
	close(fd);
}

/* ---- against a model ---- */

#define MODEL_PAGES	256u
#define MODEL_IOVA	0xfffff80000ull		/* 128 pages on either side of 1 TiB */

struct model_page {
	unsigned int map;	/* the piece of a map that it belongs to; 0: none */
	uint64_t word;		/* the page's stamp */
};

struct model {
	struct model_page page[MODEL_PAGES];
	unsigned int maps;	/* pieces ever made */
};

static uint64_t rng_state;

static uint32_t rng(uint32_t below)		/* xorshift: the same sequence everywhere */
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return (uint32_t)(rng_state >> 32) % below;
}

static bool model_free(const struct model *m, unsigned int first, unsigned int count)
{
	for (unsigned int i = first; i < first + count; i++)
		if (m->page[i].map)
			return false;
	return true;
}

static void random_map(struct space *s, struct model *m)
{
	unsigned int first = rng(MODEL_PAGES), count = 1 + rng(12), file = rng(2);
	unsigned int offset = rng(FILE_PAGES - 12);
	bool room;
	int err;

	if (count > MODEL_PAGES - first)
		count = MODEL_PAGES - first;
	room = model_free(m, first, count);
	err = dma_map(s->dma, MODEL_IOVA + first * P, count * P, RW, s->fd[file],
		      offset * P);
	assert_int_equal(err, room ? 0 : -EEXIST);
	if (!room)
		return;
	m->maps++;
	for (unsigned int i = 0; i < count; i++)
		m->page[first + i] = (struct model_page){
			.map = m->maps, .word = stamp(file, offset + i),
		};
}

static void random_unmap(struct space *s, struct model *m)
{
	unsigned int first = rng(MODEL_PAGES), count = 1 + rng(24), end;
	uint64_t bytes = 0;

	if (count > MODEL_PAGES - first)
		count = MODEL_PAGES - first;
	end = first + count;
	if (end < MODEL_PAGES && m->page[end].map && m->page[end - 1].map == m->page[end].map) {
		unsigned int cut = m->page[end].map;

		m->maps++;	/* the rest on the right becomes a piece of its own */
		for (unsigned int i = end; i < MODEL_PAGES && m->page[i].map == cut; i++)
			m->page[i].map = m->maps;
	}
	for (unsigned int i = first; i < end; i++) {
		bytes += m->page[i].map ? P : 0;
		m->page[i].map = 0;
	}
	assert_int_equal(dma_unmap(s->dma, MODEL_IOVA + first * P, count * P), bytes);
}

static void random_look(struct space *s, const struct model *m)
{
	unsigned int page = rng(MODEL_PAGES), in = rng((uint32_t)P), end = page;
	uint64_t want = 1 + rng(64 * (uint32_t)P), len = want, room;
	const struct model_page *at = &m->page[page];
	uint64_t word = look(s, MODEL_IOVA + page * P + in, &len);

	if (!at->map) {
		assert_int_equal(word, 0);
		return;
	}
	while (end < MODEL_PAGES && m->page[end].map == at->map)
		end++;
	room = (end - page) * P - in;
	assert_int_equal(word, at->word);
	assert_int_equal(len, want < room ? want : room);
}

static void test_random(void **state)
{
	const uint64_t seed = 0x9e3779b97f4a7c15ull;
	static struct model model;
	struct space *s = *state;
	uint64_t live = 0;

	print_message("# seed 0x%llx\n", (unsigned long long)seed);
	rng_state = seed;
	for (unsigned int i = 0; i < 10000; i++) {
		switch (rng(4)) {
		case 0:
			random_map(s, &model);
			break;
		case 1:
			random_unmap(s, &model);
			break;
		default:
			random_look(s, &model);
		}
	}
	for (unsigned int i = 0; i < MODEL_PAGES; i++)
		live += model.page[i].map ? P : 0;
	assert_int_equal(stats(s).live_bytes, live);
	assert_int_equal(dma_unmap_all(s->dma), live);
	assert_int_equal(stats(s).files, 2);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_translate),
		TEST(test_protection),
		TEST(test_refused),
		TEST(test_without_file),
		TEST(test_unmap_cuts),
		TEST(test_unmap_takes_anything),
		TEST(test_unmapped_at),
		TEST(test_file_is_mapped_once),
		TEST(test_file_grows),
		TEST(test_read_only_file),
		TEST(test_too_many_files),
		TEST(test_half_a_terabyte),
		TEST(test_random),
	};

	return cmocka_run_group_tests_name("dma", tests, NULL, NULL);
}
