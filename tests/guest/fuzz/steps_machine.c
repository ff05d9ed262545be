// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Steps of an administrator: resets by sysfs, parameters, debugfs, runtime power management. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "fuzz.h"
#include "lib/pci.h"

#define DEBUG "/sys/kernel/debug/peerbar/%s/%s"

/* What steps change for the whole machine, and what was there before. */
enum { EXPORTER, POWER, TIMEOUT, FENCE, SETTINGS };

static struct setting {
	const char *of;		/* NULL: the device that is owned */
	const char *file;
	char before[64];
} settings[SETTINGS] = {
	[EXPORTER] = { NULL, "dmabuf_exporter", "" },
	[POWER] = { NULL, "power/control", "" },
	[TIMEOUT] = { "/sys/module/peerbar_vfio_pci/parameters", "revoke_timeout_ms", "" },
	[FENCE] = { "/sys/module/peerbar_vfio_pci/parameters", "fence", "" },
};

static void path_of(char path[128], const struct setting *setting)
{
	if (setting->of)
		snprintf(path, 128, "%s/%s", setting->of, setting->file);
	else
		snprintf(path, 128, "/sys/bus/pci/devices/%s/%s", rig_gpu(), setting->file);
}

void fuzz_note_machine(void)
{
	char path[128];

	for (unsigned int i = 0; i < SETTINGS; i++) {
		path_of(path, &settings[i]);
		sysfs_read(settings[i].before, sizeof(settings[i].before), path);
	}
}

void fuzz_restore_machine(struct fuzz_world *w)
{
	char path[128];

	if (!atomic_exchange(&w->tuned, false))
		return;
	for (unsigned int i = 0; i < SETTINGS; i++) {
		path_of(path, &settings[i]);
		sysfs_write(settings[i].before, path);
	}
}

static void set(struct fuzz_world *w, unsigned int setting, const char *text)
{
	char path[128];

	atomic_store(&w->tuned, true);
	path_of(path, &settings[setting]);
	sysfs_write(text, path);
}

static void step_sysfs_reset(struct fuzz_world *w, const struct fuzz_step *s)
{
	(void)w;
	(void)s;
	pci_poke(rig_gpu(), "reset");
}

static void step_exporter(struct fuzz_world *w, const struct fuzz_step *s)
{
	set(w, EXPORTER, s->flags & 1 ? "core" : "peerbar");
}

/* With the shortest ones importers that dally are fenced off. */
static void step_timeout(struct fuzz_world *w, const struct fuzz_step *s)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", (unsigned int)(s->value & 0x3f));
	set(w, TIMEOUT, text);
}

static void step_fence(struct fuzz_world *w, const struct fuzz_step *s)
{
	static const char *const lists[] = { "", "all", "efa", "bnxt_re,efa", ",", "mlx5_core" };

	set(w, FENCE, lists[s->flags % (sizeof(lists) / sizeof(*lists))]);
}

static void step_runtime_power(struct fuzz_world *w, const struct fuzz_step *s)
{
	set(w, POWER, s->flags & 1 ? "auto" : "on");
}

static void step_debugfs(struct fuzz_world *w, const struct fuzz_step *s)
{
	static const char *const files[] = { "exports", "attachments", "revokes" };
	char path[128], text[512];
	int fd;

	(void)w;
	snprintf(path, sizeof(path), DEBUG, rig_gpu(), files[s->flags % 3]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && read(fd, text, sizeof(text)) > 0)
		;
	if (fd >= 0)
		close(fd);
}

const struct fuzz_op fuzz_machine[] = {
	{ "sysfs-reset", step_sysfs_reset },
	{ "exporter", step_exporter },
	{ "timeout", step_timeout },
	{ "fence", step_fence },
	{ "runtime-power", step_runtime_power },
	{ "debugfs", step_debugfs },
	{ NULL, NULL },
};
