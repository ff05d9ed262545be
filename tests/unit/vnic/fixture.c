// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The fake guest of the device's unit tests: see fixture.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "efa/model.h"
#include "fixture.h"

#define FIRST_IOVA	0xff000000ull	/* so that some tests cross 4 GiB */

static void mem_make(struct fixture_mem *mem, const char *name, uint64_t size)
{
	mem->size = size;
	mem->fd = memfd_create(name, MFD_CLOEXEC);
	assert_true(mem->fd >= 0);
	assert_int_equal(ftruncate(mem->fd, (off_t)size), 0);
	mem->base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, mem->fd, 0);
	assert_ptr_not_equal(mem->base, MAP_FAILED);
}

static void mem_drop(struct fixture_mem *mem)
{
	munmap(mem->base, mem->size);
	close(mem->fd);
}

static void connect_vectors(struct fixture *f)
{
	unsigned int vectors = pci_irq_count(&f->nic.pci, 2);
	int given[PCI_MAX_VECTORS];

	for (unsigned int i = 0; i < vectors; i++) {
		f->irq[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		assert_true(f->irq[i] >= 0);
		given[i] = dup(f->irq[i]);	/* the device takes ownership of this one */
		assert_true(given[i] >= 0);
	}
	assert_int_equal(pci_irq_set(&f->nic.pci, 2, 0, vectors, given), 0);
}

int fixture_setup_as(void **state, const struct nic_model *model)
{
	struct fixture *f = calloc(1, sizeof(*f));
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	const struct nic_config config = nic_default_config(model);

	assert_non_null(f);
	assert_int_equal(nic_init(&f->nic, &config), 0);
	assert_int_equal(pci_cfg_write(&f->nic.pci, PCI_COMMAND, &command,
				       sizeof(command)), 0);
	for (unsigned int i = 0; i < PCI_MAX_VECTORS; i++)
		f->irq[i] = -1;
	connect_vectors(f);
	mem_make(&f->ram, "ram", FIXTURE_RAM_SIZE);
	mem_make(&f->bar, "bar", FIXTURE_BAR_SIZE);
	fixture_map(f, FIXTURE_BAR_IOVA, FIXTURE_BAR_SIZE, DMA_PROT_READ | DMA_PROT_WRITE,
		    &f->bar, 0);
	f->next_iova = FIRST_IOVA;
	f->next_ram = FIXTURE_RAM_SIZE;
	*state = f;
	return 0;
}

int fixture_setup(void **state)
{
	return fixture_setup_as(state, &efa_model);
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	nic_release(&f->nic);
	mem_drop(&f->ram);
	mem_drop(&f->bar);
	for (unsigned int i = 0; i < PCI_MAX_VECTORS; i++)
		if (f->irq[i] >= 0)
			close(f->irq[i]);
	free(f->map);
	free(f);
	return 0;
}

void fixture_map(struct fixture *f, uint64_t iova, uint64_t size, uint32_t prot,
		 const struct fixture_mem *mem, uint64_t offset)
{
	assert_true(offset + size <= mem->size);
	assert_int_equal(dma_map(f->nic.dma, iova, size, prot, mem->fd, offset), 0);
	f->map = realloc(f->map, (f->nr_maps + 1) * sizeof(*f->map));
	assert_non_null(f->map);
	f->map[f->nr_maps++] = (struct fixture_map){
		.iova = iova, .size = size, .base = mem->base + offset,
	};
}

/* The guest's list of maps can only drop whole maps, so the range may not cut one. */
void fixture_unmap(struct fixture *f, uint64_t iova, uint64_t size)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->nr_maps; i++) {
		struct fixture_map *m = &f->map[i];

		if (m->iova < iova || m->iova - iova >= size)
			f->map[kept++] = *m;
		else
			assert_true(m->iova - iova + m->size <= size);
	}
	f->nr_maps = kept;
	dma_unmap(f->nic.dma, iova, size);
}

uint64_t fixture_alloc(struct fixture *f, uint64_t size)
{
	uint64_t iova = f->next_iova;

	size = (size + FIXTURE_PAGE - 1) & ~(FIXTURE_PAGE - 1);
	assert_true(size > 0 && size <= f->next_ram);
	for (uint64_t at = 0; at < size; at += FIXTURE_PAGE) {
		f->next_ram -= FIXTURE_PAGE;
		fixture_map(f, iova + at, FIXTURE_PAGE, DMA_PROT_READ | DMA_PROT_WRITE,
			    &f->ram, f->next_ram);
	}
	f->next_iova += size + FIXTURE_PAGE;
	return iova;
}

/* The guest memory at @iova; *@len is clipped at the end of its map. */
static uint8_t *guest(struct fixture *f, uint64_t iova, size_t *len)
{
	for (size_t i = 0; i < f->nr_maps; i++) {
		struct fixture_map *m = &f->map[i];

		if (iova >= m->iova && iova - m->iova < m->size) {
			uint64_t room = m->size - (iova - m->iova);

			if (*len > room)
				*len = room;
			return m->base + (iova - m->iova);
		}
	}
	fail_msg("guest touches unmapped IOVA 0x%llx", (unsigned long long)iova);
	abort();	/* not reached: cmocka jumps out of fail_msg() */
}

void fixture_put(struct fixture *f, uint64_t iova, const void *src, size_t len)
{
	const uint8_t *from = src;

	while (len > 0) {
		size_t n = len;
		uint8_t *to = guest(f, iova, &n);

		memcpy(to, from, n);
		iova += n;
		from += n;
		len -= n;
	}
}

void fixture_get(struct fixture *f, uint64_t iova, void *dst, size_t len)
{
	uint8_t *to = dst;

	while (len > 0) {
		size_t n = len;
		const uint8_t *from = guest(f, iova, &n);

		memcpy(to, from, n);
		iova += n;
		to += n;
		len -= n;
	}
}

void fixture_fill(struct fixture *f, uint64_t iova, uint8_t byte, size_t len)
{
	while (len > 0) {
		size_t n = len;
		uint8_t *to = guest(f, iova, &n);

		memset(to, byte, n);
		iova += n;
		len -= n;
	}
}

uint64_t fixture_irqs(struct fixture *f, unsigned int vec)
{
	uint64_t count;

	if (read(f->irq[vec], &count, sizeof(count)) == sizeof(count))
		return count;
	assert_int_equal(errno, EAGAIN);
	return 0;
}
