// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* From a seed to the steps of an episode; see plan.h. */
#include <inttypes.h>
#include <string.h>

#include "dice.h"
#include "plan.h"

enum power { POWER_ON, POWER_MEMORY_OFF, POWER_LOW, POWER_D3HOT };

struct device_plan {
	int owner;		/* -1: nobody has it open */
	enum power power;
};

/* What there will be if every step succeeds. */
struct planner {
	const struct cast *cast;
	struct plan *plan;
	struct dice dice;
	uint32_t serial;
	unsigned int cycle;
	struct device_plan device[MAX_DEVICES];
	int buffer[NR_BUFFERS];		/* of which device; -1: there is none */
	bool dead[NR_BUFFERS];		/* that device has been closed since */
	int mr[NR_MRS];			/* of which importer; -1: there is none */
	unsigned int mr_device[NR_MRS];
	bool stale[NR_MRS];		/* that device has been taken away since */
	/* in this cycle */
	bool taken[MAX_ACTORS];		/* actors that have a step */
	bool buffer_taken[NR_BUFFERS], mr_taken[NR_MRS], device_taken[MAX_DEVICES];
};

static struct step *add(struct planner *p, enum op op, unsigned int actor)
{
	struct step *step = &p->plan->step[p->plan->nr++];

	*step = (struct step){
		.cycle = (uint16_t)p->cycle, .op = (uint8_t)op, .actor = (uint8_t)actor,
		.dice = dice_roll(&p->dice),
	};
	p->taken[actor] = true;
	return step;
}

static bool wanted(const struct planner *p, enum op op)
{
	return !p->cast->leave_out[op];
}

/*
 * Pick one of the @nr elements for which @fits says yes, or -1. All of these functions have the
 * number that is asked about as their last argument.
 */
static int pick(struct planner *p, unsigned int nr,
		bool (*fits)(const struct planner *p, unsigned int actor, unsigned int i),
		unsigned int actor)
{
	unsigned int fitting[NR_MRS], n = 0;

	for (unsigned int i = 0; i < nr; i++)
		if (fits(p, actor, i))
			fitting[n++] = i;
	return n ? (int)fitting[dice_below(&p->dice, n)] : -1;
}

static bool device_is_closed(const struct planner *p, unsigned int actor, unsigned int i)
{
	(void)actor;
	return p->device[i].owner < 0 && !p->device_taken[i];
}

static bool device_is_owned(const struct planner *p, unsigned int actor, unsigned int i)
{
	return p->device[i].owner == (int)actor && !p->device_taken[i];
}

static bool buffer_is_free(const struct planner *p, unsigned int actor, unsigned int i)
{
	(void)actor;
	return p->buffer[i] < 0 && !p->buffer_taken[i];
}

static bool buffer_is_there(const struct planner *p, unsigned int actor, unsigned int i)
{
	(void)actor;
	return p->buffer[i] >= 0 && !p->buffer_taken[i];
}

static bool buffer_is_dead(const struct planner *p, unsigned int actor, unsigned int i)
{
	return buffer_is_there(p, actor, i) && p->dead[i];
}

static bool buffer_is_live(const struct planner *p, unsigned int actor, unsigned int i)
{
	return buffer_is_there(p, actor, i) && !p->dead[i] &&
	       p->device[p->buffer[i]].power == POWER_ON;
}

static bool mr_is_free(const struct planner *p, unsigned int actor, unsigned int i)
{
	(void)actor;
	return p->mr[i] < 0 && !p->mr_taken[i];
}

static bool mr_is_owned(const struct planner *p, unsigned int actor, unsigned int i)
{
	return p->mr[i] == (int)actor && !p->mr_taken[i];
}

static bool mr_is_stale(const struct planner *p, unsigned int actor, unsigned int i)
{
	return mr_is_owned(p, actor, i) && p->stale[i];
}

/* The device is taken away. */
static void mark_stale(struct planner *p, unsigned int device)
{
	for (unsigned int i = 0; i < NR_MRS; i++)
		p->stale[i] |= p->mr[i] >= 0 && p->mr_device[i] == device;
}

/* The device is closed: its buffers stay, and those who register them must be refused. */
static void forget_device(struct planner *p, unsigned int device)
{
	p->device[device].owner = -1;
	p->device[device].power = POWER_ON;
	mark_stale(p, device);
	for (unsigned int i = 0; i < NR_BUFFERS; i++)
		p->dead[i] |= p->buffer[i] == (int)device;
}

static void forget_mrs(struct planner *p, unsigned int actor)
{
	for (unsigned int i = 0; i < NR_MRS; i++)
		if (p->mr[i] == (int)actor)
			p->mr[i] = -1;
}

