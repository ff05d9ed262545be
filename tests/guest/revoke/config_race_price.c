// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The cost of writes that do not change the register; see config_race.c. */
#include <inttypes.h>

#include <linux/pci_regs.h>

#include "config_race.h"
#include "device.h"
#include "lib/exporter.h"
#include "lib/tap.h"
#include "lib/vfio.h"
#include "lib/watchdog.h"

#define LIMIT_S 60u

static uint64_t revokes(void)
{
	return exporter_revokes(rig_gpu(), "config-write");
}

/* Write the value that the register has already, in every size that covers it. */
static void write_same(struct bench *b, const struct config_register *reg)
{
	uint32_t both = vfio_config_read(b->rig.dev->fd, reg->pos, 4);

	vfio_config_write(b->rig.dev->fd, reg->pos, 2, reg->on);
	vfio_config_write(b->rig.dev->fd, reg->pos, 1, reg->on & 0xff);
	vfio_config_write(b->rig.dev->fd, reg->pos, 4, (both & 0xffff0000) | reg->on);
}

/* Nobody has the BAR mapped: one importer never had it mapped, the other has unmapped it. */
static void price_of_nothing(struct bench *b, const struct config_register *reg)
{
	uint32_t idle = attach(b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE);
	uint32_t done = attach_and_map(b, PTI_PINNED, PTI_UNMAP_AT_ONCE);
	char text[IMPORTER_TITLE];
	uint64_t before = revokes();

	expect(importer_unmap(b->fd, done), 0, reg->name, "unmap");
	write_same(b, reg);
	importer_title(text, reg->name, "a write with nothing mapped takes nothing away");
	tap_check(revokes() == before, text, "%" PRIu64 " revokes", revokes() - before);
	expect(importer_map(b->fd, idle), 0, reg->name, "one that never had maps then");
	expect(importer_map(b->fd, done), 0, reg->name, "and one that has unmapped");
	importer_detach(b->fd, idle);
	importer_detach(b->fd, done);
}

static void price_of_a_mapping(struct bench *b, const struct config_register *reg)
{
	uint32_t dynamic = attach_and_map(b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE);
	uint32_t pinned = attach_and_map(b, PTI_PINNED, PTI_UNMAP_AT_ONCE);
	uint64_t before = revokes();
	char text[IMPORTER_TITLE];

	vfio_config_write(b->rig.dev->fd, PCI_INTERRUPT_LINE, 1, 0);
	importer_title(text, reg->name, "a write elsewhere takes nothing away");
	tap_check(query(b, pinned).state == PTI_MAPPED && revokes() == before, text,
		  "%" PRIu64 " revokes", revokes() - before);
	vfio_config_write(b->rig.dev->fd, reg->pos, 2, reg->on);
	importer_title(text, reg->name, "a write that changes nothing kills a pinned importer");
	tap_check(query(b, pinned).state == PTI_DEAD, text, "state %#x",
		  query(b, pinned).state);
	expect(importer_map(b->fd, dynamic), 0, reg->name, "a dynamic one maps again");
	importer_title(text, reg->name, "debugfs counts it");
	tap_check(revokes() == before + 1, text, "%" PRIu64 " revokes", revokes() - before);
	importer_detach(b->fd, dynamic);
	importer_detach(b->fd, pinned);
}

void config_race_price(struct bench *b, const struct config_register *reg)
{
	watchdog_set(LIMIT_S, reg->name);
	price_of_nothing(b, reg);
	price_of_a_mapping(b, reg);
}
