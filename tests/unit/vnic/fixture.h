/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A fake guest: a struct nic, guest RAM and a peer's BAR in memfds, and an eventfd for every
 * MSI-X vector. There is no socket and no thread: a test calls the device directly and
 * checks memory and interrupts.
 *
 *	int main(void)
 *	{
 *		const struct CMUnitTest tests[] = {
 *			cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown),
 *		};
 *		...
 *	static void t(void **state)
 *	{
 *		struct fixture *f = *state;
 */
#ifndef FIXTURE_H
#define FIXTURE_H

/* cmocka.h needs these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/nic.h"
#include "efa/efa.h"

#define FIXTURE_PAGE		0x1000ull
#define FIXTURE_RAM_SIZE	(64ull << 20)
#define FIXTURE_BAR_SIZE	(16ull << 20)
#define FIXTURE_BAR_IOVA	0x4000000000ull	/* the whole BAR, in one map */

struct fixture_mem {
	int fd;
	uint8_t *base;
	uint64_t size;
};

struct fixture_map {
	uint64_t iova, size;
	uint8_t *base;
};

struct fixture {
	struct nic nic;			/* bus mastering is on */
	struct fixture_mem ram, bar;
	struct fixture_map *map;	/* the guest's maps, for fixture_put() and _get() */
	size_t nr_maps;
	uint64_t next_iova, next_ram;	/* state of fixture_alloc() */
	int irq[PCI_MAX_VECTORS];
};

static inline struct efa *fixture_efa(struct fixture *f)
{
	return f->nic.device;
}

int fixture_setup(void **state);	/* EFA's */
int fixture_setup_as(void **state, const struct nic_model *model);
int fixture_teardown(void **state);

/*
 * Allocate @size bytes (rounded up to pages) of zeroed guest RAM that the device can read and
 * write. Pages that are contiguous in the returned IOVA range are not contiguous in memory,
 * and the pages before and after the range are not mapped.
 */
uint64_t fixture_alloc(struct fixture *f, uint64_t size);

/* Map and unmap memory as QEMU does. A map that fails makes the test fail. */
void fixture_map(struct fixture *f, uint64_t iova, uint64_t size, uint32_t prot,
		 const struct fixture_mem *mem, uint64_t offset);
void fixture_unmap(struct fixture *f, uint64_t iova, uint64_t size);

/*
 * Access by the guest, by IOVA, whatever rights the device has there. An access to a page
 * that is not mapped makes the test fail.
 */
void fixture_put(struct fixture *f, uint64_t iova, const void *src, size_t len);
void fixture_get(struct fixture *f, uint64_t iova, void *dst, size_t len);
void fixture_fill(struct fixture *f, uint64_t iova, uint8_t byte, size_t len);

/* The number of interrupts on @vec since the last call for this vector. */
uint64_t fixture_irqs(struct fixture *f, unsigned int vec);

#endif /* FIXTURE_H */
