// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * importer_gone: the importing device loses its driver, or disappears, while importers stay
 * attached for it. After that the device reaches nothing of the BAR. What the importers do
 * later touches only what is theirs, whoever has the device then. Nobody else loses anything.
 * Needs --nics 2: the second NIC goes, and comes back.
 *
 *	importer_gone			the NIC is unbound, and removed through sysfs
 *	importer_gone --unplug		a card is pulled out of its slot. It is not a NIC but a
 *					card bound to pci-stub, because QEMU 11.1 aborts when a
 *					vfio-user device is unplugged; needs --gpus 2 --qmp
 *
 * For peerbar-vfio-pci only: the kernel's exporter leaves all of this to the importer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "importer_gone.h"
#include "lib/clock.h"
#include "lib/exporter.h"
#include "lib/kmsg.h"
#include "lib/nicctl.h"
#include "lib/pci.h"
#include "lib/qmp.h"
#include "lib/slot.h"
#include "lib/tap.h"
#include "lib/vfio.h"

#define TIMEOUT_MS 300u
#define SLACK_MS 5000u		/* for the driver itself, and for slow emulation */
#define SLOT_MS 60000u
#define DRIVER "efa"
#define STUB "pci-stub"

enum way { UNBIND, REMOVE, WAYS };

/* When the importers let go, after the device has gone. */
enum when {
	AT_ONCE,		/* but after a reset of the GPU */
	NEXT_OWNER,		/* while VFIO has the device */
	SAME_DRIVER,		/* when its driver has it again */
	CLOSED,			/* when the GPU is closed, so that the buffer has no owner */
	WHENS,
};

static const char *nic;		/* the NIC that goes */
static uint64_t bare;		/* what it reaches without a driver */

static void must(int ret, const char *name, const char *what)
{
	if (ret)
		tap_die(name, "%s: %s", what, strerror(-ret));
}

static void go(enum way way, const char *name)
{
	if (way == UNBIND)
		must(pci_unbind(nic), name, "unbind");
	else
		must(pci_poke(nic, "remove"), name, "remove");
}

/* A NIC that was removed comes back with its own driver, and is unbound from that first. */
static void come_back(enum way way, const char *name, const char *driver)
{
	if (way == REMOVE) {
		must(pci_rescan(), name, "rescan");
		must(pci_unbind(nic), name, "unbind what came back");
	}
	must(pci_bind(nic, driver), name, driver);
}

/* Attach an importer of the same buffer for the NIC that stays. */
static uint32_t come_bystander(struct bench *b, const char *name)
{
	uint32_t handle;

	must(importer_attach(b->fd, b->dmabuf, rig_nic(), PTI_DYNAMIC, PTI_UNMAP_AT_ONCE,
			     &handle), name, "attach for the other NIC");
	must(importer_map(b->fd, handle), name, "map for the other NIC");
	return handle;
}

static void check_bystander(struct bench *b, uint32_t handle, const char *name)
{
	struct pti_query q = query(b, handle);
	char text[IMPORTER_TITLE];

	tap_check(!q.notifies && q.state == PTI_MAPPED,
		  importer_title(text, name, "the other NIC's importer is left alone"),
		  "told %u times, state %#x", q.notifies, q.state);
}

static void check_time(uint64_t took_us, const char *name, const char *what)
{
	char text[IMPORTER_TITLE];

	tap_check(took_us <= (TIMEOUT_MS + SLACK_MS) * 1000ull,
		  importer_title(text, name, what), "it took %.1f ms", us_to_ms(took_us));
}

/* A reset waits for nobody, because none of their mappings is live any more. */
static void check_reset(struct bench *b, const char *name)
{
	uint64_t took = now_us();

	expect(peerbar_reset(b->rig.dev), 0, name, "a reset works");
	check_time(now_us() - took, name, "and waits for nobody");
}

/*
 * The next owner maps memory of its own at the very addresses where our importers had the
 * BAR. The NIC must reach all of that and nothing else, both before and after they let go.
 */
