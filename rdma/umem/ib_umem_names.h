/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mainline's names for what peerbar_umem.h declares. The build of a driver includes this
 * before the driver's first line (cc -include), so that the driver's source is the same for
 * every kernel.
 *
 * These are macros, so that the module exports no symbols with mainline's names: a kernel that
 * gets the real ones in a stable update must still be able to load peerbar_umem.ko.
 *
 * A driver that is built this way must not use any dma-buf umems but the revocable ones:
 * to_ib_umem_dmabuf() gives struct peerbar_umem_dmabuf, and any other umem is shorter than that.
 */
#ifndef PEERBAR_IB_UMEM_NAMES_H
#define PEERBAR_IB_UMEM_NAMES_H

/* included before the macros, which must not rename what the kernel's headers declare */
#include "peerbar_umem.h"

#define ib_umem_dmabuf peerbar_umem_dmabuf
#define to_ib_umem_dmabuf to_peerbar_umem_dmabuf

#define ib_umem_dmabuf_get_pinned_revocable_and_lock peerbar_umem_get_pinned_revocable_and_lock
#define ib_umem_dmabuf_set_revoke_locked peerbar_umem_set_revoke_locked
#define ib_umem_dmabuf_revoke_lock peerbar_umem_revoke_lock
#define ib_umem_dmabuf_revoke_unlock peerbar_umem_revoke_unlock
#define ib_umem_dmabuf_revoke peerbar_umem_revoke

/* the kernel's own ib_umem_release() does not know about the driver's callback */
#define ib_umem_release peerbar_umem_release

#endif
