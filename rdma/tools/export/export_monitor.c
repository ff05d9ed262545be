// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar export monitor: what happens to exported BARs, a line for each event as it happens. The
 * events are peerbar-vfio-pci's trace events, read from a tracing instance of their own, so that
 * nobody else's tracing is disturbed.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/pci.h"
#include "machine/sys.h"
#include "peerbar.h"
#include "tool.h"
#include "words.h"

static const char usage[] = "Usage: peerbar export monitor [DEV]\n";

#define TRACING "/sys/kernel/tracing"
#define INSTANCES TRACING "/instances"
#define PREFIX "peerbar-"		/* and the number of the process */
#define INSTANCE INSTANCES "/" PREFIX "%d"

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

/* Without SA_RESTART, so that a read that waits ends. */
static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction act = { .sa_handler = stop };
	unsigned int i;

	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &act, NULL);
	signal(SIGPIPE, SIG_IGN);	/* tool_flush() says that the reader went away */
}

/* The instances of monitors that were killed. */
static void remove_stale(void)
{
	PB_NAMES instances = pb_list(INSTANCES);
	const char *name;
	int i;

	for (i = 0; i < instances.nr; i++) {
		name = pb_name(&instances, i);
		if (!strncmp(name, PREFIX, strlen(PREFIX)) &&
		    !pb_exists("/proc/%s", name + strlen(PREFIX)))
			pb_remove_folder(INSTANCES "/%s", name);
	}
}

static int cannot_trace(int err)
{
	if (err == EACCES || err == EPERM)
		return tool_failure("cannot trace the kernel: %s: run this as root", strerror(err));
	if (err == ENOENT)
		return tool_failure("there is no " INSTANCES ": mount tracefs at " TRACING
				    ", on a kernel with CONFIG_TRACING");
	return tool_failure("cannot make a tracing instance in " INSTANCES ": %s", strerror(err));
}

/* Events, by the clock that peerbar_watch_read() has, too. Return: an exit status. */
static int enable(void)
{
	int ret = pb_write("mono", INSTANCE "/trace_clock", getpid());

	if (!ret)
		ret = pb_write("1", INSTANCE "/events/peerbar/enable", getpid());
	if (ret == -ENOENT)
		return tool_failure("the kernel has no events of peerbar-vfio-pci: load it "
				    "(modprobe peerbar-vfio-pci)");
	return ret ? tool_failure("cannot enable the events: %s", strerror(-ret)) : TOOL_OK;
}

/* Decimal numbers are numbers in JSON, too. */
static void add_word(json_object *row, const char *key, const char *value)
{
	if (*value && !value[strspn(value, "0123456789")])
		tool_add_number(row, key, strtoull(value, NULL, 10));
	else
		tool_add_string(row, key, value);
}

/* In seconds, with all the digits that the kernel gives. */
static void add_time(json_object *row, const char *time)
{
	json_object *number = json_object_new_double_s(strtod(time, NULL), time);

	if (number)
		tool_add_object(row, "time", number);
}

/*
 * Find "34.567890: revoke_begin: device=" in a line such as
 * "  bash-12 [000] ...1.    34.567890: revoke_begin: device=0000:01:00.0 ...". A process chooses
 * its own name, of up to 15 bytes, which may even break the line; so it cannot contain all of
 * that. Cuts the line there. Return: the event, or NULL.
 */
static char *cut_event(char *line, char **time, char **words)
{
	char *colon, *event, *begin;

	for (colon = line; (colon = strstr(colon, ": device=")); colon++) {
		for (event = colon; event > line && (islower(event[-1]) || event[-1] == '_'); )
			event--;
		if (event - line < 2 || strncmp(event - 2, ": ", 2))
			continue;
		for (begin = event - 2; begin > line && strchr("0123456789.", begin[-1]); )
			begin--;
		if (event - 2 - begin < (ptrdiff_t)strlen("0.123456"))
			continue;
		*colon = '\0';
		event[-2] = '\0';
		*time = begin;
		*words = colon + 2;
		return event;
	}
	return NULL;
}

struct monitor {
	const char *device;	/* whose events to print; NULL: all */
	int status;
};

static bool print_event(struct monitor *m, const char *event, const char *time, char *text)
{
	json_object *row;
	struct words words;
	const char *device;
	unsigned int i;

	words_split(text, &words);
	device = words_find(&words, "device");
	if (!device || (m->device && strcmp(device, m->device)))
		return true;
	row = tool_object();
	add_time(row, time);
	tool_add_string(row, "dev", device);
	tool_add_string(row, "event", event);
	for (i = 0; i < words.nr; i++)
		if (strcmp(words.word[i].key, "device"))
			add_word(row, words.word[i].key, words.word[i].value);
	m->status = tool_print(row);
	return !m->status;
}

/* "CPU:0 [LOST 42 EVENTS]" */
static bool print_lost(struct monitor *m, const char *line)
{
	const char *lost = strstr(line, "[LOST ");
	json_object *row;

	if (!lost)
		return true;
	row = tool_object();
	tool_add_string(row, "event", "lost");
	tool_add_number(row, "events", strtoull(lost + strlen("[LOST "), NULL, 10));
	m->status = tool_print(row);
	return !m->status;
}

static bool one_line(char *line, void *data)
{
	char *time, *words, *event = cut_event(line, &time, &words);
	struct monitor *m = data;

	if (stopped)
		return false;
	return event ? print_event(m, event, time, words) : print_lost(m, line);
}

/* Ends at a signal, or when nobody reads what is printed. */
static int follow(const char *device)
{
	struct monitor m = { device, TOOL_OK };
	char path[64];
	int ret;

	snprintf(path, sizeof(path), INSTANCE "/trace_pipe", getpid());
	ret = pb_each_line(path, one_line, &m);
	if (ret && !stopped)
		return tool_failure("cannot read %s: %s", path, strerror(-ret));
	return m.status;
}

static int monitor(const char *device)
{
	int ret, status;

	catch_signals();
	remove_stale();
	ret = pb_make_folder(INSTANCE, getpid());
	if (ret)
		return cannot_trace(-ret);
	status = enable();
	if (!status)
		status = follow(device);
	pb_remove_folder(INSTANCE, getpid());
	return status;
}

int export_monitor(int argc, char **argv)
{
	char address[PB_ADDRESS_SIZE];

	if (tool_wants_help(argc, argv, usage))
		return TOOL_OK;
	if (argc > 1)
		return tool_misuse(usage, "\"%s\" is one word too many", argv[1]);
	if (argc && (pb_pci_parse(argv[0], address) || pb_pci_exists(address)))
		return tool_failure("%s", peerbar_errmsg());
	return monitor(argc ? address : NULL);
}
