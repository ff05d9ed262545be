// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The command line of peerbar-vnic: see options.h and peerbar-vnic(1). */
#include "options.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define VERSION		"0.1.0"

#define MIN_SLICE	4096u
#define MAX_SLICE	(64u << 20)
#define PAGE_4K		0x1000u
#define ALL_PAGES	0xfffff000u	/* 4 KiB to 2 GiB: MRs have a 5-bit shift */
#define MIN_DMA_BITS	32u		/* the driver takes no fewer */
#define MAX_DMA_BITS	64u
#define ADMIN_STEP	100u		/* ms, and 4 bits of them, in the CAPS register */

static const char usage[] =
	"usage: peerbar-vnic --socket PATH [options]\n"
	"\n"
	"  --socket PATH         vfio-user socket for QEMU\n"
	"  --control PATH        control socket: JSON lines\n"
	"  --report FILE         write counters there at the end, as JSON\n"
	"  --part efa0..efa3     device to be (efa2)\n"
	"  --gid GID             the port's GID, as an IPv6 address\n"
	"  --slice BYTES         most that is copied in one turn (262144)\n"
	"  --page-sizes MASK     page sizes of memory regions, bit 12 set (0xfffff000)\n"
	"  --dma-bits N          width of the DMA addresses told to the driver, 32 to 64 (48)\n"
	"  --admin-timeout MS    admin queue timeout told to the driver, 100 to 1500\n"
	"  --fault NAME[=VALUE]  throw a fault switch, see below; may be repeated\n"
	"  --verbose             say what happens\n"
	"  -h, --help            show this\n"
	"  --version             show the version\n"
	"\n"
	"Fault switches:\n";

static void print_help(void)
{
	fputs(usage, stdout);
	for (const struct fault_desc *d = fault_descs; d->name; d++)
		printf("  %-14s%s  %s\n", d->name, d->type == FAULT_U32 ? "=N" : "  ", d->help);
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

static uint64_t parse_number(const char *option, const char *text, uint64_t min,
			     uint64_t max)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || !isdigit((unsigned char)text[0]) || *end || value < min || value > max)
		bad_usage("--%s %s: want a number from %llu to %llu", option, text,
			  (unsigned long long)min, (unsigned long long)max);
	return value;
}

static uint16_t parse_part(const char *text)
{
	if (strlen(text) != 4 || strncmp(text, "efa", 3) || text[3] < '0' || text[3] > '3')
		bad_usage("--part %s: want efa0, efa1, efa2 or efa3", text);
	return (uint16_t)(0xefa0 + text[3] - '0');
}

static void parse_gid(const char *text, uint8_t gid[16])
{
	static const uint8_t zero[16];

	if (inet_pton(AF_INET6, text, gid) != 1 || !memcmp(gid, zero, sizeof(zero)))
		bad_usage("--gid %s: want an IPv6 address that is not zero", text);
}

static uint64_t parse_page_sizes(const char *text)
{
	uint64_t mask = parse_number("page-sizes", text, PAGE_4K, ALL_PAGES);

	if (!(mask & PAGE_4K) || mask & ~(uint64_t)ALL_PAGES)
		bad_usage("--page-sizes %s: want 4 KiB (0x1000) and larger powers of two",
			  text);
	return mask;
}

static uint32_t parse_admin_timeout(const char *text)
{
	uint64_t ms = parse_number("admin-timeout", text, ADMIN_STEP, 15 * ADMIN_STEP);

	if (ms % ADMIN_STEP)
		bad_usage("--admin-timeout %s: want a multiple of %u", text, ADMIN_STEP);
	return (uint32_t)ms;
}

static void parse_fault(const char *text, struct fault *fault)
{
	switch (fault_set(fault, text)) {
	case -ENOENT:
		bad_usage("--fault %s: no such switch", text);
	case -EINVAL:
		bad_usage("--fault %s: bad value", text);
	}
}

enum {
	OPT_SOCKET = 256, OPT_CONTROL, OPT_REPORT, OPT_PART, OPT_GID, OPT_SLICE,
	OPT_PAGE_SIZES, OPT_DMA_BITS, OPT_ADMIN_TIMEOUT, OPT_FAULT, OPT_VERBOSE, OPT_VERSION,
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "report", required_argument, NULL, OPT_REPORT },
	{ "part", required_argument, NULL, OPT_PART },
	{ "gid", required_argument, NULL, OPT_GID },
	{ "slice", required_argument, NULL, OPT_SLICE },
	{ "page-sizes", required_argument, NULL, OPT_PAGE_SIZES },
	{ "dma-bits", required_argument, NULL, OPT_DMA_BITS },
	{ "admin-timeout", required_argument, NULL, OPT_ADMIN_TIMEOUT },
	{ "fault", required_argument, NULL, OPT_FAULT },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void parse_one(struct options *options, int option, const char *text)
{
	struct nic_config *config = &options->config;

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
	case OPT_PART:
		config->part = parse_part(text);
		break;
	case OPT_GID:
		parse_gid(text, config->gid);
		break;
	case OPT_SLICE:
		config->slice = (uint32_t)parse_number("slice", text, MIN_SLICE, MAX_SLICE);
		break;
	case OPT_PAGE_SIZES:
		config->page_sizes = parse_page_sizes(text);
		break;
	case OPT_DMA_BITS:
		config->dma_bits = (uint32_t)parse_number("dma-bits", text, MIN_DMA_BITS,
							  MAX_DMA_BITS);
		break;
	case OPT_ADMIN_TIMEOUT:
		config->admin_timeout_ms = parse_admin_timeout(text);
		break;
	case OPT_FAULT:
		parse_fault(text, &options->fault);
		break;
	case OPT_VERBOSE:
		log_verbose = true;
		break;
	case OPT_VERSION:
		puts("peerbar-vnic " VERSION);
		exit(EXIT_SUCCESS);
	case 'h':
		print_help();
		exit(EXIT_SUCCESS);
	default:	/* getopt_long() has said what is wrong */
		fputs("Try 'peerbar-vnic --help'.\n", stderr);
		exit(EXIT_USAGE);
	}
}

void options_parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){ .config = nic_default_config };
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1)
		parse_one(options, option, optarg);
	if (optind < argc)
		bad_usage("unexpected argument: %s", argv[optind]);
	if (!options->socket)
		bad_usage("--socket is missing");
}
