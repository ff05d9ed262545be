// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Watching a dma-buf: whether the BAR behind it can be reached, and when that changes. Only
 * peerbar-vfio-pci's own exporter tells.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../kernel/peerbar_watch.h"
#include "device.h"
#include "dmabuf.h"
#include "machine/error.h"
#include "machine/node.h"
#include "machine/sys.h"

_Static_assert(PEERBAR_USABLE == (int)PEERBAR_WATCH_USABLE &&
	       PEERBAR_REVOKED == (int)PEERBAR_WATCH_REVOKED &&
	       PEERBAR_GONE == (int)PEERBAR_WATCH_GONE,
	       "the header and the kernel number them alike");
_Static_assert(sizeof(((struct peerbar_access *)0)->reasons) >= PEERBAR_WATCH_REASONS,
	       "there is room for all reasons");

static const struct pb_node node = { PEERBAR_WATCH_PATH, "/sys/class/misc/peerbar" };

#define INSTEAD "bind the device to peerbar-vfio-pci and export by it, or have its owner poll " \
		"peerbar_event_fd()"

static int no_node(int err)
{
	if (err == ENOENT && !pb_node_known(&node))
		return pb_fail(ENOTSUP, "this kernel tells nobody when a dma-buf is revoked, as "
			       "peerbar-vfio-pci is not loaded: " INSTEAD);
	return pb_node_fail(&node, err);
}

static int why_not(int err)
{
	if (err == EOPNOTSUPP)
		return pb_fail(ENOTSUP, "another exporter than peerbar-vfio-pci's made this "
			       "dma-buf, and tells nobody when it is revoked: " INSTEAD);
	return pb_fail(err, "cannot watch the dma-buf: %s: %s", strerror(err), pb_next_step(err));
}

int peerbar_watch(int dmabuf_fd)
{
	int ret = pb_dmabuf_check(dmabuf_fd), fd, watch;

	if (ret)
		return ret;
	fd = pb_open(O_RDWR, "%s", node.path);
	if (fd < 0)
		return no_node(-fd);
	watch = pb_above_standard(pb_ioctl(fd, PEERBAR_WATCH, &(__s32){ dmabuf_fd }));
	close(fd);
	return watch < 0 ? why_not(-watch) : watch;
}

int peerbar_watch_read(int watch, struct peerbar_access *access)
{
	struct peerbar_watch_status status;
	ssize_t n = read(watch, &status, sizeof(status));

	if (!n)
		return 0;
	if (n < 0)
		return pb_fail(errno, "cannot read the watch: %s: %s", strerror(errno),
			       pb_next_step(errno));
	if (n != sizeof(status))
		return pb_fail(EINVAL, "descriptor %d is not a watch: pass what peerbar_watch() "
			       "gave", watch);
	*access = (struct peerbar_access){
		.state = (enum peerbar_state)status.state, .revokes = status.revokes,
		.changed_ns = status.changed_ns,
	};
	memcpy(access->reasons, status.reasons, sizeof(status.reasons) - 1);
	return 1;
}
