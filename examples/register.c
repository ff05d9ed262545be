// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The smallest program: 1 MiB of a PCI device's BAR becomes a memory region of an RDMA device.
 *
 *	register RDMA-DEVICE ADDRESS BAR	such as: register mlx5_0 0000:01:00.0 2
 *
 * The device must be bound to a VFIO driver that exports BARs: "peerbar dev show" says whether it
 * is, and "peerbar path show RDMA-DEVICE ADDRESS" whether the NIC can reach it.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <infiniband/verbs.h>
#include <peerbar.h>

#define LENGTH (1u << 20)

static void die(const char *why)
{
	fprintf(stderr, "register: %s\n", why);
	exit(1);
}

static struct ibv_context *open_nic(const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_context *nic = NULL;

	for (int i = 0; list && list[i] && !nic; i++)
		if (!strcmp(ibv_get_device_name(list[i]), name))
			nic = ibv_open_device(list[i]);
	if (!nic)
		die("there is no such RDMA device, or it cannot be opened");
	ibv_free_device_list(list);
	return nic;
}

int main(int argc, char **argv)
{
	struct peerbar_range range = { 0, LENGTH };
	struct peerbar_device *dev;
	struct ibv_context *nic;
	struct ibv_pd *pd;
	struct ibv_mr *mr;
	uint64_t address;
	int fd;

	if (argc != 4)
		die("usage: register RDMA-DEVICE ADDRESS BAR");
	nic = open_nic(argv[1]);
	pd = ibv_alloc_pd(nic);
	if (!pd)
		die("no protection domain");

	if (peerbar_open(argv[2], &dev))
		die(peerbar_errmsg());
	fd = peerbar_export(dev, (unsigned int)atoi(argv[3]), &range, 1, O_RDWR);
	if (fd < 0)
		die(peerbar_errmsg());
	mr = peerbar_reg_mr(pd, fd, 0, LENGTH, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ,
			    &address);
	if (!mr)
		die(peerbar_errmsg());
	close(fd);	/* the MR has a reference of its own */

	printf("%s reaches %u bytes of %s by address %#jx and key %#x\n", argv[1], LENGTH,
	       peerbar_address(dev), (uintmax_t)address, mr->rkey);

	ibv_dereg_mr(mr);
	peerbar_close(dev);
	ibv_dealloc_pd(pd);
	ibv_close_device(nic);
	return 0;
}
