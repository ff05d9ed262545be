/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A virtio-serial port of this machine that carries JSON objects both ways, one per line:
 * the control sockets of the virtual NICs, and QEMU's monitor. A port can be open only once
 * in the whole guest. Any failure ends the test.
 */
#ifndef GUEST_VPORT_H
#define GUEST_VPORT_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;

struct vport {
	const char *name;	/* the name that QEMU gives the port */
	bool open;
	int fd;
	size_t have;		/* bytes in buf, not parsed yet */
	char buf[4096];
};

bool vport_present(const struct vport *port);

/* Return: whether it was closed before. */
bool vport_open(struct vport *port);
void vport_close(struct vport *port);

/* Takes ownership of @object. */
void vport_send(struct vport *port, struct json_object *object);

/* The next object, which the caller owns; NULL: none within @timeout_ms. */
struct json_object *vport_receive(struct vport *port, unsigned int timeout_ms);

#endif /* GUEST_VPORT_H */
