// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * fault_sweep [NAME]...: every call of the exporter, its driver and the NIC's driver, with each
 * of its allocations failing in turn; see sweep.h. A call that fails must leave everything as it
 * was, so that the same call, tried again, succeeds; one that succeeds must have done all. At the
 * end nothing is left, and the kernel's log has no warning.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/census.h"
#include "lib/kmsg.h"
#include "lib/pci.h"
#include "lib/tap.h"
#include "lib/watchdog.h"
#include "sweep.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define DEBUG		"/sys/kernel/debug/"
#define MOST		20000u		/* allocations of one call: more is a loop */
#define LIMIT_S		1200u		/* of one subject */
#define ERRNOS		134

/* Warnings by which the kernel itself answers a failed allocation: see docs/findings.md. */
static const char *const known[] = {
	"vmalloc error: size", " at vfio_group_release+", " at __iommu_release_dma_ownership+",
	" at event_define_fields+", NULL,
};

static int fail_nth;
static unsigned int injected;	/* in all */

static const struct {
	const char *file, *value;
} settings[] = {
	/* those that may wait, too; also single pages, as the IOMMU's tables are */
	{ "failslab/ignore-gfp-wait", "N" },
	{ "fail_page_alloc/ignore-gfp-wait", "N" },
	{ "fail_page_alloc/min-order", "0" },
	/* a stack in the log for each would hide real warnings */
	{ "failslab/verbose", "0" },
	{ "fail_page_alloc/verbose", "0" },
};

static void set_up_injection(void)
{
	char path[96];
	int ret;

	for (unsigned int i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		snprintf(path, sizeof(path), DEBUG "%s", settings[i].file);
		ret = sysfs_write(settings[i].value, path);
		if (ret)
			tap_die("set-up", "%s: %s", path, strerror(-ret));
	}
	fail_nth = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (fail_nth < 0)
		tap_die("set-up", "no " FAIL_NTH);
	/* a page fault of this process is no part of a call */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		tap_die("set-up", "mlockall: %s", strerror(errno));
}

static void fail_after(unsigned int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(fail_nth, text, (size_t)length, 0) != length)
		tap_die("sweep", "cannot write " FAIL_NTH);
}

/* Has the allocation that was to fail been reached? */
static bool has_failed(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) <= 0)
		tap_die("sweep", "cannot read " FAIL_NTH);
	return !atoi(text);
}

struct counts {
	unsigned int injected, survived, errors[ERRNOS];
	unsigned int unexpected;
};

static void complain(struct counts *c, const struct subject *u, unsigned int n, const char *what,
		     int ret)
{
	if (c->unexpected++ < 5)
		tap_note("%s, allocation %u: %s: %d (%s)", u->name, n, what, ret, strerror(-ret));
}

static void verify(struct sweep *s, const struct subject *u, unsigned int n, struct counts *c)
{
	const char *wrong = u->check(s);

	if (wrong)
		complain(c, u, n, wrong, 0);
}

/* The call failed: nothing is different, so it succeeds now. */
static void try_again(struct sweep *s, const struct subject *u, unsigned int n, int failed,
		      struct counts *c)
{
	int ret = u->call(s);

	c->errors[-failed < ERRNOS ? -failed : 0]++;
	if (ret)
		complain(c, u, n, "it failed cleanly, but fails again", ret);
	else
		verify(s, u, n, c);
}

/* Return: false if the call needs fewer than @n allocations. */
static bool inject(struct sweep *s, const struct subject *u, unsigned int n, struct counts *c)
{
	bool failed;
	int ret;

	s->mode = u->mode;
	u->set_up(s);
	fail_after(n);
	ret = u->call(s);
	failed = has_failed();
	fail_after(0);
	c->injected += failed;
	if (ret && !failed && ret == -u->end_errno)
		tap_note("%s: %s without a failure ends it", u->name, strerror(-ret));
	else if (ret && !failed)
		complain(c, u, n, "it failed although nothing did", ret);
	else if (ret)
		try_again(s, u, n, ret, c);
	else
		verify(s, u, n, c);
	c->survived += !ret && failed;
	sweep_tidy(s);
	return failed;
}

