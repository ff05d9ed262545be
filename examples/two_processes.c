// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Two processes: one owns the PCI device, the other the RDMA device. All that the second gets of
 * the first is a dma-buf, over a UNIX socket. It registers that, and learns from a watch that the
 * owner resets the device, and that he closes it.
 *
 *	two_processes RDMA-DEVICE ADDRESS BAR
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <infiniband/verbs.h>
#include <peerbar.h>

#define LENGTH (1u << 20)

static void die(const char *why)
{
	fprintf(stderr, "two_processes: %s\n", why);
	exit(1);
}

/* One byte, and with it a descriptor, unless @fd is -1. */
static void send_fd(int sock, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
		.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	} };
	struct iovec byte = { "", 1 };
	struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1 };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	if (sendmsg(sock, &message, 0) != 1)
		die("the other process is gone");
}

/* Wait for such a byte. Return: its descriptor, or -1. */
static int receive_fd(int sock)
{
	char space[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = space,
		.msg_controllen = sizeof(space),
	};
	struct cmsghdr *header;
	int fd = -1;

	if (recvmsg(sock, &message, MSG_CMSG_CLOEXEC) != 1)
		die("the other process is gone");
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

/* The owner */

static void own(const char *address, unsigned int bar, int sock)
{
	struct peerbar_range range = { 0, LENGTH };
	struct peerbar_device *dev;
	int fd;

	if (peerbar_open(address, &dev))
		die(peerbar_errmsg());
	fd = peerbar_export(dev, bar, &range, 1, O_RDWR);
	if (fd < 0)
		die(peerbar_errmsg());
	send_fd(sock, fd);
	close(fd);
	receive_fd(sock);	/* it is registered */
	if (peerbar_reset(dev))
		die(peerbar_errmsg());
	send_fd(sock, -1);
	receive_fd(sock);	/* that was seen */
	peerbar_close(dev);
	send_fd(sock, -1);
}

/* The user of the NIC */

static struct ibv_pd *open_nic(const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_context *nic = NULL;
	struct ibv_pd *pd;

	for (int i = 0; list && list[i] && !nic; i++)
		if (!strcmp(ibv_get_device_name(list[i]), name))
			nic = ibv_open_device(list[i]);
	pd = nic ? ibv_alloc_pd(nic) : NULL;
	if (!pd)
		die("there is no such RDMA device, or it cannot be opened");
	ibv_free_device_list(list);
	return pd;
}

static void say(int watch, const char *when)
{
	static const char *const states[] = { "usable", "revoked", "gone" };
	struct peerbar_access access;

	if (watch < 0)
		printf("%s: the exporter does not tell\n", when);
	else if (peerbar_watch_read(watch, &access) == 1)
		printf("%s: %s, revoked %ju times, why: %s\n", when, states[access.state],
		       (uintmax_t)access.revokes, access.reasons);
	else
		die(peerbar_errmsg());
}

static void use(const char *name, int sock)
{
	struct ibv_pd *pd = open_nic(name);
	int fd = receive_fd(sock), watch = peerbar_watch(fd);
	struct ibv_context *nic = pd->context;
	uint64_t address;
	struct ibv_mr *mr;

	mr = peerbar_reg_mr(pd, fd, 0, LENGTH, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ,
			    &address);
	if (!mr)
		die(peerbar_errmsg());
	close(fd);
	printf("registered: address %#jx, key %#x\n", (uintmax_t)address, mr->rkey);
	say(watch, "registered");
	send_fd(sock, -1);
	receive_fd(sock);
	say(watch, "the owner has reset it");
	send_fd(sock, -1);
	receive_fd(sock);
	say(watch, "the owner has closed it");

	ibv_dereg_mr(mr);	/* also an MR that was revoked must be deregistered */
	if (watch >= 0)
		close(watch);
	ibv_dealloc_pd(pd);
	ibv_close_device(nic);
}

int main(int argc, char **argv)
{
	int socks[2], status = 1;
	pid_t pid;

	if (argc != 4)
		die("usage: two_processes RDMA-DEVICE ADDRESS BAR");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks))
		die("no socket");
	pid = fork();	/* before a device is open: a child has none of its parent's */
	if (pid < 0)
		die("no second process");
	close(socks[pid ? 1 : 0]);
	if (!pid) {
		use(argv[1], socks[1]);
		return 0;
	}
	own(argv[2], (unsigned int)atoi(argv[3]), socks[0]);
	waitpid(pid, &status, 0);
	return status ? 1 : 0;
}
