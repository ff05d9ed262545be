/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A fake guest: a struct nic, guest RAM and a peer's BAR in memfds, and an
 * eventfd behind every MSI-X vector. No socket and no thread: a test calls the
 * device and looks at memory and interrupts.
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

/* cmocka.h wants these four before it. */
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
	struct nic nic;			/* bus mastering on */
	struct fixture_mem ram, bar;
	struct fixture_map *map;	/* what the guest mapped, for put and get */
	size_t nr_maps;
	uint64_t next_iova, next_ram;	/* of fixture_alloc() */
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
 * @size bytes (rounded up to pages) of fresh, zeroed guest RAM, readable and
 * writable by the device. Neighbouring pages of the returned IOVA range are not
 * neighbours in memory, and the pages before and after it are unmapped.
 */
uint64_t fixture_alloc(struct fixture *f, uint64_t size);

/* Map and unmap as QEMU does; a failed map fails the test. */
void fixture_map(struct fixture *f, uint64_t iova, uint64_t size, uint32_t prot,
		 const struct fixture_mem *mem, uint64_t offset);
void fixture_unmap(struct fixture *f, uint64_t iova, uint64_t size);

/*
 * Guest-side access by IOVA, whatever the device may do there. Unmapped pages
 * fail the test.
 */
void fixture_put(struct fixture *f, uint64_t iova, const void *src, size_t len);
void fixture_get(struct fixture *f, uint64_t iova, void *dst, size_t len);
void fixture_fill(struct fixture *f, uint64_t iova, uint8_t byte, size_t len);

/* Interrupts on @vec since this was last asked. */
uint64_t fixture_irqs(struct fixture *f, unsigned int vec);

#endif /* FIXTURE_H */
