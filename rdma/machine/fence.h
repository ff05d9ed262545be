/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The NIC drivers that peerbar-vfio-pci may fence off in the IOMMU, as its module parameter
 * fence names them. The list is parsed by the kernel module's own source
 * (kernel/fence_list.h), so that both always agree.
 */
#ifndef PEERBAR_FENCE_H
#define PEERBAR_FENCE_H

#include <stdbool.h>
#include <stddef.h>

/* The list of the loaded module, and where to write it so that the next load has it, too. */
#define PB_FENCE_FILE "/sys/module/peerbar_vfio_pci/parameters/fence"
#define PB_FENCE_CONF "/etc/modprobe.d/peerbar.conf"
#define PB_FENCE_OPTION "options peerbar_vfio_pci fence="

struct pb_fence {
	bool known;		/* false: the module is not loaded, or has no such parameter */
	char list[1026];	/* as it was written; the kernel accepts 1024 characters */
};

void pb_fence_read(struct pb_fence *fence);

/* Does the list name @driver, the driver of a PCI function? */
bool pb_fence_names(const struct pb_fence *fence, const char *driver);

/*
 * The new list, with @driver added, as one word for a shell command: "bnxt_re,efa". If that
 * does not fit into @size, the word is a command substitution by which the shell reads the
 * present list itself.
 */
#define PB_FENCE_WORD 256
void pb_fence_with(const struct pb_fence *fence, const char *driver, char *word, size_t size);

#endif /* PEERBAR_FENCE_H */
