/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The way to /sys, /proc, /dev and ioctl(). Paths are printf formats and are
 * looked up below a root, which is that of the system but in unit tests.
 */
#ifndef PEERBAR_SYS_H
#define PEERBAR_SYS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PB_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* For tests: "" is the default. @root is not copied. */
void pb_set_root(const char *root);

/* ioctl(2), and the open(2) of pb_open(). For tests to replace. */
extern int (*pb_ioctl)(int fd, unsigned long request, void *arg);
extern int (*pb_open_file)(const char *path, int flags);

/* With O_CLOEXEC: a descriptor or -errno. */
int pb_open(int flags, const char *path, ...) PB_PRINTF(2, 3);
bool pb_exists(const char *path, ...) PB_PRINTF(1, 2);

/* The names in a folder, sorted, but for hidden ones. */
struct pb_names {
	int nr;			/* -errno: the folder cannot be read */
	struct dirent **entry;
};

/* A variable of this type is given back where it goes out of scope. */
#define PB_NAMES __attribute__((cleanup(pb_free_names))) struct pb_names

struct pb_names pb_list(const char *path, ...) PB_PRINTF(1, 2);
void pb_free_names(struct pb_names *names);

static inline const char *pb_name(const struct pb_names *names, int i)
{
	return names->entry[i]->d_name;
}

/* The first line of a file, without its end: 0 or -errno. */
int pb_read(char *buf, size_t size, const char *path, ...) PB_PRINTF(3, 4);

#define PB_LINE_SIZE 512	/* of pb_each_line(): a longer line comes in pieces */

/* Read a file line by line, as long as @line() wants more: 0 or -errno. */
int pb_each_line(const char *path, bool (*line)(char *text, void *data), void *data);

/* Would open(2) let this process read and write the file? Nothing is opened. */
bool pb_may_open(const char *path, ...) PB_PRINTF(1, 2);

uint64_t pb_page_size(void);	/* bytes */

/* Write @value in one call, as sysfs wants it: 0 or -errno. */
int pb_write(const char *value, const char *path, ...) PB_PRINTF(2, 3);

/* What a symbolic link points to, whole or the last component: 0 or -errno. */
int pb_target(char *buf, size_t size, const char *path, ...) PB_PRINTF(3, 4);
int pb_link(char *buf, size_t size, const char *path, ...) PB_PRINTF(3, 4);

#endif /* PEERBAR_SYS_H */
