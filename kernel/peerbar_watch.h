/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause) */
/*
 * /dev/peerbar: be told when the BAR behind a dma-buf is taken away, and when it is back. Whoever
 * has the dma-buf may ask, whether or not the device is his.
 *
 *	fd = open(PEERBAR_WATCH_PATH, O_RDWR | O_CLOEXEC);
 *	watch = ioctl(fd, PEERBAR_WATCH, &(__s32){ dmabuf });
 *	close(fd);
 *	n = read(watch, &status, sizeof(status));
 *
 * A watch is a descriptor that can be polled. It is readable (POLLIN) when anything has changed
 * since it was last read, and at first. A read returns one struct peerbar_watch_status, or waits
 * until there is something new (-EAGAIN with O_NONBLOCK). Changes that come between two reads are
 * not kept one by one, but @revokes counts them, and @reasons has all reasons. When access is gone
 * for good, poll() also gives POLLHUP, and a read that would have nothing new returns 0.
 *
 * A revoke changes the state when it begins, while importers are still being told. A watch keeps
 * the dma-buf alive, as another descriptor of it would. It is inherited by fork() and may be passed
 * on; then all its holders share what was read.
 */
#ifndef PEERBAR_WATCH_H
#define PEERBAR_WATCH_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PEERBAR_WATCH_PATH "/dev/peerbar"

enum peerbar_watch_state {
	PEERBAR_WATCH_USABLE,
	PEERBAR_WATCH_REVOKED,		/* and may come back */
	PEERBAR_WATCH_GONE,		/* the device was closed: for good */
};

#define PEERBAR_WATCH_REASONS 128

struct peerbar_watch_status {
	__u64 changes;		/* of the device's state, since it was opened */
	__u64 revokes;		/* how many of these took usable BARs away */
	__u64 changed_ns;	/* when the last one was; CLOCK_MONOTONIC, 0: never */
	__u32 state;		/* enum peerbar_watch_state */
	__u32 reserved;		/* 0 */
	/*
	 * Why access was taken away since the watch was read last, or else the last time: the words
	 * by which debugfs counts revokes, such as "reset-ioctl,config-write". Empty: never.
	 */
	char reasons[PEERBAR_WATCH_REASONS];
};

/*
 * Takes the address of a dma-buf's descriptor (__s32). Returns the watch, which is closed by exec.
 * -EBADF (no descriptor), -EINVAL (not a dma-buf), -EOPNOTSUPP (one that peerbar-vfio-pci's own
 * exporter did not make), -EFAULT, -EMFILE, -ENFILE, -ENOMEM.
 */
#define PEERBAR_WATCH _IOW(0xB7, 0x60, __s32)

#endif
