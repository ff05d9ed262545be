// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A write whose bytes change while the kernel fetches them. The write also covers the dword
 * before the register, and in memory the bytes of that dword lie on a missing page
 * (userfaultfd). The kernel faults on that page when it begins to write. An exporter that looks
 * at the register's bytes first has done so by then, but the kernel has not yet fetched them for
 * the write. The fault handler changes them at that moment, from "on" to "off".
 *
 * The same thread then watches the device: is the BAR gone before the importer is told? An older
 * buffer has an importer with a slow callback, so that an exporter which tells importers too
 * late is late by a time that is easy to see.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/userfaultfd.h>

#include "config_race.h"
#include "device.h"
#include "lib/clock.h"
#include "lib/pci.h"
#include "lib/tap.h"
#include "lib/vfio.h"
#include "lib/watchdog.h"

#define PAGE 4096u
#define BEFORE 4u		/* bytes of the dword before, at the end of the missing page */
#define ROUNDS 10u
#define CALLBACK_MS 50u
#define LOOK_US 5000u		/* watch the device for at least so long after the write */
#define LIMIT_S 120u

static struct {
	const struct config_register *reg;
	uint8_t *page;			/* the missing page; the register's bytes come after it */
	uint8_t before[PAGE];		/* its contents, once the fault is handled */
	int faults;			/* userfaultfd */
	uint32_t slow;			/* handle of the slow importer */
	atomic_bool written;		/* the write and LOOK_US after it are over */
	atomic_uint_fast64_t away_at;	/* when the BAR was seen gone; 0: it was not */
} race;

static void set_register_bytes(uint16_t value)
{
	memcpy(race.page + PAGE, &value, sizeof(value));
}

static void open_faults(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register where = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	race.faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	race.page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	where.range.start = (uintptr_t)race.page;
	where.range.len = PAGE;
	if (race.faults < 0 || race.page == MAP_FAILED ||
	    ioctl(race.faults, UFFDIO_API, &api) ||
	    ioctl(race.faults, UFFDIO_REGISTER, &where))
		tap_die("set-up", "no userfaultfd: %s", strerror(errno));
}

static void close_faults(void)
{
	close(race.faults);
	munmap(race.page, 2 * PAGE);
}

/* The kernel reads the dword before. Now change the register's bytes, which come after it. */
static void handle_fault(void)
{
	struct pollfd p = { .fd = race.faults, .events = POLLIN };
	struct uffdio_copy copy = {
		.dst = (uintptr_t)race.page, .src = (uintptr_t)race.before, .len = PAGE,
	};
	struct uffd_msg msg;

	if (poll(&p, 1, -1) != 1 || read(race.faults, &msg, sizeof(msg)) != sizeof(msg) ||
	    msg.event != UFFD_EVENT_PAGEFAULT)
		tap_die(race.reg->name, "no fault: %s", strerror(errno));
	set_register_bytes(race.reg->off);
	if (ioctl(race.faults, UFFDIO_COPY, &copy))
		tap_die(race.reg->name, "UFFDIO_COPY: %s", strerror(errno));
}

static void *change_and_watch(void *unused)
{
	uint32_t value;

	handle_fault();
	while (!race.written && !race.away_at) {
		value = pci_config_read(rig_gpu(), race.reg->pos, 2);
		if ((value & race.reg->mask) == race.reg->away)
			race.away_at = now_us();
	}
	return unused;
}

/* The result of the rounds: how many... */
struct tally {
	unsigned int away;	/* ... in which the BAR was seen gone */
	unsigned int late;	/* ... and the importer was told after that, or never */
	uint64_t worst_us;
};

static void judge(struct tally *t, const struct pti_query *q)
{
	uint64_t told_at = q->notified_at / 1000;

	if (!race.away_at)
		return;
	t->away++;
	if (q->revokes && told_at <= race.away_at)
		return;
	t->late++;
	if (q->revokes && told_at - race.away_at > t->worst_us)
		t->worst_us = told_at - race.away_at;
}

static void one_round(struct bench *b, struct tally *t)
{
	const struct config_register *reg = race.reg;
	struct pti_query q;
	pthread_t other;
	uint32_t handle;

	vfio_config_write(b->rig.dev->fd, reg->pos, 2, reg->on);
	if (importer_map(b->fd, race.slow))
		tap_die(reg->name, "the slow importer does not map");
	handle = attach_and_map(b, PTI_PINNED, PTI_UNMAP_AT_ONCE);
	set_register_bytes(reg->on);
	race.written = false;
	race.away_at = 0;
	if (madvise(race.page, PAGE, MADV_DONTNEED) ||
	    pthread_create(&other, NULL, change_and_watch, NULL))
		tap_die(reg->name, "no race: %s", strerror(errno));
	vfio_write_from(b->rig.dev->fd, VFIO_PCI_CONFIG_REGION_INDEX, reg->pos - BEFORE,
			BEFORE + 2, race.page + PAGE - BEFORE);
	sleep_us(LOOK_US);
	race.written = true;
	pthread_join(other, NULL);
	q = query(b, handle);
	judge(t, &q);
	importer_detach(b->fd, handle);
}

static void run_race(struct bench *b, struct tally *t)
{
	uint32_t before = vfio_config_read(b->rig.dev->fd, race.reg->pos - BEFORE, BEFORE);

	memcpy(race.before + PAGE - BEFORE, &before, BEFORE);
	open_faults();
	for (unsigned int i = 0; i < ROUNDS; i++)
		one_round(b, t);
	close_faults();
	vfio_config_write(b->rig.dev->fd, race.reg->pos, 2, race.reg->on);
}

/* Attach the slow importer. It gets a buffer of its own, which its handle keeps alive. */
static uint32_t attach_slow(struct bench *b)
{
	struct pti_attach how = {
		.dmabuf_fd = b->dmabuf, .mode = PTI_DYNAMIC, .callback_ms = CALLBACK_MS,
	};
	int ret = importer_attach_as(b->fd, &how, importing_device());

	if (ret)
		tap_die("attach", "%s", strerror(-ret));
	close(b->dmabuf);
	b->dmabuf = rig_export(&b->rig);
	return how.handle;
}

void config_race_fetch(struct bench *b, const struct config_register *reg)
{
	char text[IMPORTER_TITLE];
	struct tally t = { 0 };

	watchdog_set(LIMIT_S, reg->name);
	race.reg = reg;
	race.slow = attach_slow(b);
	run_race(b, &t);
	importer_detach(b->fd, race.slow);
	tap_note("%s: of %u writes %u were seen to take the BAR away; of these the importer was "
		 "told of %u too late, by %.3f ms at worst", reg->name, ROUNDS, t.away, t.late,
		 us_to_ms(t.worst_us));
	tap_check(t.away && !t.late,
		  importer_title(text, reg->name, "importers are told before the BAR is away"),
		  "of %u times, they were not %u times", t.away, t.late);
}
