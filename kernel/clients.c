// SPDX-License-Identifier: GPL-2.0-only
/*
 * Importing devices that lose their driver, because they are unbound, removed or unplugged.
 *
 * An attachment may outlive the driver: graphics drivers, for example, unmap when they are
 * removed, but detach only at the last close. By then the importing device's domain may have
 * been freed or replaced through sysfs, or it may belong to the driver of the next owner. So
 * before the driver goes, its importers are told to let go, as in a revoke. What they hold on
 * to is closed in the IOMMU, and parked IOVAs are given back. An unmap or detach that comes
 * later touches nothing but our own memory.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/jiffies.h>

#include "access.h"
#include "revoke.h"

/*
 * The driver core changes links.status before it calls our notifier, with the device lock held
 * all the time. So if an attachment was listed too late for the notifier to find it, the change
 * is seen here.
 */
bool peerbar_client_stays(struct device *client)
{
	return READ_ONCE(client->links.status) == DL_DEV_DRIVER_BOUND;
}

/* The name is part of the driver, and must not be used once that may be gone. */
const char *peerbar_driver_name(const struct peerbar_attachment *att)
{
	return att->leaving || !dev_is_pci(att->client) ? "none" :
							  dev_driver_string(att->client);
}

static unsigned int count_live(struct peerbar_buffer *buf, const struct device *client)
{
	struct peerbar_attachment *att;
	struct peerbar_mapping *m;
	unsigned int live = 0;

	mutex_lock(&buf->lock);
	list_for_each_entry(att, &buf->attachments, node)
		if (att->client == client)
			list_for_each_entry(m, &att->mappings, node)
				live += m->state == PEERBAR_LIVE;
	mutex_unlock(&buf->lock);
	return live;
}

static void mark_leaving(struct peerbar_buffer *buf, const struct device *client)
{
	struct peerbar_attachment *att;

	mutex_lock(&buf->lock);
	list_for_each_entry(att, &buf->attachments, node)
		if (att->client == client)
			att->leaving = true;
	mutex_unlock(&buf->lock);
	if (count_live(buf, client))
		peerbar_tell(buf);
}

/*
 * Called when the client has no translated mapping of the buffer open any more. Gives back one
 * IOVA, so that the caller can drop the lock before the next. Return: false if there was none.
 */
static bool give_one_iova_back(struct peerbar_buffer *buf, const struct device *client)
{
	struct peerbar_attachment *att;
	struct peerbar_mapping *m;

	list_for_each_entry(att, &buf->attachments, node) {
		if (att->client != client)
			continue;
		list_for_each_entry(m, &att->mappings, node) {
			if (!m->iova.domain)
				continue;
			if (m->state == PEERBAR_PARKED)
				peerbar_access_release(m);
			else
				peerbar_access_forget(m);
			return true;
		}
	}
	return false;
}

static void close_buffer(struct peerbar_buffer *buf, const struct device *client,
			 struct peerbar_fences *fences)
{
	bool more;

	peerbar_fence(buf, PEERBAR_STOP_FENCE, client, fences);
	peerbar_fence(buf, PEERBAR_STOP_NATIVE, client, fences);
	do {
		mutex_lock(&buf->lock);
		more = give_one_iova_back(buf, client);
		mutex_unlock(&buf->lock);
		cond_resched();
	} while (more);
}

/* Mark the client's attachments to all buffers of all devices. */
static void mark_all(const struct device *client)
{
	struct peerbar_context *ctx = NULL;
	struct peerbar_buffer *buf;

	while ((ctx = peerbar_next_context(ctx))) {
		buf = NULL;
		while ((buf = peerbar_next_buffer(ctx, buf)))
			mark_leaving(buf, client);
	}
}

static bool any_live(const struct device *client)
{
	struct peerbar_context *ctx = NULL;
	struct peerbar_buffer *buf;
	unsigned int live = 0;

	while ((ctx = peerbar_next_context(ctx))) {
		buf = NULL;
		while ((buf = peerbar_next_buffer(ctx, buf)))
			live += count_live(buf, client);
	}
	return live;
}

static void close_all(const struct device *client)
{
	struct peerbar_context *ctx = NULL;
	struct peerbar_buffer *buf;

	while ((ctx = peerbar_next_context(ctx))) {
		struct peerbar_fences fences = {};

		buf = NULL;
		while ((buf = peerbar_next_buffer(ctx, buf)))
			close_buffer(buf, client, &fences);
		peerbar_account_fences(ctx, &fences);
	}
}

/*
 * Called with the client's device lock held, so the wait is never longer than the revoke
 * timeout. Where nothing translates the DMA, it is up to the driver, which has to stop its
 * device when it is removed.
 */
static void client_leaves(const struct device *client)
{
	unsigned long deadline = jiffies + peerbar_revoke_timeout();

	mark_all(client);
	while (any_live(client) && time_before(jiffies, deadline))
		usleep_range(1000, 2000);
	close_all(client);
}

static int driver_goes(struct notifier_block *nb, unsigned long action, void *dev)
{
	if (action == BUS_NOTIFY_UNBIND_DRIVER)
		client_leaves(dev);
	return NOTIFY_DONE;
}

static struct notifier_block pci_notifier = {
	.notifier_call = driver_goes,
};

int peerbar_clients_init(void)
{
	return bus_register_notifier(&pci_bus_type, &pci_notifier);
}

void peerbar_clients_exit(void)
{
	bus_unregister_notifier(&pci_bus_type, &pci_notifier);
}
