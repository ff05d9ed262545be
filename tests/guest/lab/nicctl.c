// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * nicctl: the control socket of a virtual NIC for shell tests and people.
 *
 *	nicctl				print its whole report
 *	nicctl /stray/total		print one number of the report
 *	nicctl fault ignore-dereg=1	set a fault switch
 *	nicctl clear			turn all fault switches off
 *	nicctl -n 2 ...			the same for the second NIC
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "lib/nicctl.h"

static int show_usage(const char *program)
{
	fprintf(stderr, "usage: %s [-n 1|2] [PATH | fault NAME=VALUE | clear]\n", program);
	return 2;
}

static void show(const char *path)
{
	struct json_object *report = nicctl_report();

	if (path)
		printf("%" PRIu64 "\n", nicctl_figure(report, path));
	else
		puts(json_object_to_json_string_ext(report, JSON_C_TO_STRING_PRETTY));
	json_object_put(report);
}

/* Parse "-n NUMBER". Return: false if it is used wrongly. */
static bool choose(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:")) != -1) {
		if (c != 'n' || (strcmp(optarg, "1") && strcmp(optarg, "2")))
			return false;
		nicctl_select((unsigned int)atoi(optarg));
	}
	return true;
}

int main(int argc, char **argv)
{
	char **word;
	int words;

	if (!choose(argc, argv))
		return show_usage(argv[0]);
	word = argv + optind;
	words = argc - optind;
	if (words == 2 && !strcmp(word[0], "fault"))
		nicctl_fault(word[1]);
	else if (words == 1 && !strcmp(word[0], "clear"))
		nicctl_clear_faults();
	else if (!words || (words == 1 && word[0][0] == '/'))
		show(words ? word[0] : NULL);
	else
		return show_usage(argv[0]);
	return EXIT_SUCCESS;
}
