// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* System sleep; see power.h. */
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kmod.h"
#include "pci.h"
#include "power.h"
#include "tap.h"

#define MODULE "peerbar_test_sleep"
#define PARAMETERS "/sys/module/" MODULE "/parameters/"
#define PM_TEST "/sys/power/pm_test"
#define STATE "/sys/power/state"
#define DISK "/sys/power/disk"
#define DELAY_S "1"

static void set(const char *text, const char *path)
{
	int ret = sysfs_write(text, path);

	if (ret)
		tap_die("set-up", "'%s' to %s: %s", text, path, strerror(-ret));
}

static uint64_t get(const char *path)
{
	FILE *f = fopen(path, "re");
	uint64_t value;

	if (!f || fscanf(f, "%" SCNu64, &value) != 1)
		tap_die("set-up", "cannot read %s", path);
	fclose(f);
	return value;
}

const char *power_why_not(void)
{
	return access(PM_TEST, W_OK) ? "this kernel has no pm_test" : NULL;
}

/* One parameter is for suspend; since Linux 7 hibernation has another of the same name. */
static void shorten(void)
{
	glob_t g;

	if (glob("/sys/module/*/parameters/pm_test_delay", 0, NULL, &g))
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		set(DELAY_S, g.gl_pathv[i]);
	globfree(&g);
}

bool power_has(const char *state)
{
	char states[64];

	return !sysfs_read(states, sizeof(states), STATE) && strstr(states, state);
}

void power_prepare(void)
{
	int ret = kmod_load(MODULE);

	if (ret && ret != -EEXIST)
		tap_die("set-up", "cannot load " MODULE ".ko: %s", strerror(-ret));
	shorten();
}

void power_test_resume(void)
{
	set("test_resume", DISK);
}

struct power_sleep power_sleep(const char *state, const char *level)
{
	uint64_t before = get(PARAMETERS "down_ns");
	struct power_sleep sleep;

	set(level, PM_TEST);
	sleep.ret = sysfs_write(state, STATE);
	set("none", PM_TEST);
	sleep.down_ns = get(PARAMETERS "down_ns");
	sleep.up_ns = get(PARAMETERS "up_ns");
	sleep.slept = sleep.down_ns != before;
	return sleep;
}
