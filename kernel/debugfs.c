// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/peerbar/ADDRESS/: what an operator can see of a device.
 *
 *   exports       a line for each dma-buf
 *   attachments   a line for each importer, and one for each of its mappings
 *   revokes       counters and the histogram of revoke times
 *
 * Each line consists of words of the form key=value, so that people and tools can read the
 * same text. A buffer is identified by the inode number of its dma-buf.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "revoke.h"

static struct dentry *root;

static const char *buffer_state(const struct peerbar_buffer *buf)
{
	return buf->orphan ? "orphan" : READ_ONCE(buf->revoked) ? "revoked" : "usable";
}

static void show_export(struct seq_file *s, struct peerbar_buffer *buf)
{
	seq_printf(s, "buffer=%lu bar=%td bytes=%zu ranges=%u state=%s live=%d\n",
		   buf->id, buf->provider - buf->context->provider, buf->size,
		   buf->nr_ranges, buffer_state(buf), atomic_read(&buf->live));
}

static const char *mapping_state(const struct peerbar_mapping *m)
{
	switch (m->state) {
	case PEERBAR_LIVE:
		return "live";
	case PEERBAR_FENCED:
		return "fenced";
	default:
		return "parked";
	}
}

static const char *mapping_way(const struct peerbar_mapping *m)
{
	switch (m->way) {
	case PEERBAR_TRANSLATED:
		return "iova";
	case PEERBAR_BUS:
		return "bus";
	default:
		return "physical";
	}
}

static void show_mapping(struct seq_file *s, const struct peerbar_mapping *m)
{
	const struct peerbar_buffer *buf = m->att->buf;

	seq_printf(s, "  state=%s address=%s dma=%pad phys=%pa bytes=%zu ranges=%u\n",
		   mapping_state(m), mapping_way(m), &m->run[0].addr, &buf->range[0].phys,
		   buf->size, buf->nr_ranges);
}

static void show_attachments(struct seq_file *s, struct peerbar_buffer *buf)
{
	struct peerbar_attachment *att;
	struct peerbar_mapping *m;

	mutex_lock(&buf->lock);
	list_for_each_entry(att, &buf->attachments, node) {
		seq_printf(s, "buffer=%lu importer=%s driver=%s callback=%ps type=%s stop=%s fenced=%d",
			   buf->id, dev_name(att->client), peerbar_driver_name(att),
			   peerbar_importer_callback(att->attach->importer_ops),
			   peerbar_map_type_text(att->route.type),
			   peerbar_stop_text(att->stop), att->dead);
		if (att->route.reason != PEERBAR_REACHABLE)
			seq_printf(s, " reason=\"%s\"", peerbar_refusal_text(att->route.reason));
		seq_putc(s, '\n');
		list_for_each_entry(m, &att->mappings, node)
			show_mapping(s, m);
	}
	mutex_unlock(&buf->lock);
}

/* Run @show for each buffer. */
static int show_buffers(struct seq_file *s,
			void (*show)(struct seq_file *s, struct peerbar_buffer *buf))
{
	struct peerbar_buffer *buf = NULL;

	while ((buf = peerbar_next_buffer(s->private, buf)))
		show(s, buf);
	return 0;
}

static int exports_show(struct seq_file *s, void *unused)
{
	return show_buffers(s, show_export);
}
DEFINE_SHOW_ATTRIBUTE(exports);

static int attachments_show(struct seq_file *s, void *unused)
{
	return show_buffers(s, show_attachments);
}
DEFINE_SHOW_ATTRIBUTE(attachments);

/* Bucket @i has the times from half of BIT(@i) on; the last has all longer ones, too. */
static void show_bucket(struct seq_file *s, int i, u64 count)
{
	if (!count)
		return;
	if (i < PEERBAR_HISTOGRAM - 1)
		seq_printf(s, "below_us=%lu count=%llu\n", BIT(i), count);
	else
		seq_printf(s, "from_us=%lu count=%llu\n", BIT(i - 1), count);
}

static int revokes_show(struct seq_file *s, void *unused)
{
	struct peerbar_context *ctx = s->private;
	int i;

	mutex_lock(&ctx->lock);
	for (i = 0; i < PEERBAR_NR_REASONS; i++)
		seq_printf(s, "reason=%s count=%llu active=%d\n", peerbar_reason_name(i),
			   ctx->revokes[i], !!(ctx->reasons & BIT(i)));
	seq_printf(s, "fenced=%llu overdue=%llu untold=%llu\n", ctx->fenced, ctx->overdue,
		   ctx->untold);
	for (i = 0; i < PEERBAR_HISTOGRAM; i++)
		show_bucket(s, i, ctx->histogram[i]);
	mutex_unlock(&ctx->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(revokes);

void peerbar_debugfs_add(struct peerbar_context *ctx)
{
	ctx->debugfs = debugfs_create_dir(pci_name(ctx->pdev), root);
	debugfs_create_file("exports", 0400, ctx->debugfs, ctx, &exports_fops);
	debugfs_create_file("attachments", 0400, ctx->debugfs, ctx, &attachments_fops);
	debugfs_create_file("revokes", 0400, ctx->debugfs, ctx, &revokes_fops);
}

void peerbar_debugfs_remove(struct peerbar_context *ctx)
{
	debugfs_remove_recursive(ctx->debugfs);
}

int peerbar_debugfs_init(void)
{
	root = debugfs_create_dir("peerbar", NULL);
	return 0;
}

void peerbar_debugfs_exit(void)
{
	debugfs_remove_recursive(root);
}
