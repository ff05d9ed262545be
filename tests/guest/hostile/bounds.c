// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * bounds: how much a program that owns a device can take of what others need as well: kernel
 * memory, and a NIC's IOVA space. The kernel's exporter does not limit either.
 */
#include "bounds.h"
#include "lib/kmsg.h"
#include "lib/rig.h"
#include "lib/tap.h"
#include "lib/watchdog.h"

#define LIMIT_S 120u

int main(void)
{
	uint64_t log = kmsg_position();
	struct vfio vfio;

	if (!rig_exporter_is_ours()) {
		tap_skip("bounds", "the kernel's exporter has none");
		return tap_exit_status();
	}
	watchdog_set(LIMIT_S, "bounds");
	vfio_open(&vfio, rig_gpu());
	bounds_memory(&vfio);
	bounds_iova(&vfio);
	vfio_close(&vfio);
	watchdog_clear();
	kmsg_check(log);
	return tap_exit_status();
}
