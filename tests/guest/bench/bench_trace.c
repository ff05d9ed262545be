// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Revokes as the exporter traces them; see bench_trace.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_trace.h"
#include "lib/tap.h"

#define INSTANCE "/sys/kernel/tracing/instances/bench"
#define EVENT "revoke_end: "

static int pipe_fd = -1;

static void must(int ret, const char *what)
{
	if (ret < 0)
		tap_die("trace", "%s: %s", what, strerror(errno));
}

static void enable(const char *value)
{
	static const char file[] = INSTANCE "/events/peerbar/revoke_end/enable";
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	must(fd, file);
	must((int)write(fd, value, strlen(value)), file);
	close(fd);
}

void bench_trace_open(void)
{
	if (mkdir(INSTANCE, 0700) && errno != EEXIST)
		must(-1, INSTANCE);
	pipe_fd = open(INSTANCE "/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	must(pipe_fd, INSTANCE "/trace_pipe");
	enable("1");
}

void bench_trace_close(void)
{
	enable("0");
	close(pipe_fd);
	must(rmdir(INSTANCE), INSTANCE);
}

/* The number after @key, which ends in "=". */
static unsigned long long field(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	if (!at)
		tap_die("trace", "no %s in: %s", key, line);
	return strtoull(at + strlen(key), NULL, 10);
}

void bench_trace_revocation(struct bench_revocation *revocation)
{
	char text[4096];
	ssize_t n = read(pipe_fd, text, sizeof(text) - 1);
	char *event;

	must((int)n, "no revoke was traced");
	text[n] = '\0';
	event = strstr(text, EVENT);
	if (!event || strstr(event + 1, EVENT))
		tap_die("trace", "not one revoke but: %s", text);
	revocation->fenced = (unsigned int)field(event, " fenced=");
	revocation->overdue = (unsigned int)field(event, " overdue=");
	revocation->us = (double)field(event, " ns=") / 1000;
}
