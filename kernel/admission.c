// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which importers are accepted, and how the DMA of each is stopped when the BAR is taken
 * away: by the importer itself, if it stops its hardware when told; or by the fence, if all
 * its DMA goes through page tables in which its mapping can be closed, and the operator has
 * named its driver. If neither is possible, the importer is refused.
 *
 * The operator has to name the driver, because it is the NIC that suffers: it carries on with
 * the work that it was given, and runs into IOMMU faults. How it copes with those depends on
 * the NIC.
 */
#include <linux/ctype.h>
#include <linux/kallsyms.h>
#include <linux/moduleparam.h>
#include <linux/ratelimit.h>

#include "exporter.h"
#include "fence_list.h"

/*
 * May be written at any time. It is read when an importer attaches, and an importer that was
 * accepted keeps the way of stopping it that was chosen then.
 */
static char *fence = "";
module_param(fence, charp, 0644);
MODULE_PARM_DESC(fence,
		 "NIC drivers that cannot revoke and are let in where the IOMMU can fence them off: a list such as efa,bnxt_re, or all (default: none)");

/*
 * A write to the parameter frees the previous string, so reading it needs the same lock. A
 * write that ran out of memory leaves NULL.
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
/* The kernel itself can answer: since 7.1, only importers that can revoke have a callback. */
static bool revokes(struct dma_buf_attachment *attach)
{
	return dma_buf_attach_revocable(attach);
}
#else
/*
 * The RDMA core's callback for umems that are pinned for good. It does nothing but warn, and
 * exists because before Linux 7.1 every importer must have a callback. Only its name can be
 * compared, and not its module: it was moved between modules, and may be built in.
 */
#define IDLE_CALLBACK "ib_umem_dmabuf_unsupported_move_notify"

/*
 * Every other callback is trusted: an importer's callback is called when the memory moves, and
 * an importer that then went on using it would be broken with any exporter. But a callback
 * without a name is not trusted, because it might be the idle one; without CONFIG_KALLSYMS,
 * none has a name.
 */
static bool revokes(struct dma_buf_attachment *attach)
{
	const size_t len = strlen(IDLE_CALLBACK);
	const void *callback = callback_of(attach);
	char name[KSYM_SYMBOL_LEN];

	if (!callback)
		return false;
	/* gives "symbol [module]", an address if there is no symbol, "" without kallsyms */
	sprint_symbol_no_offset(name, (unsigned long)callback);
	if (!name[0] || isdigit(name[0]))
		return false;
	return strncmp(name, IDLE_CALLBACK, len) || isalnum(name[len]) || name[len] == '_';
}
#endif

/*
 * Why the IOMMU cannot be relied upon to cut the importer off, and what to do about it; NULL
 * if it can. Whether the domain really has the BAR at the mapping's IOVA is checked later,
 * when it is mapped.
 */
static const char *why_no_fence(const struct peerbar_attachment *att)
{
	switch (att->route.type) {
	case PEERBAR_MAP_NOT_SUPPORTED:
		return peerbar_refusal_text(att->route.reason);
	case PEERBAR_MAP_BUS_ADDR:
		return "a switch routes its DMA past the IOMMU: have the switch's ACS redirect it";
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

/* @reason: why it cannot be fenced off; NULL if it could, but nobody has named its driver. */
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
