// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decision "may this NIC reach this BAR, and how" for synthetic machines. This compiles
 * the module's own source, kernel/topology.c.
 *
 * A path is written from the function upwards: "gpu dsp0 usp rp0". A star marks a function
 * whose ACS redirects requests. The same word on two paths is the same function.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MASK64 UINT64_MAX
#define MASK32 UINT32_MAX
#define BAR_LAST 0x383fffffffffULL	/* last address of a large BAR, above 4 GiB */

/* Host bridges: a name, and the IDs of the PCI device that represents it. */
struct host {
	const char *name;
	uint16_t vendor;	/* 0: there is none */
	uint16_t device;
};

static const struct host unknown = { "host0", 0x8086, 0x29c0 };		/* q35 */
static const struct host unknown1 = { "host1", 0x8086, 0x29c0 };
static const struct host bare = { "host0", 0, 0 };
static const struct host sandy = { "host0", 0x8086, 0x3c00 };		/* same bridge only */
static const struct host sandy1 = { "host1", 0x8086, 0x3c01 };
static const struct host skylake = { "host0", 0x8086, 0x2030 };
static const struct host skylake1 = { "host1", 0x8086, 0x2031 };
static const struct host icelake1 = { "host1", 0x8086, 0x09a2 };
static const struct host google = { "host0", 0x1ae0, 0x1234 };
static const struct host nvidia = { "host0", 0x10de, 0x2f97 };
static const struct host nvidia_gpu = { "host0", 0x10de, 0x2330 };
static const struct host amd_id = { "host0", 0x1022, 0x2030 };	/* Skylake's ID, not Intel's */

struct scene {
	const char *name;
	const char *provider;
	const char *client;
	const struct host *host;		/* of the provider */
	const struct host *client_host;		/* NULL: the same */
	bool zen;				/* the CPU forwards, whatever the IDs are */
	enum peerbar_kernel_answer kernel;
	enum peerbar_iommu iommu;
	uint64_t last;				/* 0: BAR_LAST */
	uint64_t bus_offset;
	uint64_t mask;				/* 0: 64 bits */
	enum peerbar_map_type type;
	enum peerbar_refusal reason;
};

#define XLATE PEERBAR_IOMMU_TRANSLATES
#define FOREIGN PEERBAR_IOMMU_FOREIGN
#define BUS .type = PEERBAR_MAP_BUS_ADDR, .reason = PEERBAR_REACHABLE
#define HOST .type = PEERBAR_MAP_HOST_BRIDGE, .reason = PEERBAR_REACHABLE
#define REFUSED(why) .type = PEERBAR_MAP_NOT_SUPPORTED, .reason = PEERBAR_##why
#define SWITCH .provider = "gpu dsp0 usp rp0", .client = "nic dsp1 usp rp0"
#define PORTS .provider = "gpu rp0", .client = "nic rp1"

