/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pinned umem on a dma-buf that its exporter may revoke, for kernels without
 * ib_umem_dmabuf_get_pinned_revocable_and_lock(). It behaves like mainline's; where it
 * differs, the kernel-doc in umem.c says so.
 *
 * A driver that was written for mainline includes ib_umem_names.h instead, which gives
 * everything here the names that the driver uses.
 */
#ifndef PEERBAR_UMEM_H
#define PEERBAR_UMEM_H

#include <linux/version.h>
#include <rdma/ib_umem.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "peerbar_umem needs Linux 6.1 or newer: it was never tried on older kernels."
#endif

/**
 * struct peerbar_umem_dmabuf - the kernel's dma-buf umem, with the members that it lacks
 * @umem: used by drivers; it is the first member of @core, too
 * @core: used by the kernel's helpers; its @private is the argument of @pinned_revoke
 * @pinned_revoke: makes the hardware stop using the pages; NULL until the driver sets it
 * @revoked: the pages were taken away for good
 *
 * Everything but @umem is protected by the reservation lock of the dma-buf.
 */
struct peerbar_umem_dmabuf {
	union {
		struct ib_umem umem;
		struct ib_umem_dmabuf core;
	};
	void (*pinned_revoke)(void *priv);
	u8 revoked : 1;
};

static_assert(offsetof(struct ib_umem_dmabuf, umem) == 0);

/* Only for a umem that peerbar_umem_get_pinned_revocable_and_lock() returned. */
static inline struct peerbar_umem_dmabuf *to_peerbar_umem_dmabuf(struct ib_umem *umem)
{
	return container_of(umem, struct peerbar_umem_dmabuf, umem);
}

struct peerbar_umem_dmabuf *
peerbar_umem_get_pinned_revocable_and_lock(struct ib_device *device, unsigned long offset,
					   size_t size, int fd, int access);
void peerbar_umem_set_revoke_locked(struct peerbar_umem_dmabuf *umem_dmabuf,
				    void (*revoke)(void *priv), void *priv);
void peerbar_umem_revoke_lock(struct peerbar_umem_dmabuf *umem_dmabuf);
void peerbar_umem_revoke_unlock(struct peerbar_umem_dmabuf *umem_dmabuf);
void peerbar_umem_revoke(struct peerbar_umem_dmabuf *umem_dmabuf);
void peerbar_umem_release(struct ib_umem *umem);

#endif
