// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * An episode: processes that have nothing open, some dozens of cycles, and the end of all of
 * them. In each cycle all steps run at once; then, with nothing else going on, every importer
 * tries its MRs and every owner reads its BARs.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dice.h"
#include "run.h"

static int dmabuf[NR_BUFFERS];		/* -1: there is none */

void blame(struct violation *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	keep_first(v->text, sizeof(v->text), fmt, ap);
	va_end(ap);
}

static void name_actor(char *name, size_t size, unsigned int actor)
{
	if (actor == cast_admin(&config.cast))
		snprintf(name, size, "the administrator");
	else if (actor < config.cast.owners)
		snprintf(name, size, "owner %u", actor);
	else
		snprintf(name, size, "importer %u", actor - config.cast.owners);
}

static void blame_hang(unsigned int actor, const char *what, struct violation *v)
{
	char name[32];

	name_actor(name, sizeof(name), actor);
	blame(v, "%s hangs: %s in %u s", name, what, config.step_limit_s);
	v->hang = true;
}

static void drop(unsigned int buffer)
{
	if (dmabuf[buffer] >= 0)
		close(dmabuf[buffer]);
	dmabuf[buffer] = -1;
}

static void count(const struct answer *a)
{
	if (a->op < NR_OPS && a->ret == SKIPPED)
		totals.skipped[a->op]++;
	else if (a->op < NR_OPS && a->ret)
		totals.refused[a->op]++;
	else if (a->op < NR_OPS)
		totals.done[a->op]++;
	totals.posted += a->posted;
	totals.succeeded += a->succeeded;
	totals.rejected += a->refused;
}

/* Wait for the answers of all actors in @pending, and hand each to @take. */
static void gather(bool *pending, unsigned int nr, struct violation *v,
		   void (*take)(const struct answer *a, int fd, struct violation *v))
{
	struct answer a;
	char name[32];
	int actor, fd;

	while (nr--) {
		actor = actors_wait(pending, &a, &fd);
		if (actor < 0) {
			for (actor = 0; actor < (int)MAX_ACTORS - 1 && !pending[actor]; actor++)
				;
			blame_hang((unsigned int)actor, "its step has not ended", v);
			return;
		}
		pending[actor] = false;
		name_actor(name, sizeof(name), (unsigned int)actor);
		if (a.violation[0])
			blame(v, "%s: %s", name, a.violation);
		count(&a);
		take(&a, fd, v);
	}
}

/* The steps of this cycle, by actor; what an answer belongs to. */
static const struct step *current[MAX_ACTORS];

static void take_step(const struct answer *a, int fd, struct violation *v)
{
	const struct step *step = current[a->actor];

	(void)v;
	if ((a->op == OP_EXPORT || a->op == OP_SCATTER) && !a->ret)
		dmabuf[step->buffer] = fd;
	if (a->op == OP_REGISTER && !a->ret)
		stamps_register(step, a);
}

static void take_probe(const struct answer *a, int fd, struct violation *v)
{
	(void)fd;
	(void)v;
	stamps_land(a);
}

static void take_scan(const struct answer *a, int fd, struct violation *v)
{
	(void)fd;
	stamps_judge(a, v);
}

static void take_nothing(const struct answer *a, int fd, struct violation *v)
{
	(void)a;
	(void)fd;
	(void)v;
}

/* Ask actors [@first, @end) all the same. */
static void ask_all(enum op op, unsigned int first, unsigned int end, struct violation *v,
		    void (*take)(const struct answer *a, int fd, struct violation *v))
{
	bool pending[MAX_ACTORS] = { false };

	for (unsigned int i = first; i < end; i++) {
		actor_send(i, &(struct step){ .op = (uint8_t)op, .actor = (uint8_t)i }, -1);
		pending[i] = true;
	}
	gather(pending, end - first, v, take);
}

static void kill_now(unsigned int actor, struct violation *v)
{
	if (!actor_kill(actor))
		blame_hang(actor, "SIGKILL has not ended it", v);
}

/* kill -9 of a process that may have devices open: they are revoked for good by that. */
static void kill_owner(unsigned int actor, struct violation *v)
{
	unsigned int ticket[MAX_DEVICES];
	bool had[MAX_DEVICES];

	for (unsigned int i = 0; i < config.cast.devices; i++) {
		had[i] = shared->owner[i] == (int)actor;
		if (had[i])
			ticket[i] = oracle_begin(&shared->device[i], ORACLE_OTHERS);
	}
	kill_now(actor, v);
	if (v->hang)
		return;
	for (unsigned int i = 0; i < config.cast.devices; i++) {
		if (!had[i])
			continue;
		shared->owner[i] = -1;
		oracle_done(&shared->device[i], ticket[i], true);
		oracle_owner_died(&shared->device[i]);
		oracle_end(&shared->device[i], ORACLE_OTHERS);
	}
	actor_start(actor);
}

