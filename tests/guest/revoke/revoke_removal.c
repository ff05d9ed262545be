// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The driver is unbound while the owner keeps the device open, which it may do for as long as
 * it likes. peerbar-vfio-pci first takes the BAR away and then waits for the owner. The
 * kernel's exporter does it the other way round.
 */
#include <stdio.h>
#include <unistd.h>

#include "device.h"
#include "lib/importer_bench.h"
#include "lib/nicctl.h"
#include "lib/pci.h"
#include "lib/tap.h"
#include "lib/vfio.h"
#include "revoke_paths.h"

#define TIMEOUT_MS 20000u

static const char name[] = "unbind, device kept open";

struct seen {			/* what was seen while the removal waited for us */
	struct bench *bench;
	uint32_t handle;
	int eventfd;		/* on which VFIO asks to close the device */
	bool asked;
	uint64_t reachable;
	struct pti_query query;
};

static void look(void *arg)
{
	struct seen *seen = arg;

	seen->asked = vfio_signalled(seen->eventfd, TIMEOUT_MS);
	seen->reachable = nicctl_reachable();
	seen->query = query(seen->bench, seen->handle);
}

static void judge(const struct seen *seen, uint64_t before, bool ours)
{
	char text[IMPORTER_TITLE];
	bool gone = seen->query.revokes == 1 && !(seen->query.state & PTI_MAPPED) &&
		    (!rig_is_guarded() || seen->reachable == before);

	importer_title(text, name, "the owner is asked to close it");
	tap_check(seen->asked, text, "it is not");
	importer_title(text, name, "the BAR is gone before it is closed");
	if (ours)
		tap_check(gone, text, "%u revokes, state %#x", seen->query.revokes,
			  seen->query.state);
	else
		tap_skip(text, "the kernel's exporter: %s", gone ? "it is" : "it is not");
}

void revoke_removal(void)
{
	bool ours = rig_exporter_is_ours();
	char path[96], driver[64];
	struct seen seen;
	uint64_t before;
	struct bench b;

	bench_open(&b, name);
	expect(pci_driver(rig_gpu(), driver, sizeof(driver)), 0, name, "the driver");
	before = nicctl_reachable();
	seen = (struct seen){
		.bench = &b, .handle = attach_and_map(&b, PTI_DYNAMIC, PTI_UNMAP_AT_ONCE),
		.eventfd = vfio_eventfd(b.rig.dev->fd, VFIO_PCI_REQ_IRQ_INDEX),
	};
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver/unbind", rig_gpu());
	trigger_take_driver(&b.rig, rig_gpu(), path, look, &seen);
	close(seen.eventfd);
	judge(&seen, before, ours);
	check_reachable(before, name, "the BAR is gone when it is unbound");
	expect(importer_detach(b.fd, seen.handle), 0, name, "detach");
	expect(pci_bind(rig_gpu(), driver), 0, name, "bound again");
	bench_close(&b);
}
