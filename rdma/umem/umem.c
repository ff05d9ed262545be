// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinned and revocable dma-buf umems, on top of what ib_uverbs of Linux 6.1 exports: the
 * kernel's functions map and unmap the pages; attaching, pinning and revoking are done here.
 * See README.md for lifetimes and locking.
 */
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "peerbar_umem.h"

static struct dma_resv *umem_resv(struct peerbar_umem_dmabuf *umem_dmabuf)
{
	return umem_dmabuf->core.attach->dmabuf->resv;
}

/*
 * The exporter takes the memory back. peerbar-vfio-pci takes this importer for one that can
 * revoke, because this function does not have the name of the RDMA core's callback that only
 * warns (kernel/admission.c).
 *
 * A revoke that comes before the pages are pinned, perhaps even before core.attach is set, has
 * nothing to take away. It must not count as the one revoke in the life of a umem, or what is
 * mapped afterwards would never be unmapped.
 */
static void peerbar_umem_revoke_notify(struct dma_buf_attachment *attach)
{
	struct peerbar_umem_dmabuf *umem_dmabuf = attach->importer_priv;

	dma_resv_assert_held(attach->dmabuf->resv);

	if (!umem_dmabuf->core.pinned)
		return;

	if (umem_dmabuf->pinned_revoke)
		umem_dmabuf->pinned_revoke(umem_dmabuf->core.private);

	ib_umem_dmabuf_unmap_pages(&umem_dmabuf->core);
	dma_buf_unpin(attach);
	umem_dmabuf->core.pinned = 0;
	umem_dmabuf->revoked = 1;
}

static const struct dma_buf_attach_ops attach_ops = {
	.allow_peer2peer = true,
	.move_notify = peerbar_umem_revoke_notify,
};

static struct peerbar_umem_dmabuf *
new_umem(struct ib_device *device, unsigned long offset, size_t size, int access)
{
	struct peerbar_umem_dmabuf *umem_dmabuf;

	umem_dmabuf = kzalloc(sizeof(*umem_dmabuf), GFP_KERNEL);
	if (!umem_dmabuf)
		return ERR_PTR(-ENOMEM);

	umem_dmabuf->umem.ibdev = device;
	umem_dmabuf->umem.address = offset;
	umem_dmabuf->umem.length = size;
	umem_dmabuf->umem.writable = ib_access_writable(access);
	umem_dmabuf->umem.is_dmabuf = 1;
	if (!ib_umem_num_pages(&umem_dmabuf->umem)) {
		kfree(umem_dmabuf);
		return ERR_PTR(-EINVAL);
	}
	return umem_dmabuf;
}

/* On success, the umem takes over the caller's reference to @dmabuf. */
static struct peerbar_umem_dmabuf *
attach_umem(struct ib_device *device, unsigned long offset, size_t size,
	    struct dma_buf *dmabuf, int access)
{
	struct peerbar_umem_dmabuf *umem_dmabuf;
	struct dma_buf_attachment *attach;
	unsigned long end;

	if (check_add_overflow(offset, (unsigned long)size, &end) || end > dmabuf->size)
		return ERR_PTR(-EINVAL);

	umem_dmabuf = new_umem(device, offset, size, access);
	if (IS_ERR(umem_dmabuf))
		return umem_dmabuf;

	attach = dma_buf_dynamic_attach(dmabuf, device->dma_device, &attach_ops, umem_dmabuf);
	if (IS_ERR(attach)) {
		kfree(umem_dmabuf);
		return ERR_CAST(attach);
	}
	umem_dmabuf->core.attach = attach;
	return umem_dmabuf;
}

static int pin_and_map(struct peerbar_umem_dmabuf *umem_dmabuf)
{
	int err;

	err = dma_buf_pin(umem_dmabuf->core.attach);
	if (err)
		return err;
	umem_dmabuf->core.pinned = 1;

	return ib_umem_dmabuf_map_pages(&umem_dmabuf->core);
}

/**
 * peerbar_umem_get_pinned_revocable_and_lock - pin and map a part of a dma-buf
 * @device: the RDMA device that will use the pages
 * @offset: offset of the part, in bytes
 * @size: size of the part, in bytes
 * @fd: descriptor of the dma-buf
 * @access: IB_ACCESS_* flags of the registration
 *
 * On success the reservation lock of the dma-buf is held, so that the driver can finish
 * the registration and set its callback with peerbar_umem_set_revoke_locked(), before it
 * allows a revoke with peerbar_umem_revoke_unlock().
 *
 * Unlike in mainline (7.3), a revoke that slips in between the attach and the lock does not
 * make the registration fail if the device is usable again.
 *
 * Return: the umem, to be released with peerbar_umem_release(), or an error: -EINVAL (the
 * part is empty or not within the dma-buf, or @fd is not a dma-buf), -EBADF, -ENOMEM, or the
 * exporter's error from the attach, the pin or the map.
 */
