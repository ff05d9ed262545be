// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A program that owns the device and obeys the lines of standard input until that ends:
 *
 *   doctor_owner NIC DEV
 *	register	export a page of BAR 2 and register it with the NIC, once
 *	memory-off	turn memory decode off, as a driver in a virtual machine might
 *	memory-on
 *
 * It answers each line with "ok" or with a sentence that says what went wrong.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <infiniband/verbs.h>

#include "peerbar.h"

#define BAR 2
#define SIZE 4096

static struct peerbar_device *dev;
static struct ibv_pd *pd;

static struct ibv_context *open_nic(const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_context *context = NULL;
	unsigned int i;

	for (i = 0; list && list[i] && !context; i++)
		if (!strcmp(ibv_get_device_name(list[i]), name))
			context = ibv_open_device(list[i]);
	if (list)
		ibv_free_device_list(list);
	return context;
}

static const char *reg(void)
{
	const struct peerbar_range range = { .offset = 0, .length = SIZE };
	int fd = peerbar_export(dev, BAR, &range, 1, O_RDWR);
	struct ibv_mr *mr;
	uint64_t iova;

	if (fd < 0)
		return peerbar_errmsg();
	mr = peerbar_reg_mr(pd, fd, 0, SIZE, IBV_ACCESS_LOCAL_WRITE, &iova);
	close(fd);
	if (!mr)
		return peerbar_errmsg();
	return ibv_dereg_mr(mr) ? "the memory region does not go" : "ok";
}

static const char *serve(const char *line)
{
	if (!strcmp(line, "register\n"))
		return reg();
	if (!strcmp(line, "memory-off\n"))
		return peerbar_set_memory(dev, false) ? peerbar_errmsg() : "ok";
	if (!strcmp(line, "memory-on\n"))
		return peerbar_set_memory(dev, true) ? peerbar_errmsg() : "ok";
	return "that is not known here";
}

int main(int argc, char **argv)
{
	struct ibv_context *context;
	char line[64];

	if (argc != 3 || peerbar_open(argv[2], &dev)) {
		fprintf(stderr, "doctor_owner: %s\n",
			argc == 3 ? peerbar_errmsg() : "usage: doctor_owner NIC DEV");
		return 1;
	}
	context = open_nic(argv[1]);
	pd = context ? ibv_alloc_pd(context) : NULL;
	if (!pd) {
		fprintf(stderr, "doctor_owner: cannot open %s\n", argv[1]);
		return 1;
	}
	while (fgets(line, sizeof(line), stdin)) {
		puts(serve(line));
		fflush(stdout);
	}
	ibv_dealloc_pd(pd);
	ibv_close_device(context);
	peerbar_close(dev);
	return 0;
}
