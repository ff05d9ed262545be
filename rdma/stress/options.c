// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The command line; see run.h. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "run.h"

/* The Makefile makes it of usage.txt, which scripts/revoke-stress shows, too. */
static const char usage[] =
#include "usage.h"
;

static int misuse(const char *what, const char *value)
{
	fprintf(stderr, "peerbar-revoke-stress: %s%s%s: see --help\n", what, value ? ": " : "",
		value ? value : "");
	return 2;
}

/* "ADDRESS" or "ADDRESS,BAR". */
static int add_device(const char *text)
{
	struct stress_device *device = &config.device[config.cast.devices];
	char address[64], *comma;

	if (config.cast.devices == MAX_DEVICES)
		return misuse("there are too many devices", NULL);
	snprintf(address, sizeof(address), "%s", text);
	comma = strchr(address, ',');
	device->bar = PB_NR_BARS;	/* setup_check() chooses */
	if (comma) {
		*comma = '\0';
		if (comma[1] < '0' || comma[1] > '5' || comma[2])
			return misuse("no such BAR", text);
		device->bar = (unsigned int)(comma[1] - '0');
	}
	if (pb_pci_parse(address, device->address))
		return misuse(peerbar_errmsg(), NULL);
	config.cast.devices++;
	return 0;
}

/* Its name or address; setup_check() looks it up. */
static int add_nic(const char *text)
{
	if (config.cast.nics == MAX_NICS)
		return misuse("there are too many NICs", NULL);
	snprintf(config.nic[config.cast.nics++].address, PB_ADDRESS_SIZE, "%s", text);
	return 0;
}

static int add_command(const char *text)
{
	if (config.cast.commands == MAX_COMMANDS)
		return misuse("there are too many commands", NULL);
	config.command[config.cast.commands++] = text;
	return 0;
}

static int set_operations(char *list, bool leave_out)
{
	for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
		if (!leave_out && !strcmp(name, "all")) {
			memset(config.cast.leave_out, 0, sizeof(config.cast.leave_out));
			continue;
		}
		if (op_by_name(name) == NR_OPS)
			return misuse("no such operation", name);
		config.cast.leave_out[op_by_name(name)] = leave_out;
	}
	return 0;
}

static int set_number(const char *text, unsigned int min, unsigned int max, unsigned int *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	if (*text == '-' || end == text || *end || value < min || value > max)
		return misuse("not a number that can be used here", text);
	*number = (unsigned int)value;
	return 0;
}

static int set_seed(const char *text)
{
	char *end;

	config.seed = strtoull(text, &end, 0);
	return *text == '-' || end == text || *end ? misuse("not a seed", text) : 0;
}

static int set_span(const char *text)
{
	char *end;
	uint64_t span = strtoull(text, &end, 0);

	if (*end == 'K' || *end == 'k')
		span <<= 10;
	else if (*end == 'M' || *end == 'm')
		span <<= 20;
	else if (*end)
		return misuse("not a size", text);
	if (!span || span % (256 << 10))
		return misuse("not a multiple of 256K", text);
	for (unsigned int i = 0; i < MAX_DEVICES; i++)
		config.device[i].unit = span / NR_SLOTS;
	return 0;
}

static int set_enable(const char *text)
{
	struct stress_enable *enable = &config.enable;
	int end = 0;

	enable->needed = sscanf(text, "%u,%i,%i%n", &enable->bar, (int *)&enable->offset,
				(int *)&enable->value, &end) == 3 && !text[end] &&
			 enable->bar < PB_NR_BARS && enable->offset % 4 == 0;
	return enable->needed ? 0 : misuse("not BAR,OFFSET,VALUE", text);
}

static int set_text(const char **text)
{
	*text = optarg;
	return 0;
}

static int set_flag(bool *flag)
{
	*flag = true;
	return 0;
}

enum option_code {
	OPT_DEVICE = 256, OPT_NIC, OPT_CYCLES, OPT_SECONDS, OPT_SEED, OPT_EPISODE, OPT_OWNERS,
	OPT_IMPORTERS, OPT_SPAN, OPT_ENABLE, OPT_WITH, OPT_WITHOUT, OPT_COMMAND, OPT_BETWEEN,
	OPT_STRAY, OPT_ON_VIOLATION, OPT_EXCUSE, OPT_STEP_LIMIT, OPT_JSON, OPT_REPLAY,
	OPT_SHRINK, OPT_YES, OPT_VERSION,
};

