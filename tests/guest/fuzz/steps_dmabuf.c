// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Steps with any descriptor, above all with a dma-buf: what anybody may do who was given one. */
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include "../../../kernel/peerbar_watch.h"
#include "fuzz.h"

static void step_close(struct fuzz_world *w, const struct fuzz_step *s)
{
	int fd = atomic_exchange(&w->fd[fuzz_kind_of(s, FUZZ_DMABUF)][s->slot % FUZZ_SLOTS], -1);

	if (fd >= 0)
		close(fd);
}

static void step_close_device(struct fuzz_world *w, const struct fuzz_step *s)
{
	int fd = atomic_exchange(&w->fd[FUZZ_DEVICE][s->slot % FUZZ_SLOTS], -1);

	if (fd >= 0)
		close(fd);
}

static void step_dup(struct fuzz_world *w, const struct fuzz_step *s)
{
	fuzz_put(w, fuzz_kind_of(s, FUZZ_DMABUF), s->other,
		 fcntl(fuzz_fd(w, s, FUZZ_DMABUF), F_DUPFD_CLOEXEC, 3));
}

static void step_sync(struct fuzz_world *w, const struct fuzz_step *s)
{
	struct dma_buf_sync arg = { .flags = s->value };

	ioctl(fuzz_fd(w, s, FUZZ_DMABUF), DMA_BUF_IOCTL_SYNC, &arg);
}

static void step_export_fence(struct fuzz_world *w, const struct fuzz_step *s)
{
	struct dma_buf_export_sync_file arg = { .flags = s->flags, .fd = -1 };

	if (!ioctl(fuzz_fd(w, s, FUZZ_DMABUF), DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &arg))
		fuzz_put(w, FUZZ_OTHER, s->other, arg.fd);
}

static void step_import_fence(struct fuzz_world *w, const struct fuzz_step *s)
{
	struct dma_buf_import_sync_file arg = {
		.flags = s->flags, .fd = fuzz_other_fd(w, s, FUZZ_OTHER),
	};

	ioctl(fuzz_fd(w, s, FUZZ_DMABUF), DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &arg);
}

/* Ask to be told of revokes; reading the watch does not wait. */
static void step_watch(struct fuzz_world *w, const struct fuzz_step *s)
{
	__s32 dmabuf = fuzz_fd(w, s, FUZZ_DMABUF);
	int node = open(PEERBAR_WATCH_PATH, O_RDWR | O_CLOEXEC);
	int watch = ioctl(node, PEERBAR_WATCH, &dmabuf);

	if (watch >= 0)
		fcntl(watch, F_SETFL, O_NONBLOCK);
	fuzz_put(w, FUZZ_OTHER, s->other, watch);
	close(node);
}

static void step_read_watch(struct fuzz_world *w, const struct fuzz_step *s)
{
	char bytes[256];

	if (read(fuzz_other_fd(w, s, FUZZ_OTHER), bytes, s->value % sizeof(bytes)) < 0)
		return;
}

static void step_poll(struct fuzz_world *w, const struct fuzz_step *s)
{
	struct pollfd p = {
		.fd = fuzz_fd(w, s, FUZZ_DMABUF), .events = POLLIN | POLLOUT,
	};

	poll(&p, 1, 0);
}

static void step_seek(struct fuzz_world *w, const struct fuzz_step *s)
{
	lseek(fuzz_fd(w, s, FUZZ_DMABUF), (off_t)s->value, (int)s->flags);
}

/* Exporters of a BAR have no mmap, so this must fail, whatever is in the window afterwards. */
static void step_map_buffer(struct fuzz_world *w, const struct fuzz_step *s)
{
	mmap(w->window[s->other % FUZZ_SLOTS], FUZZ_WINDOW, PROT_READ | PROT_WRITE,
	     MAP_SHARED | MAP_FIXED, fuzz_fd(w, s, FUZZ_DMABUF), 0);
}

static void step_unmap(struct fuzz_world *w, const struct fuzz_step *s)
{
	mmap(w->window[s->slot % FUZZ_SLOTS], FUZZ_WINDOW, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

/* Read or write a mapping by calls, which fail where an access would be a signal. */
static void step_touch(struct fuzz_world *w, const struct fuzz_step *s)
{
	uint8_t *at = w->window[s->slot % FUZZ_SLOTS] + s->value % (FUZZ_WINDOW - 64);

	if ((s->flags & 1 ? pread(w->memory, at, 64, 0) : pwrite(w->memory, at, 64, 0)) < 0)
		return;
}

/* A child that has all descriptors, and ends a little later. */
static void step_fork(struct fuzz_world *w, const struct fuzz_step *s)
{
	pid_t pid;

	if (atomic_load(&w->children) >= 4)
		return;
	pid = fork();
	if (!pid) {
		usleep(s->value % 20000);
		_exit(0);
	}
	if (pid > 0)
		atomic_fetch_add(&w->children, 1);
}

static void step_wait(struct fuzz_world *w, const struct fuzz_step *s)
{
	(void)w;
	usleep(s->value % 20000);
}

const struct fuzz_op fuzz_dmabuf[] = {
	{ "close", step_close },
	{ "close-device", step_close_device },
	{ "dup", step_dup },
	{ "sync", step_sync },
	{ "export-fence", step_export_fence },
	{ "import-fence", step_import_fence },
	{ "watch", step_watch },
	{ "read-watch", step_read_watch },
	{ "poll", step_poll },
	{ "seek", step_seek },
	{ "map-buffer", step_map_buffer },
	{ "unmap", step_unmap },
	{ "touch", step_touch },
	{ "fork", step_fork },
	{ "wait", step_wait },
	{ NULL, NULL },
};
