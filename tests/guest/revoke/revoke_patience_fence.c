// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A slow fence in the reservation object of a buffer. A revoke must not wait for it, because an
 * importer that has unmapped has stopped. Meanwhile threads poll the buffers, and so take
 * their locks for a moment at a time.
 */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/blame.h"
#include "lib/clock.h"
#include "lib/importer_bench.h"
#include "lib/nicctl.h"
#include "lib/slow_fence.h"
#include "lib/tap.h"
#include "revoke_patience.h"

static void *hammer(void *arg)
{
	struct hammer *h = arg;
	struct pollfd p = { .fd = h->fd, .events = POLLIN | POLLOUT };

	while (!*h->stop)
		poll(&p, 1, 0);
	return NULL;
}

void slow_begin(struct slow *s, int device, int first, int second)
{
	memset(s, 0, sizeof(*s));
	s->fence = slow_fence_put(device, first);
	for (unsigned int i = 0; i < PATIENCE_HAMMERS; i++) {
		struct hammer *h = &s->hammer[i];

		h->stop = &s->stop;
		h->fd = i % 4 ? second : first;
		if (pthread_create(&h->thread, NULL, hammer, h))
			tap_die("slow fence", "cannot start a thread");
	}
}

void slow_check(const struct slow *s, uint64_t took_us, const char *name)
{
	char text[IMPORTER_TITLE];

	tap_note("%s: the reset took %.1f ms", name, us_to_ms(took_us));
	tap_check(slow_fence_pending(s->fence) && took_us < PATIENCE_FENCE_TIMEOUT_MS * 1000ull,
		  importer_title(text, name, "the reset does not wait for the fence"),
		  "it took %.1f ms", us_to_ms(took_us));
}

void slow_end(struct slow *s)
{
	s->stop = true;
	for (unsigned int i = 0; i < PATIENCE_HAMMERS; i++)
		pthread_join(s->hammer[i].thread, NULL);
	close(s->fence);
}

#define IMPORTERS 4u		/* a dynamic and a pinned one for each buffer */

static void check_importers(struct bench *b, const uint32_t *handle, const char *name)
{
	static const char *const what[IMPORTERS] = {
		"the dynamic one of the buffer with the fence is told and unmaps",
		"the pinned one of that buffer is told and unmaps",
		"the dynamic one of the other buffer is told and unmaps",
		"the pinned one of the other buffer is told and unmaps",
	};
	char text[IMPORTER_TITLE];

	for (unsigned int i = 0; i < IMPORTERS; i++) {
		struct pti_query q = query(b, handle[i]);

		tap_check(q.revokes == 1 && !(q.state & PTI_MAPPED),
			  importer_title(text, name, what[i]), "%u revokes, state %#x",
			  q.revokes, q.state);
	}
}

void patience_fence(int device)
{
	static const char name[] = "slow fence";
	uint32_t handle[IMPORTERS];
	struct blame blame;
	uint64_t before, took;
	struct bench b;
	struct slow s;
	int fd[2];

	bench_open(&b, name);
	before = nicctl_reachable();
	fd[0] = b.dmabuf;
	fd[1] = rig_export(&b.rig);
	for (unsigned int i = 0; i < IMPORTERS; i++) {
		b.dmabuf = fd[i / 2];
		handle[i] = attach_and_map(&b, i % 2 ? PTI_PINNED : PTI_DYNAMIC,
					   PTI_UNMAP_AT_ONCE);
	}
	blame_begin(&blame);
	slow_begin(&s, device, fd[0], fd[1]);
	took = now_us();
	expect(peerbar_reset(b.rig.dev), 0, name, "the reset works");
	took = now_us() - took;
	slow_check(&s, took, name);
	check_importers(&b, handle, name);
	blame_check(&blame, 0, 0, name);
	slow_end(&s);
	expect(importer_map(b.fd, handle[0]), 0, name, "the dynamic one with it maps again");
	expect(importer_map(b.fd, handle[2]), 0, name, "the other dynamic one maps again");
	for (unsigned int i = 0; i < IMPORTERS; i++)
		importer_detach(b.fd, handle[i]);
	check_reachable(before, name, "nothing is left");
	close(fd[0]);
	b.dmabuf = fd[1];
	bench_close(&b);
}
