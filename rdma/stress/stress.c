// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar-revoke-stress: does access end whenever it is revoked, whatever else happens? See
 * docs/man/peerbar-revoke-stress.8, or --help.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "machine/sys.h"
#include "run.h"

enum { HELD = 0, VIOLATED = 1, NOT_RUN = 2 };

struct config config;
struct shared *shared;
struct totals totals;

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static bool is_over(void)
{
	return interrupted || totals.cycles >= config.cycles ||
	       (config.seconds && now_s() - totals.start >= config.seconds);
}

static bool run_between(struct violation *v)
{
	int status = config.between ? system(config.between) : 0;

	if (status)
		blame(v, "--between: \"%s\" failed (status %#x)", config.between, status);
	return !status;
}

static bool read_plan(struct plan *plan)
{
	FILE *f = fopen(config.replay, "re");
	char line[256];

	plan->nr = 0;
	while (f && plan->nr < EPISODE_STEPS && fgets(line, sizeof(line), f))
		plan->nr += plan_parse(line, &config.cast, &plan->step[plan->nr]);
	if (f)
		fclose(f);
	if (!plan->nr)
		fprintf(stderr, "peerbar-revoke-stress: %s has no steps\n", config.replay);
	return plan->nr;
}

/* Run episodes until something is not as it must be. */
static bool run(struct plan *plan, struct violation *v, unsigned int *episode)
{
	for (*episode = config.episode; !is_over(); ++*episode) {
		if (!config.replay)
			plan_make(plan, &config.cast, config.seed, *episode);
		if (!episode_run(plan, v) || !run_between(v))
			return false;
	}
	return true;
}

static void shrink_and_print(struct plan *plan)
{
	shrink(plan);
	fprintf(stderr, "What is left, for --replay:\n");
	for (unsigned int i = 0; i < plan->nr; i++)
		plan_print(stdout, &config.cast, &plan->step[i]);
}

static int stress(void)
{
	static struct plan plan;
	struct violation v = { 0 };
	unsigned int episode;
	bool held;

	if (config.replay && !read_plan(&plan))
		return NOT_RUN;
	held = run(&plan, &v, &episode);
	report_progress(true);
	if (!held)
		report_violation(&plan, &v, episode);
	if (!report_json(&v, episode))
		return NOT_RUN;
	if (v.hang)
		_exit(VIOLATED);	/* the others may not even be killed */
	if (!held && config.shrink)
		shrink_and_print(&plan);
	for (unsigned int i = 0; watch_unseen(i); i++)
		fprintf(stderr, "stress: not seen: %s\n", watch_unseen(i));
	printf("%s: %u cycles in %u episodes, seed %" PRIu64 "\n", held ? "held" : "VIOLATED",
	       totals.cycles, totals.episodes, config.seed);
	return held ? HELD : VIOLATED;
}

int main(int argc, char **argv)
{
	char timeout[32] = "";
	int ret = options_parse(argc, argv);

	if (ret >= 0)
		return ret;
	ret = setup_check();
	if (!ret)
		ret = setup_ask();
	if (ret)
		return ret;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED || watch_start()) {
		fprintf(stderr, "peerbar-revoke-stress: %s\n", peerbar_errmsg());
		return NOT_RUN;
	}
	signal(SIGINT, interrupt);
	signal(SIGTERM, interrupt);
	pb_read(timeout, sizeof(timeout), REVOKE_TIMEOUT);
	totals.start = now_s();
	fprintf(stderr, "stress: seed %" PRIu64 "\n", config.seed);
	ret = stress();
	if (timeout[0])
		pb_write(timeout, REVOKE_TIMEOUT);
	return ret;
}
