// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * revoke_patience: nobody pays for another's fault. There are two or three buffers, whose
 * importers do as they are told, and something that holds up one of the buffers: a fence
 * that is not signalled, a callback that does not return, or an importer that keeps its
 * mapping. The importers of the other buffers must be told and let go at once, must not be
 * blamed, and may map again; the NIC itself is not touched. If an IOMMU translates, the event
 * must end within revoke_timeout_ms. If none does, the event waits, logs for whom, and can
 * be killed.
 *
 * peerbar-vfio-pci promises this; the kernel's exporter waits for all of them.
 */
#include <stdio.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/exporter.h"
#include "lib/importer_bench.h"
#include "lib/kmsg.h"
#include "lib/pci.h"
#include "lib/slow_fence.h"
#include "lib/tap.h"
#include "revoke_patience.h"

#define LOG_MS 10000u		/* how much later than revoke_timeout_ms the line may come */

bool patience_wait_for_name(uint64_t since)
{
	uint64_t end = now_us() + (PATIENCE_TIMEOUT_MS + LOG_MS) * 1000ull;
	char driver[64], text[160];

	if (pci_driver(rig_nic(), driver, sizeof(driver)))
		tap_die("NIC", "%s has no driver", rig_nic());
	snprintf(text, sizeof(text), "%s %s: peerbar: %s", driver, rig_nic(), rig_gpu());
	while (kmsg_count(since, text) < 1) {
		if (now_us() > end)
			return false;
		sleep_us(20000);
	}
	return true;
}

/* The forking tests come first: a child would not inherit a running watchdog thread. */
static void fences(void)
{
	int device = slow_fence_open();

	if (device < 0)
		tap_die("slow fence", "this kernel has no vgem");
	exporter_set_timeout(PATIENCE_FENCE_TIMEOUT_MS);
	patience_user(device, true);
	patience_user(device, false);
	patience_fence(device);
	close(device);
}

static void holders(void)
{
	bool translated = pci_is_translated(rig_nic());

	exporter_set_timeout(PATIENCE_TIMEOUT_MS);
	if (!translated)
		patience_forever();
	patience_sitter(PTI_DYNAMIC, translated);
	patience_sitter(PTI_PINNED, translated);
}

int main(void)
{
	uint64_t log = kmsg_position();
	unsigned int old;

	if (!rig_exporter_is_ours()) {
		tap_skip("nobody pays for another's fault", "the kernel's exporter waits for all");
		return tap_exit_status();
	}
	old = exporter_set_timeout(PATIENCE_TIMEOUT_MS);
	fences();
	holders();
	exporter_set_timeout(old);
	kmsg_check(log);
	return tap_exit_status();
}
