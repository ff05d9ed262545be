/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mainline's names for peerbar_umem.h. The build of a driver includes this before the
 * driver's first line (cc -include), so that the driver's source is the same for every
 * kernel.
 *
 * These are macros and not symbols of mainline's names: a kernel that gets the real ones
 * by a stable update must still be able to load peerbar_umem.ko.
 *
 * A driver built so has no dma-buf umem but the revocable ones: to_ib_umem_dmabuf() of
 * any other would be too short.
 */
#ifndef PEERBAR_IB_UMEM_NAMES_H
#define PEERBAR_IB_UMEM_NAMES_H

/* before the macros, which must not change what the kernel's headers declare */
#include "peerbar_umem.h"

#define ib_umem_dmabuf peerbar_umem_dmabuf
#define to_ib_umem_dmabuf to_peerbar_umem_dmabuf

#define ib_umem_dmabuf_get_pinned_revocable_and_lock peerbar_umem_get_pinned_revocable_and_lock
#define ib_umem_dmabuf_set_revoke_locked peerbar_umem_set_revoke_locked
#define ib_umem_dmabuf_revoke_lock peerbar_umem_revoke_lock
#define ib_umem_dmabuf_revoke_unlock peerbar_umem_revoke_unlock
#define ib_umem_dmabuf_revoke peerbar_umem_revoke

/* the kernel's own knows nothing of the driver's callback */
#define ib_umem_release peerbar_umem_release

#endif