static const struct scene scenes[] = {
	/* below one switch */
	{ "a function and itself", "gpu rp0", "gpu rp0", &unknown, BUS },
	{ "a function that redirects, and itself", "gpu* rp0", "gpu* rp0", &unknown,
	  REFUSED(ACS_REDIRECT) },
	{ "two functions of a device", "gpu.0 rp0", "gpu.1 rp0", &unknown, BUS },
	{ "one switch", SWITCH, &unknown, BUS },
	{ "one switch, IOMMU on", SWITCH, &unknown, .iommu = XLATE, BUS },
	{ "one switch, in a foreign domain", SWITCH, &unknown, .iommu = FOREIGN, BUS },
	{ "two switches, one behind the other", "gpu dsp2 usp1 dsp0 usp rp0",
	  "nic dsp1 usp rp0", &unknown, BUS },
	{ "the client is the deeper one", "gpu dsp0 usp rp0", "nic dsp2 usp1 dsp1 usp rp0",
	  &unknown, BUS },
	{ "the client is a bridge above", "gpu dsp0 usp rp0", "usp rp0", &unknown, BUS },
	{ "a conventional bus below one bridge", "gpu pci-bridge", "nic pci-bridge", &unknown,
	  BUS },

	/* ACS on the way redirects requests upstream */
	{ "redirect at the provider's port", "gpu dsp0* usp rp0", "nic dsp1 usp rp0", &unknown,
	  REFUSED(ACS_REDIRECT) },
	{ "redirect at the client's port", "gpu dsp0 usp rp0", "nic dsp1* usp rp0", &unknown,
	  REFUSED(ACS_REDIRECT) },
	{ "redirect at the meeting point", "gpu dsp0 usp* rp0", "nic dsp1 usp* rp0", &unknown,
	  REFUSED(ACS_REDIRECT) },
	{ "redirect above the meeting point is of no matter", "gpu dsp0 usp rp0*",
	  "nic dsp1 usp rp0*", &unknown, BUS },
	{ "redirect in the provider", "gpu* dsp0 usp rp0", "nic dsp1 usp rp0", &unknown,
	  REFUSED(ACS_REDIRECT) },
	{ "redirect in the client", "gpu dsp0 usp rp0", "nic* dsp1 usp rp0", &unknown,
	  REFUSED(ACS_REDIRECT) },
	{ "redirect deep on the client's side", "gpu dsp0 usp rp0",
	  "nic dsp2* usp1 dsp1 usp rp0", &unknown, REFUSED(ACS_REDIRECT) },
	{ "redirect everywhere, known host bridge", "gpu dsp0* usp rp0*", "nic dsp1* usp rp0*",
	  &skylake, HOST },
	{ "redirect, same-bridge host", "gpu dsp0* usp rp0", "nic dsp1 usp rp0", &sandy, HOST },
	{ "redirect, Zen", "gpu dsp0* usp rp0", "nic dsp1* usp rp0", &unknown, .zen = true,
	  .iommu = XLATE, HOST },
	{ "redirect between functions of a device", "gpu.0* rp0", "gpu.1* rp0", &unknown,
	  REFUSED(ACS_REDIRECT) },

	/* through the host bridge */
	{ "two ports, unknown host bridge", PORTS, &unknown, REFUSED(HOST_BRIDGE_UNKNOWN) },
	{ "two ports, no device for the host bridge", PORTS, &bare,
	  REFUSED(HOST_BRIDGE_UNKNOWN) },
	{ "two ports, Zen", PORTS, &unknown, .zen = true, HOST },
	{ "two ports, Zen, no device for the host bridge", PORTS, &bare, .zen = true, HOST },
	{ "two ports, Sandy Bridge", PORTS, &sandy, HOST },
	{ "two ports, Skylake", PORTS, &skylake, HOST },
	{ "two ports, Skylake, IOMMU on", PORTS, &skylake, .iommu = XLATE, HOST },
	{ "two ports, any Google", PORTS, &google, HOST },
	{ "two ports, Nvidia CPU", PORTS, &nvidia, HOST },
	{ "two ports, other Nvidia device", PORTS, &nvidia_gpu, REFUSED(HOST_BRIDGE_UNKNOWN) },
	{ "a listed ID of another vendor", PORTS, &amd_id, REFUSED(HOST_BRIDGE_UNKNOWN) },
	{ "redirecting ports are of no matter here", "gpu rp0*", "nic rp1*", &skylake, HOST },
	{ "integrated endpoints", "gpu", "nic", &skylake, HOST },

	/* two host bridges */
	{ "two hosts, both unknown", PORTS, &unknown, &unknown1, REFUSED(NO_COMMON_PATH) },
	{ "two hosts, one unknown", PORTS, &skylake, &unknown1, REFUSED(NO_COMMON_PATH) },
	{ "two hosts, the other unknown", PORTS, &unknown, &skylake1, REFUSED(NO_COMMON_PATH) },
	{ "two hosts that forward only for their own", PORTS, &sandy, &sandy1,
	  REFUSED(NO_COMMON_PATH) },
	{ "two hosts, one forwards only for its own", PORTS, &skylake, &sandy1,
	  REFUSED(NO_COMMON_PATH) },
	{ "two hosts, both known", PORTS, &skylake, &skylake1, HOST },
	{ "two hosts of two kinds, both known", PORTS, &skylake, &icelake1, HOST },
	{ "two hosts, Zen", PORTS, &unknown, &unknown1, .zen = true, HOST },

	/* the kernel has a verdict of its own */
	{ "the kernel knows a host bridge that we do not", PORTS, &unknown,
	  .kernel = PEERBAR_KERNEL_YES, HOST },
	{ "the kernel knows better about ACS", "gpu dsp0* usp rp0", "nic dsp1 usp rp0",
	  &unknown, .kernel = PEERBAR_KERNEL_YES, HOST },
	{ "the kernel refuses what we would allow", PORTS, &skylake,
	  .kernel = PEERBAR_KERNEL_NO, REFUSED(KERNEL_REFUSES) },
	{ "the kernel refuses below a switch", SWITCH, &unknown, .kernel = PEERBAR_KERNEL_NO,
	  REFUSED(KERNEL_REFUSES) },
	{ "the kernel agrees below a switch", SWITCH, &unknown, .kernel = PEERBAR_KERNEL_YES,
	  BUS },
	{ "both refuse: our reason is the better one", PORTS, &unknown,
	  .kernel = PEERBAR_KERNEL_NO, REFUSED(HOST_BRIDGE_UNKNOWN) },

	/* the client's domain */
	{ "host bridge, foreign domain", PORTS, &skylake, .iommu = FOREIGN,
	  REFUSED(FOREIGN_DOMAIN) },

	/* addresses */
	{ "32-bit NIC, no IOMMU, BAR above", PORTS, &skylake, .mask = MASK32,
	  REFUSED(DMA_MASK) },
	{ "32-bit NIC, IOMMU on, BAR above", PORTS, &skylake, .mask = MASK32, .iommu = XLATE,
	  HOST },
	{ "32-bit NIC, no IOMMU, BAR ends at 4 GiB", PORTS, &skylake, .mask = MASK32,
	  .last = UINT32_MAX, HOST },
	{ "32-bit NIC, no IOMMU, BAR ends a byte above", PORTS, &skylake, .mask = MASK32,
	  .last = UINT32_MAX + 1ULL, REFUSED(DMA_MASK) },
	{ "32-bit NIC below the switch, BAR above", SWITCH, &unknown, .mask = MASK32,
	  .iommu = XLATE, REFUSED(DMA_MASK) },
	{ "32-bit NIC below the switch, bus address below", SWITCH, &unknown, .mask = MASK32,
	  .bus_offset = -(BAR_LAST - UINT32_MAX), BUS },
	{ "bus offset below the switch", SWITCH, &unknown, .bus_offset = 0x10000000, BUS },
	{ "bus offset, no IOMMU", PORTS, &skylake, .bus_offset = 0x10000000,
	  REFUSED(BUS_OFFSET) },
	{ "bus offset, IOMMU on", PORTS, &skylake, .bus_offset = 0x10000000, .iommu = XLATE,
	  HOST },
};

