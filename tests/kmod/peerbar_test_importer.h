/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause) */
/*
 * /dev/peerbar_test_importer: import a dma-buf on behalf of any PCI device, as well or as
 * badly behaved as a test needs. Nothing is ever transferred; the module attaches, maps,
 * and writes down what it is told and when.
 *
 *	fd = open(PTI_PATH, O_RDWR | O_CLOEXEC);
 *	struct pti_attach a = {
 *		.dmabuf_fd = dmabuf, .mode = PTI_PINNED, .device = "0000:09:00.0",
 *	};
 *	ioctl(fd, PTI_ATTACH, &a);
 *	ioctl(fd, PTI_MAP, &a.handle);
 *
 * Handles belong to the open file. Closing it detaches everything, and so does unbinding
 * the driver of the importing device (for the attachments of that device, but those with
 * PTI_STAYS: their handles are gone). Every call may be made from any thread at any time,
 * also while the exporter waits for this importer. All but PTI_ATTACH, PTI_WAKE and
 * PTI_SITTING take the reservation lock of the dma-buf, and so wait for who sits on it.
 *
 * Errors of all: -EFAULT, -EINTR, -ENOTTY; -ENOENT: no such handle.
 */
#ifndef PEERBAR_TEST_IMPORTER_H
#define PEERBAR_TEST_IMPORTER_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PTI_PATH "/dev/peerbar_test_importer"

/* What kind of importer the attachment claims to be, and is unless told otherwise. */
enum pti_mode {
	/* Unmaps when notified, and may map again. */
	PTI_DYNAMIC,
	/* Pins while mapped; unmaps and unpins when notified, and is then dead for good. */
	PTI_PINNED,
	/*
	 * Pins while mapped, and has no way to let go: no callback on kernels that allow
	 * that (7.1), one that only counts on others, and that has the name of the one by
	 * which an exporter knows a pinned umem. Unmaps by PTI_UNMAP alone.
	 */
	PTI_UNREVOCABLE,
};

/* Values of unmap_delay_ms but a time. */
#define PTI_UNMAP_AT_ONCE 0u		/* before the notification returns */
#define PTI_UNMAP_NEVER 0xffffffffu	/* until PTI_UNMAP, PTI_DETACH or close */
#define PTI_MAX_DELAY_MS 600000u

#define PTI_SIT 0xffffffffu		/* a value of callback_ms: until PTI_WAKE */

/*
 * A flag: unbinding the driver of the importing device, or removing the device, detaches
 * nothing and unmaps nothing. What the handle's calls do then is up to the exporter.
 * amdgpu is such an importer: it lets go of its mappings when it is unbound, and of its
 * attachments with the last reference to a buffer, which may be much later.
 */
#define PTI_STAYS 0x1u

/* A flag: detaching unmaps nothing, and leaves that to the exporter. */
#define PTI_LITTERS 0x2u

struct pti_attach {
	__s32 dmabuf_fd;	/* not needed any more when the call returns */
	__u32 mode;		/* enum pti_mode */
	/*
	 * When to unmap after a notification, of PTI_DYNAMIC and PTI_PINNED. Any other
	 * than PTI_UNMAP_AT_ONCE breaks the promise that the mode makes: from a worker,
	 * after at least so many milliseconds, or not at all.
	 */
	__u32 unmap_delay_ms;
	__u32 handle;		/* out, on success; never 0 */
	char device[16];	/* the importing device, as sysfs spells it */
	__u32 flags;		/* PTI_STAYS, PTI_LITTERS */
	/*
	 * How long the callback of PTI_DYNAMIC and PTI_PINNED sits, with the reservation
	 * lock held, before it does what it is there for. No signal disturbs it, unless
	 * the exporter called it on behalf of a process that is killed.
	 */
	__u32 callback_ms;
};

struct pti_entry {
	__u64 address;		/* as the importing device sees it */
	__u64 length;		/* bytes */
};

#define PTI_MAPPED	0x1u
#define PTI_UNMAPPING	0x2u	/* notified, still mapped */
#define PTI_DEAD	0x4u	/* PTI_PINNED, and has been revoked */

/* Times are of CLOCK_MONOTONIC, in nanoseconds; 0: has not happened. */
struct pti_query {
	__u32 handle;
	__u32 state;		/* out: PTI_MAPPED and so on */
	__u32 room;		/* entries that fit at @entries, 0: none wanted */
	__u32 nr_entries;	/* out: entries that the mapping has, perhaps more than @room */
	__u64 entries;		/* address of struct pti_entry[room] */
	__u32 notifies;		/* out: how often the exporter notified */
	__u32 revokes;		/* out: how many of them found a mapping not yet notified */
	__u64 attach_ns;	/* out: how long attaching took */
	__u64 map_ns;		/* out: how long the last successful map took */
	__u64 mapped_at;	/* out: the last successful map was done */
	__u64 notified_at;	/* out: the last revoke came */
	__u64 unmapped_at;	/* out: the last unmap was done */
};

/*
 * PTI_ATTACH: -EINVAL (mode, flags or a time is nonsense, @device has no end, or the
 * descriptor is no dma-buf), -EBADF, -ENODEV (no device of that name), -ENXIO (no driver is
 * bound to it), -EBUSY (4096 handles), -ENOMEM, or what the exporter says.
 *
 * PTI_MAP: -EBUSY (is mapped), -ESTALE (PTI_DEAD), or what the exporter says to pin and
 * map. PTI_UNMAP: -ENODATA (is not mapped). PTI_DETACH unmaps first if need be, but not with
 * PTI_LITTERS. These take the address of a handle.
 *
 * PTI_WAKE: all callbacks that sit now, of all files, go on; who comes later sits.
 * PTI_SITTING: how many sit, as the result. Neither takes an argument. Nobody sits while
 * anything is being detached, by whatever of the above.
 *
 * Numbers begin at 0x40: the lowest are the VFS's own for every file.
 */
#define PTI_IOC 0xB7
#define PTI_ATTACH	_IOWR(PTI_IOC, 0x40, struct pti_attach)
#define PTI_MAP		_IOW(PTI_IOC, 0x41, __u32)
#define PTI_UNMAP	_IOW(PTI_IOC, 0x42, __u32)
#define PTI_DETACH	_IOW(PTI_IOC, 0x43, __u32)
#define PTI_QUERY	_IOWR(PTI_IOC, 0x44, struct pti_query)
#define PTI_WAKE	_IO(PTI_IOC, 0x45)
#define PTI_SITTING	_IO(PTI_IOC, 0x46)

#endif
