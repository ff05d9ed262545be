// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What the kernel has to tell the owner of a device: that somebody wants it back, and that it
 * reported an error. VFIO signals an eventfd for each, if it has been given one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "device.h"
#include "machine/error.h"
#include "machine/sys.h"
#include "uapi.h"

static const struct {
	unsigned int index;
	const char *name;
} kinds[PB_NR_EVENTS] = {
	[PEERBAR_EVENT_REQUEST] = { VFIO_PCI_REQ_IRQ_INDEX, "a request for the device" },
	[PEERBAR_EVENT_ERROR] = { VFIO_PCI_ERR_IRQ_INDEX, "an error of the device" },
};

/* A device that is not PCI Express has no error interrupt. */
static int check(struct peerbar_device *dev, enum peerbar_event event)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = kinds[event].index };

	if (!pb_ioctl(dev->fd, VFIO_DEVICE_GET_IRQ_INFO, &info) && info.count &&
	    info.flags & VFIO_IRQ_INFO_EVENTFD)
		return 0;
	return pb_fail(ENOTSUP, "the VFIO driver of %s does not tell about %s: only PCI Express "
		       "devices report errors", dev->address, kinds[event].name);
}

static int connect_event(struct peerbar_device *dev, enum peerbar_event event, int fd)
{
	char arg[sizeof(struct vfio_irq_set) + sizeof(int32_t)]
		__attribute__((aligned(__alignof__(struct vfio_irq_set))));
	struct vfio_irq_set *set = (void *)arg;

	*set = (struct vfio_irq_set){
		.argsz = sizeof(arg), .index = kinds[event].index, .count = 1,
		.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
	};
	memcpy(set->data, &(int32_t){ fd }, sizeof(int32_t));
	if (!pb_ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, set))
		return 0;
	return pb_fail(errno, "%s: cannot ask to be told about %s: %s: %s", dev->address,
		       kinds[event].name, strerror(errno), pb_next_step(errno));
}

static int create(struct peerbar_device *dev, enum peerbar_event event)
{
	int fd = pb_above_standard(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	int ret;

	if (fd < 0)
		return pb_fail(-fd, "cannot create an eventfd: %s: %s", strerror(-fd),
			       pb_next_step(-fd));
	ret = connect_event(dev, event, fd);
	if (ret)
		pb_close_fd(&fd);
	else
		dev->event[event] = fd;
	return ret;
}

int peerbar_event_fd(struct peerbar_device *dev, enum peerbar_event event)
{
	int ret = pb_owned(dev);

	if (!ret && (unsigned int)event >= PB_NR_EVENTS)
		ret = pb_fail(EINVAL, "%d is no event of a device", (int)event);
	if (!ret && dev->event[event] < 0) {
		ret = check(dev, event);
		if (!ret)
			ret = create(dev, event);
	}
	return ret ? ret : dev->event[event];
}

void pb_events_close(struct peerbar_device *dev)
{
	unsigned int i;

	for (i = 0; i < PB_NR_EVENTS; i++)
		pb_close_fd(&dev->event[i]);
}