/* Returns one object for each word, so that equal words are the same function. */
static const void *intern(const char *word)
{
	static char words[64][16];
	size_t i;

	for (i = 0; words[i][0]; i++)
		if (!strcmp(words[i], word))
			return words[i];
	assert_true(i + 1 < ARRAY_SIZE(words));
	snprintf(words[i], sizeof(words[i]), "%s", word);
	return words[i];
}

static void parse_path(struct peerbar_path *path, const char *text, const struct host *host)
{
	char *copy = strdup(text), *word, *rest, *star;

	for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		assert_true(path->nr < PEERBAR_MAX_HOPS);
		star = strchr(word, '*');
		if (star)
			*star = '\0';
		path->hop[path->nr].redirects = star;
		path->hop[path->nr++].dev = intern(word);
	}
	free(copy);
	path->host = intern(host->name);
	path->root = host->vendor;
	path->vendor = host->vendor;
	path->device = host->device;
}

static struct peerbar_topology build(const struct scene *s)
{
	struct peerbar_topology t = {
		.cpu_forwards = s->zen,
		.kernel = s->kernel,
		.iommu = s->iommu,
		.last = s->last ? s->last : BAR_LAST,
		.bus_offset = s->bus_offset,
		.dma_mask = s->mask ? s->mask : MASK64,
	};

	parse_path(&t.provider, s->provider, s->host);
	parse_path(&t.client, s->client, s->client_host ? s->client_host : s->host);
	return t;
}

static void test_scenes(void **state)
{
	struct peerbar_topology t;
	struct peerbar_route r;
	unsigned int wrong = 0;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(scenes); i++) {
		const struct scene *s = &scenes[i];

		t = build(s);
		r = peerbar_decide(&t);
		if (r.type == s->type && r.reason == s->reason)
			continue;
		print_error("%s: got %s (%s), wanted %s (%s)\n", s->name,
			    peerbar_map_type_text(r.type), peerbar_refusal_text(r.reason),
			    peerbar_map_type_text(s->type), peerbar_refusal_text(s->reason));
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* Swapping provider and client changes nothing but the addresses. */
static void test_symmetry(void **state)
{
	struct peerbar_topology t;
	struct peerbar_path path;
	struct peerbar_route r;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(scenes); i++) {
		t = build(&scenes[i]);
		path = t.provider;
		t.provider = t.client;
		t.client = path;
		r = peerbar_decide(&t);
		if (r.type != scenes[i].type)
			print_error("%s: not symmetric\n", scenes[i].name);
		assert_int_equal(r.type, scenes[i].type);
	}
}

static void set_redirects(struct peerbar_path *path, unsigned int from, unsigned int to)
{
	for (; from < to; from++)
		path->hop[from].redirects = true;
}

