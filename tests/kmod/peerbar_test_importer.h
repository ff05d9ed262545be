/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause) */
/*
 * /dev/peerbar_test_importer: import a dma-buf on behalf of any PCI device, and behave as well
 * or as badly as a test needs. No data is ever transferred: the module attaches, maps, and
 * records what the exporter tells it and when.
 *
 *	fd = open(PTI_PATH, O_RDWR | O_CLOEXEC);
 *	struct pti_attach a = {
 *		.dmabuf_fd = dmabuf, .mode = PTI_PINNED, .device = "0000:09:00.0",
 *	};
 *	ioctl(fd, PTI_ATTACH, &a);
 *	ioctl(fd, PTI_MAP, &a.handle);
 *
 * Handles belong to the open file. Closing the file detaches all its attachments. Unbinding the
 * driver of an importing device detaches the attachments of that device and removes their
 * handles, except those with PTI_STAYS. Every call may be made from any thread at any time,
 * also while the exporter waits for this importer. All calls except PTI_ATTACH, PTI_WAKE and
 * PTI_SITTING take the reservation lock of the dma-buf, and so wait for a callback that sits
 * (blocks) with that lock held.
 *
 * Any call may fail with -EFAULT, -EINTR, -ENOTTY, or -ENOENT (no such handle).
 */
#ifndef PEERBAR_TEST_IMPORTER_H
#define PEERBAR_TEST_IMPORTER_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PTI_PATH "/dev/peerbar_test_importer"

/* What kind of importer the attachment claims to be; it is one, unless told to misbehave. */
enum pti_mode {
	/* Unmaps when notified, and may map again. */
	PTI_DYNAMIC,
	/* Pins while mapped; unmaps and unpins when notified, and is then dead for good. */
	PTI_PINNED,
	/*
	 * Pins while mapped, and cannot let go when notified. Since 7.1 it has no callback.
	 * Before, where it must have one, the callback only counts, and has the name by which
	 * an exporter recognizes a pinned umem. Unmaps only by PTI_UNMAP or when detached.
	 */
	PTI_UNREVOCABLE,
};

/* Special values of unmap_delay_ms, and the longest time. */
#define PTI_UNMAP_AT_ONCE 0u		/* before the notification returns */
#define PTI_UNMAP_NEVER 0xffffffffu	/* until PTI_UNMAP, PTI_DETACH or close */
#define PTI_MAX_DELAY_MS 600000u

#define PTI_SIT 0xffffffffu		/* special value of callback_ms: until PTI_WAKE */

/*
 * A flag: unbinding the driver of the importing device, or removing the device, neither
 * detaches nor unmaps. What calls with the handle do then is up to the exporter. amdgpu is
 * an importer that stays attached: it unmaps when it is unbound, but it detaches with the last
 * reference to a buffer, which may be much later.
 */
#define PTI_STAYS 0x1u

/* A flag: detaching does not unmap first, and leaves the mapping to the exporter. */
#define PTI_LITTERS 0x2u

struct pti_attach {
	__s32 dmabuf_fd;	/* may be closed when the call has returned */
	__u32 mode;		/* enum pti_mode */
	/*
	 * For PTI_DYNAMIC and PTI_PINNED: when to unmap after a notification. Any value but
	 * PTI_UNMAP_AT_ONCE breaks the promise that the mode makes: a worker unmaps, after at
	 * least this many milliseconds, or nobody does.
	 */
	__u32 unmap_delay_ms;
	__u32 handle;		/* out, on success; never 0 */
	char device[16];	/* the importing device, as sysfs spells it */
	__u32 flags;		/* PTI_STAYS, PTI_LITTERS */
	/*
	 * For PTI_DYNAMIC and PTI_PINNED: how long the callback sits (blocks), with the
	 * reservation lock held, before it does anything. Only a fatal signal interrupts it,
	 * if the exporter calls it in the context of a process that is killed.
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

/* Times are CLOCK_MONOTONIC, in nanoseconds; 0 means that it has not happened. */
struct pti_query {
	__u32 handle;
	__u32 state;		/* out: PTI_MAPPED and so on */
	__u32 room;		/* how many entries fit at @entries; 0 if none are wanted */
	__u32 nr_entries;	/* out: entries that the mapping has, perhaps more than @room */
	__u64 entries;		/* address of struct pti_entry[room] */
	__u32 notifies;		/* out: how often the exporter notified */
	__u32 revokes;		/* out: how many of these found a mapping not yet notified */
	__u64 attach_ns;	/* out: how long attaching took */
	__u64 map_ns;		/* out: how long the last successful map took */
	__u64 mapped_at;	/* out: when the last successful map was done */
	__u64 notified_at;	/* out: when the last revoke came */
	__u64 unmapped_at;	/* out: when the last unmap was done */
};

/*
 * PTI_ATTACH: -EINVAL (the mode, a flag or a time is invalid, @device is not terminated, or
 * the descriptor is not a dma-buf), -EBADF, -ENODEV (no device of that name), -ENXIO (no
 * driver is bound to it), -EBUSY (4096 handles), -ENOMEM, or the exporter's error.
 *
 * PTI_MAP: -EBUSY (it is mapped already), -ESTALE (PTI_DEAD), or the exporter's error from the
 * pin or the map. PTI_UNMAP: -ENODATA (it is not mapped). PTI_DETACH unmaps first if it is
 * mapped, but not with PTI_LITTERS. These three take the address of a handle.
 *
 * PTI_WAKE: all callbacks that sit now, of all files, go on; those that come later sit again.
 * PTI_SITTING: returns how many callbacks sit. Neither takes an argument. No callback sits
 * while anything is being detached, for any of the reasons above.
 *
 * The numbers begin at 0x40, because the VFS uses the lowest ones itself for every file.
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