static const struct option options[] = {
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "nic", required_argument, NULL, OPT_NIC },
	{ "cycles", required_argument, NULL, OPT_CYCLES },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "episode", required_argument, NULL, OPT_EPISODE },
	{ "owners", required_argument, NULL, OPT_OWNERS },
	{ "importers", required_argument, NULL, OPT_IMPORTERS },
	{ "span", required_argument, NULL, OPT_SPAN },
	{ "enable", required_argument, NULL, OPT_ENABLE },
	{ "with", required_argument, NULL, OPT_WITH },
	{ "without", required_argument, NULL, OPT_WITHOUT },
	{ "command", required_argument, NULL, OPT_COMMAND },
	{ "between", required_argument, NULL, OPT_BETWEEN },
	{ "stray", required_argument, NULL, OPT_STRAY },
	{ "on-violation", required_argument, NULL, OPT_ON_VIOLATION },
	{ "excuse", required_argument, NULL, OPT_EXCUSE },
	{ "step-limit", required_argument, NULL, OPT_STEP_LIMIT },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "replay", required_argument, NULL, OPT_REPLAY },
	{ "shrink", no_argument, NULL, OPT_SHRINK },
	{ "yes", no_argument, NULL, OPT_YES },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* Return 0, or 2 with a message. */
static int take(int option)
{
	switch (option) {
	case OPT_DEVICE:
		return add_device(optarg);
	case OPT_NIC:
		return add_nic(optarg);
	case OPT_CYCLES:
		return set_number(optarg, 1, 1000000000, &config.cycles);
	case OPT_SECONDS:
		return set_number(optarg, 1, 1000000000, &config.seconds);
	case OPT_SEED:
		return set_seed(optarg);
	case OPT_EPISODE:
		return set_number(optarg, 0, 1000000, &config.episode);
	case OPT_OWNERS:
		return set_number(optarg, 1, MAX_OWNERS, &config.cast.owners);
	case OPT_IMPORTERS:
		return set_number(optarg, 1, MAX_IMPORTERS, &config.cast.importers);
	case OPT_SPAN:
		return set_span(optarg);
	case OPT_ENABLE:
		return set_enable(optarg);
	case OPT_WITH:
		return set_operations(optarg, false);
	case OPT_WITHOUT:
		return set_operations(optarg, true);
	case OPT_COMMAND:
		return add_command(optarg);
	case OPT_BETWEEN:
		return set_text(&config.between);
	case OPT_STRAY:
		return set_text(&config.stray);
	case OPT_ON_VIOLATION:
		return set_text(&config.on_violation);
	case OPT_EXCUSE:
		return set_text(&config.excuse);
	case OPT_STEP_LIMIT:
		return set_number(optarg, 1, 100000, &config.step_limit_s);
	case OPT_JSON:
		return set_text(&config.json);
	case OPT_REPLAY:
		return set_text(&config.replay);
	case OPT_SHRINK:
		return set_flag(&config.shrink);
	case OPT_YES:
		return set_flag(&config.yes);
	default:
		return 2;	/* getopt_long() has said why */
	}
}

static void set_defaults(void)
{
	config.cycles = 1000;
	config.step_limit_s = 120;
	config.cast.owners = 2;
	config.cast.importers = 3;
	config.cast.leave_out[OP_HOT_RESET] = true;
	config.cast.leave_out[OP_REMOVE] = true;
	config.cast.leave_out[OP_NIC_UNBIND] = true;
	config.cast.leave_out[OP_TIMEOUT] = true;
	if (getrandom(&config.seed, sizeof(config.seed), 0) != sizeof(config.seed))
		config.seed = 1;
	config.seed >>= 32;	/* short enough for people */
}

int options_parse(int argc, char **argv)
{
	int option, ret;

	set_defaults();
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (option == OPT_VERSION) {
			puts("peerbar-revoke-stress " PEERBAR_VERSION);
			return 0;
		}
		ret = take(option);
		if (ret)
			return ret;
	}
	if (optind < argc)
		return misuse("not an option", argv[optind]);
	if (!config.cast.devices || !config.cast.nics)
		return misuse("name the devices and the NICs to be used", NULL);
	if (config.cast.importers < config.cast.nics)
		config.cast.importers = config.cast.nics;
	return -1;
}
