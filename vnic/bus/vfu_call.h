/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The interface between the two halves of the server: vfu.c checks the frame of a
 * message and builds the reply; the functions below (vfu_cmd.c) execute the command.
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
	bool negotiated;	/* VERSION has been answered */
};

struct vfu_call {
	const uint8_t *body;	/* at least as long as the command's fixed part */
	size_t len;
	int *fds;		/* a command that keeps one sets it to -1 here */
	unsigned int nr_fds;
	uint8_t *out;		/* the reply's body; room for VFU_MAX_MSG less the header */
	size_t out_len;
	int out_fd;		/* to be sent with the reply; -1: none */
};

/* Return: 0, or -errno for the reply. */
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
