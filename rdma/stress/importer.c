// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A process that registers dma-bufs with a NIC and posts requests; see stress.h. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dice.h"
#include "importer.h"
#include "machine/facts.h"

#define NIC_TRIES 300	/* of 100 ms: the driver may just be making the RDMA device */

static struct importer importer;

static void fail(const struct stress_nic *nic, const char *what)
{
	fprintf(stderr, "peerbar-revoke-stress: NIC %s: %s\n", nic->address, what);
	exit(2);
}

/* The name of the RDMA device may be another one after its driver was bound again. */
static void open_nic(struct importer *im, const struct stress_nic *nic)
{
	char name[PB_NAME_SIZE];

	for (unsigned int i = 0; i < NIC_TRIES; i++) {
		pb_rdma_name(nic->address, name);
		if (name[0] && !loopback_open(name, DEPTH, &im->lb))
			return;
		usleep(100000);
	}
	fail(nic, name[0] ? loopback_errmsg() : "it has no RDMA device any more");
}

static void set_up(struct importer *im, const struct stress_nic *nic)
{
	size_t length = DEPTH * HOST_SLOT;

	open_nic(im, nic);
	im->revives = nic->revives;
	im->host = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (im->host == MAP_FAILED)
		fail(nic, "out of memory");
	im->host_mr = ibv_reg_mr(im->lb->pd, im->host, length, loopback_access(im->lb));
	if (!im->host_mr)
		fail(nic, "it cannot register 2 MiB of memory: see ulimit -l");
}

static void finish(struct importer *im, struct answer *a)
{
	for (unsigned int i = 0; i < NR_MRS; i++)
		if (im->mr[i].mr)
			importer_deregister(&im->mr[i], a);
}

static void perform(struct importer *im, const struct step *step, int fd, struct answer *a)
{
	struct dice dice = { step->dice };

	switch (step->op) {
	case OP_REGISTER:
		importer_register(im, step, fd, a);
		break;
	case OP_DEREGISTER:
		importer_deregister(&im->mr[step->mr], a);
		break;
	case OP_DEREGISTER_BUSY:
		importer_deregister_busy(im, step, a);
		break;
	case OP_FORK:
		linger(&dice);
		break;
	case OP_PROBE:
		importer_probe(im, a);
		break;
	case OP_FINISH:
		finish(im, a);
		break;
	default:
		importer_traffic(im, step, a);
	}
	if (fd >= 0)
		close(fd);
}

void importer_run(unsigned int actor, int control)
{
	struct step step;
	int fd;

	set_up(&importer, &config.nic[cast_nic(&config.cast, actor)]);
	while (actor_receive(control, &step, &fd)) {
		struct answer a = { .actor = (uint8_t)actor, .op = step.op };

		perform(&importer, &step, fd, &a);
		actor_reply(control, &a, -1);
	}
	finish(&importer, &(struct answer){ 0 });
	ibv_dereg_mr(importer.host_mr);
	loopback_close(importer.lb);
}
