// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Registering and deregistering with the NIC's driver; see sweep.h. */
#include <errno.h>
#include <string.h>

#include "lib/tap.h"
#include "lib/window.h"
#include "sweep.h"

/* The address is as aligned as the buffer, so that a few large pages do. */
#define IOVA ((uint64_t)1 << 40)

static int register_mr(struct sweep *s)
{
	s->mr = ibv_reg_dmabuf_mr(s->rig.lb->pd, 0, SWEEP_SPAN, IOVA, s->dmabuf, s->rig.access);
	return s->mr ? 0 : -errno;
}

/* Return: the status of a request that writes to it. */
static int use(struct sweep *s)
{
	int status = window_one(&s->rig, LOOPBACK_WRITE, (uintptr_t)s->rig.host, 4096, IOVA,
				s->mr->rkey);

	if (status != IBV_WC_SUCCESS && s->rig.lb->connected &&
	    loopback_reconnect(s->rig.lb))
		tap_die("sweep", "%s", loopback_errmsg());
	return status;
}

static const char *works(struct sweep *s)
{
	return use(s) == IBV_WC_SUCCESS ? NULL : "a request on the MR fails";
}

static void need_mr(struct sweep *s)
{
	need_buffer(s);
	if (register_mr(s))
		tap_die("sweep", "cannot register: %s", strerror(errno));
	if (use(s) != IBV_WC_SUCCESS)
		tap_die("sweep", "the MR does not work");
}

static int deregister(struct sweep *s)
{
	int ret = ibv_dereg_mr(s->mr);

	if (!ret)
		s->mr = NULL;
	return -ret;
}

static const char *is_gone(struct sweep *s)
{
	return s->mr ? "the MR is still there" : NULL;
}

static const char *is_dead(struct sweep *s)
{
	return use(s) == IBV_WC_SUCCESS && !rig_mr_revives() ? "the MR works after the reset" :
							       NULL;
}

const struct subject sweep_nic[] = {
	{ "register", PTI_DYNAMIC, need_buffer, register_mr, works, 0 },
	{ "deregister", PTI_DYNAMIC, need_mr, deregister, is_gone, 0 },
	{ "reset of a registered BAR", PTI_DYNAMIC, need_mr, sweep_reset, is_dead, 0 },
	{ NULL, 0, NULL, NULL, NULL, 0 },
};