static void report(const struct subject *u, const struct counts *c)
{
	char name[96];

	tap_note("%s: %u failures injected, %u survived", u->name, c->injected, c->survived);
	for (int i = 0; i < ERRNOS; i++)
		if (c->errors[i])
			tap_note("%s: %u gave %s", u->name, c->errors[i], strerror(i));
	snprintf(name, sizeof(name), "sweep: %s: every failed allocation is dealt with", u->name);
	tap_check(!c->unexpected, name, "%u of %u are not: see above", c->unexpected, c->injected);
	injected += c->injected;
}

static void sweep(struct sweep *s, const struct subject *u)
{
	struct counts c = { 0 };
	unsigned int n = 1;

	watchdog_set(LIMIT_S, u->name);
	while (n < MOST && !c.unexpected && inject(s, u, n, &c))
		n++;
	watchdog_clear();
	report(u, &c);
}

static bool is_wanted(const char *name, char **wanted)
{
	if (!*wanted)
		return true;
	for (; *wanted; wanted++)
		if (strstr(name, *wanted))
			return true;
	return false;
}

static void sweep_all(struct sweep *s, const struct subject *u, char **wanted)
{
	for (; u->name; u++)
		if (is_wanted(u->name, wanted))
			sweep(s, u);
}

/* Once without failures: drivers keep some of what they needed, such as the NIC's pages. */
static void rehearse(struct sweep *s, const struct subject *u)
{
	for (; u->name; u++) {
		s->mode = u->mode;
		u->set_up(s);
		if (u->call(s) || u->check(s))
			tap_die(u->name, "it fails without failures");
		sweep_tidy(s);
	}
}

void need_device(struct sweep *s)
{
	if (!s->rig.dev)
		rig_open_device(&s->rig);
}

void need_no_device(struct sweep *s)
{
	peerbar_close(s->rig.dev);
	s->rig.dev = NULL;
}

void need_buffer(struct sweep *s)
{
	need_device(s);
	s->dmabuf = rig_export(&s->rig);
}

int sweep_reset(struct sweep *s)
{
	return peerbar_reset(s->rig.dev);
}

void sweep_tidy(struct sweep *s)
{
	if (s->mr && ibv_dereg_mr(s->mr))
		tap_die("sweep", "an MR does not deregister");
	if (s->handle && importer_detach(s->importer, s->handle))
		tap_die("sweep", "an importer does not detach");
	if (s->dmabuf >= 0)
		close(s->dmabuf);
	s->mr = NULL;
	s->handle = 0;
	s->dmabuf = -1;
}

int main(int argc, char **argv)
{
	struct sweep s = { .rig = { .span = SWEEP_SPAN }, .dmabuf = -1 };
	struct census before, after;
	uint64_t log = kmsg_position();

	(void)argc;
	if (access(FAIL_NTH, F_OK)) {
		tap_skip("sweep", "this kernel cannot fail allocations: use the debug kernel");
		return tap_exit_status();
	}
	if (pci_driver(rig_gpu(), s.driver, sizeof(s.driver)))
		tap_die("set-up", "%s has no driver", rig_gpu());
	s.ranges = rig_exporter_is_ours() ? 2 : 1;
	rig_open_nic(&s.rig, rig_ibdev(), MIB, 8);
	s.importer = importer_open();
	rehearse(&s, sweep_exporter);
	rehearse(&s, sweep_nic);
	need_no_device(&s);
	set_up_injection();
	census_take(&before, rig_ibdev());
	sweep_all(&s, sweep_exporter, argv + 1);
	sweep_all(&s, sweep_nic, argv + 1);
	need_no_device(&s);
	close(s.importer);
	s.importer = -1;
	sweep_all(&s, sweep_driver, argv + 1);
	s.importer = importer_open();
	tap_check(injected, "sweep: allocations failed", "none did");
	census_take(&after, rig_ibdev());
	census_check(&before, &after, "sweep: nothing is left");
	close(s.importer);
	rig_close_nic(&s.rig);
	kmsg_check_but_these(log, known);
	return tap_exit_status();
}
