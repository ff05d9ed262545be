// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * libfabric: 1 MiB of a PCI device's BAR becomes a memory region of the provider "efa" by
 * FI_MR_DMABUF. One endpoint writes into it and reads it back, by way of the other one.
 *
 *	fabric RDMA-DEVICE ADDRESS BAR
 *
 * What is libfabric's own, and what a revoke means for it, is in the guide, "With libfabric".
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <peerbar.h>
#include <rdma/fi_cm.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_eq.h>
#include <rdma/fi_errno.h>
#include <rdma/fi_rma.h>

#define LENGTH (1u << 20)

struct end {
	struct fid_ep *ep;
	struct fid_cq *cq;
	struct fid_av *av;
	struct fid_eq *eq;
	fi_addr_t peer;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "fabric: %s: %s\n", what, why);
	exit(1);
}

static void must(long ret, const char *what)
{
	if (ret)
		die(what, fi_strerror((int)-ret));
}

static void need(int good, const char *what)
{
	if (!good)
		die(what, peerbar_errmsg());
}

/* Without FI_HMEM, which Debian's libfabric has not: FI_MR_DMABUF does not need it. */
static struct fi_info *find(const char *nic)
{
	struct fi_info *hints = fi_allocinfo(), *info = NULL;

	if (!hints || setenv("FI_EFA_IFACE", nic, 1) ||
	    setenv("FI_EFA_ENABLE_SHM_TRANSFER", "0", 1))	/* take the NIC */
		die("libfabric", "out of memory");
	hints->caps = FI_MSG | FI_RMA;
	hints->ep_attr->type = FI_EP_RDM;
	hints->fabric_attr->prov_name = strdup("efa");
	hints->fabric_attr->name = strdup("efa");
	hints->domain_attr->mr_mode = FI_MR_LOCAL | FI_MR_VIRT_ADDR | FI_MR_ALLOCATED |
				      FI_MR_PROV_KEY;
	hints->tx_attr->op_flags = FI_DELIVERY_COMPLETE;	/* complete: the bytes are there */
	must(fi_getinfo(FI_VERSION(1, 20), NULL, NULL, 0, hints, &info), "fi_getinfo");
	fi_freeinfo(hints);
	return info;
}

static void open_end(struct fid_fabric *fabric, struct fid_domain *domain, struct fi_info *info,
		     struct end *end)
{
	struct fi_cq_attr cq = { .format = FI_CQ_FORMAT_CONTEXT };
	struct fi_eq_attr eq = { .wait_obj = FI_WAIT_NONE };
	struct fi_av_attr av = { .type = FI_AV_TABLE };

	must(fi_endpoint(domain, info, &end->ep, NULL), "fi_endpoint");
	must(fi_cq_open(domain, &cq, &end->cq, NULL), "fi_cq_open");
	must(fi_av_open(domain, &av, &end->av, NULL), "fi_av_open");
	must(fi_eq_open(fabric, &eq, &end->eq, NULL), "fi_eq_open");
	must(fi_ep_bind(end->ep, &end->cq->fid, FI_TRANSMIT | FI_RECV), "fi_ep_bind");
	must(fi_ep_bind(end->ep, &end->av->fid, 0), "fi_ep_bind");
	must(fi_ep_bind(end->ep, &end->eq->fid, 0), "fi_ep_bind");	/* or errors abort() */
	must(fi_enable(end->ep), "fi_enable");
}

static void introduce(struct end *to, struct end *peer)
{
	uint8_t address[64];
	size_t size = sizeof(address);

	must(fi_getname(&peer->ep->fid, address, &size), "fi_getname");
	if (fi_av_insert(to->av, address, 1, &to->peer, 0, NULL) != 1)
		die("fi_av_insert", "the address was not taken");
}

static struct fid_mr *register_bar(struct fid_domain *domain, int fd, void *base)
{
	struct fi_mr_dmabuf dmabuf = { .fd = fd, .len = LENGTH, .base_addr = base };
	struct fi_mr_attr attr = {
		.dmabuf = &dmabuf, .iov_count = 1, .iface = FI_HMEM_SYSTEM,
		.access = FI_REMOTE_READ | FI_REMOTE_WRITE | FI_READ | FI_WRITE | FI_SEND | FI_RECV,
	};
	struct fid_mr *mr;

