// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Telling people and programs what happened; see run.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "run.h"

#define PROGRESS_S	5.0
#define LAST_STEPS	20u

bool report_quietly;

double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t count_revokes(void)
{
	uint64_t nr = 0;

	for (unsigned int op = 0; op < NR_OPS; op++)
		if (op_revokes((enum op)op))
			nr += totals.done[op];
	return nr;
}

void report_progress(bool last)
{
	static double before;
	double now = now_s();

	if (report_quietly || (!last && now - before < PROGRESS_S))
		return;
	before = now;
	fprintf(stderr, "stress: %u of %u cycles, %.0f s, %" PRIu64 " revokes, %" PRIu64
		" requests, %" PRIu64 " of them refused, %" PRIu64 " stamps judged\n",
		totals.cycles, config.cycles, now - totals.start, count_revokes(), totals.posted,
		totals.rejected, totals.stamps);
}

/* The steps of the cycle of the violation, and some before them. */
static void print_last_steps(const struct plan *plan, unsigned int cycle)
{
	unsigned int end, first;

	for (end = 0; end < plan->nr && plan->step[end].cycle <= cycle; end++)
		;
	first = end > LAST_STEPS ? end - LAST_STEPS : 0;
	fprintf(stderr, "the last steps (the first number is the cycle):\n");
	for (unsigned int i = first; i < end; i++)
		plan_print(stderr, &config.cast, &plan->step[i]);
}

void report_violation(const struct plan *plan, const struct violation *v, unsigned int episode)
{
	fprintf(stderr, "VIOLATION in cycle %u of episode %u, seed %" PRIu64 ":\n  %s\n", v->cycle,
		episode, config.seed, v->text);
	print_last_steps(plan, v->cycle);
	fprintf(stderr, "To run this episode again, give the same options with: --seed %" PRIu64
		" --episode %u --cycles %u\nTo find out which of its steps are needed, add: "
		"--shrink\n", config.seed, episode, EPISODE_CYCLES);
}

static void add_counts(json_object *object, const char *key, const uint64_t *counts, bool revokes)
{
	json_object *list = json_object_new_object();

	for (unsigned int op = 0; op < NR_OPS; op++)
		if (counts[op] && (!revokes || op_revokes((enum op)op)))
			json_object_object_add(list, op_name((enum op)op),
					       json_object_new_uint64(counts[op]));
	json_object_object_add(object, key, list);
}

static void add_requests(json_object *object)
{
	json_object *requests = json_object_new_object();

	json_object_object_add(requests, "posted", json_object_new_uint64(totals.posted));
	json_object_object_add(requests, "succeeded", json_object_new_uint64(totals.succeeded));
	json_object_object_add(requests, "refused", json_object_new_uint64(totals.rejected));
	json_object_object_add(object, "requests", requests);
}

static void add_violation(json_object *object, const struct violation *v, unsigned int episode)
{
	json_object *violation = NULL;

	if (v->text[0]) {
		violation = json_object_new_object();
		json_object_object_add(violation, "text", json_object_new_string(v->text));
		json_object_object_add(violation, "episode", json_object_new_uint64(episode));
		json_object_object_add(violation, "cycle", json_object_new_uint64(v->cycle));
	}
	json_object_object_add(object, "violation", violation);
}

static json_object *report(const struct violation *v, unsigned int episode)
{
	json_object *object = json_object_new_object(), *unseen = json_object_new_array();
	long long stray = watch_stray();

	for (unsigned int i = 0; watch_unseen(i); i++)
		json_object_array_add(unseen, json_object_new_string(watch_unseen(i)));
	json_object_object_add(object, "seed", json_object_new_uint64(config.seed));
	json_object_object_add(object, "episodes", json_object_new_uint64(totals.episodes));
	json_object_object_add(object, "cycles", json_object_new_uint64(totals.cycles));
	json_object_object_add(object, "seconds",
			       json_object_new_double(now_s() - totals.start));
	add_counts(object, "operations", totals.done, false);
	add_counts(object, "skipped", totals.skipped, false);
	add_counts(object, "refused", totals.refused, false);
	add_counts(object, "revokes", totals.done, true);
	add_requests(object);
	json_object_object_add(object, "stamps_judged", json_object_new_uint64(totals.stamps));
	json_object_object_add(object, "stray_dma",
			       stray < 0 ? NULL : json_object_new_int64(stray));
	json_object_object_add(object, "warnings_excused",
			       json_object_new_uint64(watch_excused()));
	add_violation(object, v, episode);
	json_object_object_add(object, "unseen", unseen);
	return object;
}

bool report_json(const struct violation *v, unsigned int episode)
{
	json_object *object;
	int ret;

	if (!config.json)
		return true;
	object = report(v, episode);
	ret = json_object_to_file_ext(config.json, object, JSON_C_TO_STRING_PRETTY);
	json_object_put(object);
	if (ret)
		fprintf(stderr, "peerbar-revoke-stress: cannot write %s: %s\n", config.json,
			json_util_get_last_err());
	return !ret;
}
