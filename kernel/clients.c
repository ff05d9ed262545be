// SPDX-License-Identifier: GPL-2.0-only
/*
 * Importing devices that lose their driver: unbound, removed or unplugged.
 *
 * An attachment may outlive that: graphics drivers, for one, let go of their mappings when
 * they are removed, and of their attachments at the last close. But from then on the
 * device's domain may be freed, be replaced through sysfs, or belong to the next owner's
 * driver. So before the driver goes, its importers are told to let go, as in a revoke;
 * what they hold on to is closed in the IOMMU, and parked IOVAs are given back. Afterwards
 * an unmap and a detach touch nothing but our own memory.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/jiffies.h>

#include "access.h"
#include "revoke.h"

/*
 * The driver core says so before it tells us, and under the same lock. So an attachment
 * that was listed too late for us to find it sees it here.
 */
bool peerbar_client_stays(struct device *client)
{
	return READ_ONCE(client->links.status) == DL_DEV_DRIVER_BOUND;
}

/* The name is the driver's own, and goes with it. */
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

/* Nothing of the client's reaches the BAR any more. One IOVA at a time. */
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

/* Of all buffers of all devices. */
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
 * With the client's device lock held, so it is not for long that it is waited. What nothing
 * translates stays with the driver, whose removal has to stop its device.
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
