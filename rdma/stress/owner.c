// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A process that has devices open: it exports their BARs and takes them away; see stress.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config_space.h"
#include "dice.h"
#include "slots.h"
#include "stress.h"

/* A device of this process. */
struct owned {
	struct peerbar_device *dev;	/* NULL: it is not open */
	struct slots slots;
	int request;			/* tells that others want the device; -1: it cannot */
};

static struct owned owned[MAX_DEVICES];
static unsigned int self;

static void clear_slots(unsigned int device)
{
	struct oracle_view view = oracle_clearing(&shared->device[device]);

	slots_enable(owned[device].dev);
	if (slots_clear(&owned[device].slots))
		oracle_cleared(&shared->device[device], &view);
}

/* The errors of opening a device that others use, or that is not there now. */
static bool may_not_open(int ret)
{
	return ret == -EBUSY || ret == -ENODEV || ret == -ENXIO || ret == -ENOENT;
}

static void do_open(const struct step *step, struct answer *a)
{
	struct oracle_device *oracle = &shared->device[step->device];
	struct stress_device *what = &config.device[step->device];
	struct owned *o = &owned[step->device];
	struct oracle_life opening;
	const char *why;

	if (o->dev) {
		a->ret = SKIPPED;
		return;
	}
	oracle_birth(oracle, &opening);
	a->ret = peerbar_open(what->address, &o->dev);
	if (a->ret) {
		if (!may_not_open(a->ret))
			violate(a, "open: %s", peerbar_errmsg());
		return;
	}
	shared->owner[step->device] = (int)self;
	o->request = peerbar_event_fd(o->dev, PEERBAR_EVENT_REQUEST);
	if (slots_map(&o->slots, o->dev, what)) {
		violate(a, "map: %s", peerbar_errmsg());
		return;
	}
	slots_enable(o->dev);
	why = slots_not_memory(&o->slots);
	if (why && oracle_must_work(oracle, &opening))
		violate(a, "%s was opened, but its BAR does not work: %s", what->address, why);
	clear_slots(step->device);
}

/* Whoever asks for it: the step, or others who want the device. */
static void close_device(unsigned int device)
{
	struct oracle_device *oracle = &shared->device[device];
	struct owned *o = &owned[device];
	unsigned int ticket = oracle_begin(oracle, ORACLE_OWNER);

	slots_unmap(&o->slots);
	shared->owner[device] = -1;
	peerbar_close(o->dev);
	o->dev = NULL;
	oracle_done(oracle, ticket, true);
	oracle_owner_died(oracle);
}

static void do_close(const struct step *step, struct answer *a)
{
	if (owned[step->device].dev)
		close_device(step->device);
	else
		a->ret = SKIPPED;
}

/* The errors of exporting a BAR that is being taken away. */
static bool may_not_export(int ret)
{
	return ret == -ENODEV || ret == -EAGAIN || ret == -EBUSY || ret == -EIO;
}

/* Return: the dma-buf, or -1. */
static int do_export(const struct step *step, struct answer *a)
{
	struct stress_buffer *buffer = &shared->buffer[step->buffer];
	struct oracle_device *oracle = &shared->device[step->device];
	struct owned *o = &owned[step->device];
	struct peerbar_range range[NR_SLOTS];
	unsigned int nr = buffer_layout(buffer, step, range);
	int fd;

	if (!o->dev) {
		a->ret = SKIPPED;
		return -1;
	}
	oracle_birth(oracle, &buffer->life);
	fd = peerbar_export(o->dev, config.device[step->device].bar, range, nr, O_RDWR);
	oracle_born(oracle, &buffer->life);
	a->ret = fd < 0 ? fd : 0;
	if (fd < 0 && (oracle_must_work(oracle, &buffer->life) || !may_not_export(fd)))
		violate(a, "export of %u ranges: %s", nr, peerbar_errmsg());
	return fd;
}

/* @fd: of an export that must be refused with @expected. */
static void judge_refusal(struct answer *a, int fd, int expected, const char *what)
{
	if (fd >= 0) {
		violate(a, "%s succeeded", what);
		close(fd);
	} else if (fd != expected && !may_not_export(fd)) {
		violate(a, "%s: %s", what, peerbar_errmsg());
	}
}

/* Calls that must be refused: beyond the end, overlapping, unaligned, empty, a wrong BAR. */
static void do_wrong(const struct step *step, struct answer *a)
{
	const struct stress_device *what = &config.device[step->device];
	struct dice dice = { step->dice };
	const struct peerbar_range wrong[] = {
		{ UINT64_MAX - what->unit + 1, what->unit }, { 0, UINT64_MAX & ~0xfffull },
		{ 1, what->unit }, { 0, what->unit + 1 }, { 0, 0 }, { 1ull << 62, what->unit },
	};
	struct peerbar_range range[2] = { wrong[dice_below(&dice, 6)], { 0, what->unit } };
	struct owned *o = &owned[step->device];
	int fd;

	if (!o->dev) {
		a->ret = SKIPPED;
		return;
	}
	fd = peerbar_export(o->dev, what->bar, range, 1 + dice_below(&dice, 2), O_RDWR);
	judge_refusal(a, fd, -EINVAL, "an export of a wrong range");
}

