// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * One vfio-user message: check its frame, find the handler, build the reply. See vfu.h;
 * the handlers are in vfu_cmd.c, and vfu_sock.c has the socket.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "base/gate.h"
#include "base/log.h"
#include "vfu_call.h"

struct command {
	const char *name;
	vfu_command_fn fn;	/* NULL: the protocol has it, this server does not */
	size_t min;		/* bytes of the body's fixed part */
	unsigned int max_fds;
};

static const struct command commands[VFU_COMMANDS] = {
	[VFU_VERSION] = { "VERSION", vfu_cmd_version, sizeof(struct vfu_version), 0 },
	[VFU_DMA_MAP] = { "DMA_MAP", vfu_cmd_dma_map, sizeof(struct vfu_dma_map), 1 },
	[VFU_DMA_UNMAP] = { "DMA_UNMAP", vfu_cmd_dma_unmap, sizeof(struct vfu_dma_unmap), 0 },
	[VFU_GET_INFO] = { "GET_INFO", vfu_cmd_get_info, sizeof(struct vfu_device_info), 0 },
	[VFU_GET_REGION_INFO] = { "GET_REGION_INFO", vfu_cmd_get_region_info,
				  sizeof(struct vfio_region_info), 0 },
	[VFU_GET_REGION_IO_FDS] = { "GET_REGION_IO_FDS", NULL, 0, 0 },
	[VFU_GET_IRQ_INFO] = { "GET_IRQ_INFO", vfu_cmd_get_irq_info,
			       sizeof(struct vfio_irq_info), 0 },
	[VFU_SET_IRQS] = { "SET_IRQS", vfu_cmd_set_irqs, sizeof(struct vfio_irq_set),
			   VFU_MAX_FDS },
	[VFU_REGION_READ] = { "REGION_READ", vfu_cmd_region_read,
			      sizeof(struct vfu_region_access), 0 },
	[VFU_REGION_WRITE] = { "REGION_WRITE", vfu_cmd_region_write,
			       sizeof(struct vfu_region_access), 0 },
	[VFU_DMA_READ] = { "DMA_READ", NULL, 0, 0 },
	[VFU_DMA_WRITE] = { "DMA_WRITE", NULL, 0, 0 },
	[VFU_RESET] = { "RESET", vfu_cmd_reset, 0, 0 },
	[VFU_DIRTY_PAGES] = { "DIRTY_PAGES", NULL, 0, 0 },
	[VFU_WRITE_MULTI] = { "WRITE_MULTI", vfu_cmd_write_multi, sizeof(uint64_t), 0 },
};

struct vfu *vfu_new(const struct vfu_ops *ops, void *priv, struct gate *gate)
{
	struct vfu *vfu = calloc(1, sizeof(*vfu));

	if (vfu)
		*vfu = (struct vfu){ .ops = ops, .priv = priv, .gate = gate };
	return vfu;
}

void vfu_free(struct vfu *vfu)
{
	free(vfu);
}

static const struct command *find(uint16_t number)
{
	return number < VFU_COMMANDS && commands[number].name ? &commands[number] : NULL;
}

static int execute(struct vfu *vfu, uint16_t number, struct vfu_call *call)
{
	const struct command *command = find(number);
	int err;

	if (!command)
		return -EINVAL;
	if (!command->fn)
		return -ENOTSUP;
	if (call->len < command->min || call->nr_fds > command->max_fds)
		return -EINVAL;
	if (!vfu->negotiated && number != VFU_VERSION)
		return -EINVAL;
	gate_enter(vfu->gate);
	err = command->fn(vfu, call);
	gate_leave(vfu->gate);
	return err;
}

static void close_fds(struct vfu_msg *msg)
{
	for (unsigned int i = 0; i < msg->nr_fds; i++)
		if (msg->fds[i] >= 0)
			close(msg->fds[i]);
	msg->nr_fds = 0;
}

static void log_refusal(uint16_t number, int err)
{
	const struct command *command = find(number);

	log_info("vfio-user: %s (command %u) refused: %s",
		 command ? command->name : "unknown", number, strerror(-err));
}

static void reply(struct vfu_msg *rsp, const struct vfu_header *req,
		  const struct vfu_call *call, int err)
{
	struct vfu_header header = {
		.id = req->id, .command = req->command, .flags = VFU_F_REPLY,
		.size = sizeof(header),
	};

	if (err) {
		header.flags |= VFU_F_ERROR;
		header.error = (uint32_t)-err;
	} else {
		header.size += (uint32_t)call->out_len;
		if (call->out_fd >= 0)
			rsp->fds[rsp->nr_fds++] = call->out_fd;
	}
	memcpy(rsp->data, &header, sizeof(header));
	rsp->len = header.size;
}

/* This server sends no requests, so a message that is a reply is an error. */
static bool is_request(const struct vfu_msg *msg, struct vfu_header *header)
{
	if (msg->len < sizeof(*header))
		return false;
	memcpy(header, msg->data, sizeof(*header));
	return header->size == msg->len && !(header->flags & VFU_F_TYPE);
}

int vfu_handle(struct vfu *vfu, struct vfu_msg *req, struct vfu_msg *rsp)
{
	struct vfu_header header;
	struct vfu_call call;
	int err;

	rsp->len = 0;
	rsp->nr_fds = 0;
	if (!is_request(req, &header)) {
		close_fds(req);
		return -EPROTO;
	}
	call = (struct vfu_call){
		.body = req->data + sizeof(header), .len = req->len - sizeof(header),
		.fds = req->fds, .nr_fds = req->nr_fds,
		.out = rsp->data + sizeof(header), .out_fd = -1,
	};
	err = execute(vfu, header.command, &call);
	close_fds(req);
	if (err)
		log_refusal(header.command, err);
	if (!(header.flags & VFU_F_NO_REPLY))
		reply(rsp, &header, &call, err);
	return 0;
}
