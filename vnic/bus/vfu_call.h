/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Between the two halves of the server: vfu.c checks a message's frame and
 * makes its reply, the functions below (vfu_cmd.c) do what it asks.
 */
#ifndef VNIC_BUS_VFU_CALL_H
#define VNIC_BUS_VFU_CALL_H

#include <stdbool.h>

#include "vfu.h"
#include "vfu_proto.h"

struct vfu {
	const struct vfu_ops *ops;
	void *priv;
	struct gate *gate;
	bool negotiated;	/* VERSION was answered */
};

struct vfu_call {
	const uint8_t *body;	/* at least as long as the command's fixed part */
	size_t len;
	int *fds;		/* set to -1 what is taken over */
	unsigned int nr_fds;
	uint8_t *out;		/* reply's body, VFU_MAX_MSG less the header */
	size_t out_len;
	int out_fd;		/* -1: none */
};

/* Return 0, or -errno for the reply. */
typedef int (*vfu_command_fn)(struct vfu *vfu, struct vfu_call *call);

int vfu_cmd_version(struct vfu *vfu, struct vfu_call *call);
int vfu_cmd_dma_map(struct vfu *vfu, struct vfu_call *call);
int vfu_cmd_dma_unmap(struct vfu *vfu, struct vfu_call *call);
int vfu_cmd_get_info(struct vfu *vfu, struct vfu_call *call);
int vfu_cmd_get_region_info(struct vfu *vfu, struct vfu_call *call);
int vfu_cmd_get_irq_info(struct vfu *vfu, struct vfu_call *call);
int vfu_cmd_set_irqs(struct vfu *vfu, struct vfu_call *call);
int vfu_cmd_region_read(struct vfu *vfu, struct vfu_call *call);
int vfu_cmd_region_write(struct vfu *vfu, struct vfu_call *call);
int vfu_cmd_write_multi(struct vfu *vfu, struct vfu_call *call);
int vfu_cmd_reset(struct vfu *vfu, struct vfu_call *call);

#endif /* VNIC_BUS_VFU_CALL_H */