static bool plan_open(struct planner *p, unsigned int actor)
{
	int device = pick(p, p->cast->devices, device_is_closed, actor);

	if (device < 0 || !wanted(p, OP_OPEN))
		return false;
	add(p, OP_OPEN, actor)->device = (uint8_t)device;
	p->device[device].owner = (int)actor;
	p->device_taken[device] = true;
	return true;
}

static bool plan_export(struct planner *p, unsigned int actor)
{
	enum op op = dice_chance(&p->dice, 30) ? OP_SCATTER : OP_EXPORT;
	int device = pick(p, p->cast->devices, device_is_owned, actor);
	int buffer = pick(p, NR_BUFFERS, buffer_is_free, actor);
	struct step *step;

	if (!wanted(p, op) || device < 0 || buffer < 0 || p->device[device].power != POWER_ON)
		return false;
	step = add(p, op, actor);
	step->device = (uint8_t)device;
	step->buffer = (uint8_t)buffer;
	p->buffer[buffer] = device;
	p->dead[buffer] = false;
	p->buffer_taken[buffer] = true;
	return true;
}

/* Operations of an owner on its device that are not revokes and make nothing. */
static bool plan_other(struct planner *p, unsigned int actor)
{
	static const enum op ops[] = { OP_WRONG, OP_STARVE, OP_FORK };
	enum op op = ops[dice_below(&p->dice, sizeof(ops) / sizeof(*ops))];
	int device = pick(p, p->cast->devices, device_is_owned, actor);

	if (device < 0 || !wanted(p, op))
		return false;
	add(p, op, actor)->device = (uint8_t)device;
	return true;
}

static bool plan_drop(struct planner *p, unsigned int actor)
{
	int buffer = pick(p, NR_BUFFERS, buffer_is_dead, actor);

	if (buffer < 0)
		buffer = pick(p, NR_BUFFERS, buffer_is_there, actor);
	if (buffer < 0 || !wanted(p, OP_DROP))
		return false;
	add(p, OP_DROP, actor)->buffer = (uint8_t)buffer;
	p->buffer[buffer] = -1;
	p->buffer_taken[buffer] = true;
	return true;
}

static bool plan_register(struct planner *p, unsigned int actor)
{
	bool live = dice_chance(&p->dice, 85);
	int buffer = pick(p, NR_BUFFERS, live ? buffer_is_live : buffer_is_there, actor);
	int mr = pick(p, NR_MRS, mr_is_free, actor);
	struct step *step;

	if (buffer < 0 || mr < 0 || !wanted(p, OP_REGISTER))
		return false;
	step = add(p, OP_REGISTER, actor);
	step->device = (uint8_t)p->buffer[buffer];
	step->buffer = (uint8_t)buffer;
	step->mr = (uint8_t)mr;
	step->serial = ++p->serial;
	p->mr[mr] = (int)actor;
	p->mr_device[mr] = step->device;
	p->stale[mr] = p->dead[buffer];
	p->mr_taken[mr] = true;
	return true;
}

static bool plan_deregister(struct planner *p, unsigned int actor)
{
	enum op op = dice_chance(&p->dice, 50) ? OP_DEREGISTER : OP_DEREGISTER_BUSY;
	int mr = pick(p, NR_MRS, mr_is_stale, actor);

	if (mr < 0)
		mr = pick(p, NR_MRS, mr_is_owned, actor);
	if (mr < 0 || !wanted(p, op))
		return false;
	add(p, op, actor)->mr = (uint8_t)mr;
	p->mr[mr] = -1;
	p->mr_taken[mr] = true;
	return true;
}

static void plan_importer(struct planner *p, unsigned int actor)
{
	unsigned int face = dice_below(&p->dice, 100);

	if (face < 3 && wanted(p, OP_KILL_IMPORTER)) {
		add(p, OP_KILL_IMPORTER, actor);
		forget_mrs(p, actor);
	} else if (face < 6 && wanted(p, OP_FORK)) {
		add(p, OP_FORK, actor);
	} else if (face < 45 && plan_register(p, actor)) {
		return;
	} else if (face < 65 && plan_deregister(p, actor)) {
		return;
	} else if (wanted(p, OP_TRAFFIC)) {
		add(p, OP_TRAFFIC, actor);
	}
}

static void plan_owner(struct planner *p, unsigned int actor)
{
	unsigned int face = dice_below(&p->dice, 100);

	if (plan_open(p, actor))
		return;
	if (face < 60 && plan_export(p, actor))
		return;
	if (face >= 60 && face < 70)
		plan_other(p, actor);
	else if (face >= 70 && face < (pick(p, NR_BUFFERS, buffer_is_free, actor) < 0 ? 100 : 78))
		plan_drop(p, actor);
}