/* An export by a process that can have no more descriptors. */
static void do_starve(const struct step *step, struct answer *a)
{
	struct peerbar_range range = { 0, config.device[step->device].unit };
	struct owned *o = &owned[step->device];
	struct rlimit limit, none;
	int fd;

	if (!o->dev) {
		a->ret = SKIPPED;
		return;
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	fd = peerbar_export(o->dev, config.device[step->device].bar, &range, 1, O_RDWR);
	setrlimit(RLIMIT_NOFILE, &limit);
	judge_refusal(a, fd, -EMFILE, "an export without descriptors");
}

static int memory_off(struct peerbar_device *dev)
{
	return peerbar_set_memory(dev, false);
}

static int memory_on(struct peerbar_device *dev)
{
	return peerbar_set_memory(dev, true);
}

/* D0 alone does not turn the memory on again on every kernel. */
static int d0(struct peerbar_device *dev)
{
	int ret = config_d0(dev);

	return ret ? ret : memory_on(dev);
}

static int (*const call[NR_OPS])(struct peerbar_device *dev) = {
	[OP_RESET] = peerbar_reset, [OP_HOT_RESET] = peerbar_hot_reset, [OP_FLR] = config_flr,
	[OP_MEMORY_OFF] = memory_off, [OP_MEMORY_ON] = memory_on,
	[OP_LOW_POWER] = vfio_low_power, [OP_FULL_POWER] = vfio_full_power,
	[OP_D3HOT] = config_d3hot, [OP_D0] = d0,
};

/* After these the device is usable at once. */
static bool gives_back(enum op op)
{
	return op == OP_RESET || op == OP_HOT_RESET || op == OP_FLR;
}

/*
 * What a call that takes the device away or gives it back has returned. A bus that has a device
 * without a VFIO driver is not reset.
 */
static void judge_call(const struct step *step, struct answer *a)
{
	bool others_there = step->op == OP_HOT_RESET && a->ret == -ENXIO;

	if (a->ret == -ENOTSUP || others_there)
		a->ret = SKIPPED;
	else if (a->ret < 0 && a->ret != -EAGAIN && a->ret != -EBUSY)
		violate(a, "%s: errno %d: %s", op_name((enum op)step->op), -a->ret,
			peerbar_errmsg());
}

static void take_away(const struct step *step, struct answer *a)
{
	struct oracle_device *oracle = &shared->device[step->device];
	struct owned *o = &owned[step->device];
	unsigned int ticket = oracle_begin(oracle, ORACLE_OWNER);

	a->ret = call[step->op](o->dev);
	judge_call(step, a);
	if (!a->ret)
		oracle_done(oracle, ticket, false);
	if (!a->ret && !gives_back((enum op)step->op)) {
		oracle_shut_gate(oracle);
		return;
	}
	if (!a->ret)
		clear_slots(step->device);
	oracle_end(oracle, ORACLE_OWNER);
}

static void give_back(const struct step *step, struct answer *a)
{
	struct oracle_device *oracle = &shared->device[step->device];
	bool shut = oracle->gate & 1;

	oracle_open_gate(oracle);
	a->ret = call[step->op](owned[step->device].dev);
	judge_call(step, a);
	clear_slots(step->device);
	if (shut)
		oracle_end(oracle, ORACLE_OWNER);
}

static void do_call(const struct step *step, struct answer *a)
{
	if (!owned[step->device].dev)
		a->ret = SKIPPED;
	else if (op_revokes((enum op)step->op))
		take_away(step, a);
	else
		give_back(step, a);
}

static void do_enable(void)
{
	for (unsigned int i = 0; i < config.cast.devices; i++)
		if (owned[i].dev && !(shared->device[i].gate & 1))
			slots_enable(owned[i].dev);
}

/* What the BARs hold, of those devices that can be read now. */
static void do_scan(struct answer *a)
{
	for (unsigned int i = 0; i < config.cast.devices; i++)
		if (owned[i].dev && !(shared->device[i].gate & 1))
			a->scanned[i] = slots_read(&owned[i].slots, a->stamp[i]);
}

static void do_finish(void)
{
	for (unsigned int i = 0; i < config.cast.devices; i++)
		if (owned[i].dev)
			close_device(i);
}

/* Return: a descriptor to pass on, or -1. */
static int perform(const struct step *step, struct answer *a)
{
	struct dice dice = { step->dice };

	switch (step->op) {
	case OP_OPEN:
		do_open(step, a);
		break;
	case OP_CLOSE:
		do_close(step, a);
		break;
	case OP_EXPORT:
	case OP_SCATTER:
		return do_export(step, a);
	case OP_WRONG:
		do_wrong(step, a);
		break;
	case OP_STARVE:
		do_starve(step, a);
		break;
	case OP_FORK:
		linger(&dice);
		break;
	case OP_ENABLE:
		do_enable();
		break;
	case OP_SCAN:
		do_scan(a);
		break;
	case OP_FINISH:
		do_finish();
		break;
	default:
		do_call(step, a);
	}
	return -1;
}

/* Wait for a step, and meanwhile give up devices that others ask for. */
static void wait_for_step(int control)
{
	struct pollfd p[1 + MAX_DEVICES] = { { .fd = control, .events = POLLIN } };

	for (;;) {
		for (unsigned int i = 0; i < MAX_DEVICES; i++)
			p[1 + i] = (struct pollfd){
				.fd = owned[i].dev ? owned[i].request : -1, .events = POLLIN,
			};
		poll(p, 1 + MAX_DEVICES, -1);
		for (unsigned int i = 0; i < MAX_DEVICES; i++)
			if (p[1 + i].revents)
				close_device(i);
		if (p[0].revents)
			return;
	}
}

void owner_run(unsigned int actor, int control)
{
	struct step step;
	int fd;

	self = actor;
	for (;;) {
		struct answer a = { .actor = (uint8_t)actor };

		wait_for_step(control);
		if (!actor_receive(control, &step, &fd))
			break;
		a.op = step.op;
		fd = perform(&step, &a);
		actor_reply(control, &a, fd);
	}
	do_finish();
}