struct peerbar_umem_dmabuf *
peerbar_umem_get_pinned_revocable_and_lock(struct ib_device *device, unsigned long offset,
					   size_t size, int fd, int access)
{
	struct peerbar_umem_dmabuf *umem_dmabuf;
	struct dma_buf *dmabuf;
	int err;

	dmabuf = dma_buf_get(fd);
	if (IS_ERR(dmabuf))
		return ERR_CAST(dmabuf);

	umem_dmabuf = attach_umem(device, offset, size, dmabuf, access);
	if (IS_ERR(umem_dmabuf)) {
		dma_buf_put(dmabuf);
		return umem_dmabuf;
	}

	dma_resv_lock(dmabuf->resv, NULL);
	err = pin_and_map(umem_dmabuf);
	if (err) {
		dma_resv_unlock(dmabuf->resv);
		peerbar_umem_release(&umem_dmabuf->umem);
		return ERR_PTR(err);
	}
	return umem_dmabuf;
}
EXPORT_SYMBOL_GPL(peerbar_umem_get_pinned_revocable_and_lock);

/**
 * peerbar_umem_set_revoke_locked - set the driver's revoke callback
 * @umem_dmabuf: the umem, with the reservation lock held
 * @revoke: must return only when the hardware has stopped using the pages; may sleep
 * @priv: its argument
 *
 * @revoke is called at most once, with the reservation lock held: by the first revoke, or
 * by the release if there was none. The pages are unmapped after it has returned.
 */
void peerbar_umem_set_revoke_locked(struct peerbar_umem_dmabuf *umem_dmabuf,
				    void (*revoke)(void *priv), void *priv)
{
	dma_resv_assert_held(umem_resv(umem_dmabuf));

	umem_dmabuf->pinned_revoke = revoke;
	umem_dmabuf->core.private = priv;
}
EXPORT_SYMBOL_GPL(peerbar_umem_set_revoke_locked);

/**
 * peerbar_umem_revoke_lock - keep revokes out
 * @umem_dmabuf: the umem
 */
void peerbar_umem_revoke_lock(struct peerbar_umem_dmabuf *umem_dmabuf)
{
	dma_resv_lock(umem_resv(umem_dmabuf), NULL);
}
EXPORT_SYMBOL_GPL(peerbar_umem_revoke_lock);

/**
 * peerbar_umem_revoke_unlock - allow revokes again
 * @umem_dmabuf: the umem
 */
void peerbar_umem_revoke_unlock(struct peerbar_umem_dmabuf *umem_dmabuf)
{
	dma_resv_unlock(umem_resv(umem_dmabuf));
}
EXPORT_SYMBOL_GPL(peerbar_umem_revoke_unlock);

/**
 * peerbar_umem_revoke - do what a revoke by the exporter does
 * @umem_dmabuf: the umem, without the reservation lock
 */
void peerbar_umem_revoke(struct peerbar_umem_dmabuf *umem_dmabuf)
{
	peerbar_umem_revoke_lock(umem_dmabuf);
	peerbar_umem_revoke_notify(umem_dmabuf->core.attach);
	peerbar_umem_revoke_unlock(umem_dmabuf);
}
EXPORT_SYMBOL_GPL(peerbar_umem_revoke);

static bool is_revocable(struct ib_umem *umem)
{
	return umem && umem->is_dmabuf &&
	       to_ib_umem_dmabuf(umem)->attach->importer_ops == &attach_ops;
}

/**
 * peerbar_umem_release - release any umem; one of ours is revoked first
 * @umem: a umem of any kind, or NULL; without the reservation lock
 *
 * When this returns, the driver's callback is not running and will not be called.
 */
void peerbar_umem_release(struct ib_umem *umem)
{
	struct peerbar_umem_dmabuf *umem_dmabuf;
	struct dma_buf *dmabuf;

	if (!is_revocable(umem)) {
		ib_umem_release(umem);
		return;
	}

	umem_dmabuf = to_peerbar_umem_dmabuf(umem);
	dmabuf = umem_dmabuf->core.attach->dmabuf;
	peerbar_umem_revoke(umem_dmabuf);
	dma_buf_detach(dmabuf, umem_dmabuf->core.attach);
	dma_buf_put(dmabuf);
	kfree(umem_dmabuf);
}
EXPORT_SYMBOL_GPL(peerbar_umem_release);

MODULE_LICENSE("GPL");
MODULE_VERSION(PEERBAR_VERSION);
MODULE_DESCRIPTION("Pinned, revocable dma-buf umems for kernels without them");
MODULE_IMPORT_NS(DMA_BUF);
