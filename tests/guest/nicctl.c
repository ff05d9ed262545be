// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * nicctl: the virtual NIC's control socket for shell tests and people.
 *
 *	nicctl				its whole report
 *	nicctl /stray/total		one number of it
 *	nicctl fault ignore-dereg=1	set a switch
 *	nicctl clear			all switches off
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "lib/nicctl.h"

int main(int argc, char **argv)
{
	struct json_object *report;

	if (argc == 3 && !strcmp(argv[1], "fault")) {
		nicctl_fault(argv[2]);
		return EXIT_SUCCESS;
	}
	if (argc == 2 && !strcmp(argv[1], "clear")) {
		nicctl_clear_faults();
		return EXIT_SUCCESS;
	}
	if (argc > 2 || (argc == 2 && argv[1][0] != '/')) {
		fprintf(stderr, "usage: %s [PATH | fault NAME=VALUE | clear]\n", argv[0]);
		return 2;
	}
	report = nicctl_report();
	if (argc == 2)
		printf("%" PRIu64 "\n", nicctl_figure(report, argv[1]));
	else
		puts(json_object_to_json_string_ext(report, JSON_C_TO_STRING_PRETTY));
	json_object_put(report);
	return EXIT_SUCCESS;
}
