// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The life of a buffer: open, export, attach, map, revoke, unmap, detach, close; see sweep.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "lib/tap.h"
#include "lib/vfio.h"
#include "sweep.h"

static int open_device(struct sweep *s)
{
	return peerbar_open(rig_gpu(), &s->rig.dev);
}

static const char *is_open(struct sweep *s)
{
	return s->rig.dev ? NULL : "there is no device";
}

static int export_buffer(struct sweep *s)
{
	struct peerbar_range range[] = { { 0, SWEEP_SPAN / 2 }, { SWEEP_SPAN, SWEEP_SPAN / 2 } };

	s->dmabuf = peerbar_export(s->rig.dev, rig_bar(), range, s->ranges, O_RDWR);
	return s->dmabuf < 0 ? s->dmabuf : 0;
}

static int attach(struct sweep *s)
{
	return importer_attach(s->importer, s->dmabuf, rig_nic(), s->mode, PTI_UNMAP_AT_ONCE,
			       &s->handle);
}

static int map(struct sweep *s)
{
	return importer_map(s->importer, s->handle);
}

static uint32_t state(struct sweep *s)
{
	struct pti_query q;

	if (importer_query(s->importer, s->handle, &q, NULL, 0))
		tap_die("sweep", "cannot query");
	return q.state;
}

/* An importer that was never told would stop the next call from working. */
static const char *is_usable(struct sweep *s)
{
	if (!s->handle)
		return attach(s) || map(s) ? "it cannot be mapped" : NULL;
	if (state(s) & PTI_MAPPED)
		return NULL;
	return map(s) ? "it cannot be mapped" : NULL;
}

static void succeed(int ret, const char *what)
{
	if (ret)
		tap_die("sweep", "%s: %s", what, strerror(-ret));
}

static void need_attached(struct sweep *s)
{
	need_buffer(s);
	succeed(attach(s), "attach");
}

static void need_mapped(struct sweep *s)
{
	need_attached(s);
	succeed(map(s), "map");
}

static int unmap(struct sweep *s)
{
	return importer_unmap(s->importer, s->handle);
}

static const char *is_unmapped(struct sweep *s)
{
	return state(s) & PTI_MAPPED ? "it is still mapped" : NULL;
}

static int detach(struct sweep *s)
{
	int ret = importer_detach(s->importer, s->handle);

	if (!ret)
		s->handle = 0;
	return ret;
}

/* The importer has let go, and may map again. */
static const char *is_revoked(struct sweep *s)
{
	const char *wrong = is_unmapped(s);

	return wrong ? wrong : is_usable(s);
}

static int memory_off(struct sweep *s)
{
	return peerbar_set_memory(s->rig.dev, false);
}

static const char *is_off(struct sweep *s)
{
	const char *wrong = is_unmapped(s);

	if (!wrong && map(s) != -ENODEV)
		wrong = "it can be mapped with the memory off";
	succeed(peerbar_set_memory(s->rig.dev, true), "memory on");
	return wrong;
}

static int low_power(struct sweep *s)
{
	return vfio_feature_set(s->rig.dev->fd, VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY);
}

static const char *is_low(struct sweep *s)
{
	const char *wrong = is_unmapped(s);

	succeed(vfio_feature_set(s->rig.dev->fd, VFIO_DEVICE_FEATURE_LOW_POWER_EXIT),
		"leaving low power");
	return wrong;
}

static int close_device(struct sweep *s)
{
	need_no_device(s);
	return 0;
}

static const char *is_dead(struct sweep *s)
{
	const char *wrong = is_unmapped(s);

	return !wrong && map(s) != -ENODEV ? "it can be mapped after the close" : wrong;
}

const struct subject sweep_exporter[] = {
	{ "open", PTI_DYNAMIC, need_no_device, open_device, is_open, 0 },
	{ "export", PTI_DYNAMIC, need_device, export_buffer, is_usable, 0 },
	{ "attach, dynamic", PTI_DYNAMIC, need_buffer, attach, is_usable, 0 },
	{ "attach, pinned", PTI_PINNED, need_buffer, attach, is_usable, 0 },
	{ "map, dynamic", PTI_DYNAMIC, need_attached, map, is_usable, 0 },
	{ "map, pinned", PTI_PINNED, need_attached, map, is_usable, 0 },
	{ "unmap", PTI_DYNAMIC, need_mapped, unmap, is_unmapped, 0 },
	{ "detach", PTI_DYNAMIC, need_mapped, detach, is_usable, 0 },
	{ "reset", PTI_DYNAMIC, need_mapped, sweep_reset, is_revoked, 0 },
	{ "memory off", PTI_DYNAMIC, need_mapped, memory_off, is_off, 0 },
	{ "low power", PTI_DYNAMIC, need_mapped, low_power, is_low, 0 },
	{ "close", PTI_DYNAMIC, need_mapped, close_device, is_dead, 0 },
	{ NULL, 0, NULL, NULL, NULL, 0 },
};
