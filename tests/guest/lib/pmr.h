/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An NVMe controller with a Persistent Memory Region as the device whose BAR is exported:
 * it has what ivshmem has not, an FLR and power management. Its memory answers only once
 * the controller is told so.
 */
#ifndef GUEST_PMR_H
#define GUEST_PMR_H

struct peerbar_device;

/* Does nothing to a device that is no NVMe controller. Failure ends the test. */
void pmr_enable(struct peerbar_device *dev);

#endif /* GUEST_PMR_H */
