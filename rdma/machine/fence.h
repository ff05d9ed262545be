/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whom peerbar-vfio-pci may fence off in the IOMMU: the NIC drivers that its parameter
 * names. How the list is read is the kernel module's own source (kernel/fence_list.h).
 */
#ifndef PEERBAR_FENCE_H
#define PEERBAR_FENCE_H

#include <stdbool.h>
#include <stddef.h>

/* The list itself, and where it is for the next time that the module is loaded. */
#define PB_FENCE_FILE "/sys/module/peerbar_vfio_pci/parameters/fence"
#define PB_FENCE_CONF "/etc/modprobe.d/peerbar.conf"
#define PB_FENCE_OPTION "options peerbar_vfio_pci fence="

struct pb_fence {
	bool known;		/* false: the module is not loaded, or too old */
	char list[1026];	/* as it was written: the kernel takes 1024 characters */
};

void pb_fence_read(struct pb_fence *fence);

/* Does the list name @driver, that of a PCI function? */
bool pb_fence_names(const struct pb_fence *fence, const char *driver);

/*
 * A word of the shell for the list with @driver in it, too: "bnxt_re,efa". If there is no
 * room for that, one that has the shell read the list.
 */
#define PB_FENCE_WORD 256
void pb_fence_with(const struct pb_fence *fence, const char *driver, char *word, size_t size);

#endif /* PEERBAR_FENCE_H */
