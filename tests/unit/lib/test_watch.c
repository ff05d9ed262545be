// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Watching a dma-buf: what the kernel's answers become. A pipe stands for the kernel's watch. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../kernel/peerbar_watch.h"
#include "fake.h"
#include "fake_dmabuf.h"
#include "machine/sys.h"
#include "peerbar.h"

static int dmabuf, pipes[2];
static int answer;	/* of the ioctl: an errno, or 0 */

static int watch_ioctl(int fd, unsigned long request, void *arg)
{
	assert_true(fd > 2);
	assert_int_equal(request, PEERBAR_WATCH);
	assert_int_equal(*(__s32 *)arg, dmabuf);
	errno = answer;
	return answer ? -1 : dup(pipes[0]);
}

static int setup(void **state)
{
	fake_setup(state);
	pb_ioctl = watch_ioctl;
	answer = 0;
	fake_is_dmabuf = true;
	dmabuf = memfd_create("buffer", MFD_CLOEXEC);
	return pipe2(pipes, O_CLOEXEC | O_NONBLOCK);
}

static int teardown(void **state)
{
	close(dmabuf);
	close(pipes[0]);
	close(pipes[1]);
	return fake_teardown(state);
}

static void says_why_not(void **state)
{
	(void)state;
	assert_int_equal(peerbar_watch(-1), -EBADF);
	assert_int_equal(peerbar_watch(dmabuf), -ENOTSUP);
	assert_sentence("peerbar-vfio-pci is not loaded", "peerbar_event_fd()", NULL);
	fake_file("/sys/class/misc/peerbar/dev", "10:120\n");
	assert_int_equal(peerbar_watch(dmabuf), -ENOENT);
	assert_sentence("/dev/peerbar", "container", NULL);
	fake_file("/dev/peerbar", "");
	answer = EOPNOTSUPP;
	assert_int_equal(peerbar_watch(dmabuf), -ENOTSUP);
	assert_sentence("another exporter", "peerbar_event_fd()", NULL);
	answer = EMFILE;
	assert_int_equal(peerbar_watch(dmabuf), -EMFILE);
	assert_sentence("cannot watch", "ulimit -n", NULL);
	fake_is_dmabuf = false;
	assert_int_equal(peerbar_watch(dmabuf), -EINVAL);
}

static void reads_what_changed(void **state)
{
	struct peerbar_watch_status status = {
		.changes = 9, .revokes = 4, .changed_ns = 77, .state = PEERBAR_WATCH_REVOKED,
		.reasons = "reset,sleep",
	};
	struct peerbar_access access;
	unsigned int descriptors;
	int watch;

	(void)state;
	fake_file("/dev/peerbar", "");
	descriptors = fake_open_descriptors();
	watch = peerbar_watch(dmabuf);
	assert_true(watch > 2);
	assert_int_equal(fake_open_descriptors(), descriptors + 1);
	assert_int_equal(peerbar_watch_read(watch, &access), -EAGAIN);

	assert_int_equal(write(pipes[1], &status, sizeof(status)), sizeof(status));
	assert_int_equal(peerbar_watch_read(watch, &access), 1);
	assert_int_equal(access.state, PEERBAR_REVOKED);
	assert_int_equal(access.revokes, 4);
	assert_int_equal(access.changed_ns, 77);
	assert_string_equal(access.reasons, "reset,sleep");

	/* reasons without an end: those of a kernel with more of them */
	memset(status.reasons, 'x', sizeof(status.reasons));
	assert_int_equal(write(pipes[1], &status, sizeof(status)), sizeof(status));
	assert_int_equal(peerbar_watch_read(watch, &access), 1);
	assert_int_equal(strlen(access.reasons), sizeof(status.reasons) - 1);

	assert_int_equal(write(pipes[1], "word", 4), 4);
	assert_int_equal(peerbar_watch_read(watch, &access), -EINVAL);
	assert_sentence("is not a watch", NULL);
	close(pipes[1]);
	assert_int_equal(peerbar_watch_read(watch, &access), 0);
	close(watch);
	pipes[1] = -1;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(says_why_not),
		TEST(reads_what_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
