// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* vfio-user over a socket: messages in pieces, broken streams, descriptors. */
#include "vfu_device.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct session {
	struct server *server;
	int sock, result;
};

static void *serve(void *arg)
{
	struct session *session = arg;

	session->result = vfu_serve(session->server->vfu, session->sock);
	close(session->sock);
	return NULL;
}

/* Serve the messages in @bytes, sent in pieces of @piece. Return: vfu_serve()'s result. */
static int serve_bytes(struct server *s, const void *bytes, size_t len, size_t piece,
		       void *answer, size_t answer_len)
{
	struct session session = { .server = s };
	pthread_t thread;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	session.sock = pair[1];
	assert_int_equal(pthread_create(&thread, NULL, serve, &session), 0);
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;

		assert_int_equal(send(pair[0], (const uint8_t *)bytes + at, n, MSG_NOSIGNAL), n);
	}
	shutdown(pair[0], SHUT_WR);
	if (answer_len)
		assert_int_equal(recv(pair[0], answer, answer_len, MSG_WAITALL), answer_len);
	pthread_join(thread, NULL);
	close(pair[0]);
	return session.result;
}

static void test_serve(void **state)
{
	struct {
		struct vfu_header h1;
		struct vfu_version version;
		struct vfu_header h2, h3;
	} __attribute__((packed)) in = {
		.h1 = { 1, VFU_VERSION, sizeof(in.h1) + sizeof(in.version), 0, 0 },
		.h2 = { 2, VFU_RESET, sizeof(in.h2), VFU_F_NO_REPLY, 0 },
		.h3 = { 3, 77, sizeof(in.h3), 0, 0 },
	};
	struct server *s = *state;
	struct vfu_header got;

	for (size_t piece = 1; piece <= sizeof(in); piece += 11) {
		/* a session accepts VERSION only once */
		server_renew(s);
		s->dev.resets = 0;
		assert_int_equal(serve_bytes(s, &in, sizeof(in), piece, &got, sizeof(got)), 0);
		assert_int_equal(got.id, 1);
		assert_int_equal(s->dev.resets, 1);
	}
}

static void test_serve_bad_streams(void **state)
{
	struct vfu_header header = { 1, VFU_RESET, sizeof(header), 0, 0 };
	struct server *s = *state;

	assert_int_equal(serve_bytes(s, NULL, 0, 1, NULL, 0), 0);
	assert_int_equal(serve_bytes(s, &header, 15, 15, NULL, 0), -ECONNRESET);
	header.size = 17;
	assert_int_equal(serve_bytes(s, &header, 16, 16, NULL, 0), -ECONNRESET);
	header.size = 15;
	assert_int_equal(serve_bytes(s, &header, 16, 16, NULL, 0), -EPROTO);
	header.size = VFU_MAX_MSG + 1;
	assert_int_equal(serve_bytes(s, &header, 16, 16, NULL, 0), -EPROTO);
	header.size = UINT32_MAX;
	assert_int_equal(serve_bytes(s, &header, 16, 16, NULL, 0), -EPROTO);
	header.size = sizeof(header);
	header.flags = VFU_F_REPLY;
	assert_int_equal(serve_bytes(s, &header, 16, 16, NULL, 0), -EPROTO);
	assert_int_equal(s->dev.resets, 0);
}

static void send_with_fds(int sock, const void *data, size_t len, unsigned int count)
{
	union {
		struct cmsghdr header;
		uint8_t room[CMSG_SPACE(32 * sizeof(int))];
	} control = { .header = {
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(count * sizeof(int)),
	} };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	int *fds = (int *)CMSG_DATA(&control.header);

	for (unsigned int i = 0; i < count; i++)
		fds[i] = eventfd(0, 0);
	assert_int_equal(sendmsg(sock, &mh, MSG_NOSIGNAL), len);
	for (unsigned int i = 0; i < count; i++)
		close(fds[i]);
}

/* Send a DMA_MAP with @before descriptors at its header and @after at its body. */
static int serve_fds(struct server *s, unsigned int before, unsigned int after)
{
	const struct vfu_header header = {
		9, VFU_DMA_MAP, sizeof(header) + sizeof(struct vfu_dma_map), 0, 0,
	};
	const struct vfu_dma_map map = { sizeof(map), 3, 0, 0, 0x1000 };
	struct session session = { .server = s };
	pthread_t thread;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	session.sock = pair[1];
	if (before)
		send_with_fds(pair[0], &header, sizeof(header), before);
	else
		assert_int_equal(send(pair[0], &header, sizeof(header), 0), sizeof(header));
	if (after)
		send_with_fds(pair[0], &map, sizeof(map), after);
	else
		assert_int_equal(send(pair[0], &map, sizeof(map), 0), sizeof(map));
	shutdown(pair[0], SHUT_WR);
	assert_int_equal(pthread_create(&thread, NULL, serve, &session), 0);
	pthread_join(thread, NULL);
	close(pair[0]);
	return session.result;
}

/* server_teardown() checks that every descriptor is closed. */
static void test_serve_fds(void **state)
{
	struct server *s = *state;

	assert_int_equal(serve_fds(s, 1, 0), 0);
	assert_int_equal(s->dev.calls, 1);
	assert_true(s->dev.fd >= 0);
	assert_int_equal(serve_fds(s, 2, 0), 0);	/* refused in the reply */
	assert_int_equal(s->dev.calls, 1);
	assert_int_equal(serve_fds(s, VFU_MAX_FDS, 0), 0);
	assert_int_equal(serve_fds(s, VFU_MAX_FDS + 9, 0), -EPROTO);
	assert_int_equal(serve_fds(s, 1, 1), -EPROTO);
	assert_int_equal(serve_fds(s, 0, 1), -EPROTO);
	assert_int_equal(s->dev.calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RAW_SERVER_TEST(test_serve),
		SERVER_TEST(test_serve_bad_streams),
		SERVER_TEST(test_serve_fds),
	};

	return cmocka_run_group_tests_name("vfu_sock", tests, NULL, NULL);
}
