// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Registering dma-bufs, and deregistering them; see importer.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dice.h"
#include "importer.h"

/* Access that the NIC has; every second MR may be used in all ways. */
static int choose_access(const struct loopback *lb, struct dice *dice)
{
	static const int some[] = {
		IBV_ACCESS_LOCAL_WRITE, IBV_ACCESS_REMOTE_READ,
		IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ,
	};
	unsigned int face = dice_below(dice, 6);

	return face < 3 ? some[face] : loopback_access(lb);
}

/* Bytes [@offset, @offset + @length) of the dma-buf: all, or some that need not be aligned. */
static void choose_part(uint64_t size, struct dice *dice, uint64_t *offset, uint64_t *length)
{
	*offset = 0;
	*length = size;
	if (dice_chance(dice, 50))
		return;
	*offset = dice_roll(dice) % size & ~7ull;
	*length = 8 + (dice_roll(dice) % (size - *offset) & ~7ull);
	if (*length > size - *offset)
		*length = size - *offset;
}

/* Find the slots that lie inside the MR. */
static void find_covers(struct importer_mr *mr, const struct stress_buffer *buffer, uint64_t offset,
			uint64_t length)
{
	uint64_t unit = config.device[buffer->device].unit, end = offset + length;

	mr->nr_covers = 0;
	for (unsigned int i = 0; i < buffer->nr_units; i++) {
		uint64_t start = i * unit, room;

		if (start < offset || start + STAMP_SIZE > end)
			continue;
		room = end - start < unit ? end - start : unit;
		mr->cover[mr->nr_covers++] = (struct cover){
			.slot = buffer->unit[i], .offset = start - offset, .room = room,
		};
	}
}

/* The errors of registering a dma-buf whose device is away. */
static bool may_not_register(int err)
{
	return err == ENODEV || err == EINVAL || err == EAGAIN || err == EBUSY || err == EIO;
}

/* Is the buffer dead for good, as it was before the registration began? */
static bool was_dead(const struct stress_buffer *buffer, const struct oracle_view *before)
{
	return before->final > buffer->life.after;
}

static void judge(struct importer_mr *mr, const struct stress_buffer *buffer, int err,
		  const struct oracle_view *before, struct answer *a)
{
	struct oracle_device *oracle = &shared->device[buffer->device];
	bool must = oracle_must_work(oracle, &mr->life) && buffer->life.quiet &&
		    before->final <= buffer->life.before;

	if (!err && was_dead(buffer, before))
		violate(a, "a buffer of a device that was closed was registered");
	if (err == ENOMEM)
		return;		/* the exporter limits what is mapped: docs/threats.md */
	if (err && (must || !may_not_register(err)))
		violate(a, "register: errno %d: %s", err, peerbar_errmsg());
}

void importer_register(struct importer *im, const struct step *step, int fd, struct answer *a)
{
	const struct stress_buffer *buffer = &shared->buffer[step->buffer];
	struct oracle_device *oracle = &shared->device[buffer->device];
	struct importer_mr *mr = &im->mr[step->mr];
	struct dice dice = { step->dice };
	struct oracle_view before;
	uint64_t offset, length;

	if (mr->mr || fd < 0) {
		a->ret = SKIPPED;
		return;
	}
	memset(mr, 0, sizeof(*mr));
	mr->device = buffer->device;
	mr->serial = step->serial;
	mr->access = choose_access(im->lb, &dice);
	choose_part(buffer->nr_units * config.device[buffer->device].unit, &dice, &offset,
		    &length);
	find_covers(mr, buffer, offset, length);
	before = oracle_look(oracle);
	oracle_birth(oracle, &mr->life);
	mr->mr = peerbar_reg_mr(im->lb->pd, fd, offset, length, mr->access, &mr->iova);
	a->ret = mr->mr ? 0 : -errno;
	oracle_born(oracle, &mr->life);
	judge(mr, buffer, -a->ret, &before, a);
	a->life = mr->life;
	mr->dmabuf = mr->mr && dice_chance(&dice, 50) ? dup(fd) : -1;
}

void importer_deregister(struct importer_mr *mr, struct answer *a)
{
	int ret;

	if (!mr->mr) {
		a->ret = SKIPPED;
		return;
	}
	ret = ibv_dereg_mr(mr->mr);
	if (ret)
		violate(a, "deregister: errno %d", ret);
	if (mr->dmabuf >= 0)
		close(mr->dmabuf);
	mr->mr = NULL;
}
