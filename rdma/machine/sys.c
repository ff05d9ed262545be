// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Access to /sys, /proc, /dev and ioctl(), which tests can redirect: see sys.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys.h"

/*
 * A file of /proc gives a page with each read, if the buffer has room for it. For the list of
 * the kernel's symbols that is a quarter of the reads that stdio's own buffer takes.
 */
#define READ_SIZE 4096

static const char *root = "";

void pb_set_root(const char *path)
{
	root = path;
}

static int real_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg);
}

int (*pb_ioctl)(int fd, unsigned long request, void *arg) = real_ioctl;

static int real_open(const char *path, int flags)
{
	return open(path, flags);
}

int (*pb_open_file)(const char *path, int flags) = real_open;

static void PB_PRINTF(2, 0) full_path(char *full, const char *path, va_list ap)
{
	int len = snprintf(full, PATH_MAX, "%s", root);

	vsnprintf(full + len, PATH_MAX - len, path, ap);
}

/* For functions whose last named parameter is @path, a printf format: put it below the root. */
#define FULL_PATH(full)				\
	do {					\
		va_list ap;			\
						\
		va_start(ap, path);		\
		full_path(full, path, ap);	\
		va_end(ap);			\
	} while (0)

int pb_above_standard(int fd)
{
	int moved;

	if (fd < 0)
		return -errno;
	if (fd > STDERR_FILENO)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (moved < 0)
		moved = -errno;
	close(fd);
	return moved;
}

static int open_full(const char *full, int flags)
{
	return pb_above_standard(pb_open_file(full, flags | O_CLOEXEC));
}

int pb_open(int flags, const char *path, ...)
{
	char full[PATH_MAX];

	FULL_PATH(full);
	return open_full(full, flags);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

struct pb_names pb_list(const char *path, ...)
{
	struct pb_names names;
	char full[PATH_MAX];

	FULL_PATH(full);
	names.nr = scandir(full, &names.entry, visible, alphasort);
	if (names.nr < 0) {
		names.nr = -errno;
		names.entry = NULL;
	}
	return names;
}

void pb_free_names(struct pb_names *names)
{
	int i;

	for (i = 0; i < names->nr; i++)
		free(names->entry[i]);
	free(names->entry);
}

bool pb_exists(const char *path, ...)
{
	char full[PATH_MAX];
	struct stat st;

	FULL_PATH(full);
	return !stat(full, &st);
}

int pb_read(char *buf, size_t size, const char *path, ...)
{
	char full[PATH_MAX];
	ssize_t n;
	int fd;

	FULL_PATH(full);
	fd = open_full(full, O_RDONLY);
	if (fd < 0)
		return fd;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return n;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

int pb_each_line(const char *path, bool (*line)(char *text, void *data), void *data)
{
	int fd = pb_open(O_RDONLY, "%s", path);
	char text[PB_LINE_SIZE], buffer[READ_SIZE];
	FILE *file;
	int ret = 0;

	if (fd < 0)
		return fd;
	file = fdopen(fd, "r");
	if (!file) {
		ret = -errno;
		close(fd);
		return ret;
	}
	/* glibc reads files of /proc by 1 KiB, whatever the size, unless it is given a buffer */
	setvbuf(file, buffer, _IOFBF, sizeof(buffer));
	while (fgets(text, sizeof(text), file)) {
		text[strcspn(text, "\n")] = '\0';
		if (!line(text, data))
			break;
	}
	if (ferror(file))
		ret = -EIO;
	fclose(file);
	return ret;
}

int pb_may_open(const char *path, ...)
{
	char full[PATH_MAX];

	FULL_PATH(full);
	return faccessat(AT_FDCWD, full, R_OK | W_OK, AT_EACCESS) ? -errno : 0;
}

int pb_write(const char *value, const char *path, ...)
{
	char full[PATH_MAX];
	int fd, ret = 0;

	FULL_PATH(full);
	fd = open_full(full, O_WRONLY | O_TRUNC);	/* as a shell opens it */
	if (fd < 0)
		return fd;
	if (write(fd, value, strlen(value)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int pb_make_folder(const char *path, ...)
{
	char full[PATH_MAX];

	FULL_PATH(full);
	return mkdir(full, 0700) ? -errno : 0;
}

int pb_remove_folder(const char *path, ...)
{
	char full[PATH_MAX];

	FULL_PATH(full);
	return rmdir(full) ? -errno : 0;
}

static int read_link(char *buf, size_t size, const char *full)
{
	ssize_t n = readlink(full, buf, size - 1);

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return 0;
}

int pb_target(char *buf, size_t size, const char *path, ...)
{
	char full[PATH_MAX];

	FULL_PATH(full);
	return read_link(buf, size, full);
}

int pb_link(char *buf, size_t size, const char *path, ...)
{
	char full[PATH_MAX], target[PATH_MAX];
	const char *slash;
	int ret;

	FULL_PATH(full);
	ret = read_link(target, sizeof(target), full);
	if (ret)
		return ret;
	slash = strrchr(target, '/');
	snprintf(buf, size, "%s", slash ? slash + 1 : target);
	return 0;
}

uint64_t pb_page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}
