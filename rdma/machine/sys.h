/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Access to /sys, /proc, /dev and ioctl(). Paths are printf formats. They are looked up
 * below a root folder, which is the system's own root except in unit tests.
 */
#ifndef PEERBAR_SYS_H
#define PEERBAR_SYS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PB_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Change the root, for tests. The default is "". @root is not copied. */
void pb_set_root(const char *root);

/* ioctl(2), and the open(2) that pb_open() uses. Tests replace them. */
extern int (*pb_ioctl)(int fd, unsigned long request, void *arg);
extern int (*pb_open_file)(const char *path, int flags);

/*
 * A process may have closed its standard streams. What is opened next gets the number of one
 * of them, and what a library then prints is written into it. Therefore move @fd, the result
 * of a system call, above these numbers. Returns the new descriptor, with @fd closed, or
 * -errno, also if @fd is negative.
 */
int pb_above_standard(int fd);

/* Open with O_CLOEXEC. Returns a descriptor above 2, or -errno. */
int pb_open(int flags, const char *path, ...) PB_PRINTF(2, 3);
/* Also true of a device node that a device control group refuses; access(2) fails there. */
bool pb_exists(const char *path, ...) PB_PRINTF(1, 2);

/* The names in a folder, sorted, without those that begin with a dot. */
struct pb_names {
	int nr;			/* how many; -errno if the folder cannot be read */
	struct dirent **entry;
};

/* A variable that is declared with this type is freed when it goes out of scope. */
#define PB_NAMES __attribute__((cleanup(pb_free_names))) struct pb_names

struct pb_names pb_list(const char *path, ...) PB_PRINTF(1, 2);
void pb_free_names(struct pb_names *names);

static inline const char *pb_name(const struct pb_names *names, int i)
{
	return names->entry[i]->d_name;
}

/* Read the first line of a file, without the newline. Returns 0 or -errno. */
int pb_read(char *buf, size_t size, const char *path, ...) PB_PRINTF(3, 4);

#define PB_LINE_SIZE 512	/* pb_each_line() passes a longer line in pieces */

/*
 * Call @line() with each line of a file until it returns false. Returns 0, also if @line()
 * stopped early, or -errno.
 */
int pb_each_line(const char *path, bool (*line)(char *text, void *data), void *data);

/*
 * Does this process have permission to read and write the file? The file is not opened.
 * Returns 0 or -errno.
 */
int pb_may_open(const char *path, ...) PB_PRINTF(1, 2);

uint64_t pb_page_size(void);	/* bytes */

/* Write @value with a single write(2), as sysfs requires. Returns 0 or -errno. */
int pb_write(const char *value, const char *path, ...) PB_PRINTF(2, 3);

/* Make or remove a folder, as sysfs and tracefs take it for a command. Return 0 or -errno. */
int pb_make_folder(const char *path, ...) PB_PRINTF(1, 2);
int pb_remove_folder(const char *path, ...) PB_PRINTF(1, 2);

/*
 * Read a symbolic link: pb_target() gives the whole target, pb_link() only its last
 * component. Both return 0 or -errno.
 */
int pb_target(char *buf, size_t size, const char *path, ...) PB_PRINTF(3, 4);
int pb_link(char *buf, size_t size, const char *path, ...) PB_PRINTF(3, 4);

#endif /* PEERBAR_SYS_H */
