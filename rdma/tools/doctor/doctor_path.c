// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Checks of the NIC and the device together: will the exporter accept the NIC's driver, and
 * can the NIC reach the BAR? They split the verdict of "peerbar path show" into the parts
 * that have a remedy of their own.
 */
#include <inttypes.h>

#include "doctor.h"

void check_dmabuf(const struct doctor *d, struct finding *f)
{
	const char *driver = d->nic.pci.driver;

	if (!d->has_nic)
		return;
	switch (d->nic.revoke) {
	case PB_REVOKE_NO_DMABUF:
		found_failure(f, "driver %s has no dma-buf memory regions", driver);
		advise(f, "%s", pb_cause_remedy(PB_CAUSE_NO_DMABUF_MR));
		return;
	case PB_REVOKE_UNKNOWN:
		found_warning(f, "nothing is known of driver %s's dma-buf memory regions", driver);
		advise(f, "try: \"peerbar mr test\"");
		return;
	default:
		found_ok(f, "driver %s registers dma-bufs", driver);
	}
}

static void explain_no_fence(const struct doctor *d, struct finding *f)
{
	static const char can[] = PB_OUR_DRIVER ", which can fence such a NIC in the IOMMU";
	const char *ours = pb_our_driver();

	if (d->verdict.exporter == PB_EXPORTER_PEERBAR) {
		advise(f, "load a " PB_OUR_DRIVER " that can fence");
	} else if (ours) {
		advise(f, "give the device to %s", can);
		command(f, "peerbar dev bind %s driver %s%s", d->dev.address, ours,
			d->dev.by_core ? " exporter peerbar" : "");
	} else {
		advise(f, "load %s", can);
		command(f, "modprobe " PB_OUR_DRIVER);
	}
}

static void explain_fence_list(const struct doctor *d, struct finding *f)
{
	char drivers[PB_FENCE_WORD];

	pb_fence_with(&d->kernel.fence, d->nic.pci.driver, drivers, sizeof(drivers));
	advise(f, "if the NIC may meet IOMMU faults after a revoke, name it; for good by a line "
	       "\"" PB_FENCE_OPTION "%s\" in " PB_FENCE_CONF, drivers);
	command(f, "echo %s > " PB_FENCE_FILE, drivers);
}

static const char *says_after(const char *driver)
{
	return pb_after(PB_STOP_NATIVE, driver) == PB_AFTER_MAY_REVIVE ?
		       "a revoked MR may work again when the device does" :
		       "a revoked MR stays dead";
}

void check_revoke(const struct doctor *d, struct finding *f)
{
	const char *driver = d->nic.pci.driver;
	enum pb_cause cause = d->verdict.cause;

	if (!d->has_dev || !d->has_nic)
		return;
	switch (cause) {
	case PB_CAUSE_PINS_EXPORTER:
		found_failure(f, "driver %s pins buffers and cannot give them back, and %s has no "
			      "fence against it", driver, d->dev.driver);
		explain_no_fence(d, f);
		return;
	case PB_CAUSE_PINS_NOT_NAMED:
		found_failure(f, "%s", pb_cause_why(cause));
		explain_fence_list(d, f);
		return;
	case PB_CAUSE_PINS_NO_IOMMU:
	case PB_CAUSE_PINS_IDENTITY:
	case PB_CAUSE_PINS_BUS_ADDRESS:
		found_failure(f, "%s", pb_cause_why(cause));
		advise(f, "%s", pb_cause_remedy(cause));
		return;
	default:
		break;
	}
	if (!nic_pins(d))
		found_ok(f, "driver %s gives buffers back when they are revoked; %s", driver,
			 says_after(driver));
	else if (d->verdict.stop == PB_STOP_FENCE)
		found_ok(f, "driver %s pins buffers, and peerbar-vfio-pci fences it in the IOMMU, "
			 "as its parameter fence allows", driver);
}

void check_path(const struct doctor *d, struct finding *f)
{
	const struct pb_verdict *v = &d->verdict;

	if (!d->has_dev || !d->has_nic)
		return;
	if (!v->route_sure) {
		found_warning(f, "%s", pb_cause_why(PB_CAUSE_ACS_UNSEEN));
		advise(f, "%s", pb_cause_remedy(PB_CAUSE_ACS_UNSEEN));
		return;
	}
	switch (v->route.reason) {
	case PEERBAR_REACHABLE:
		found_ok(f, "%s reaches %s %s", d->nic.name, d->dev.address,
			 v->route.type == PEERBAR_MAP_BUS_ADDR ? "below a switch, past the IOMMU" :
								 "through the host bridge");
		return;
	case PEERBAR_DMA_MASK:
	case PEERBAR_FOREIGN_DOMAIN:
		return;		/* check_mask() and check_domain() report these */
	default:
		found_failure(f, "%s does not reach %s: %s", d->nic.name, d->dev.address,
			      pb_cause_why(pb_route_cause(v)));
		advise(f, "%s", pb_cause_remedy(pb_route_cause(v)));
	}
}

/*
 * If no IOMMU translates, the BAR's own address has to be within the NIC's DMA mask. If one
 * does, the IOVA is allocated within the mask, but the whole BAR has to fit there.
 */
void check_mask(const struct doctor *d, struct finding *f)
{
	const struct pb_window *window = &d->dev.bar[d->bar < 0 ? 0 : d->bar];
	unsigned int bits = d->nic.pci.dma_mask_bits;

	if (!d->has_dev || !d->has_nic || !bits)
		return;
	if (d->verdict.route.reason == PEERBAR_DMA_MASK) {
		found_failure(f, "BAR %d ends at %#" PRIx64 ", %s sends addresses of %u bits, and "
			      "no IOMMU translates", d->bar, window->start + window->size - 1,
			      d->nic.name, bits);
		advise(f, "%s", pb_cause_remedy(PB_CAUSE_DMA_MASK));
	} else if (bits < 64 && window->size >> bits) {
		found_warning(f, "BAR %d has %" PRIu64 " MiB, more than the %u bits of %s's "
			      "addresses can tell apart", d->bar, window->size >> 20, bits,
			      d->nic.name);
		advise(f, "register slices of it: \"peerbar mr test\" with length");
	} else {
		found_ok(f, "BAR %d is within the %u bits of %s's addresses", d->bar, bits,
			 d->nic.name);
	}
}
