// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The clients of the control socket: see control.h.
 *
 * One thread polls all of them and never blocks on any. It does not read from a
 * client that has not yet read its last answer, so however much a client sends, it
 * costs no more memory than one line and one answer.
 */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

struct client {
	int fd;			/* -1: this slot is free */
	char line[CTL_MAX_LINE];
	size_t len;
	bool overlong;		/* discarding the rest of a line that is too long */
	char *answer;		/* being sent; NULL: none */
	size_t answer_len, sent;
};

struct ctl {
	struct nic *nic;
	pthread_t thread;
	int listen_fd;
	int stop_fd;		/* eventfd: readable when the thread must end */
	struct client client[CTL_MAX_CLIENTS];
};

static void drop_client(struct client *c)
{
	close(c->fd);
	free(c->answer);
	*c = (struct client){ .fd = -1 };
}

static void take_client(struct ctl *ctl)
{
	int fd = accept4(ctl->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;		/* the client hung up before it was accepted */
	for (unsigned int i = 0; i < CTL_MAX_CLIENTS; i++) {
		if (ctl->client[i].fd < 0) {
			ctl->client[i].fd = fd;
			return;
		}
	}
	close(fd);
}

static bool is_full(const struct ctl *ctl)
{
	for (unsigned int i = 0; i < CTL_MAX_CLIENTS; i++)
		if (ctl->client[i].fd < 0)
			return false;
	return true;
}

static void set_answer(struct client *c, char *answer)
{
	c->answer = answer;
	c->answer_len = answer ? strlen(answer) : 0;
	c->sent = 0;
}

/* Return: false if the client is gone. */
static bool send_answer(struct client *c)
{
	while (c->answer) {
		ssize_t n = send(c->fd, c->answer + c->sent, c->answer_len - c->sent,
				 MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->sent += (size_t)n;
		if (c->sent == c->answer_len) {
			free(c->answer);
			set_answer(c, NULL);
		}
	}
	return true;
}

/* Take the first line out of the buffer and answer it. */
static void answer_line(struct ctl *ctl, struct client *c, size_t len)
{
	if (c->overlong)
		set_answer(c, ctl_refuse("line too long"));
	else
		set_answer(c, ctl_answer(ctl->nic, c->line, len));
	c->overlong = false;
	c->len -= len;
	memmove(c->line, c->line + len, c->len);
}

/*
 * Answer complete lines until one is missing or the client's socket is full.
 * Return: false if the client is gone.
 */
static bool answer_lines(struct ctl *ctl, struct client *c)
{
	const char *end;

	while (!c->answer && (end = memchr(c->line, '\n', c->len))) {
		answer_line(ctl, c, (size_t)(end + 1 - c->line));
		if (!send_answer(c))
			return false;
	}
	if (!c->answer && c->len == sizeof(c->line)) {
		c->overlong = true;
		c->len = 0;
	}
	return true;
}

static bool read_more(struct client *c)
{
	ssize_t n = recv(c->fd, c->line + c->len, sizeof(c->line) - c->len, 0);

	if (n > 0)
		c->len += (size_t)n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void serve_client(struct ctl *ctl, struct client *c, short events)
{
	bool alive = true;

	if (c->answer)
		alive = send_answer(c);
	else if (events & (POLLIN | POLLHUP | POLLERR))
		alive = read_more(c);
	if (alive && answer_lines(ctl, c))
		return;
	drop_client(c);
}

/* Indices into the poll set. The clients fill the rest of it. */
enum { STOP, LISTEN, CLIENTS };

static void fill_poll_set(const struct ctl *ctl, struct pollfd *set)
{
	set[STOP] = (struct pollfd){ .fd = ctl->stop_fd, .events = POLLIN };
	set[LISTEN] = (struct pollfd){
		.fd = is_full(ctl) ? -1 : ctl->listen_fd, .events = POLLIN,
	};
	for (unsigned int i = 0; i < CTL_MAX_CLIENTS; i++)
		set[CLIENTS + i] = (struct pollfd){
			.fd = ctl->client[i].fd,
			.events = ctl->client[i].answer ? POLLOUT : POLLIN,
		};
}

static void *serve(void *arg)
{
	struct pollfd set[CLIENTS + CTL_MAX_CLIENTS];
	struct ctl *ctl = arg;

	for (;;) {
		fill_poll_set(ctl, set);
		if (poll(set, CLIENTS + CTL_MAX_CLIENTS, -1) < 0) {
			if (errno == EINTR)
				continue;
			log_error("control socket: %s", strerror(errno));
			return NULL;
		}
		if (set[STOP].revents)
			return NULL;
		for (unsigned int i = 0; i < CTL_MAX_CLIENTS; i++)
			if (set[CLIENTS + i].revents)
				serve_client(ctl, &ctl->client[i], set[CLIENTS + i].revents);
		if (set[LISTEN].revents)
			take_client(ctl);
	}
}

struct ctl *ctl_start(struct nic *nic, int fd)
{
	struct ctl *ctl = calloc(1, sizeof(*ctl));
	int err;

	if (!ctl)
		return NULL;
	ctl->nic = nic;
	ctl->listen_fd = fd;
	for (unsigned int i = 0; i < CTL_MAX_CLIENTS; i++)
		ctl->client[i].fd = -1;
	ctl->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (ctl->stop_fd < 0) {
		free(ctl);
		return NULL;
	}
	err = fcntl(fd, F_SETFL, O_NONBLOCK) ? errno :
	      pthread_create(&ctl->thread, NULL, serve, ctl);
	if (err) {
		close(ctl->stop_fd);
		free(ctl);
		errno = err;
		return NULL;
	}
	return ctl;
}

void ctl_stop(struct ctl *ctl)
{
	eventfd_write(ctl->stop_fd, 1);
	pthread_join(ctl->thread, NULL);
	for (unsigned int i = 0; i < CTL_MAX_CLIENTS; i++)
		if (ctl->client[i].fd >= 0)
			drop_client(&ctl->client[i]);
	close(ctl->stop_fd);
	close(ctl->listen_fd);
	free(ctl);
}
