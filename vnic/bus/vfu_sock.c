// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Sends and receives vfio-user messages on a stream socket.
 *
 * The descriptors of a message arrive with its first bytes. If one arrives later, or
 * there are too many, then the two sides no longer agree where messages begin, and the
 * connection ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vfu_proto.h"
#include "vfu.h"

union control {			/* an aligned buffer for the descriptors */
	struct cmsghdr header;
	uint8_t room[CMSG_SPACE(VFU_MAX_FDS * sizeof(int))];
};

static void keep_fds(struct vfu_msg *msg, struct msghdr *mh)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		msg->nr_fds = (unsigned int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(msg->fds, CMSG_DATA(c), msg->nr_fds * sizeof(int));
	}
}

/*
 * Receive up to @len bytes and append them to @msg; if they are its first bytes, receive
 * its descriptors too. Descriptors that there is no room for are closed by the kernel,
 * which sets MSG_CTRUNC.
 * Return: the number of bytes, 0 if the peer hung up, or -errno.
 */
static ssize_t receive(int sock, struct vfu_msg *msg, size_t len)
{
	struct iovec iov = { .iov_base = msg->data + msg->len, .iov_len = len };
	union control control;
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (msg->len == 0) {
		mh.msg_control = &control;
		mh.msg_controllen = sizeof(control);
	}
	do {
		n = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)	/* a reset only means that the peer left without reading a reply */
		return errno == ECONNRESET ? 0 : -errno;
	keep_fds(msg, &mh);
	msg->len += (size_t)n;
	return mh.msg_flags & MSG_CTRUNC ? -EPROTO : n;
}

static int receive_up_to(int sock, struct vfu_msg *msg, size_t size)
{
	while (msg->len < size) {
		ssize_t n = receive(sock, msg, size - msg->len);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return msg->len ? -ECONNRESET : 0;
	}
	return 0;
}

/* Return: 0 and a message, 0 and len 0 at the end of the stream, or -errno. */
static int receive_msg(int sock, struct vfu_msg *msg)
{
	struct vfu_header header;
	int err;

	msg->len = 0;
	msg->nr_fds = 0;
	err = receive_up_to(sock, msg, sizeof(header));
	if (err || !msg->len)
		return err;
	memcpy(&header, msg->data, sizeof(header));
	if (header.size < sizeof(header) || header.size > VFU_MAX_MSG)
		return -EPROTO;
	return receive_up_to(sock, msg, header.size);
}

static void attach_fds(struct msghdr *mh, union control *control,
		       const struct vfu_msg *msg)
{
	size_t size = msg->nr_fds * sizeof(int);

	memset(control, 0, sizeof(*control));
	mh->msg_control = control;
	mh->msg_controllen = CMSG_SPACE(size);
	control->header.cmsg_level = SOL_SOCKET;
	control->header.cmsg_type = SCM_RIGHTS;
	control->header.cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(&control->header), msg->fds, size);
}

static int send_msg(int sock, const struct vfu_msg *msg)
{
	size_t sent = 0;

	while (sent < msg->len) {
		struct iovec iov = { .iov_base = msg->data + sent, .iov_len = msg->len - sent };
		struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
		union control control;
		ssize_t n;

		if (sent == 0 && msg->nr_fds)
			attach_fds(&mh, &control, msg);
		n = sendmsg(sock, &mh, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			sent += (size_t)n;
	}
	return 0;
}

static void close_fds(struct vfu_msg *msg)
{
	for (unsigned int i = 0; i < msg->nr_fds; i++)
		close(msg->fds[i]);
}

static int serve(struct vfu *vfu, int sock, struct vfu_msg *req, struct vfu_msg *rsp)
{
	for (;;) {
		int err = receive_msg(sock, req);

		if (err)
			close_fds(req);
		if (err || !req->len)
			return err;
		err = vfu_handle(vfu, req, rsp);
		if (!err)
			err = send_msg(sock, rsp);
		if (err)
			return err;
	}
}

int vfu_serve(struct vfu *vfu, int sock)
{
	struct vfu_msg req = { .data = malloc(VFU_MAX_MSG) };
	struct vfu_msg rsp = { .data = malloc(VFU_MAX_MSG) };
	int err = -ENOMEM;

	if (req.data && rsp.data)
		err = serve(vfu, sock, &req, &rsp);
	free(req.data);
	free(rsp.data);
	return err;
}
