/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An NVMe controller with a Persistent Memory Region, as the device whose BAR is exported.
 * Unlike ivshmem it has FLR and power management. Its memory does not respond until it is
 * enabled in the controller.
 */
#ifndef GUEST_PMR_H
#define GUEST_PMR_H

struct peerbar_device;

/* Does nothing if the device is not an NVMe controller. Failure ends the test. */
void pmr_enable(struct peerbar_device *dev);

#endif /* GUEST_PMR_H */
