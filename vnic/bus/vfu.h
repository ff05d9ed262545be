/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The server side of vfio-user: framing, file descriptors, and the decoding of every
 * message that QEMU's vfio-user-pci sends into calls of struct vfu_ops. The protocol
 * is docs/interop/vfio-user.rst in QEMU's source, in version 0.0.
 */
#ifndef VNIC_BUS_VFU_H
#define VNIC_BUS_VFU_H

#include <stddef.h>
#include <stdint.h>

#define VFU_MAX_FDS	16		/* descriptors in one message */
#define VFU_MAX_DATA	(1u << 20)	/* bytes of one region access */
#define VFU_MAX_MSG	(VFU_MAX_DATA + 4096)

struct vfu_region {
	uint64_t size;		/* 0: the region does not exist */
	uint64_t mmap_offset;	/* the part that the guest may map, if mmap_fd >= 0 */
	uint64_t mmap_size;
	int mmap_fd;		/* memory behind that part; -1: every access is trapped */
};

/*
 * What the transport calls in the device. Every op runs in the message loop with the gate
 * held. Those that return int return 0 or -errno, which becomes the error of the reply.
 * Region numbers are VFIO's: 0 to 5 are the BARs, 7 is config space.
 */
struct vfu_ops {
	void (*region_info)(void *priv, unsigned int region, struct vfu_region *info);
	int (*region_read)(void *priv, unsigned int region, uint64_t off, void *buf,
			   uint32_t len);
	int (*region_write)(void *priv, unsigned int region, uint64_t off,
			    const void *buf, uint32_t len);
	int (*dma_map)(void *priv, uint64_t iova, uint64_t size, uint32_t prot, int fd,
		       uint64_t offset);
	/* @all: unmap everything; @iova and @size are then ignored */
	int (*dma_unmap)(void *priv, uint64_t iova, uint64_t size, int all);
	unsigned int (*irq_count)(void *priv, unsigned int index);
	/*
	 * Set the eventfds of vectors @start to @start + @count - 1 of irq @index; -1
	 * removes one. The op owns the descriptors from then on, also if it fails.
	 * @count 0: remove all.
	 */
	int (*irq_set)(void *priv, unsigned int index, unsigned int start,
		       unsigned int count, const int *fds);
	void (*reset)(void *priv);
};

struct gate;
struct vfu;

struct vfu *vfu_new(const struct vfu_ops *ops, void *priv, struct gate *gate);
void vfu_free(struct vfu *vfu);

struct vfu_msg {		/* one message, in or out */
	uint8_t *data;		/* header and body */
	size_t len;
	int fds[VFU_MAX_FDS];
	unsigned int nr_fds;
};

/**
 * vfu_handle() - handle one request
 * @vfu: the server
 * @req: in every case its descriptors are kept by an op or closed
 * @rsp: data points to a buffer of VFU_MAX_MSG bytes. If len is 0 on return, the client
 *	 wants no reply. The device still owns the descriptors: do not close them.
 *
 * Needs no socket, so unit tests and the fuzz target call it directly.
 * Return: 0, or -EPROTO if the message is malformed, so that the stream is out of step.
 */
int vfu_handle(struct vfu *vfu, struct vfu_msg *req, struct vfu_msg *rsp);

/**
 * vfu_serve() - handle the messages from a connected stream socket until it ends
 * @vfu: the server
 * @sock: the socket
 *
 * Return: 0 when the peer hung up between messages, -errno otherwise.
 */
int vfu_serve(struct vfu *vfu, int sock);

#endif /* VNIC_BUS_VFU_H */