	must(fi_mr_regattr(domain, &attr, FI_MR_DMABUF, &mr), "fi_mr_regattr");
	return mr;
}

/* Read this end's completion; the other end has work of its own to do meanwhile. */
static void wait_for_completion(struct end *end, struct end *other)
{
	struct fi_cq_err_entry error = { 0 };
	struct fi_cq_entry entry;
	ssize_t ret;

	while ((ret = fi_cq_read(end->cq, &entry, 1)) == -FI_EAGAIN)
		fi_cq_read(other->cq, NULL, 0);
	if (ret == -FI_EAVAIL && fi_cq_readerr(end->cq, &error, 0) == 1)
		die("the transfer", fi_strerror(error.err));
	if (ret != 1)
		must(ret, "fi_cq_read");
}

int main(int argc, char **argv)
{
	static uint8_t sent[LENGTH], back[LENGTH];
	struct peerbar_range range = { 0, LENGTH };
	struct fid_mr *from, *to, *bar_mr;
	struct peerbar_device *dev;
	struct fid_fabric *fabric;
	struct fid_domain *domain;
	struct end end[2] = { 0 };
	struct fi_info *info;
	unsigned int bar;
	void *base;
	int fd;

	if (argc != 4)
		die("usage", "fabric RDMA-DEVICE ADDRESS BAR");
	bar = (unsigned int)atoi(argv[3]);
	info = find(argv[1]);
	must(fi_fabric(info->fabric_attr, &fabric, NULL), "fi_fabric");
	must(fi_domain(fabric, info, &domain, NULL), "fi_domain");
	for (int i = 0; i < 2; i++)
		open_end(fabric, domain, info, &end[i]);
	introduce(&end[0], &end[1]);
	introduce(&end[1], &end[0]);

	need(!peerbar_open(argv[2], &dev), "the device");
	base = peerbar_map(dev, bar, 0, LENGTH);	/* libfabric's own copies use it */
	need(!!base, "the BAR");
	fd = peerbar_export(dev, bar, &range, 1, O_RDWR);
	need(fd >= 0, "the dma-buf");
	bar_mr = register_bar(domain, fd, base);
	must(fi_mr_reg(domain, sent, LENGTH, FI_WRITE, 0, 0, 0, &from, NULL), "fi_mr_reg");
	must(fi_mr_reg(domain, back, LENGTH, FI_READ, 0, 0, 0, &to, NULL), "fi_mr_reg");

	for (unsigned int i = 0; i < LENGTH; i++)
		sent[i] = (uint8_t)((i >> 8) * 31 + i);
	must(fi_write(end[0].ep, sent, LENGTH, fi_mr_desc(from), end[0].peer, (uintptr_t)base,
		      fi_mr_key(bar_mr), NULL), "fi_write");
	wait_for_completion(&end[0], &end[1]);
	must(fi_read(end[0].ep, back, LENGTH, fi_mr_desc(to), end[0].peer, (uintptr_t)base,
		     fi_mr_key(bar_mr), NULL), "fi_read");
	wait_for_completion(&end[0], &end[1]);
	if (memcmp(sent, back, LENGTH) || memcmp(sent, base, LENGTH))
		die("the transfer", "other bytes have arrived");
	printf("%u bytes into %s and back\n", LENGTH, peerbar_address(dev));

	fi_close(&from->fid);
	fi_close(&to->fid);
	fi_close(&bar_mr->fid);
	for (int i = 0; i < 2; i++) {
		fi_close(&end[i].ep->fid);
		fi_close(&end[i].cq->fid);
		fi_close(&end[i].av->fid);
		fi_close(&end[i].eq->fid);
	}
	fi_close(&domain->fid);
	fi_close(&fabric->fid);
	fi_freeinfo(info);
	close(fd);
	peerbar_close(dev);
	return 0;
}
