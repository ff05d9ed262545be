// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar-vnic: one virtual RDMA NIC for one QEMU process. It ends when QEMU does.
 *
 * There are three threads: this one handles vfio-user messages, the engine executes
 * work requests, and the control thread serves the control socket. The gate
 * (base/gate.h) lets only one of them at the device.
 */
#include <errno.h>
#include <json-c/json.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sock.h"
#include "core/control.h"
#include "core/engine.h"
#include "options.h"

/*
 * SIGTERM and SIGINT shut down the socket that this thread waits on. The message that
 * is being handled is still finished, and the report is written.
 */
static volatile sig_atomic_t stopping;
static volatile sig_atomic_t waits_on = -1;

static void stop(int sig)
{
	int saved = errno;

	(void)sig;
	stopping = 1;
	if (waits_on >= 0)
		shutdown(waits_on, SHUT_RDWR);
	errno = saved;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = stop };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);	/* the reader of our standard error may be gone */
}

/*
 * Tell the signal handler which socket this thread waits on. If a signal has come
 * already, the handler did not know @fd, so @fd is shut down here.
 */
static void wait_on(int fd)
{
	waits_on = fd;
	if (stopping && fd >= 0)
		shutdown(fd, SHUT_RDWR);
}

/* ---- the report ---- */

static int write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	int err = 0;

	if (!file)
		return -errno;
	if (fputs(text, file) == EOF || fputc('\n', file) == EOF)
		err = -errno;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}

/* Written to another name and renamed, so that a reader never sees half a report. */
static int write_report(struct nic *nic, const char *path)
{
	const int style = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	struct json_object *report = nic_report(nic);
	const char *text;
	char *draft = NULL;
	int err = -ENOMEM;

	if (asprintf(&draft, "%s.%d", path, (int)getpid()) >= 0) {
		text = json_object_to_json_string_ext(report, style);
		err = write_text(draft, text);
		if (!err && rename(draft, path))
			err = -errno;
		if (err)
			unlink(draft);
		free(draft);
	}
	json_object_put(report);
	if (err)
		log_error("%s: %s", path, strerror(-err));
	return err;
}

/* ---- the run ---- */

static int listen_on(const char *path, int backlog)
{
	int fd = sock_listen(path, backlog);

	if (fd == -EEXIST)
		log_error("%s: exists and is not a socket", path);
	else if (fd < 0)
		log_error("%s: %s", path, strerror(-fd));
	return fd;
}

/* Wait for the client. Return: its socket, -ECANCELED after a signal, or -errno. */
static int accept_client(int listener)
{
	int fd;

	wait_on(listener);
	do {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	} while (fd < 0 && errno == EINTR && !stopping);
	if (fd < 0)
		fd = stopping ? -ECANCELED : -errno;
	wait_on(fd);
	return fd;
}

static int serve_client(struct nic *nic, int fd)
{
	struct vfu *vfu = vfu_new(&nic_vfu_ops, nic, &nic->gate);
	int err = vfu ? vfu_serve(vfu, fd) : -ENOMEM;

	if (vfu)
		vfu_free(vfu);
	return stopping ? 0 : err;
}

/* Return: 0 when the client hung up or a signal came. */
static int serve(struct nic *nic, int listener)
{
	int fd = accept_client(listener), err = fd;

	close(listener);	/* so that a second client is refused and does not wait */
	if (fd >= 0) {
		log_info("client connected");
		err = serve_client(nic, fd);
		wait_on(-1);
		close(fd);
		log_info("client disconnected");
	}
	if (err == -ECANCELED)
		err = 0;
	if (err)
		log_error("vfio-user client: %s", strerror(-err));
	return err;
}

/* Threads inherit the signal mask, so all signals are delivered to this one. */
static int with_signals_blocked(int (*start)(void *), void *arg)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = start(arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

struct run {
	const struct options *options;
	struct nic nic;
	int listener, control;	/* sockets, -1: none */
	pthread_t engine;
	struct ctl *ctl;
};

static int start_threads(void *arg)
{
	struct run *run = arg;
	int err;

	if (run->control >= 0) {
		run->ctl = ctl_start(&run->nic, run->control);
		if (!run->ctl)
			return -errno;
	}
	err = pthread_create(&run->engine, NULL, engine_run, &run->nic);
	if (err && run->ctl)
		ctl_stop(run->ctl);
	return -err;
}

static void stop_threads(struct run *run)
{
	if (run->ctl)
		ctl_stop(run->ctl);
	gate_close(&run->nic.gate);
	pthread_join(run->engine, NULL);
}

static int run_device(struct run *run)
{
	int err, report_err = 0;

	err = with_signals_blocked(start_threads, run);
	if (err) {
		log_error("cannot start: %s", strerror(-err));
		return err;
	}
	err = serve(&run->nic, run->listener);
	stop_threads(run);
	if (run->options->report)
		report_err = write_report(&run->nic, run->options->report);
	return err ? err : report_err;
}

static int open_sockets(struct run *run)
{
	const struct options *options = run->options;

	if (options->control) {
		run->control = listen_on(options->control, CTL_MAX_CLIENTS);
		if (run->control < 0)
			return run->control;
	}
	/* Last, because whoever starts QEMU waits for this socket to appear. */
	run->listener = listen_on(options->socket, 1);
	if (run->listener < 0 && options->control)
		unlink(options->control);
	return run->listener < 0 ? run->listener : 0;
}

int main(int argc, char **argv)
{
	static struct run run = { .listener = -1, .control = -1 };
	struct options options;
	int err;

	options_parse(&options, argc, argv);
	run.options = &options;
	catch_signals();
	err = nic_init(&run.nic, &options.config);
	if (err) {
		log_error("cannot create the device: %s", strerror(-err));
		return EXIT_FAILURE;
	}
	run.nic.fault = options.fault;
	err = open_sockets(&run);
	if (!err) {
		err = run_device(&run);
		unlink(options.socket);
		if (options.control)
			unlink(options.control);
	}
	nic_release(&run.nic);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