static void check_same_route(const struct scene *s, const struct peerbar_topology *t)
{
	struct peerbar_route r = peerbar_decide(t);

	if (r.type != s->type || r.reason != s->reason)
		print_error("%s: a hop off the switched way matters\n", s->name);
	assert_int_equal(r.type, s->type);
	assert_int_equal(r.reason, s->reason);
}

/* The module reads the ACS settings of the hops on the switched way only. */
static void test_other_hops_do_not_matter(void **state)
{
	struct peerbar_switched_way way;
	struct peerbar_topology t;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(scenes); i++) {
		t = build(&scenes[i]);
		way = peerbar_switched_way(&t);
		set_redirects(&t.provider, way.provider_hops, t.provider.nr);
		set_redirects(&t.client, way.client_hops, t.client.nr);
		check_same_route(&scenes[i], &t);
	}
}

/*
 * Where two paths meet: the number of hops of the provider's path up to the common function,
 * including it, and the number of hops of the client's path below it.
 */
static void test_switched_way(void **state)
{
	static const struct {
		const char *provider, *client;
		unsigned int provider_hops, client_hops;
	} ways[] = {
		{ "gpu rp0", "gpu rp0", 1, 0 },
		{ "gpu.0 rp0", "gpu.1 rp0", 2, 1 },
		{ "gpu dsp0 usp rp0", "nic dsp1 usp rp0", 3, 2 },
		{ "gpu dsp2 usp1 dsp0 usp rp0", "nic dsp1 usp rp0", 5, 2 },
		{ "gpu dsp0 usp rp0", "nic dsp2 usp1 dsp1 usp rp0", 3, 4 },
		{ "gpu dsp0 usp rp0", "usp rp0", 3, 0 },
		{ "gpu rp0", "nic rp1", 0, 0 },
		{ "gpu", "nic", 0, 0 },
	};
	struct peerbar_switched_way way;
	struct scene s = { .host = &unknown };
	struct peerbar_topology t;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		s.provider = ways[i].provider;
		s.client = ways[i].client;
		t = build(&s);
		way = peerbar_switched_way(&t);
		assert_int_equal(way.provider_hops, ways[i].provider_hops);
		assert_int_equal(way.client_hops, ways[i].client_hops);
	}
}

/* When does the kernel's verdict on a pair depend on the host bridge alone? */
static void test_one_host_bridge(void **state)
{
	static const struct {
		const char *provider, *client;
		const struct host *client_host;
		bool expected;
	} pairs[] = {
		{ "gpu rp0", "nic rp1", &unknown, true },
		{ "gpu", "nic", &unknown, true },
		{ "gpu* rp0*", "nic* rp1*", &unknown, true },
		{ "gpu rp0", "nic rp1", &unknown1, false },
		{ "gpu dsp0 usp rp0", "nic dsp1 usp rp0", &unknown, false },
		{ "gpu dsp0* usp rp0", "nic dsp1* usp rp0", &unknown, false },
		{ "gpu rp0", "gpu rp0", &unknown, false },
		/* the paths may meet above the last hop that is recorded */
		{ "gpu 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "nic rp1", &unknown, false },
		{ "gpu rp0", "nic 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", &unknown, false },
		{ "gpu 1 2 3 4 5 6 7 8 9 10 11 12 13 14", "nic rp1", &unknown, true },
	};
	struct scene s = { .host = &unknown };
	struct peerbar_topology t;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		s.provider = pairs[i].provider;
		s.client = pairs[i].client;
		s.client_host = pairs[i].client_host;
		t = build(&s);
		if (peerbar_through_one_host_bridge(&t) != pairs[i].expected)
			print_error("%s, %s: wrong\n", s.provider, s.client);
		assert_int_equal(peerbar_through_one_host_bridge(&t), pairs[i].expected);
	}
}

/* A route is refused if and only if there is a reason, and each reason has its own text. */
static void test_texts(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(scenes); i++)
		assert_int_equal(scenes[i].type == PEERBAR_MAP_NOT_SUPPORTED,
				 scenes[i].reason != PEERBAR_REACHABLE);
	for (i = 0; i < PEERBAR_NR_REFUSALS; i++)
		for (k = 0; k < i; k++)
			assert_string_not_equal(peerbar_refusal_text(i), peerbar_refusal_text(k));
	assert_string_equal(peerbar_refusal_text(PEERBAR_NR_REFUSALS), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenes),
		cmocka_unit_test(test_symmetry),
		cmocka_unit_test(test_switched_way),
		cmocka_unit_test(test_other_hops_do_not_matter),
		cmocka_unit_test(test_one_host_bridge),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests_name("provider", tests, NULL, NULL);
}
