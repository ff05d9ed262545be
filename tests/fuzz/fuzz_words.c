// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What people and files say to the tools: addresses, sizes, lists of drivers, and the plans of
 * peerbar-revoke-stress. An input is a text.
 */
#include <stdlib.h>
#include <string.h>

#include "../../kernel/fence_list.h"
#include "input.h"
#include "machine/pci.h"
#include "must.h"
#include "stress/plan.h"
#include "tool.h"

#define MAX_WORDS 16

static const struct cast cast = {
	.devices = 2, .nics = 2, .owners = 3, .importers = 4, .admin = true, .commands = 1,
};

/* An address that is understood is understood the same when it is written out. */
static void address(const char *text)
{
	char once[PB_ADDRESS_SIZE], twice[PB_ADDRESS_SIZE];

	if (pb_pci_parse(text, once))
		return;
	MUST(!pb_pci_parse(once, twice));
	MUST(!strcmp(once, twice));
}

static void sizes(char *text)
{
	struct size one = { 0 }, two = { 0 };
	const struct size_argument table[] = {
		{ "offset", &one }, { "length", &two }, { NULL, NULL },
	};
	char *argv[MAX_WORDS + 1] = { NULL };
	int argc = 0;

	for (char *w = strtok(text, " "); w && argc < MAX_WORDS; w = strtok(NULL, " "))
		argv[argc++] = w;
	tool_parse_sizes(table, "", argc, argv);
}

/* A step that is understood is printed as a line that means the same. */
static void step(const char *text)
{
	struct step once, twice;
	size_t size;
	char *line;
	FILE *f;

	if (!plan_parse(text, &cast, &once))
		return;
	f = open_memstream(&line, &size);
	MUST(f);
	plan_print(f, &cast, &once);
	fclose(f);
	MUST(plan_parse(line, &cast, &twice));
	MUST(!memcmp(&once, &twice, sizeof(once)));
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	char *text = strndup((const char *)data, size);

	if (!nowhere) {
		nowhere = fopen("/dev/null", "w");
		stderr = nowhere;
	}
	MUST(text && nowhere);
	address(text);
	step(text);
	peerbar_fence_names(text, "efa");
	sizes(text);
	free(text);
	return 0;
}
