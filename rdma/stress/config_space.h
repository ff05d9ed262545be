/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Ways to take a device away that libpeerbar does not offer to programs, but every owner has. */
#ifndef STRESS_CONFIG_SPACE_H
#define STRESS_CONFIG_SPACE_H

#include "peerbar.h"

/* All return 0, -ENOTSUP if the device does not have this, or another negative errno. */
int config_flr(struct peerbar_device *dev);
int config_d3hot(struct peerbar_device *dev);
int config_d0(struct peerbar_device *dev);

/* VFIO's low power, by which the kernel may turn the device off altogether. */
int vfio_low_power(struct peerbar_device *dev);
int vfio_full_power(struct peerbar_device *dev);

#endif /* STRESS_CONFIG_SPACE_H */
