// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What can be seen from outside: the kernel's log, objects that stay, NICs' counters; see run.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/complaints.h"
#include "machine/error.h"
#include "machine/sys.h"
#include "run.h"
#include "slots.h"

#define BUFINFO		"/sys/kernel/debug/dma_buf/bufinfo"
#define SETTLE_TRIES	40	/* of 50 ms: the kernel frees some objects later */
#define NOT_KNOWN	(-1LL)

/* Counts that must not grow from one episode to the next. */
struct counts {
	long long dmabufs;		/* of VFIO's exporters */
	long long users[MAX_NICS + 1];	/* of the NIC drivers' modules, and of the exporter's */
	long long stray;
};

static struct counts first;
static int log_fd = -1;
static unsigned int excused;
static bool stack_excused;

static bool count_line(char *text, void *data)
{
	long long *nr = data;

	*nr += strstr(text, PB_OUR_MODULE) || strstr(text, "vfio_pci_core");
	return true;
}

static long long count_dmabufs(void)
{
	long long nr = 0;

	return pb_each_line(BUFINFO, count_line, &nr) ? NOT_KNOWN : nr;
}

static long long count_users(const char *driver)
{
	char module[PB_NAME_SIZE], text[32];

	pb_driver_module(driver, module);
	if (!module[0] || pb_read(text, sizeof(text), "/sys/module/%s/refcnt", module))
		return NOT_KNOWN;
	return atoll(text);
}

static long long count_stray(void)
{
	long long nr = NOT_KNOWN;
	FILE *f;

	if (!config.stray)
		return NOT_KNOWN;
	f = popen(config.stray, "re");
	if (f && fscanf(f, "%lld", &nr) != 1)
		nr = NOT_KNOWN;
	if (f)
		pclose(f);
	return nr;
}

static void take_counts(struct counts *counts)
{
	counts->dmabufs = count_dmabufs();
	for (unsigned int i = 0; i < config.cast.nics; i++)
		counts->users[i] = count_users(config.nic[i].driver);
	counts->users[MAX_NICS] = count_users(config.device[0].driver);
	counts->stray = count_stray();
}

int watch_start(void)
{
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log_fd >= 0)
		lseek(log_fd, 0, SEEK_END);
	take_counts(&first);
	if (config.stray && first.stray < 0)
		return pb_fail(EINVAL, "--stray: \"%s\" prints no number", config.stray);
	return 0;
}

/* A record is "priority,sequence,microseconds,flags;text". */
static void read_record(char *record, struct violation *v)
{
	char *text = strchr(record, ';');

	text = text ? text + 1 : record;
	text[strcspn(text, "\n")] = '\0';
	if (!pb_kernel_complains(text))
		return;
	if (config.excuse && strstr(text, config.excuse)) {
		excused++;
		stack_excused = true;
	} else if (stack_excused && strstr(text, "Call Trace:")) {
		stack_excused = false;	/* it belongs to the line that was excused */
	} else {
		blame(v, "the kernel says: %.300s", text);
	}
}

void watch_log(struct violation *v)
{
	char record[8192];
	ssize_t n;

	while (log_fd >= 0) {
		n = read(log_fd, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)
			continue;	/* records were overwritten before they were read */
		if (n <= 0)
			return;
		record[n] = '\0';
		read_record(record, v);
	}
}

static bool grew(const char *what, long long then, long long now, struct violation *v)
{
	if (then < 0 || now <= then)
		return false;
	if (v)
		blame(v, "%s: there were %lld, and now there are %lld", what, then, now);
	return true;
}

/* @v: NULL: only say whether something has. */
static bool leaked(const struct counts *now, struct violation *v)
{
	bool any = grew("dma-bufs", first.dmabufs, now->dmabufs, v);

	for (unsigned int i = 0; i < config.cast.nics; i++)
		any |= grew("users of the NIC's driver", first.users[i], now->users[i], v);
	return any | grew("users of the exporter", first.users[MAX_NICS], now->users[MAX_NICS], v);
}

void watch_collect(const struct violation *v)
{
	if (v->text[0] && config.on_violation && system(config.on_violation))
		fprintf(stderr, "peerbar-revoke-stress: \"%s\" failed\n", config.on_violation);
}

static void try_device(const struct stress_device *what, struct violation *v)
{
	struct slots slots = { 0 };
	struct peerbar_device *dev;
	const char *why;

	if (peerbar_open(what->address, &dev)) {
		blame(v, "%s does not open any more: %s", what->address, peerbar_errmsg());
		return;
	}
	slots_enable(dev);
	why = slots_map(&slots, dev, what) ? peerbar_errmsg() : slots_not_memory(&slots);
	if (why)
		blame(v, "%s does not work any more: %s", what->address, why);
	watch_collect(v);
	slots_unmap(&slots);
	peerbar_close(dev);
}

void watch_rest(struct violation *v)
{
	struct counts now;

	for (unsigned int i = 0; i < SETTLE_TRIES; i++) {
		take_counts(&now);
		if (!leaked(&now, NULL))
			break;
		usleep(50000);
	}
	leaked(&now, v);
	grew("stray accesses", first.stray, now.stray, v);
	for (unsigned int i = 0; i < config.cast.devices && !v->text[0]; i++)
		try_device(&config.device[i], v);
}

const char *watch_unseen(unsigned int i)
{
	const char *unseen[4];
	unsigned int nr = 0;

	if (log_fd < 0)
		unseen[nr++] = "the kernel's log, which this user may not read";
	if (first.dmabufs < 0)
		unseen[nr++] = "dma-bufs that leak: only root sees " BUFINFO;
	if (!config.stray)
		unseen[nr++] = "accesses of the NIC that move no bytes into the BAR: there is no "
			       "--stray";
	if (!config.cast.admin)
		unseen[nr++] = "what only root can do: resets, unbinds and removals by others";
	return i < nr ? unseen[i] : NULL;
}

unsigned int watch_excused(void)
{
	return excused;
}

long long watch_stray(void)
{
	long long now = count_stray();

	return now < 0 ? now : now - first.stray;
}
