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
#include "tap.h"

static const char *const bad[] = {
	"WARNING: ", "BUG: ", "kernel BUG at", "Oops", "Call Trace:", "blocked for more than",
	"general protection fault", "refcount_t: ", "soft lockup", "self-detected stall",
	"detected stalls", "Kernel panic", "list_add corruption", "list_del corruption",
	"UBSAN: ", "DMA-API: debugging out of memory", "ODEBUG: Out of memory",
	"INFO: lockdep is turned off", "new suspected memory leaks",
};

struct record {
	uint64_t seq;
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
	if (sscanf(r->text, "%*u,%" SCNu64, &r->seq) != 1)
		return -EPROTO;
	r->message = strchr(r->text, ';');
	r->message = r->message ? r->message + 1 : r->text;
	return 1;
}

static bool complains(const char *message)
{
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (strstr(message, bad[i]))
			return true;
	return false;
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

int kmsg_complaints(uint64_t since)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct record r;
	int found = 0, ret;

	if (fd < 0)
		return -errno;
	while ((ret = next_record(fd, &r)) == 1) {
		if (r.seq < since || !complains(r.message))
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

void kmsg_check(uint64_t since)
{
	int found = kmsg_complaints(since);

	if (found < 0)
		tap_check(false, "kernel log", "cannot read it: %s", strerror(-found));
	else
		tap_check(!found, "kernel log", "%d complaints, shown above", found);
}
