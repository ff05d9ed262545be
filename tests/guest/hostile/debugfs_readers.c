// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * debugfs_readers: reads the files in debugfs while a revoke waits for an importer that does not
 * let go, and while buffers are closed. A reader must never wait for the revoke, and each inode
 * number that it reads must be that of one of these buffers.
 *
 * A dma-buf's inode, by whose number debugfs names the buffer, is freed before the exporter
 * hears of the last close. At that moment this test makes pipes, whose inodes reuse that memory
 * with other numbers. An exporter that reads a freed inode would show those.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/exporter.h"
#include "lib/importer_bench.h"
#include "lib/kmsg.h"
#include "lib/tap.h"
#include "lib/watchdog.h"

#define TIMEOUT_MS 3000u	/* of the revoke */
#define LONGEST_MS (TIMEOUT_MS / 3)
#define BUFFERS 64u
#define PIPES 8000u
#define FILES (2 * PIPES + 1000)
#define PAUSE_US 200000u
#define LIMIT_S 120u

static const char name[] = "debugfs, while a revoke waits";

static struct {
	uint64_t id[BUFFERS + 1];	/* inodes of the dma-bufs */
	atomic_bool stop;
} shared;

struct reader {
	const char *file;
	pthread_t thread;
	unsigned int reads, lines, unknown;
	uint64_t longest_us;
};

static bool is_known(uint64_t id)
{
	for (unsigned int i = 0; i <= BUFFERS; i++)
		if (shared.id[i] == id)
			return true;
	return false;
}

static void read_once(struct reader *r, const char *path)
{
	uint64_t start = now_us();
	unsigned long long id;
	char line[512];
	FILE *f = fopen(path, "re");

	if (!f)
		tap_die(path, "cannot open it");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "buffer=%llu ", &id) != 1)
			continue;
		r->lines++;
		if (is_known(id))
			continue;
		if (!r->unknown++)
			tap_note("%s: no buffer has the number %llu", r->file, id);
	}
	fclose(f);
	start = now_us() - start;
	r->longest_us = start > r->longest_us ? start : r->longest_us;
	r->reads++;
}

static void *keep_reading(void *arg)
{
	struct reader *r = arg;
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/debug/peerbar/%s/%s", rig_gpu(), r->file);
	while (!shared.stop)
		read_once(r, path);
	return NULL;
}

static void *reset(void *arg)
{
	struct bench *b = arg;
	uint64_t start = now_us();
	int ret = peerbar_reset(b->rig.dev);

	start = now_us() - start;
	expect(ret, 0, name, "the reset works");
	tap_check(start >= TIMEOUT_MS * 1000 / 2, "debugfs: the revoke did wait",
		  "it took %.3f ms", us_to_ms(start));
	return NULL;
}

/* A close may wait for the revoke, so each has a thread of its own. */
static void *close_one(void *fd)
{
	close((int)(intptr_t)fd);
	return NULL;
}

static uint64_t inode(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		tap_die(name, "no buffer");
	return st.st_ino;
}

static void make_pipes(void)
{
	int ends[2];

	for (unsigned int i = 0; i < PIPES; i++)
		if (pipe2(ends, O_CLOEXEC))
			tap_die(name, "no pipe %u", i);
}

static pthread_t start(void *(*routine)(void *arg), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, routine, arg))
		tap_die(name, "cannot start a thread");
	return thread;
}

static void judge(const struct reader *r)
{
	char text[96];

	tap_note("%s: %u reads, %u lines, the longest read took %.3f ms", r->file, r->reads,
		 r->lines, us_to_ms(r->longest_us));
	snprintf(text, sizeof(text), "debugfs: %s names buffers only", r->file);
	tap_check(r->lines && !r->unknown, text, "%u of %u lines have the number of something else",
		  r->unknown, r->lines);
	snprintf(text, sizeof(text), "debugfs: %s is read while a revoke waits", r->file);
	tap_check(r->longest_us < LONGEST_MS * 1000, text, "a read took %.3f ms",
		  us_to_ms(r->longest_us));
}

/* Read, reset and close at the same time. The importer holds on until it is fenced. */
static void read_while_closing(struct bench *b, int *buffers)
{
	uint32_t handle = attach_and_map(b, PTI_DYNAMIC, PTI_UNMAP_NEVER);
	struct reader readers[] = { { .file = "exports" }, { .file = "attachments" } };
	pthread_t resetter = start(reset, b), closer[BUFFERS];

	while (!query(b, handle).revokes)
		sleep_us(2000);
	for (unsigned int i = 0; i < 2; i++)
		readers[i].thread = start(keep_reading, &readers[i]);
	sleep_us(PAUSE_US);
	for (unsigned int i = 0; i < BUFFERS; i++)
		closer[i] = start(close_one, (void *)(intptr_t)buffers[i]);
	sleep_us(PAUSE_US);
	make_pipes();
	pthread_join(resetter, NULL);
	for (unsigned int i = 0; i < BUFFERS; i++)
		pthread_join(closer[i], NULL);
	sleep_us(PAUSE_US);
	shared.stop = true;
	for (unsigned int i = 0; i < 2; i++) {
		pthread_join(readers[i].thread, NULL);
		judge(&readers[i]);
	}
	expect(importer_detach(b->fd, handle), 0, name, "detach");
}

int main(void)
{
	struct rlimit files = { FILES, FILES };
	uint64_t log = kmsg_position();
	int buffers[BUFFERS];
	unsigned int old;
	struct bench b;

	if (!rig_exporter_is_ours()) {
		tap_skip(name, "the kernel's exporter shows nothing there");
		return tap_exit_status();
	}
	if (setrlimit(RLIMIT_NOFILE, &files))
		tap_die(name, "cannot have so many files");
	bench_open(&b, name);
	watchdog_set(LIMIT_S, name);
	for (unsigned int i = 0; i < BUFFERS; i++) {
		buffers[i] = rig_export(&b.rig);
		shared.id[i] = inode(buffers[i]);
	}
	shared.id[BUFFERS] = inode(b.dmabuf);
	old = exporter_set_timeout(TIMEOUT_MS);
	read_while_closing(&b, buffers);
	exporter_set_timeout(old);
	bench_close(&b);
	kmsg_check(log);
	return tap_exit_status();
}
