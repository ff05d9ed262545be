// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Listening sockets: a left-over socket is replaced, other files are not, and no other user
 * can connect.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/sock.h"

static char dir[32], path[64];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/sock.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static int connect_to(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), err;

	memcpy(addr.sun_path, path, sizeof(path));
	err = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ? errno : 0;
	close(fd);
	return err;
}

static void test_private(void **state)
{
	mode_t mask = umask(0022);
	int fd = sock_listen(path, 1);
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(connect_to(), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	assert_int_equal(umask(mask), 0022);	/* the umask is as before */
	close(fd);
}

static void test_leftover(void **state)
{
	int fd = sock_listen(path, 1);

	(void)state;
	close(fd);
	assert_int_equal(connect_to(), ECONNREFUSED);
	fd = sock_listen(path, 1);
	assert_true(fd >= 0);
	assert_int_equal(connect_to(), 0);
	close(fd);
}

static void test_other_files_stay(void **state)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	struct stat st;

	(void)state;
	close(fd);
	assert_int_equal(sock_listen(path, 1), -EEXIST);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	unlink(path);
	assert_int_equal(symlink("/nowhere", path), 0);
	assert_int_equal(sock_listen(path, 1), -EEXIST);
}

static void test_bad_paths(void **state)
{
	char longest[200];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(sock_listen(longest, 1), -ENAMETOOLONG);
	assert_int_equal(sock_listen("/nowhere/at/all", 1), -ENOENT);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_private),
		TEST(test_leftover),
		TEST(test_other_files_stay),
		TEST(test_bad_paths),
	};

	return cmocka_run_group_tests_name("sock", tests, NULL, NULL);
}
