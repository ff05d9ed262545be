/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A device that only records the calls that it gets, behind a vfio-user server. */
#ifndef VFU_DEVICE_H
#define VFU_DEVICE_H

/* cmocka.h needs these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/gate.h"
#include "bus/vfu.h"
#include "bus/vfu_proto.h"

#define BAR0_SIZE	0x10000u
#define BAR2_SIZE	0x200000u	/* 0x2000 bytes at 0x1000 can be mapped */
#define VECTORS		40u

struct device {			/* the arguments of the last call */
	unsigned int calls;	/* number of calls to ops that change something */
	unsigned int region, start, count, index, resets;
	uint64_t off, iova, size, offset;
	uint32_t len, prot;
	uint8_t data[64];
	int fd, all, err, mmap_fd;
	int irq[VECTORS];
};

struct server {
	struct device dev;
	struct gate gate;
	struct vfu *vfu;
	struct vfu_msg rsp;
	unsigned int fds_at_start;
};

int server_setup_raw(void **state);	/* before VERSION */
int server_setup(void **state);

/* Checks that no descriptors remain open but those that the device owns. */
int server_teardown(void **state);

void server_renew(struct server *s);	/* a new session, before VERSION */

#define SERVER_TEST(t) cmocka_unit_test_setup_teardown(t, server_setup, server_teardown)
#define RAW_SERVER_TEST(t) \
	cmocka_unit_test_setup_teardown(t, server_setup_raw, server_teardown)

/*
 * Send @len bytes of @body as command @cmd. The message is in memory of exactly its size, so
 * that a sanitizer sees a read beyond it.
 * Return: the error in the reply, 0, or -1 if there was no reply.
 */
int ask_fds(struct server *s, uint16_t cmd, uint32_t flags, const void *body,
	    size_t len, const int *fds, unsigned int nr_fds);
int ask(struct server *s, uint16_t cmd, const void *body, size_t len);

/* Copy the body of the last reply, which must be @len bytes long, to @body. */
void reply(struct server *s, void *body, size_t len);

#endif /* VFU_DEVICE_H */
