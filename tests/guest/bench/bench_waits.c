// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Threads that wait for locks; see bench_waits.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_waits.h"
#include "lib/clock.h"
#include "lib/tap.h"

#define PAUSE_US 1000u

static const char *const names[WAITS] = { "revokes", "exports", "attachments", "poll" };

/* Read a whole file of debugfs. The kernel produces it anew when it is read from offset 0. */
static void read_file(int fd)
{
	char text[65536];
	off_t done = 0;
	ssize_t n;

	while ((n = pread(fd, text, sizeof(text), done)) > 0)
		done += n;
	if (n < 0)
		tap_die("waits", "cannot read: %s", strerror(errno));
}

static void poll_once(int fd)
{
	struct pollfd dmabuf = { .fd = fd, .events = POLLIN | POLLOUT };

	if (poll(&dmabuf, 1, 0) < 0)
		tap_die("waits", "cannot poll: %s", strerror(errno));
}

static void wait_once(struct waiter *w)
{
	uint64_t start = now_us();
	double us;

	w->wait(w->fd);
	us = (double)(now_us() - start);
	if (us > w->longest_us)
		w->longest_us = us;
	if (w->count < WAITS_SAMPLES)
		w->us[w->count++] = us;
}

static void *run(void *arg)
{
	struct waiter *w = arg;

	while (!*w->stop) {
		sleep_us(PAUSE_US);
		wait_once(w);
	}
	return NULL;
}

static int open_file(const char *device, const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/peerbar/%s/%s", device, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		tap_die("waits", "%s: %s", path, strerror(errno));
	return fd;
}

static bool is_poll(unsigned int i)
{
	return i == WAITS - 1;
}

static void start(struct waiter *w)
{
	w->count = 0;
	w->longest_us = 0;
	wait_once(w);
	if (pthread_create(&w->thread, NULL, run, w))
		tap_die("waits", "cannot start a thread");
}

void waits_start(struct waits *w, const char *device, int dmabuf)
{
	w->stop = false;
	for (unsigned int i = 0; i < WAITS; i++) {
		w->waiter[i].stop = &w->stop;
		w->waiter[i].fd = is_poll(i) ? dmabuf : open_file(device, names[i]);
		w->waiter[i].wait = is_poll(i) ? poll_once : read_file;
		start(&w->waiter[i]);
	}
}

void waits_stop(struct waits *w)
{
	w->stop = true;
	for (unsigned int i = 0; i < WAITS; i++) {
		pthread_join(w->waiter[i].thread, NULL);
		if (!is_poll(i))
			close(w->waiter[i].fd);
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const struct waiter *w)
{
	static double sorted[WAITS_SAMPLES];

	memcpy(sorted, w->us, w->count * sizeof(*sorted));
	qsort(sorted, w->count, sizeof(*sorted), compare);
	return sorted[w->count / 2];
}

static double longest(const struct waiter *w)
{
	return w->longest_us;
}

static void print(const struct waits *w, const char *name,
		  double (*figure)(const struct waiter *w))
{
	printf(",\"%s\":{", name);
	for (unsigned int i = 0; i < WAITS; i++)
		printf("%s\"%s\":%.0f", i ? "," : "", names[i], figure(&w->waiter[i]));
	putchar('}');
}

void waits_print(const struct waits *w, const char *about)
{
	printf("{%s", about);
	print(w, "median_us", median);
	print(w, "longest_us", longest);
	puts("}");
}
