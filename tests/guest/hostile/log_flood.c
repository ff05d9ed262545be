// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * log_flood: a program that owns a device, and need not be root, does again and again what the
 * kernel logs. The log must have it, and must not be flooded. The limit is 32 lines in 5 seconds
 * for all importers of a device; refused attaches have the kernel's own rate limit.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/exporter.h"
#include "lib/importer_bench.h"
#include "lib/kmsg.h"
#include "lib/pci.h"
#include "lib/tap.h"
#include "lib/watchdog.h"

#define TRIES 2000u
#define AT_ONCE 4u		/* mappings that one revoke fences */
#define BURST 32u
#define INTERVAL_US 5000000u
#define LIMIT_S 120u

/* Attach importers that cannot revoke, with no driver named in the parameter fence. */
static unsigned int be_refused(struct bench *b)
{
	char fence[EXPORTER_FENCE];
	unsigned int refused = 0;
	uint32_t handle;

	exporter_get_fence(fence);
	exporter_set_fence("");
	for (unsigned int i = 0; i < TRIES; i++)
		refused += importer_attach(b->fd, b->dmabuf, importing_device(), PTI_UNREVOCABLE,
					   PTI_UNMAP_AT_ONCE, &handle) == -EOPNOTSUPP;
	exporter_set_fence(fence);
	return refused;
}

/* Importers that do not let go when memory decode is turned off. */
static unsigned int be_fenced(struct bench *b)
{
	unsigned int old = exporter_set_timeout(1), fenced = 0;

	while (fenced < TRIES) {
		uint32_t handle[AT_ONCE];

		for (unsigned int i = 0; i < AT_ONCE; i++)
			handle[i] = attach_and_map(b, PTI_DYNAMIC, PTI_UNMAP_NEVER);
		rig_set_memory(&b->rig, false);
		rig_set_memory(&b->rig, true);
		fenced += exporter_shows(rig_gpu(), "attachments", "fenced=1");
		for (unsigned int i = 0; i < AT_ONCE; i++)
			importer_detach(b->fd, handle[i]);
	}
	exporter_set_timeout(old);
	return fenced;
}

/* Importers that detach while they still have a mapping. */
static unsigned int litter(struct bench *b)
{
	struct pti_attach how = {
		.dmabuf_fd = b->dmabuf, .mode = PTI_DYNAMIC, .flags = PTI_LITTERS,
	};
	unsigned int done = 0;

	for (unsigned int i = 0; i < TRIES; i++)
		done += !importer_attach_as(b->fd, &how, importing_device()) &&
			!importer_map(b->fd, how.handle) &&
			!importer_detach(b->fd, how.handle);
	return done;
}

/* Binding the device starts a new rate limit, so that no check uses up another's lines. */
static void bind_anew(const char *name)
{
	char driver[64];

	if (pci_driver(rig_gpu(), driver, sizeof(driver)) || pci_unbind(rig_gpu()) ||
	    pci_bind(rig_gpu(), driver))
		tap_die(name, "cannot bind %s anew", rig_gpu());
}

/* @act does it TRIES times or more, and returns how often; without a limit each logs @text. */
static void check_lines(unsigned int (*act)(struct bench *b), const char *text,
			const char *name)
{
	uint64_t log, start;
	char title[IMPORTER_TITLE];
	unsigned int done, most;
	struct bench b;
	int lines;

	bind_anew(name);
	bench_open(&b, name);
	watchdog_set(LIMIT_S, name);
	log = kmsg_position();
	start = now_us();
	done = act(&b);
	most = BURST * (unsigned int)(2 + (now_us() - start) / INTERVAL_US);
	lines = kmsg_count(log, text);
	expect(done >= TRIES ? 0 : -EAGAIN, 0, name, "2000 times");
	tap_check(lines > 0 && lines <= (int)most, importer_title(title, name, "the log says it"),
		  "%d times for %u, at most %u are right", lines, done, most);
	bench_close(&b);
}

int main(void)
{
	uint64_t log = kmsg_position();

	if (!rig_exporter_is_ours()) {
		tap_skip("log", "the kernel's exporter logs nothing of importers");
		return tap_exit_status();
	}
	check_lines(be_refused, "peerbar: refused", "log, refused attaches");
	check_lines(be_fenced, "did not let go", "log, fences");
	check_lines(litter, "detaches what it has mapped", "log, detaches of what is mapped");
	bind_anew("log");
	kmsg_check(log);
	return tap_exit_status();
}