/* How the owner of a device in this state gets it back; NR_OPS: it has it. */
static enum op op_back(enum power power)
{
	static const enum op back[] = {
		[POWER_ON] = NR_OPS, [POWER_MEMORY_OFF] = OP_MEMORY_ON,
		[POWER_LOW] = OP_FULL_POWER, [POWER_D3HOT] = OP_D0,
	};

	return back[power];
}

static enum power power_after(enum op op)
{
	switch (op) {
	case OP_MEMORY_OFF:
		return POWER_MEMORY_OFF;
	case OP_LOW_POWER:
		return POWER_LOW;
	case OP_D3HOT:
		return POWER_D3HOT;
	default:
		return POWER_ON;
	}
}

/* Give a device back that was taken away in an earlier cycle. */
static void plan_back(struct planner *p, unsigned int device)
{
	struct device_plan *d = &p->device[device];

	if (p->device_taken[device] || d->owner < 0 || op_back(d->power) == NR_OPS ||
	    p->taken[d->owner] || dice_chance(&p->dice, 40))
		return;
	add(p, op_back(d->power), (unsigned int)d->owner)->device = (uint8_t)device;
	p->device_taken[device] = true;
	d->power = POWER_ON;
}

/* The more often it is named, the more often it is done. */
static const enum op owner_revokes[] = {
	OP_RESET, OP_RESET, OP_RESET, OP_MEMORY_OFF, OP_MEMORY_OFF, OP_LOW_POWER, OP_FLR,
	OP_D3HOT, OP_HOT_RESET, OP_CLOSE, OP_KILL_OWNER,
};

/* A device that would not come back is not taken away. */
static bool comes_back(const struct planner *p, enum op op)
{
	enum op back = op_back(power_after(op));

	return back == NR_OPS || wanted(p, back);
}

static bool plan_revoke_by_owner(struct planner *p, unsigned int device)
{
	enum op op = owner_revokes[dice_below(&p->dice, sizeof(owner_revokes) /
						  sizeof(*owner_revokes))];
	struct device_plan *d = &p->device[device];
	int owner = d->owner;

	if (!wanted(p, op) || !comes_back(p, op) || d->power != POWER_ON)
		return false;
	add(p, op, (unsigned int)owner)->device = (uint8_t)device;
	p->device_taken[device] = true;
	d->power = power_after(op);
	mark_stale(p, device);
	if (op == OP_CLOSE)
		forget_device(p, device);
	for (unsigned int i = 0; op == OP_KILL_OWNER && i < p->cast->devices; i++)
		if (p->device[i].owner == owner)
			forget_device(p, i);
	return true;
}

static bool plan_revoke_by_others(struct planner *p, unsigned int device)
{
	static const enum op ops[] = {
		OP_SYSFS_RESET, OP_SYSFS_RESET, OP_UNBIND, OP_REMOVE, OP_COMMAND,
	};
	enum op op = ops[dice_below(&p->dice, sizeof(ops) / sizeof(*ops))];
	struct step *step;

	if (!p->cast->admin || p->taken[cast_admin(p->cast)] || !wanted(p, op) ||
	    p->device[device].power != POWER_ON ||
	    (op == OP_COMMAND && (!p->cast->commands || dice_chance(&p->dice, 70))))
		return false;
	step = add(p, op, cast_admin(p->cast));
	step->device = (uint8_t)device;
	if (op == OP_COMMAND)
		step->mr = (uint8_t)dice_below(&p->dice, p->cast->commands);
	mark_stale(p, device);
	if (op != OP_UNBIND && op != OP_REMOVE)
		return true;
	/* the owner closes the device when it is asked to, and has no other step meanwhile */
	p->device_taken[device] = true;
	p->taken[p->device[device].owner] = true;
	forget_device(p, device);
	return true;
}

/* Most cycles take a device away, if there is one to take. */
static void plan_revoke(struct planner *p)
{
	if (dice_chance(&p->dice, 30))
		return;
	for (unsigned int tries = 0; tries < 20; tries++) {
		unsigned int device = dice_below(&p->dice, p->cast->devices);

		if (p->device[device].owner < 0 || p->device_taken[device] ||
		    p->taken[p->device[device].owner])
			continue;
		if (dice_chance(&p->dice, 70) ? plan_revoke_by_owner(p, device) :
						plan_revoke_by_others(p, device))
			return;
	}
}

