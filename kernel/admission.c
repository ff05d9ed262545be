// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which importers are let in, and how the DMA of each is stopped when the BAR is taken
 * away: by itself, if it stops its hardware when it is told to; or by the fence, if all
 * its DMA passes page tables in which its mapping can be closed, and the operator has
 * named its driver. Neither: refused.
 *
 * The operator has to name it, because the NIC pays: it goes on with what it was told to
 * do, and meets faults of the IOMMU. What a NIC makes of these is its own affair.
 */
#include <linux/ctype.h>
#include <linux/kallsyms.h>
#include <linux/moduleparam.h>
#include <linux/ratelimit.h>

#include "exporter.h"
#include "fence_list.h"

/*
 * Writable at any time: it is read when an importer attaches, and who was let in stays
 * with the way of stopping that was found then.
 */
static char *fence = "";
module_param(fence, charp, 0644);
MODULE_PARM_DESC(fence,
		 "NIC drivers that cannot revoke and are let in where the IOMMU can fence them off: a list such as efa,bnxt_re, or all (default: none)");

/*
 * A write frees the list of before, so the lock that it holds is needed to read. One that
 * found no memory has left NULL.
 */
static bool named(const char *driver)
{
	bool found;

	kernel_param_lock(THIS_MODULE);
	found = peerbar_fence_names(fence ?: "", driver);
	kernel_param_unlock(THIS_MODULE);
	return found;
}

static const void *callback_of(const struct dma_buf_attachment *attach)
{
	return attach->importer_ops ? peerbar_importer_callback(attach->importer_ops) : NULL;
}

#ifdef PEERBAR_HAVE_ATTACH_REVOCABLE
/* Since the kernel itself can say so, only importers that stop have a callback. */
static bool revokes(struct dma_buf_attachment *attach)
{
	return dma_buf_attach_revocable(attach);
}
#else
/*
 * The RDMA core's callback for umems that are pinned for good. It does nothing but warn, and
 * is there because before Linux 7.1 an importer must have one. Its module differs: it was
 * moved, it may be built in.
 */
#define IDLE_CALLBACK "ib_umem_dmabuf_unsupported_move_notify"

/*
 * Every other callback is believed: that of an importer is called when the memory moves,
 * and one that then goes on would be broken with any exporter. But a callback without a
 * name, as all are without CONFIG_KALLSYMS, might be the idle one.
 */
static bool revokes(struct dma_buf_attachment *attach)
{
	const size_t len = strlen(IDLE_CALLBACK);
	const void *callback = callback_of(attach);
	char name[KSYM_SYMBOL_LEN];

	if (!callback)
		return false;
	/* "symbol [module]"; an address if there is no symbol, nothing without kallsyms */
	sprint_symbol_no_offset(name, (unsigned long)callback);
	if (!name[0] || isdigit(name[0]))
		return false;
	return strncmp(name, IDLE_CALLBACK, len) || isalnum(name[len]) || name[len] == '_';
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
		return peerbar_refusal_text(att->route.reason);
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
	return NULL;
}

/* @reason: why there is no fence; NULL: there could be, but nobody named the driver. */
static void log_refusal(const struct dma_buf_attachment *attach, const char *driver,
			const char *reason)
{
	const void *callback = callback_of(attach);
	char name[KSYM_SYMBOL_LEN] = "none";

	if (callback)
		sprint_symbol_no_offset(name, (unsigned long)callback);
	if (reason)
		dev_warn_ratelimited(attach->dev,
				     "peerbar: refused: driver %s cannot revoke a mapping (callback: %s), and the IOMMU cannot fence it off: %s; or use a driver whose memory regions can be revoked\n",
				     driver, name, reason);
	else
		dev_warn_ratelimited(attach->dev,
				     "peerbar: refused: driver %s cannot revoke a mapping (callback: %s), and fencing it off in the IOMMU is not allowed: if its NIC may meet IOMMU faults after a revoke, add it to the module parameter: fence=%s; or use a driver whose memory regions can be revoked\n",
				     driver, name, driver);
}

int peerbar_admit(struct peerbar_attachment *att)
{
	struct dma_buf_attachment *attach = att->attach;
	const char *driver = dev_driver_string(attach->dev);
	const char *reason;

	if (revokes(attach)) {
		att->stop = PEERBAR_STOP_NATIVE;
		return 0;
	}
	reason = why_no_fence(att);
	if (!reason && named(driver)) {
		att->stop = PEERBAR_STOP_FENCE;
		return 0;
	}
	log_refusal(attach, driver, reason);
	return -EOPNOTSUPP;
}

const char *peerbar_stop_text(enum peerbar_stop stop)
{
	return stop == PEERBAR_STOP_NATIVE ? "native" : "fence";
}
