// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Surviving a revoke: an MR that is registered anew whenever access to its dma-buf was lost. It is
 * the same for every kind of NIC driver, because a lost MR is always given up: one that revives
 * would reach bytes of which nobody knows whether they are from before the reset.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <infiniband/verbs.h>

#include "device.h"
#include "dmabuf.h"
#include "machine/error.h"

#define RETRY_MS 10	/* where nobody tells when the device is usable again */

struct peerbar_region {
	struct ibv_pd *pd;
	int dmabuf;			/* our own descriptor of it */
	int watch;			/* -1: the exporter has none */
	uint64_t offset, length;
	int access;
	struct ibv_mr *mr;		/* NULL: lost, and not registered anew yet */
	uint64_t iova;
	struct peerbar_access seen;	/* when @mr was registered, or later, with nothing lost */
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Read all news. Return: 0, or -ENODEV if access is gone for good. */
static int catch_up(struct peerbar_region *r)
{
	int ret = r->watch < 0 ? -EAGAIN : 1;

	while (ret > 0)
		ret = peerbar_watch_read(r->watch, &r->seen);
	if (ret && ret != -EAGAIN)
		return ret;
	return r->seen.state == PEERBAR_GONE ?
		pb_fail(ENODEV, "the device was closed, so its BAR is gone for good: have its "
			"owner open it and export anew") : 0;
}

/* News that come during the registration are not seen here, and so make it lost next time. */
static int register_it(struct peerbar_region *r)
{
	int ret = catch_up(r);

	if (ret)
		return ret;
	r->mr = peerbar_reg_mr(r->pd, r->dmabuf, r->offset, r->length, r->access, &r->iova);
	return r->mr ? 0 : -errno;
}

static int give_up(struct peerbar_region *r)
{
	int err = r->mr ? ibv_dereg_mr(r->mr) : 0;

	if (err)
		return pb_fail(err, "cannot deregister the memory region: %s: %s", strerror(err),
			       pb_next_step(err));
	r->mr = NULL;
	return 0;
}

static int set_up(struct peerbar_region *r, int dmabuf)
{
	r->dmabuf = fcntl(dmabuf, F_DUPFD_CLOEXEC, 3);
	if (r->dmabuf < 0)
		return pb_fail(errno, "cannot duplicate the dma-buf's descriptor: %s: %s",
			       strerror(errno), pb_next_step(errno));
	r->watch = peerbar_watch(r->dmabuf);
	if (r->watch < 0 && r->watch != -ENOTSUP)
		return r->watch;
	if (r->watch >= 0 && fcntl(r->watch, F_SETFL, O_NONBLOCK))
		return pb_fail(errno, "the watch: %s", strerror(errno));
	return register_it(r);
}

int peerbar_region_open(struct ibv_pd *pd, int dmabuf_fd, uint64_t offset, uint64_t length,
			int access, struct peerbar_region **region)
{
	int ret = pb_dmabuf_check(dmabuf_fd);

	*region = ret ? NULL : calloc(1, sizeof(**region));
	if (ret)
		return ret;
	if (!*region)
		return pb_fail(ENOMEM, "out of memory");
	**region = (struct peerbar_region){
		.pd = pd, .dmabuf = -1, .watch = -1, .offset = offset, .length = length,
		.access = access,
	};
	ret = set_up(*region, dmabuf_fd);
	if (ret) {
		peerbar_region_close(*region);
		*region = NULL;
	}
	return ret;
}

struct ibv_mr *peerbar_region_mr(struct peerbar_region *region, uint64_t *iova)
{
	*iova = region->iova;
	return region->mr;
}

int peerbar_region_fd(struct peerbar_region *region)
{
	return region->watch >= 0 ? region->watch :
		pb_fail(ENOTSUP, "the exporter of this dma-buf tells nobody when it is revoked: "
			"call peerbar_region_renew() when a request has failed");
}

/* Was access taken away since the MR was registered? Unknown counts as yes. */
static bool is_lost(struct peerbar_region *r, int *gone)
{
	uint64_t revokes = r->seen.revokes;

	*gone = catch_up(r);
	return !r->mr || *gone || r->watch < 0 || r->seen.revokes != revokes;
}

/*
 * Wait until the device may be usable. That it was usable all the time means that the registration
 * met a revoke, so it is soon tried again; and so it is where nobody tells.
 */
static void wait_for_it(struct peerbar_region *r, uint64_t left)
{
	struct pollfd p = { .fd = r->watch, .events = POLLIN };
	bool told = r->watch >= 0 && r->seen.state == PEERBAR_REVOKED;

	poll(&p, 1, (int)(told || left < RETRY_MS ? left : RETRY_MS));
}

/*
 * The errors of registering while the device is not usable, or is revoked meanwhile. EINVAL cannot
 * mean wrong arguments, with which there would have been no MR before.
 */
static bool may_pass(int err)
{
	return err == -ENODEV || err == -EINVAL;
}

static int too_late(const struct peerbar_region *r, unsigned int timeout_ms)
{
	return pb_fail(ETIMEDOUT, "the device was not usable again within %u ms%s%s", timeout_ms,
		       r->watch < 0 ? "" : "; why it was taken away: ", r->seen.reasons);
}

int peerbar_region_renew(struct peerbar_region *region, unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms, now;
	int gone, ret;

	if (!is_lost(region, &gone))
		return 0;
	ret = give_up(region);
	if (ret || gone)
		return ret ? ret : gone;
	for (;;) {
		ret = register_it(region);
		if (!ret)
			return 1;
		if (!may_pass(ret) || region->seen.state == PEERBAR_GONE)
			return ret;
		now = now_ms();
		if (now >= end)
			return too_late(region, timeout_ms);
		wait_for_it(region, end - now);
	}
}

void peerbar_region_close(struct peerbar_region *region)
{
	if (!region)
		return;
	give_up(region);
	pb_close_fd(&region->watch);
	pb_close_fd(&region->dmabuf);
	free(region);
}
