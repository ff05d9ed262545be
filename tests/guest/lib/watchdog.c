// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Time limits; see watchdog.h. A thread watches, not a signal handler, because a step that
 * hangs inside an ioctl would never run one.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "tap.h"
#include "watchdog.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static const char *step_now;
static uint64_t deadline_us;

static void show_thread(const char *tid)
{
	char path[64], text[200];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%s/stack", tid);
	f = fopen(path, "re");
	if (!f)
		return;
	tap_note("thread %s:", tid);
	while (fgets(text, sizeof(text), f))
		printf("#   %s", text);
	fclose(f);
}

static void show_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			show_thread(entry->d_name);
	closedir(dir);
}

static void *watch(void *unused)
{
	struct timespec until;

	(void)unused;
	pthread_mutex_lock(&lock);
	for (;;) {
		if (!step_now) {
			pthread_cond_wait(&changed, &lock);
			continue;
		}
		if (now_us() >= deadline_us)
			break;
		until.tv_sec = (time_t)(deadline_us / 1000000);
		until.tv_nsec = (long)(deadline_us % 1000000) * 1000;
		pthread_cond_timedwait(&changed, &lock, &until);
	}
	tap_check(false, step_now, "hung: not done within its time limit");
	show_threads();
	fflush(stdout);
	_exit(EXIT_FAILURE);
}

static void start(void)
{
	pthread_condattr_t attr;
	pthread_t thread;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&thread, NULL, watch, NULL))
		tap_die("watchdog", "cannot start its thread");
	pthread_detach(thread);
}

static void set(const char *step, uint64_t deadline)
{
	pthread_once(&once, start);
	pthread_mutex_lock(&lock);
	step_now = step;
	deadline_us = deadline;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

void watchdog_set(unsigned int seconds, const char *step)
{
	set(step, now_us() + (uint64_t)seconds * 1000000);
}

void watchdog_clear(void)
{
	set(NULL, 0);
}
