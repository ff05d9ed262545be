// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * revoke_flush: a revoke ends with a read of the exporting device's configuration space, which
 * does not overtake the writes that were posted to the device before. QEMU posts no writes, so
 * that no byte shows whether it is read. A probe in the kernel does, and shows when: not before
 * all importers have let go, and not at all if nothing was mapped.
 *
 * peerbar-vfio-pci does this; the kernel's exporter does not.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/importer_bench.h"
#include "lib/kmsg.h"
#include "lib/pci.h"
#include "lib/tap.h"

#define TRACING "/sys/kernel/tracing"
#define INSTANCE TRACING "/instances/revoke_flush"
#define EVENT "config_read"
#define PROBE INSTANCE "/events/peerbar_test/" EVENT
#define LATE_MS 100u
#define TICK_MS 10u		/* a timer may be early by a part of a tick */

static void set(const char *text, const char *path)
{
	int ret = sysfs_write(text, path);

	if (ret)
		tap_die("probe", "%s: %s", path, strerror(-ret));
}

/* Only what this thread reads, and only the vendor's ID, which nothing else asks for here. */
static void probe_begin(void)
{
	char filter[64];

	set("p:peerbar_test/" EVENT " pci_read_config_word where=$arg2:s32",
	    TRACING "/kprobe_events");
	if (mkdir(INSTANCE, 0700))
		tap_die("probe", INSTANCE ": %s", strerror(errno));
	set("mono", INSTANCE "/trace_clock");
	snprintf(filter, sizeof(filter), "where == 0 && common_pid == %d", (int)getpid());
	set(filter, PROBE "/filter");
	set("1", PROBE "/enable");
}

static void probe_end(void)
{
	set("0", PROBE "/enable");
	if (rmdir(INSTANCE))
		tap_die("probe", INSTANCE ": %s", strerror(errno));
	set("-:peerbar_test/" EVENT, TRACING "/kprobe_events");
}

static FILE *open_trace(const char *mode)
{
	FILE *f = fopen(INSTANCE "/trace", mode);

	if (!f)
		tap_die("probe", INSTANCE "/trace: %s", strerror(errno));
	return f;
}

/* Opening it for writing, and nothing else, empties it. */
static void forget(void)
{
	fclose(open_trace("we"));
}

/*
 * A line is "revoke_flush-81 [000] ..... 12.345678: config_read: ...", with the time in seconds.
 * Return: how many reads were seen since the last forget(), and the time of the last one in ns.
 */
static unsigned int probe_reads(uint64_t *last_ns)
{
	unsigned int reads = 0;
	char line[512], *at;
	double s;
	FILE *f = open_trace("re");

	while (fgets(line, sizeof(line), f)) {
		at = strstr(line, ": " EVENT ":");
		if (!at)
			continue;
		*at = '\0';
		at = strrchr(line, ' ');
		s = at ? strtod(at, NULL) : 0;
		*last_ns = (uint64_t)(s * 1e9);
		reads++;
	}
	fclose(f);
	return reads;
}

/* The time of the trace has microseconds. */
static void ends_with_a_read(enum pti_mode mode)
{
	char name[64], text[IMPORTER_TITLE];
	uint64_t read_ns = 0;
	unsigned int reads;
	struct pti_query q;
	struct bench b;
	uint32_t handle;

	snprintf(name, sizeof(name), "%s, lets go late", mode_name(mode));
	bench_open_for(&b, TRIGGER_MEMORY, name);
	handle = attach_and_map(&b, mode, LATE_MS);
	forget();
	trigger_pull(&b.rig, TRIGGER_MEMORY);
	reads = probe_reads(&read_ns);
	q = query(&b, handle);
	tap_note("%s: %u reads, the last %.3f ms after the unmap", name, reads,
		 (double)(int64_t)(read_ns - q.unmapped_at) / 1e6);
	tap_check(reads, importer_title(text, name, "the device is read"), "it is not");
	/* the importer notes when its unmap is done, which is after the exporter has seen it */
	tap_check(!reads || read_ns >= q.notified_at + (LATE_MS - TICK_MS) * 1000000ull,
		  importer_title(text, name, "when the importer has let go"), "before that");
	trigger_recover(&b.rig, TRIGGER_MEMORY);
	rig_unmap_bar(&b.rig);
	importer_detach(b.fd, handle);
	bench_close(&b);
}

static void reads_nothing_for_nobody(void)
{
	static const char name[] = "nothing mapped: the device is not read";
	uint64_t read_ns = 0;
	unsigned int reads;
	struct bench b;

	bench_open_for(&b, TRIGGER_MEMORY, name);
	forget();
	trigger_pull(&b.rig, TRIGGER_MEMORY);
	reads = probe_reads(&read_ns);
	tap_check(!reads, name, "%u times", reads);
	trigger_recover(&b.rig, TRIGGER_MEMORY);
	rig_unmap_bar(&b.rig);
	bench_close(&b);
}

int main(void)
{
	static const char title[] = "a revoke ends with a read";
	uint64_t log = kmsg_position();

	if (!rig_exporter_is_ours()) {
		tap_skip(title, "the kernel's exporter does not read");
		return tap_exit_status();
	}
	if (access(TRACING "/kprobe_events", W_OK)) {
		tap_skip(title, "this kernel has no probes");
		return tap_exit_status();
	}
	probe_begin();
	ends_with_a_read(PTI_DYNAMIC);
	ends_with_a_read(PTI_PINNED);
	reads_nothing_for_nobody();
	probe_end();
	kmsg_check(log);
	return tap_exit_status();
}
