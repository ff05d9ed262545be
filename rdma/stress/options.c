// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The command line; see run.h. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "run.h"

static const char usage[] =
"Usage: peerbar-revoke-stress --device ADDRESS[,BAR]... --nic NIC... [OPTION]...\n"
"\n"
"Processes export the BARs of the devices, register them with the NICs, move data, and take the\n"
"devices away in every way they know, all at once and in an order that a seed determines. After\n"
"each cycle, what the requests returned and the bytes in the BARs must agree with the promise\n"
"that no DMA reaches a BAR once access to it was revoked.\n"
"\n"
"  --device ADDRESS[,BAR]  a PCI device that is bound to a VFIO driver, and its BAR (default: the\n"
"                      largest). The BAR must be memory that keeps what is written to it.\n"
"                      WHAT IS IN ITS FIRST PART IS OVERWRITTEN, and the device is reset,\n"
"                      powered down and unbound over and over. At most 4\n"
"  --nic NIC           an RDMA device (\"mlx5_0\") or its PCI address. At most 4\n"
"  --cycles N          how many cycles to run (default 1000), or, with --replay, how often\n"
"  --seconds N         stop after this time, too\n"
"  --seed N            where the random numbers begin (default: a random one, which is printed)\n"
"  --episode N         begin with this episode; each has 50 cycles and its own processes\n"
"  --owners N          processes that open the devices (default 2)\n"
"  --importers N       processes that use the NICs (default 3)\n"
"  --span SIZE         use this much of each BAR, a multiple of 256K (default 2M, or the BAR)\n"
"  --enable BAR,OFFSET,VALUE  the devices answer in their memory only after this 32-bit value is\n"
"                      written to this place, as an NVMe drive's memory region: 0,0xe04,1\n"
"  --without OP,...    leave these operations out\n"
"  --with OP,...|all   do these, too, which disturb others on this machine: remove (the device\n"
"                      from the bus), nic-unbind (the NIC's driver), timeout (the exporter's\n"
"                      parameter revoke_timeout_ms)\n"
"  --command CMD       a way of taking a device away that this program does not know. CMD gets\n"
"                      the address as its last argument and gives the device back. Repeatable\n"
"  --between CMD       run CMD after each episode, when nothing is open; if it fails, so does\n"
"                      the run\n"
"  --stray CMD         CMD prints how many accesses the NICs have made that they should not\n"
"                      have made, if the NICs can tell; the number must not grow\n"
"  --excuse TEXT       a warning of the kernel with TEXT in it is known and does not count\n"
"  --step-limit SECONDS  a step that takes longer hangs (default 120)\n"
"  --json FILE         write what happened to FILE\n"
"  --replay FILE       run the steps in FILE, as a violation prints them, instead of random ones\n"
"  --shrink            after a violation, leave out the steps that it does not need\n"
"  --yes               do not ask before touching the devices\n"
"  -h, --help          print this\n"
"  --version           print the version\n"
"\n"
"Without root, only what the owner of a device can do is done. Operations: ";

static int misuse(const char *what, const char *value)
{
	fprintf(stderr, "peerbar-revoke-stress: %s%s%s: see --help\n", what, value ? ": " : "",
		value ? value : "");
	return 2;
}

static void print_usage(void)
{
	fputs(usage, stdout);
	for (unsigned int op = 0; op < NR_OPS; op++)
		printf("%s%s", op_name((enum op)op), op + 1 < NR_OPS ? ", " : ".\n");
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

enum option_code {
	OPT_DEVICE = 256, OPT_NIC, OPT_CYCLES, OPT_SECONDS, OPT_SEED, OPT_EPISODE, OPT_OWNERS,
	OPT_IMPORTERS, OPT_SPAN, OPT_ENABLE, OPT_WITH, OPT_WITHOUT, OPT_COMMAND, OPT_BETWEEN,
	OPT_STRAY, OPT_EXCUSE, OPT_STEP_LIMIT, OPT_JSON, OPT_REPLAY, OPT_SHRINK, OPT_YES, OPT_VERSION,
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
		config.between = optarg;
		return 0;
	case OPT_STRAY:
		config.stray = optarg;
		return 0;
	case OPT_EXCUSE:
		config.excuse = optarg;
		return 0;
	case OPT_STEP_LIMIT:
		return set_number(optarg, 1, 100000, &config.step_limit_s);
	case OPT_JSON:
		config.json = optarg;
		return 0;
	case OPT_REPLAY:
		config.replay = optarg;
		return 0;
	case OPT_SHRINK:
		config.shrink = true;
		return 0;
	case OPT_YES:
		config.yes = true;
		return 0;
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
			print_usage();
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