/* kill -9 of a process whose requests are in flight. */
static void kill_importer(const struct step *step, struct violation *v)
{
	struct step traffic = *step;
	struct dice dice = { step->dice };

	traffic.op = OP_TRAFFIC;
	actor_send(step->actor, &traffic, -1);
	usleep(1000 * dice_below(&dice, 10));
	kill_now(step->actor, v);
	if (!v->hang)
		actor_start(step->actor);
}

static bool is_kill(const struct step *step)
{
	return step->op == OP_KILL_OWNER || step->op == OP_KILL_IMPORTER;
}

/* What needs no other process. Return: false if the actor is to do the step. */
static bool perform_here(const struct step *step)
{
	if (step->op == OP_DROP)
		drop(step->buffer);
	else if (!is_kill(step))
		return false;
	totals.done[step->op]++;
	return true;
}

/*
 * The driver of their NIC is being unbound. Some drivers wait until the last process has closed
 * the NIC, others make all that a process does fail: so it ends after a while.
 */
static void kill_importers_of(unsigned int nic, struct dice dice, struct violation *v)
{
	usleep(1000 * dice_below(&dice, 200));
	for (unsigned int m = nic; m < config.cast.importers; m += config.cast.nics)
		kill_now(config.cast.owners + m, v);
}

static void kill_some(const struct step *step, unsigned int nr, struct violation *v)
{
	for (unsigned int i = 0; i < nr && !v->hang; i++) {
		if (step[i].op == OP_KILL_OWNER)
			kill_owner(step[i].actor, v);
		if (step[i].op == OP_KILL_IMPORTER)
			kill_importer(&step[i], v);
		if (step[i].op == OP_NIC_UNBIND)
			kill_importers_of(step[i].nic, (struct dice){ step[i].dice }, v);
	}
}

/* The NIC has its driver again. */
static void replace_importers(const struct step *step, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (step[i].op != OP_NIC_UNBIND)
			continue;
		for (unsigned int m = step[i].nic; m < config.cast.importers;
		     m += config.cast.nics)
			actor_start(config.cast.owners + m);
	}
}

static void run_steps(const struct step *step, unsigned int nr, struct violation *v)
{
	bool pending[MAX_ACTORS] = { false };
	unsigned int sent = 0;

	for (unsigned int i = 0; i < nr; i++) {
		if (perform_here(&step[i]))
			continue;
		current[step[i].actor] = &step[i];
		actor_send(step[i].actor, &step[i],
			   step[i].op == OP_REGISTER ? dmabuf[step[i].buffer] : -1);
		pending[step[i].actor] = true;
		sent++;
	}
	kill_some(step, nr, v);
	if (!v->hang)
		gather(pending, sent, v, take_step);
	if (!v->hang)
		replace_importers(step, nr);
}

/* Nothing else goes on now. */
static void check(struct violation *v)
{
	unsigned int importers = config.cast.owners, admin = cast_admin(&config.cast);

	if (config.enable.needed)
		ask_all(OP_ENABLE, 0, importers, v, take_nothing);
	if (!v->hang)
		ask_all(OP_PROBE, importers, admin, v, take_probe);
	if (!v->hang)
		ask_all(OP_SCAN, 0, importers, v, take_scan);
	stamps_judged();
}

static bool run_cycle(const struct step *step, unsigned int nr, struct violation *v)
{
	run_steps(step, nr, v);
	if (!v->text[0])
		check(v);
	watch_log(v);
	totals.cycles++;
	report_progress(false);
	return !v->text[0];
}

static void run_cycles(const struct plan *plan, struct violation *v)
{
	unsigned int i = 0, end;

	for (unsigned int cycle = 0; cycle < EPISODE_CYCLES && i < plan->nr; cycle++) {
		for (end = i; end < plan->nr && plan->step[end].cycle == cycle; end++)
			;
		v->cycle = cycle;
		if (end > i && !run_cycle(&plan->step[i], end - i, v))
			return;
		i = end;
	}
}

static void begin(void)
{
	memset(shared, 0, sizeof(*shared));
	for (unsigned int i = 0; i < MAX_DEVICES; i++)
		shared->owner[i] = -1;
	for (unsigned int i = 0; i < NR_BUFFERS; i++)
		dmabuf[i] = -1;
	stamps_forget();
	actors_start();
}

/* After this nobody has anything open. Importers and owners end at once, in no order. */
static void end(struct violation *v)
{
	int hanging;

	if (v->hang)
		return;
	if (!v->text[0])
		ask_all(OP_FINISH, 0, cast_actors(&config.cast), v, take_nothing);
	if (v->hang)
		return;
	hanging = actors_stop();
	if (hanging >= 0) {
		blame_hang((unsigned int)hanging, "it has not closed what it had open", v);
		return;
	}
	for (unsigned int i = 0; i < NR_BUFFERS; i++)
		drop(i);
	watch_log(v);
	watch_rest(v);
}

bool episode_run(const struct plan *plan, struct violation *v)
{
	memset(v, 0, sizeof(*v));
	begin();
	run_cycles(plan, v);
	watch_collect(v);
	end(v);
	totals.episodes++;
	return !v->text[0];
}
