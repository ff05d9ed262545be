// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The command line of peerbar-vnic: see options.h and peerbar-vnic(1). */
#include "options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "models.h"
#include "../rdma/lib/peerbar.h"	/* PEERBAR_VERSION */

#define MIN_SLICE	4096u
#define MAX_SLICE	(64u << 20)

static const char usage[] =
	"usage: peerbar-vnic --socket PATH [options]\n"
	"\n"
	"  --socket PATH         vfio-user socket for QEMU\n"
	"  --control PATH        control socket: JSON lines\n"
	"  --report FILE         write the counters to FILE at the end, as JSON\n"
	"  --model NAME          NIC to emulate, see below\n"
	"  --gid GID             the port's GID, as an IPv6 address\n"
	"  --slice BYTES         most bytes copied in one turn (262144)\n"
	"  --fault NAME[=VALUE]  set a fault switch, see below; may be repeated\n"
	"  --verbose             log what happens\n"
	"  -h, --help            show this\n"
	"  --version             show the version\n"
	"\n"
	"Fault switches:\n";

static void print_faults(const struct fault_desc *table)
{
	for (const struct fault_desc *d = table; d->name; d++)
		printf("  %-17s%s  %s\n", d->name, d->type == FAULT_U32 ? "=N" : "  ", d->help);
}

static void print_model(const struct nic_model *model)
{
	printf("\n--model %s%s: %s\n", model->name,
	       model == nic_models[0] ? " (the default)" : "", model->about);
	for (const struct nic_option *o = model->options; o->name; o++)
		printf("  --%s %-*s%s\n", o->name, 19 - (int)strlen(o->name), o->argument,
		       o->help);
	puts("Its fault switches:");
	print_faults(model->faults);
}

static void print_help(void)
{
	fputs(usage, stdout);
	print_faults(fault_descs);
	for (const struct nic_model *const *m = nic_models; *m; m++)
		print_model(*m);
}

__attribute__((format(printf, 1, 2), noreturn))
static void bad_usage(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error("%s", text);
	fputs("Try 'peerbar-vnic --help'.\n", stderr);
	exit(EXIT_USAGE);
}

static void parse_gid(const char *text, uint8_t gid[16])
{
	static const uint8_t zero[16];

	if (inet_pton(AF_INET6, text, gid) != 1 || !memcmp(gid, zero, sizeof(zero)))
		bad_usage("--gid %s: want an IPv6 address that is not zero", text);
}

static uint32_t parse_slice(const char *text)
{
	uint64_t bytes;

	if (number_parse(text, MIN_SLICE, MAX_SLICE, &bytes))
		bad_usage("--slice %s: want a number from %u to %u", text, MIN_SLICE, MAX_SLICE);
	return (uint32_t)bytes;
}

static void parse_fault(const char *text, struct options *options)
{
	switch (fault_set(&options->fault, options->config.model->faults, text)) {
	case -ENOENT:
		bad_usage("--fault %s: no such switch", text);
	case -EINVAL:
		bad_usage("--fault %s: bad value", text);
	}
}

enum {
	OPT_SOCKET = 256, OPT_CONTROL, OPT_REPORT, OPT_MODEL, OPT_GID, OPT_SLICE, OPT_FAULT,
	OPT_VERBOSE, OPT_VERSION, OPT_OF_MODEL,
};

static const struct option common_options[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "report", required_argument, NULL, OPT_REPORT },
	{ "model", required_argument, NULL, OPT_MODEL },
	{ "gid", required_argument, NULL, OPT_GID },
	{ "slice", required_argument, NULL, OPT_SLICE },
	{ "fault", required_argument, NULL, OPT_FAULT },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, 'h' },
};

#define NR_COMMON (sizeof(common_options) / sizeof(common_options[0]))

/*
 * Return the options of every NIC and then those of @model, which are numbered from
 * OPT_OF_MODEL. The list ends in an empty option, and is valid until the next call.
 */
static const struct option *list_options(const struct nic_model *model)
{
	static struct option *list;
	unsigned int n = 0;

	while (model->options[n].name)
		n++;
	free(list);
	list = calloc(NR_COMMON + n + 1, sizeof(*list));
	if (!list) {
		log_error("no memory for the table of options");
		exit(EXIT_FAILURE);
	}
	memcpy(list, common_options, sizeof(common_options));
	for (unsigned int i = 0; i < n; i++)
		list[NR_COMMON + i] = (struct option){ .name = model->options[i].name,
						       .has_arg = required_argument,
						       .val = OPT_OF_MODEL + (int)i };
	return list;
}

static void parse_own(struct options *options, int option, const char *text)
{
	const struct nic_option *own = &options->config.model->options[option - OPT_OF_MODEL];
	const char *wanted = own->parse(text, &options->config.own);

	if (wanted)
		bad_usage("--%s %s: want %s", own->name, text, wanted);
}

static void parse_one(struct options *options, int option, const char *text)
{
	switch (option) {
	case OPT_SOCKET:
		options->socket = text;
		break;
	case OPT_CONTROL:
		options->control = text;
		break;
	case OPT_REPORT:
		options->report = text;
		break;
	case OPT_MODEL:		/* find_model() has handled it */
		break;
	case OPT_GID:
		parse_gid(text, options->config.gid);
		break;
	case OPT_SLICE:
		options->config.slice = parse_slice(text);
		break;
	case OPT_FAULT:
		parse_fault(text, options);
		break;
	case OPT_VERBOSE:
		log_verbose = true;
		break;
	case OPT_VERSION:
		puts("peerbar-vnic " PEERBAR_VERSION);
		exit(EXIT_SUCCESS);
	case 'h':
		print_help();
		exit(EXIT_SUCCESS);
	default:
		if (option >= OPT_OF_MODEL) {
			parse_own(options, option, text);
			break;
		}
		/* getopt_long() has printed what is wrong */
		fputs("Try 'peerbar-vnic --help'.\n", stderr);
		exit(EXIT_USAGE);
	}
}

/*
 * The model decides which options exist, so a first pass over the command line looks for
 * --model only. It ignores unknown options; the second pass sees and reports them.
 */
static const struct nic_model *find_model(int argc, char **argv)
{
	const struct nic_model *model = nic_models[0];
	const struct option *list = list_options(model);
	const char *name = NULL;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "h", list, NULL)) != -1)
		if (option == OPT_MODEL)
			name = optarg;
	opterr = 1;
	optind = 0;
	if (name)
		model = nic_model_find(name);
	if (!model)
		bad_usage("--model %s: there is no such NIC", name);
	return model;
}

void options_parse(struct options *options, int argc, char **argv)
{
	const struct option *list;
	int option;

	*options = (struct options){ .config = nic_default_config(find_model(argc, argv)) };
	list = list_options(options->config.model);
	while ((option = getopt_long(argc, argv, "h", list, NULL)) != -1)
		parse_one(options, option, optarg);
	if (optind < argc)
		bad_usage("unexpected argument: %s", argv[optind]);
	if (!options->socket)
		bad_usage("--socket is missing");
}