static void next_owner(struct guests *g, enum way way)
{
	void *mem = mmap(NULL, SPAN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int mapped = 0;
	char text[IMPORTER_TITLE];
	struct vfio vfio;

	if (mem == MAP_FAILED)
		tap_die(g->name, "no memory");
	come_back(way, g->name, "vfio-pci");
	vfio_open(&vfio, nic);
	for (unsigned int i = 0; i < GUESTS; i++)
		mapped += !vfio_map_dma(vfio.container, mem, g->address[i], SPAN);
	tap_check(mapped == GUESTS,
		  importer_title(text, g->name, "the next owner maps where they had"),
		  "%u of %u", mapped, GUESTS);
	check_reachable(bare + GUESTS * SPAN, g->name, "and reaches its own memory alone");
	guests_go(g);
	check_reachable(bare + GUESTS * SPAN, g->name, "and keeps all of it when they let go");
	vfio_close(&vfio);
	munmap(mem, SPAN);
	must(pci_unbind(nic), g->name, "unbind from VFIO");
	must(pci_bind(nic, DRIVER), g->name, DRIVER);
}

static void same_driver(struct guests *g, enum way way)
{
	uint64_t before;

	come_back(way, g->name, DRIVER);
	before = nicctl_reachable();
	guests_go(g);
	check_reachable(before, g->name, "its driver has lost nothing when they let go");
}

static void closed(struct guests *g, enum way way)
{
	peerbar_close(g->b->rig.dev);
	g->b->rig.dev = NULL;
	guests_go(g);
	come_back(way, g->name, DRIVER);
}

/* When its driver has it again, the device can import as if nothing had happened. */
static void check_life(struct bench *b, const char *name)
{
	uint64_t before = nicctl_reachable();
	uint32_t handle;

	expect(importer_attach(b->fd, b->dmabuf, nic, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE, &handle),
	       0, name, "another importer of the device attaches");
	expect(importer_map(b->fd, handle), 0, name, "and maps");
	check_reachable(before + SPAN, name, "and reaches the BAR");
	expect(importer_detach(b->fd, handle), 0, name, "and detaches");
	check_reachable(before, name, "nothing is left");
}

static void let_go(struct guests *g, enum way way, enum when when)
{
	switch (when) {
	case AT_ONCE:
		check_reset(g->b, g->name);
		guests_go(g);
		come_back(way, g->name, DRIVER);
		break;
	case NEXT_OWNER:
		next_owner(g, way);
		break;
	case SAME_DRIVER:
		same_driver(g, way);
		break;
	default:
		closed(g, way);
	}
}

static void lose(enum way way, enum when when)
{
	static const char *const ways[WAYS] = { "unbound", "removed" };
	static const char *const whens[WHENS] = {
		"let go at once", "let go under the next owner", "let go under the same driver",
		"let go with the GPU closed",
	};
	uint32_t bystander;
	struct guests g;
	struct bench b;
	uint64_t took, before;
	char name[96];

	snprintf(name, sizeof(name), "%s, %s", ways[way], whens[when]);
	bench_open(&b, name);
	before = nicctl_reachable();
	bystander = come_bystander(&b, name);
	guests_come(&g, &b, nic, name);
	check_reachable(before + g.mapped, name, "the NIC reaches what is mapped");
	took = now_us();
	go(way, name);
	took = now_us() - took;
	check_time(took, name, "it is not held up for long");
	check_reachable(bare, name, "the NIC reaches nothing when it is gone");
	check_bystander(&b, bystander, name);
	guests_check(&g);
	let_go(&g, way, when);
	if (when != CLOSED)
		check_life(&b, name);
	bench_close(&b);
}

/* An importer that sits in its callback does not keep the driver from being unbound. */
static void sitter_stays(void)
{
	static const char name[] = "unbound, callback sits";
	struct pti_attach how = {
		.mode = PTI_DYNAMIC, .flags = PTI_STAYS, .callback_ms = PTI_SIT,
	};
	char text[IMPORTER_TITLE];
	struct bench b;

	bench_open(&b, name);
	how.dmabuf_fd = b.dmabuf;
	must(importer_attach_as(b.fd, &how, nic), name, "attach");
	must(importer_map(b.fd, how.handle), name, "map");
	go(UNBIND, name);
	tap_check(importer_sitting(b.fd) == 1, importer_title(text, name, "the driver goes"),
		  "%d sit", importer_sitting(b.fd));
	check_reachable(bare, name, "the NIC reaches nothing when it is gone");
	expect(importer_wake(b.fd), 0, name, "wake it");
	tap_check(!(query(&b, how.handle).state & PTI_MAPPED),
		  importer_title(text, name, "it unmaps then"), "it does not");
	expect(importer_detach(b.fd, how.handle), 0, name, "detach");
	come_back(UNBIND, name, DRIVER);
	check_life(&b, name);
	bench_close(&b);
}

static void rounds(void)
{
	nic = rig_nic2();
	nicctl_select(2);
	go(UNBIND, "set-up");
	bare = nicctl_reachable();
	come_back(UNBIND, "set-up", DRIVER);
	for (int way = 0; way < WAYS; way++)
		for (int when = 0; when < WHENS; when++)
			lose((enum way)way, (enum when)when);
	sitter_stays();
}

/* Binding is retried, because the kernel may still be probing a card that sysfs shows. */
static void plug_again(const char *name)
{
	uint64_t end = now_us() + SLOT_MS * 1000ull;

	slot_plug(MIB);
	while (!pci_exists(rig_gpu2()) || pci_bind(rig_gpu2(), STUB)) {
		if (now_us() > end)
			tap_die(name, "the new card does not come");
		sleep_us(10000);
	}
}

/* Such a card cannot report what it reaches, so the exporter's debugfs is asked. */
static void pull(enum slot_way way)
{
	char name[64], text[IMPORTER_TITLE];
	struct guests g;
	struct bench b;

	snprintf(name, sizeof(name), "unplugged, %s", slot_way_name(way));
	bench_open(&b, name);
	guests_come(&g, &b, rig_gpu2(), name);
	slot_pull(way);
	tap_check(slot_wait(false, SLOT_MS), importer_title(text, name, "the card is gone"),
		  "it is not");
	tap_check(!exporter_shows(rig_gpu(), "attachments", "state=live"),
		  importer_title(text, name, "nothing is mapped for it"), "see debugfs");
	guests_check(&g);
	check_reset(&b, name);
	guests_go(&g);
	plug_again(name);
	bench_close(&b);
}

static void unplug(void)
{
	slot_select(2);
	if (system("modprobe " STUB))
		tap_die("set-up", "this kernel has no " STUB);
	must(pci_unbind(rig_gpu2()), "set-up", "unbind");
	must(pci_bind(rig_gpu2(), STUB), "set-up", STUB);
	for (int way = 0; way < SLOT_WAYS; way++) {
		const char *reason = slot_why_not((enum slot_way)way);

		if (reason) {
			tap_skip(slot_way_name((enum slot_way)way), "%s", reason);
			continue;
		}
		qmp_open();
		pull((enum slot_way)way);
	}
}

int main(int argc, char **argv)
{
	uint64_t log = kmsg_position();
	char fence[EXPORTER_FENCE];
	unsigned int old;

	if (!rig_exporter_is_ours()) {
		tap_skip("importing devices that go", "the kernel's exporter");
		return tap_exit_status();
	}
	exporter_get_fence(fence);
	exporter_set_fence("all");
	old = exporter_set_timeout(TIMEOUT_MS);
	if (argc == 2 && !strcmp(argv[1], "--unplug"))
		unplug();
	else
		rounds();
	exporter_set_timeout(old);
	exporter_set_fence(fence);
	kmsg_check(log);
	return tap_exit_status();
}
