// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reading /dev/kmsg; see kmsg.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kmsg.h"
#include "machine/complaints.h"
#include "tap.h"

/* What is excused is listed here, as dmesg prints it, for the check at the end of the run. */
#define EXCUSED "/run/peerbar.excused"	/* scripts/lab.d/guest/setup.sh reads it */

struct record {
	uint64_t seq, time_us;
	char text[8192];	/* "priority,seq,microseconds,flags;text" as read */
	const char *message;
};

/* Return: 1, 0 at the end of the log, or -errno. */
static int next_record(int fd, struct record *r)
{
	ssize_t n;

	do
		n = read(fd, r->text, sizeof(r->text) - 1);
	while (n < 0 && (errno == EINTR || errno == EPIPE));	/* EPIPE: overwritten */
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (!n)
		return 0;
	r->text[n] = '\0';
	r->text[strcspn(r->text, "\n")] = '\0';
	if (sscanf(r->text, "%*u,%" SCNu64 ",%" SCNu64, &r->seq, &r->time_us) != 2)
		return -EPROTO;
	r->message = strchr(r->text, ';');
	r->message = r->message ? r->message + 1 : r->text;
	return 1;
}

uint64_t kmsg_position(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	uint64_t position = 0;
	struct record r;

	if (fd < 0)
		return 0;
	while (next_record(fd, &r) == 1)
		position = r.seq + 1;
	close(fd);
	return position;
}

/* Warnings that are excused, and the one heading of a stack that belongs to each. */
struct excuse {
	const char *const *texts;	/* the last one is NULL */
	bool heading;			/* that of its stack is still to come */
};

static bool is_excuse(const struct excuse *excuse, const char *message)
{
	for (const char *const *text = excuse->texts; *text; text++)
		if (strstr(message, *text))
			return true;
	return false;
}

static bool excused(struct excuse *excuse, const char *message)
{
	bool heading = excuse->heading && strstr(message, "Call Trace:");

	if (is_excuse(excuse, message)) {
		excuse->heading = true;
		return true;
	}
	excuse->heading &= !heading;
	return heading;
}

static void list_excused(const struct record *r)
{
	FILE *list = fopen(EXCUSED, "ae");

	tap_note("kernel, excused: %s", r->message);
	if (!list)
		return;
	fprintf(list, "[%5" PRIu64 ".%06" PRIu64 "] %s\n", r->time_us / 1000000,
		r->time_us % 1000000, r->message);
	fclose(list);
}

/* Print, as comments, the bad records from @since on. Return: how many count, or -errno. */
static int complaints(uint64_t since, const char *const *excuses)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct excuse excuse = { .texts = excuses };
	struct record r;
	int found = 0, ret;

	if (fd < 0)
		return -errno;
	while ((ret = next_record(fd, &r)) == 1) {
		if (r.seq < since)
			continue;
		if (excused(&excuse, r.message)) {
			list_excused(&r);
			continue;
		}
		if (!pb_kernel_complains(r.message))
			continue;
		tap_note("kernel: %s", r.message);
		found++;
	}
	close(fd);
	return ret < 0 ? ret : found;
}

int kmsg_count(uint64_t since, const char *text)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct record r;
	int found = 0, ret;

	if (fd < 0)
		return -errno;
	while ((ret = next_record(fd, &r)) == 1)
		found += r.seq >= since && strstr(r.message, text);
	close(fd);
	return ret < 0 ? ret : found;
}

void kmsg_check_but_these(uint64_t since, const char *const *excuses)
{
	int found = complaints(since, excuses);

	if (found < 0)
		tap_check(false, "kernel log", "cannot read it: %s", strerror(-found));
	else
		tap_check(!found, "kernel log", "%d complaints, shown above", found);
}

void kmsg_check_but(uint64_t since, const char *excuse)
{
	kmsg_check_but_these(since, (const char *const[]){ excuse, NULL });
}

void kmsg_check(uint64_t since)
{
	kmsg_check_but(since, NULL);
}