/* The driver of a NIC is taken away from under those who use it. They are killed meanwhile. */
static void plan_nic_unbind(struct planner *p)
{
	unsigned int admin = cast_admin(p->cast), nic = dice_below(&p->dice, p->cast->nics);

	if (!p->cast->admin || !wanted(p, OP_NIC_UNBIND) || p->taken[admin] ||
	    !dice_chance(&p->dice, 3))
		return;
	add(p, OP_NIC_UNBIND, admin)->nic = (uint8_t)nic;
	for (unsigned int i = p->cast->owners; i < admin; i++) {
		if (cast_nic(p->cast, i) != nic)
			continue;
		p->taken[i] = true;
		forget_mrs(p, i);
	}
}

static void plan_timeout(struct planner *p)
{
	unsigned int admin = cast_admin(p->cast);

	if (p->cast->admin && wanted(p, OP_TIMEOUT) && !p->taken[admin] &&
	    dice_chance(&p->dice, 5))
		add(p, OP_TIMEOUT, admin);
}

static void plan_cycle(struct planner *p)
{
	memset(p->taken, 0, sizeof(p->taken));
	memset(p->buffer_taken, 0, sizeof(p->buffer_taken));
	memset(p->mr_taken, 0, sizeof(p->mr_taken));
	memset(p->device_taken, 0, sizeof(p->device_taken));
	plan_nic_unbind(p);
	for (unsigned int i = 0; i < p->cast->devices; i++)
		plan_back(p, i);
	plan_revoke(p);
	plan_timeout(p);
	for (unsigned int i = 0; i < cast_admin(p->cast); i++) {
		if (p->taken[i])
			continue;
		if (i < p->cast->owners)
			plan_owner(p, i);
		else
			plan_importer(p, i);
	}
}

void plan_make(struct plan *plan, const struct cast *cast, uint64_t seed, unsigned int episode)
{
	struct dice mix = { seed };
	struct planner p = {
		.cast = cast, .plan = plan, .dice = { dice_roll(&mix) + episode },
		.serial = episode << 12,	/* an episode has fewer steps than that */
	};

	_Static_assert(EPISODE_STEPS < 1 << 12, "each episode has serial numbers of its own");
	plan->nr = 0;
	for (unsigned int i = 0; i < NR_BUFFERS; i++)
		p.buffer[i] = -1;
	for (unsigned int i = 0; i < MAX_DEVICES; i++)
		forget_device(&p, i);
	for (unsigned int i = 0; i < NR_MRS; i++)
		p.mr[i] = -1;
	for (p.cycle = 0; p.cycle < EPISODE_CYCLES; p.cycle++)
		plan_cycle(&p);
}

static const char *actor_name(const struct cast *cast, unsigned int actor, unsigned int *number)
{
	*number = actor < cast->owners ? actor : actor - cast->owners;
	if (actor == cast_admin(cast)) {
		*number = 0;
		return "admin";
	}
	return actor < cast->owners ? "owner" : "importer";
}

void plan_print(FILE *file, const struct cast *cast, const struct step *s)
{
	unsigned int number;
	const char *name = actor_name(cast, s->actor, &number);

	fprintf(file, "%u %s%u %s device %u nic %u buffer %u mr %u serial %" PRIu32
		" dice %#" PRIx64 "\n", s->cycle, name, number, op_name((enum op)s->op),
		s->device, s->nic, s->buffer, s->mr, s->serial, s->dice);
}

/* Return: -1 if there is no such actor. */
static int actor_by_name(const struct cast *cast, const char *name)
{
	unsigned int number;

	if (sscanf(name, "owner%u", &number) == 1 && number < cast->owners)
		return (int)number;
	if (sscanf(name, "importer%u", &number) == 1 && number < cast->importers)
		return (int)(cast->owners + number);
	return strcmp(name, "admin0") ? -1 : (int)cast_admin(cast);
}

bool plan_parse(const char *line, const struct cast *cast, struct step *s)
{
	unsigned int cycle, device, nic, buffer, mr;
	char actor[16], op[32];
	int found;

	*s = (struct step){ 0 };
	if (sscanf(line, "%u %15s %31s device %u nic %u buffer %u mr %u serial %" SCNu32
		   " dice %" SCNx64, &cycle, actor, op, &device, &nic, &buffer, &mr, &s->serial,
		   &s->dice) != 9)
		return false;
	found = actor_by_name(cast, actor);
	s->op = (uint8_t)op_by_name(op);
	if (found < 0 || s->op == NR_OPS || cycle >= EPISODE_CYCLES || device >= cast->devices ||
	    nic >= cast->nics || buffer >= NR_BUFFERS || mr >= NR_MRS)
		return false;
	s->cycle = (uint16_t)cycle;
	s->actor = (uint8_t)found;
	s->device = (uint8_t)device;
	s->nic = (uint8_t)nic;
	s->buffer = (uint8_t)buffer;
	s->mr = (uint8_t)mr;
	return true;
}
