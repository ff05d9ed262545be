// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * core_export: peerbar-vfio-pci with the exporter of the kernel's core, where the kernel has one.
 * The choice itself; and a reset by others while the owner uses the low power feature, by which
 * our driver keeps the core from giving the BARs back. That such a reset revokes is a test of
 * revoke_paths.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "device.h"
#include "lib/importer_bench.h"
#include "lib/kmsg.h"
#include "lib/pci.h"
#include "lib/tap.h"
#include "lib/vfio.h"
#include "lib/watchdog.h"

#define LIMIT_S 120u
#define RESETS 40u

static const char name[] = "core exporter";

static int choose(const char *exporter)
{
	return pci_choose_exporter(rig_gpu(), exporter);
}

static int enter(struct bench *b)
{
	return vfio_feature_set(b->rig.dev->fd, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY);
}

static int leave(struct bench *b)
{
	return vfio_feature_set(b->rig.dev->fd, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT);
}

/* The choice is about later exports: a buffer stays with the exporter that made it. */
static void check_choice(void)
{
	struct bench b;
	uint32_t one, other;

	expect(choose("neither"), -EINVAL, name, "another word is refused");
	expect(choose("peerbar"), 0, name, "our own is chosen");
	tap_check(rig_exporter_is_ours(), "core exporter: and shown", "it is not");
	bench_open(&b, name);
	one = attach_and_map(&b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE);
	expect(choose("core\n"), 0, name, "the core's is chosen, with a newline");
	tap_check(!rig_exporter_is_ours(), "core exporter: and shown, too", "it is not");
	close(b.dmabuf);
	b.dmabuf = rig_export(&b.rig);
	other = attach_and_map(&b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE);
	expect(pci_poke(rig_gpu(), "reset"), 0, name, "a reset through sysfs");
	tap_check(query(&b, one).revokes && query(&b, other).revokes,
		  "core exporter: it revokes the buffers of both", "one was not told");
	expect(importer_map(b.fd, one), 0, name, "and ours is given back");
	expect(importer_map(b.fd, other), 0, name, "and the core's");
	expect(importer_detach(b.fd, one), 0, name, "detach ours");
	expect(importer_detach(b.fd, other), 0, name, "detach the core's");
	bench_close(&b);
}

/* The reset must not end the owner's low power, nor give anything back. */
static void check_low_power(void)
{
	uint32_t handle;
	struct bench b;

	bench_open(&b, name);
	handle = attach_and_map(&b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE);
	expect(enter(&b), 0, name, "the owner enters low power");
	expect(importer_map(b.fd, handle), -ENODEV, name, "nothing is mapped in it");
	expect(pci_poke(rig_gpu(), "reset"), 0, name, "a reset in low power");
	expect(importer_map(b.fd, handle), -ENODEV, name, "nothing is mapped after it");
	expect(enter(&b), -EINVAL, name, "the owner is in low power still");
	expect(leave(&b), 0, name, "and leaves it");
	expect(importer_map(b.fd, handle), 0, name, "then it is mapped again");
	expect(importer_detach(b.fd, handle), 0, name, "detach");
	bench_close(&b);
}

/* The owner tries, all the time, to have the BAR given back. */
struct owner_tries {
	struct bench *bench;
	pthread_t thread;
	atomic_bool stop;
	atomic_uint refused, wrong;
};

static void *try_on(void *arg)
{
	struct owner_tries *t = arg;
	int fd = t->bench->rig.dev->fd;

	while (!t->stop) {
		int ret = leave(t->bench);

		t->refused += ret == -EBUSY;
		t->wrong += ret && ret != -EBUSY;
		vfio_config_write(fd, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	}
	return NULL;
}

static void check_owner_tries(void)
{
	struct owner_tries t = { 0 };
	unsigned int failed = 0;
	uint32_t handle;
	struct bench b;

	bench_open(&b, name);
	handle = attach_and_map(&b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE);
	t.bench = &b;
	if (pthread_create(&t.thread, NULL, try_on, &t))
		tap_die(name, "no thread");
	for (unsigned int i = 0; i < RESETS; i++)
		failed += pci_poke(rig_gpu(), "reset") != 0;
	t.stop = true;
	pthread_join(t.thread, NULL);
	tap_check(!failed, "core exporter: resets while the owner tries", "%u failed", failed);
	tap_check(t.refused && !t.wrong, "core exporter: leaving low power is refused meanwhile",
		  "%u refused, %u otherwise", t.refused, t.wrong);
	expect(importer_map(b.fd, handle), 0, name, "all is given back in the end");
	expect(enter(&b), 0, name, "low power is the owner's again");
	expect(leave(&b), 0, name, "to leave, too");
	expect(importer_detach(b.fd, handle), 0, name, "detach");
	bench_close(&b);
}

int main(void)
{
	uint64_t log = kmsg_position();
	bool ours = rig_exporter_is_ours();

	watchdog_set(LIMIT_S, name);
	if (choose("core") == -EOPNOTSUPP) {
		tap_check(rig_exporter_is_ours(), "core exporter: refused, as this kernel has none",
			  "it is another one");
		kmsg_check(log);
		return tap_exit_status();
	}
	check_choice();
	check_low_power();
	check_owner_tries();
	expect(choose(ours ? "peerbar" : "core"), 0, name, "as it was before");
	kmsg_check(log);
	return tap_exit_status();
}
