// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which importers are let in, and how the DMA of each is stopped when the BAR is taken
 * away: by itself, if it stops its hardware when it is told to; or by the fence, if all
 * its DMA passes page tables in which its mapping can be closed. Neither: refused.
 *
 * Since the callback is called invalidate_mappings (Linux 7.1), only importers that stop
 * have one. Before, every importer that takes part has a move_notify, and the one of a
 * pinned umem does nothing at all; there is no way to see it but to know the function.
 * So on those kernels there is a list, and what is not in it is fenced.
 */
#include <linux/kallsyms.h>
#include <linux/moduleparam.h>
#include <linux/ratelimit.h>

#include "peerbar.h"

/*
 * Writable at any time: it is read when an importer attaches, and who was let in stays
 * with the way of stopping that was found then.
 */
static bool fence = true;
module_param(fence, bool, 0644);
MODULE_PARM_DESC(fence,
		 "Let importers in that cannot revoke, if the IOMMU can fence them off (default on)");

#ifndef PEERBAR_HAVE_INVALIDATE_MAPPINGS
/* Callbacks that were read, or written, and really revoke; with the module they live in. */
static const struct {
	const char *symbol;
	const char *module;
} revoking[] = {
	/* on-demand paging: the MR's page tables are zapped before it returns */
	{ "mlx5_ib_dmabuf_invalidate_cb", "mlx5_ib" },
	/* the kernel's pinned and revocable umem (7.x; backported to 6.12 stable) */
	{ "ib_umem_dmabuf_revoke_locked", "ib_uverbs" },
	/* ours, for kernels without it (rdma/umem) */
	{ "peerbar_umem_revoke_notify", "peerbar_umem" },
	/* the test importer (tests/kmod); its unrevocable callback is not here */
	{ "peerbar_test_importer_dynamic_move_notify", "peerbar_test_importer" },
	{ "peerbar_test_importer_pinned_move_notify", "peerbar_test_importer" },
};

/* @name as sprint_symbol_no_offset() has it: "symbol [module]", or "symbol" if built in */
static bool names(const char *name, const char *symbol, const char *module)
{
	size_t n = strlen(symbol), m = strlen(module);

	if (strncmp(name, symbol, n))
		return false;
	name += n;
	if (!*name)
		return true;
	return !strncmp(name, " [", 2) && !strncmp(name + 2, module, m) &&
	       !strcmp(name + 2 + m, "]");
}

static bool revokes(const void *callback)
{
	char name[KSYM_SYMBOL_LEN];
	size_t i;

	if (!callback)
		return false;
	sprint_symbol_no_offset(name, (unsigned long)callback);
	for (i = 0; i < ARRAY_SIZE(revoking); i++)
		if (names(name, revoking[i].symbol, revoking[i].module))
			return true;
	return false;
}
#else
static bool revokes(const void *callback)
{
	return callback;
}
#endif

/*
 * Why the IOMMU cannot be relied upon to cut the importer off, and what to do about it;
 * NULL if it can. That the domain holds the BAR where it should shows when it is mapped.
 */
static const char *why_no_fence(const struct peerbar_attachment *att)
{
	switch (att->route.type) {
	case PEERBAR_MAP_NOT_SUPPORTED:
		return peerbar_reason_text(att->route.reason);
	case PEERBAR_MAP_BUS_ADDR:
		return "its DMA takes a switch past the IOMMU: have the switch's ACS redirect it";
	case PEERBAR_MAP_HOST_BRIDGE:
		break;
	}
	switch (peerbar_iommu_of(att->attach->dev)) {
	case PEERBAR_IOMMU_NONE:
		return "no IOMMU translates its DMA: turn one on, in firmware and kernel";
	case PEERBAR_IOMMU_IDENTITY:
		return "its IOMMU domain passes all addresses: boot without iommu=pt";
	case PEERBAR_IOMMU_FOREIGN:
		return "its IOMMU domain is not the DMA API's";
	case PEERBAR_IOMMU_TRANSLATES:
		break;
	}
	if (!READ_ONCE(fence))
		return "the module parameter fence is off: turn it on";
	return NULL;
}

int peerbar_admit(struct peerbar_attachment *att)
{
	const struct dma_buf_attachment *attach = att->attach;
	char name[KSYM_SYMBOL_LEN] = "none";
	const void *callback = NULL;
	const char *reason;

	if (attach->importer_ops)
		callback = peerbar_importer_callback(attach->importer_ops);
	if (revokes(callback)) {
		att->stop = PEERBAR_STOP_NATIVE;
		return 0;
	}
	reason = why_no_fence(att);
	if (!reason) {
		att->stop = PEERBAR_STOP_FENCE;
		return 0;
	}

	if (callback)
		sprint_symbol_no_offset(name, (unsigned long)callback);
	dev_warn_ratelimited(attach->dev,
			     "peerbar: refused: driver %s cannot revoke a mapping (callback: %s), and the IOMMU cannot fence it off: %s; or use a driver whose memory regions can be revoked\n",
			     dev_driver_string(attach->dev), name, reason);
	return -EOPNOTSUPP;
}

const char *peerbar_stop_text(enum peerbar_stop stop)
{
	return stop == PEERBAR_STOP_NATIVE ? "native" : "fence";
}
