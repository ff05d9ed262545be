// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * revoke: what a program sees when the owner of a device takes its BAR away while an
 * RDMA NIC is reading and writing it.
 *
 *	revoke				everything
 *	revoke --trigger reset,close	only these triggers
 *	revoke --mrs 1,5		with 1, and then with 5 MRs on the buffer
 *	revoke --json FILE		also write the results of the triggers to FILE
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "lib/kmsg.h"
#include "lib/stream.h"
#include "lib/tap.h"
#include "revoke.h"

#define MAX_CHOICES 8u
#define RACE_SECONDS 4u

struct choice {
	unsigned int nr;
	unsigned int value[MAX_CHOICES];
};

struct settings {
	struct choice triggers, mrs;
	bool triggers_only;
	const char *json;
};

static void show_usage(const char *program)
{
	fprintf(stderr, "usage: %s [--trigger NAME[,NAME]...] [--mrs N[,N]...] [--json FILE]\n"
		"  NAME is reset, memory or close; N divides %u\n", program, STREAM_DEPTH);
	exit(2);
}

/* Return: the value of @word, or -1 if it is not one. */
typedef int (*parse_fn)(const char *word);

static int parse_mrs(const char *word)
{
	int n = atoi(word);

	return n > 0 && n <= (int)STREAM_DEPTH && STREAM_DEPTH % (unsigned int)n == 0 ? n : -1;
}

static bool parse_list(char *list, parse_fn parse, struct choice *choice)
{
	char *save, *word = strtok_r(list, ",", &save);

	for (choice->nr = 0; word; word = strtok_r(NULL, ",", &save)) {
		int value = parse(word);

		if (value < 0 || choice->nr == MAX_CHOICES)
			return false;
		choice->value[choice->nr++] = (unsigned int)value;
	}
	return choice->nr;
}

static void parse(int argc, char **argv, struct settings *s)
{
	static const struct option options[] = {
		{ "trigger", required_argument, NULL, 't' },
		{ "mrs", required_argument, NULL, 'm' },
		{ "json", required_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 't' && parse_list(optarg, trigger_by_name, &s->triggers))
			s->triggers_only = true;
		else if (c == 'j')
			s->json = optarg;
		else if (c != 'm' || !parse_list(optarg, parse_mrs, &s->mrs))
			show_usage(argv[0]);
	}
	if (optind != argc)
		show_usage(argv[0]);
}

static struct json_object *to_json(const struct revoke_result *r)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "trigger", json_object_new_string(trigger_name(r->trigger)));
	json_object_object_add(o, "mrs", json_object_new_int64(r->mrs));
	json_object_object_add(o, "wr_status", json_object_new_string(r->wr_status));
	json_object_object_add(o, "stray_dma", json_object_new_uint64(r->stray_dma));
	json_object_object_add(o, "refused_dma", json_object_new_uint64(r->refused_dma));
	json_object_object_add(o, "after", json_object_new_string(r->after));
	json_object_object_add(o, "ok", json_object_new_boolean(r->ok));
	return o;
}

static void run_triggers(const struct settings *s)
{
	struct json_object *list = json_object_new_array();
	struct revoke_result result;
	struct rig rig;

	rig_open(&rig, STREAM_SPAN, STREAM_HOST, STREAM_DEPTH);
	for (unsigned int t = 0; t < s->triggers.nr; t++)
		for (unsigned int m = 0; m < s->mrs.nr; m++) {
			revoke_traffic(&rig, (enum trigger)s->triggers.value[t],
				       s->mrs.value[m], &result);
			json_object_array_add(list, to_json(&result));
		}
	rig_close(&rig);
	if (s->json && json_object_to_file_ext(s->json, list, JSON_C_TO_STRING_PRETTY))
		tap_check(false, "results", "cannot write %s", s->json);
	json_object_put(list);
}

int main(int argc, char **argv)
{
	struct settings settings = {
		.triggers = { TRIGGERS, { TRIGGER_RESET, TRIGGER_MEMORY, TRIGGER_CLOSE } },
		.mrs = { 3, { 1, 2, 5 } },
	};
	uint64_t log;

	parse(argc, argv, &settings);
	log = kmsg_position();
	run_triggers(&settings);
	if (!settings.triggers_only) {
		revoke_case_close_fd();
		revoke_case_memory_off();
		revoke_case_exit(false);
		revoke_case_exit(true);
	}
	kmsg_check(log);
	if (!settings.triggers_only)
		revoke_race(RACE_SECONDS);
	return tap_exit_status();
}
