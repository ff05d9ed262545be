// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watches: descriptors by which a program learns that the BAR behind a dma-buf was taken away, and
 * that it is back; see peerbar_watch.h.
 *
 * What happened is counted where it happens, with peerbar_context.lock held (peerbar_news_add()).
 * Those who sleep or poll are woken by a work item, because their number is theirs to choose, and a
 * revoke waits for nothing that an unprivileged process can make long.
 */
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "peerbar_watch.h"
#include "revoke.h"
#include "trace.h"

/* What @seen is before the first read. */
#define NOTHING U64_MAX

/**
 * struct watch - private data of its file
 * @dmabuf: holds a reference, and with it the buffer and the device
 * @seen: peerbar_news.changes at the last read; protected by peerbar_context.lock
 */
struct watch {
	struct dma_buf *dmabuf;
	u64 seen;
};

static struct peerbar_buffer *buffer_of(const struct watch *w)
{
	return w->dmabuf->priv;
}

/*
 * What the holders of a buffer may know: an orphan's news ended with the close, and what happens to
 * the device later is the next owner's. With peerbar_context.lock held.
 */
static const struct peerbar_news *news_of(const struct peerbar_buffer *buf)
{
	return buf->orphan ? &buf->last : &buf->context->news;
}

static enum peerbar_watch_state state_of(const struct peerbar_buffer *buf)
{
	if (buf->orphan)
		return PEERBAR_WATCH_GONE;
	return buf->revoked ? PEERBAR_WATCH_REVOKED : PEERBAR_WATCH_USABLE;
}

void peerbar_news_add(struct peerbar_context *ctx, bool revoked, enum peerbar_reason reason)
{
	ctx->news.changes++;
	ctx->news.changed_ns = ktime_get_ns();
	if (revoked) {
		ctx->news.revokes += !ctx->reasons;
		ctx->news.revoked = ctx->news.changes;
		ctx->news.by[reason] = ctx->news.changes;
	}
	trace_access(ctx, revoked, reason);
	queue_work(ctx->tellers, &ctx->wake);
}

void peerbar_wake_watches(struct work_struct *work)
{
	struct peerbar_context *ctx = container_of(work, struct peerbar_context, wake);

	wake_up_all(&ctx->watches);
}

/* The reasons of all revokes after the change @seen, or, if there were none, of the last one. */
static void list_reasons(char *list, const struct peerbar_news *news, u64 seen)
{
	u64 since = min(seen, news->revoked - 1);
	size_t len = 0;
	int reason;

	for (reason = 0; news->revoked && reason < PEERBAR_NR_REASONS; reason++)
		if (news->by[reason] > since)
			len += scnprintf(list + len, PEERBAR_WATCH_REASONS - len, "%s%s",
					 len ? "," : "", peerbar_reason_name(reason));
}

static void fill(struct peerbar_watch_status *status, const struct peerbar_buffer *buf, u64 seen)
{
	const struct peerbar_news *news = news_of(buf);

	*status = (struct peerbar_watch_status){
		.changes = news->changes,
		.revokes = news->revokes,
		.changed_ns = news->changed_ns,
		.state = state_of(buf),
	};
	list_reasons(status->reasons, news, seen);
}

/* Is there something new? Fills in @status in any case. */
static bool look(struct watch *w, struct peerbar_watch_status *status)
{
	struct peerbar_context *ctx = buffer_of(w)->context;
	bool new;

	mutex_lock(&ctx->lock);
	fill(status, buffer_of(w), w->seen);
	new = w->seen != status->changes;
	mutex_unlock(&ctx->lock);
	return new;
}

/* A reader that could not be given the news gets it again. */
static void mark_seen(struct watch *w, const struct peerbar_watch_status *status)
{
	struct peerbar_context *ctx = buffer_of(w)->context;

	mutex_lock(&ctx->lock);
	w->seen = status->changes;
	mutex_unlock(&ctx->lock);
}

/* Return: 1 with the news, 0 if there will never be any, or an errno. */
static int wait_for_news(struct file *file, struct peerbar_watch_status *status)
{
	struct watch *w = file->private_data;
	DEFINE_WAIT_FUNC(entry, woken_wake_function);
	int ret = 0;

	add_wait_queue(&buffer_of(w)->context->watches, &entry);
	for (;;) {
		if (look(w, status)) {
			ret = 1;
			break;
		}
		if (status->state == PEERBAR_WATCH_GONE)
			break;
		if (file->f_flags & O_NONBLOCK) {
			ret = -EAGAIN;
			break;
		}
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		wait_woken(&entry, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
	}
	remove_wait_queue(&buffer_of(w)->context->watches, &entry);
	return ret;
}

static ssize_t watch_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	struct peerbar_watch_status status;
	int ret;

	if (size < sizeof(status))
		return -EINVAL;
	ret = wait_for_news(file, &status);
	if (ret <= 0)
		return ret;
	if (copy_to_user(to, &status, sizeof(status)))
		return -EFAULT;
	mark_seen(file->private_data, &status);
	return sizeof(status);
}

static __poll_t watch_poll(struct file *file, struct poll_table_struct *table)
{
	struct watch *w = file->private_data;
	struct peerbar_watch_status status;
	__poll_t mask = 0;

	poll_wait(file, &buffer_of(w)->context->watches, table);
	if (look(w, &status))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (status.state == PEERBAR_WATCH_GONE)
		mask |= EPOLLHUP;
	return mask;
}

static int watch_release(struct inode *inode, struct file *file)
{
	struct watch *w = file->private_data;

	dma_buf_put(w->dmabuf);
	kfree(w);
	return 0;
}

static const struct file_operations watch_fops = {
	.owner = THIS_MODULE,
	.read = watch_read,
	.poll = watch_poll,
	.release = watch_release,
	.llseek = noop_llseek,
};

/* Takes over the reference to @dmabuf. */
static int watch_create(struct dma_buf *dmabuf)
{
	struct watch *w = kzalloc(sizeof(*w), GFP_KERNEL_ACCOUNT);
	int fd;

	if (!w) {
		dma_buf_put(dmabuf);
		return -ENOMEM;
	}
	w->dmabuf = dmabuf;
	w->seen = NOTHING;
	fd = anon_inode_getfd("[peerbar-watch]", &watch_fops, w, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		dma_buf_put(dmabuf);
		kfree(w);
	}
	return fd;
}

static long node_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct dma_buf *dmabuf;
	s32 fd;

	if (cmd != PEERBAR_WATCH)
		return -ENOTTY;
	if (get_user(fd, (s32 __user *)arg))
		return -EFAULT;
	dmabuf = dma_buf_get(fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	if (peerbar_is_buffer(dmabuf))
		return watch_create(dmabuf);
	dma_buf_put(dmabuf);
	return -EOPNOTSUPP;
}

static const struct file_operations node_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = node_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

/* Anybody may open it: the dma-buf is what gives the right to know. */
static struct miscdevice node = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "peerbar",
	.fops = &node_fops,
	.mode = 0666,
};

int peerbar_watch_init(void)
{
	return misc_register(&node);
}

void peerbar_watch_exit(void)
{
	misc_deregister(&node);
}
