// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * config_race: writes to the registers that turn off memory decode or power. The kernel fetches
 * the bytes to write from the owner's memory, and another thread may change them just before
 * that. Whatever bytes it fetches, importers must be told before the BAR is gone.
 *
 * For this reason peerbar-vfio-pci revokes before every write to these registers, and gives the
 * BAR back after it. This test also shows what that costs: nothing while nobody has the BAR
 * mapped; but a pinned importer does not survive even a write that changes nothing.
 */
#include <linux/pci_regs.h>

#include "config_race.h"
#include "device.h"
#include "lib/kmsg.h"
#include "lib/tap.h"
#include "lib/vfio.h"

#define D3HOT 3u

static void test_register(struct bench *b, const struct config_register *reg)
{
	config_race_fetch(b, reg);
	if (rig_exporter_is_ours())
		config_race_price(b, reg);
	else
		tap_skip(reg->name, "the kernel's exporter revokes if a write turns it off");
}

static void test_power(struct bench *b)
{
	struct config_register reg = {
		.name = "power register", .mask = PCI_PM_CTRL_STATE_MASK, .away = D3HOT,
	};
	unsigned int pm = vfio_capability(b->rig.dev->fd, PCI_CAP_ID_PM);

	if (!pm) {
		tap_skip(reg.name, "the device has no power management capability");
		return;
	}
	reg.pos = pm + PCI_PM_CTRL;
	reg.on = vfio_config_read(b->rig.dev->fd, reg.pos, 2) & ~PCI_PM_CTRL_STATE_MASK;
	reg.off = reg.on | D3HOT;
	test_register(b, &reg);
}

int main(void)
{
	static const struct config_register command = {
		.name = "command register", .pos = PCI_COMMAND, .mask = PCI_COMMAND_MEMORY,
		.on = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, .off = PCI_COMMAND_MASTER,
	};
	uint64_t log = kmsg_position();
	struct bench b;

	bench_open(&b, "writes to configuration space");
	test_register(&b, &command);
	test_power(&b);
	bench_close(&b);
	kmsg_check(log);
	return tap_exit_status();
}
