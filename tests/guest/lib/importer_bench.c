// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Shared by the tests that use the test importer; see importer_bench.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exporter.h"
#include "importer_bench.h"
#include "nicctl.h"
#include "pci.h"
#include "tap.h"
#include "watchdog.h"

#define LIMIT_S 60u

void bench_open(struct bench *b, const char *name)
{
	bench_open_for(b, TRIGGER_RESET, name);
}

void bench_open_for(struct bench *b, enum trigger trigger, const char *name)
{
	watchdog_set(LIMIT_S, name);
	memset(b, 0, sizeof(*b));
	b->rig.span = SPAN;
	rig_open_device(&b->rig);
	trigger_prepare(&b->rig, trigger);
	b->dmabuf = rig_export(&b->rig);
	b->fd = importer_open();
}

void bench_close(struct bench *b)
{
	close(b->fd);
	close(b->dmabuf);
	peerbar_close(b->rig.dev);
	watchdog_clear();
}

const char *mode_name(enum pti_mode mode)
{
	static const char *const names[] = {
		[PTI_DYNAMIC] = "dynamic", [PTI_PINNED] = "pinned",
		[PTI_UNREVOCABLE] = "unrevocable",
	};

	return names[mode];
}

const char *importing_device(void)
{
	return rig_nic();
}

static char fence_before[EXPORTER_FENCE];

void allow_fence(void)
{
	char driver[64];
	int ret = pci_driver(importing_device(), driver, sizeof(driver));

	if (ret)
		tap_die("set-up", "%s has no driver: %s", importing_device(), strerror(-ret));
	if (!rig_exporter_is_ours())
		return;
	exporter_get_fence(fence_before);
	exporter_set_fence(driver);
}

void allow_no_more_fence(void)
{
	if (rig_exporter_is_ours())
		exporter_set_fence(fence_before);
}

uint32_t attach(struct bench *b, enum pti_mode mode, uint32_t delay_ms)
{
	uint32_t handle;
	int ret = importer_attach(b->fd, b->dmabuf, importing_device(), mode, delay_ms,
				  &handle);

	if (ret)
		tap_die("attach", "%s: %s", mode_name(mode), strerror(-ret));
	return handle;
}

uint32_t attach_and_map(struct bench *b, enum pti_mode mode, uint32_t delay_ms)
{
	uint32_t handle = attach(b, mode, delay_ms);
	int ret = importer_map(b->fd, handle);

	if (ret)
		tap_die("map", "%s: %s", mode_name(mode), strerror(-ret));
	return handle;
}

struct pti_query query(struct bench *b, uint32_t handle)
{
	struct pti_query q;
	int ret = importer_query(b->fd, handle, &q, NULL, 0);

	if (ret)
		tap_die("query", "%s", strerror(-ret));
	return q;
}

const char *importer_title(char *text, const char *name, const char *what)
{
	snprintf(text, IMPORTER_TITLE, "%s: %s", name, what);
	return text;
}

void expect(int got, int expected, const char *name, const char *what)
{
	char text[IMPORTER_TITLE];

	tap_check(got == expected, importer_title(text, name, what), "%s, expected %s",
		  strerror(-got), strerror(-expected));
}

void check_reachable(uint64_t expected, const char *name, const char *what)
{
	char text[IMPORTER_TITLE];
	uint64_t bytes;

	if (!rig_is_guarded())
		return;
	bytes = nicctl_reachable();
	tap_check(bytes == expected, importer_title(text, name, what),
		  "it reaches %" PRIu64 " bytes, expected %" PRIu64, bytes, expected);
}
