// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The processes that take part, and the messages to them and from them; see stress.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dice.h"
#include "machine/sys.h"
#include "stress.h"

static struct {
	pid_t pid;		/* 0: it does not run */
	int control;
} actors[MAX_ACTORS];

void keep_first(char *text, size_t size, const char *fmt, va_list ap)
{
	if (!text[0])
		vsnprintf(text, size, fmt, ap);
}

void violate(struct answer *answer, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep_first(answer->violation, sizeof(answer->violation), fmt, ap);
	va_end(ap);
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* One message, with a descriptor if @fd is not negative. */
static ssize_t send_with(int control, const void *data, size_t size, int fd)
{
	struct iovec iov = { (void *)data, size };
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = u.room;
		msg.msg_controllen = sizeof(u.room);
		u.align = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&u.align), &fd, sizeof(fd));
	}
	return sendmsg(control, &msg, MSG_NOSIGNAL);
}

static ssize_t receive_with(int control, void *data, size_t size, int *fd)
{
	struct iovec iov = { data, size };
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u = { 0 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = u.room,
		.msg_controllen = sizeof(u.room),
	};
	ssize_t n;

	do
		n = recvmsg(control, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	*fd = -1;
	if (n > 0 && CMSG_FIRSTHDR(&msg))
		memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(*fd));
	if (*fd >= 0)
		*fd = pb_above_standard(*fd);
	return n;
}

bool actor_receive(int control, struct step *step, int *fd)
{
	return receive_with(control, step, sizeof(*step), fd) == sizeof(*step);
}

void actor_reply(int control, const struct answer *answer, int fd)
{
	if (send_with(control, answer, sizeof(*answer), fd) < 0)
		exit(0);	/* the program that started this process is gone */
	if (fd >= 0)
		close(fd);
}

/* The child keeps none of the descriptors of the others. */
static void run(unsigned int actor, int control)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN);	/* the first process ends the others in order */
	for (unsigned int i = 0; i < MAX_ACTORS; i++)
		if (actors[i].pid)
			close(actors[i].control);
	if (actor < config.cast.owners)
		owner_run(actor, control);
	else if (actor < cast_admin(&config.cast))
		importer_run(actor, control);
	else
		admin_run(actor, control);
	exit(0);
}

void actor_start(unsigned int actor)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		die("socketpair");
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		close(ends[0]);
		run(actor, ends[1]);
	}
	close(ends[1]);
	actors[actor].pid = pid;
	actors[actor].control = ends[0];
}

void actors_start(void)
{
	for (unsigned int i = 0; i < cast_actors(&config.cast); i++)
		actor_start(i);
}

/* Wait until it has ended, for as long as a step may take. */
static bool ends(unsigned int actor)
{
	for (unsigned int ms = 0; ms < config.step_limit_s * 1000; ms++) {
		if (waitpid(actors[actor].pid, NULL, WNOHANG)) {
			close(actors[actor].control);
			actors[actor].pid = 0;
			return true;
		}
		usleep(1000);
	}
	return false;
}

bool actor_kill(unsigned int actor)
{
	if (!actors[actor].pid)
		return true;
	kill(actors[actor].pid, SIGKILL);
	return ends(actor);
}

int actors_stop(void)
{
	for (unsigned int i = 0; i < MAX_ACTORS; i++)
		if (actors[i].pid)
			shutdown(actors[i].control, SHUT_RDWR);
	for (unsigned int i = 0; i < MAX_ACTORS; i++)
		if (actors[i].pid && !ends(i))
			return (int)i;
	return -1;
}

void actor_send(unsigned int actor, const struct step *step, int fd)
{
	if (send_with(actors[actor].control, step, sizeof(*step), fd) >= 0)
		return;
	if (errno != EPIPE && errno != ECONNRESET)
		die("peerbar-revoke-stress: cannot ask one of its processes");
}

int actors_wait(const bool *pending, struct answer *answer, int *fd)
{
	struct pollfd p[MAX_ACTORS];
	int n;

	for (unsigned int i = 0; i < MAX_ACTORS; i++)
		p[i] = (struct pollfd){
			.fd = pending[i] ? actors[i].control : -1, .events = POLLIN,
		};
	do
		n = poll(p, MAX_ACTORS, (int)config.step_limit_s * 1000);
	while (n < 0 && errno == EINTR);
	for (unsigned int i = 0; i < MAX_ACTORS && n > 0; i++) {
		if (!p[i].revents)
			continue;
		if (receive_with(p[i].fd, answer, sizeof(*answer), fd) == sizeof(*answer))
			return (int)i;
		*answer = (struct answer){ .actor = (uint8_t)i, .op = NR_OPS };
		violate(answer, "the process died");
		return (int)i;
	}
	return -1;
}

/* A child inherits descriptors, and must not keep a device or a NIC's memory in use by that. */
void linger(struct dice *dice)
{
	useconds_t us = 1000 * (100 + dice_below(dice, 1900));

	signal(SIGCHLD, SIG_IGN);	/* nobody waits for it */
	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	usleep(us);
	_exit(0);
}
