// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The interface of models, tested with a model that no real NIC has: one BAR of 8 KiB, a
 * fault switch and an option of its own. It records every call of the core.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <linux/vfio.h>

#include "core/control.h"
#include "core/engine.h"
#include "core/nic.h"

#define BAR_SIZE	0x2000u
#define STEPS		3u

struct toy_config {
	uint32_t colour;
};

struct toy_fault {
	bool sulk;
};

struct toy {
	struct nic *nic;
	uint8_t bar[BAR_SIZE];
	unsigned int resets, steps, faults_changed, cleared;
};

static unsigned int toys;	/* number of live ones */

static void describe(const struct nic_config *config, struct pci_function *function)
{
	const struct toy_config *own = NIC_OWN(const struct toy_config, &config->own);

	function->id = (struct pci_id){ .vendor = 0x1234, .device = (uint16_t)own->colour };
	function->bar[1].size = BAR_SIZE;
	function->msix.vectors = 1;
}

static void *create(struct nic *nic)
{
	struct toy *toy = calloc(1, sizeof(*toy));

	assert_non_null(toy);
	toy->nic = nic;
	toys++;
	return toy;
}

static void *create_nothing(struct nic *nic)
{
	(void)nic;
	return NULL;
}

static void destroy(void *device)
{
	toys--;
	free(device);
}

static void reset(void *device)
{
	((struct toy *)device)->resets++;
}

static void region(void *device, unsigned int bar, struct vfu_region *info)
{
	(void)device;
	if (bar == 1)
		info->size = BAR_SIZE;
}

static int read_bar(void *device, unsigned int bar, uint64_t off, void *buf, uint32_t len)
{
	assert_int_equal(bar, 1);
	memcpy(buf, ((struct toy *)device)->bar + off, len);
	return 0;
}

static int write_bar(void *device, unsigned int bar, uint64_t off, const void *buf,
		     uint32_t len)
{
	assert_int_equal(bar, 1);
	if (len > 8)
		return -EINVAL;
	memcpy(((struct toy *)device)->bar + off, buf, len);
	return 0;
}

/* Ends the engine after STEPS steps. */
static bool step(void *device, uint32_t *pause_us)
{
	struct toy *toy = device;

	*pause_us = 0;
	if (++toy->steps == STEPS)
		toy->nic->gate.closing = true;
	return true;
}

static void faults_changed(void *device)
{
	((struct toy *)device)->faults_changed++;
}

static void clear(void *device)
{
	((struct toy *)device)->cleared++;
}

static struct json_object *report(const void *device)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "steps",
			       json_object_new_uint64(((const struct toy *)device)->steps));
	return o;
}

static void report_config(const struct nic_config *config, struct json_object *to)
{
	const struct toy_config *own = NIC_OWN(const struct toy_config, &config->own);

	json_object_object_add(to, "colour", json_object_new_uint64(own->colour));
}

static const struct toy_config defaults = { .colour = 0x77 };
static const struct nic_option no_options[] = { { .name = NULL } };
static const struct fault_desc faults[] = {
	FAULT_SWITCH(FAULT_BOOL, struct toy_fault, sulk, "sulk", "do nothing"),
	{ .name = NULL },
};

static const struct nic_model toy_model = {
	.name = "toy", .about = "a toy",
	.defaults = &defaults, .defaults_size = sizeof(defaults),
	.options = no_options, .faults = faults,
	.describe = describe, .create = create, .destroy = destroy, .reset = reset,
	.region = region, .read = read_bar, .write = write_bar, .step = step,
	.faults_changed = faults_changed, .clear = clear,
	.report = report, .report_config = report_config,
};

static int setup(void **state)
{
	const struct nic_config config = nic_default_config(&toy_model);
	struct nic *nic = calloc(1, sizeof(*nic));

	assert_non_null(nic);
	assert_int_equal(nic_init(nic, &config), 0);
	*state = nic;
	return 0;
}

static int teardown(void **state)
{
	nic_release(*state);
	free(*state);
	assert_int_equal(toys, 0);
	return 0;
}

static void test_identity(void **state)
{
	struct nic *nic = *state;
	uint16_t id[2];

	assert_int_equal(pci_cfg_read(&nic->pci, 0, id, sizeof(id)), 0);
	assert_int_equal(id[0], 0x1234);
	assert_int_equal(id[1], 0x77);
}

static void test_regions(void **state)
{
	const struct vfu_ops *ops = &nic_vfu_ops;
	uint64_t word = 0x1122334455667788, back = 0;
	uint8_t long_one[16] = { 0 };
	struct vfu_region info;
	struct nic *nic = *state;

	for (unsigned int i = 0; i < PCI_BARS; i++) {
		ops->region_info(nic, i, &info);
		assert_int_equal(info.size, i == 1 ? BAR_SIZE : 0);
		assert_int_equal(info.mmap_fd, -1);
	}
	ops->region_info(nic, VFIO_PCI_ROM_REGION_INDEX, &info);
	assert_int_equal(info.size, 0);

	assert_int_equal(ops->region_write(nic, 1, BAR_SIZE - 8, &word, 8), 0);
	assert_int_equal(ops->region_read(nic, 1, BAR_SIZE - 8, &back, 8), 0);
	assert_int_equal(back, word);
	/* the model's result is the result of the access */
	assert_int_equal(ops->region_write(nic, 1, 0, long_one, 16), -EINVAL);
	/* accesses outside the BAR never reach the model */
	assert_int_equal(ops->region_read(nic, 1, BAR_SIZE - 4, &back, 8), -EINVAL);
	assert_int_equal(ops->region_write(nic, 0, 0, &word, 8), -EINVAL);
	assert_int_equal(ops->region_read(nic, 1, UINT64_MAX - 3, &back, 8), -EINVAL);
}

static void test_reset(void **state)
{
	struct nic *nic = *state;
	struct toy *toy = nic->device;

	nic_vfu_ops.reset(nic);
	assert_int_equal(toy->resets, 1);
}

static struct json_object *ask(struct nic *nic, const char *line)
{
	char *text = ctl_answer(nic, line, strlen(line));
	struct json_object *answer;

	assert_non_null(text);
	answer = json_tokener_parse(text);
	free(text);
	assert_non_null(answer);
	return answer;
}

static struct json_object *at(struct json_object *from, const char *name)
{
	struct json_object *o;

	assert_true(json_object_object_get_ex(from, name, &o));
	return o;
}

/* The model's switches work beside those of every NIC, and the model is told of changes. */
static void test_faults(void **state)
{
	struct nic *nic = *state;
	struct toy *toy = nic->device;
	struct json_object *answer;

	answer = ask(nic, "{\"cmd\":\"fault\",\"set\":[\"sulk\",\"drop-cqe=2\"]}");
	assert_true(json_object_get_boolean(at(at(answer, "faults"), "sulk")));
	assert_int_equal(json_object_get_int(at(at(answer, "faults"), "drop-cqe")), 2);
	json_object_put(answer);
	assert_true(NIC_OWN(struct toy_fault, &nic->fault.own)->sulk);
	assert_int_equal(toy->faults_changed, 1);

	answer = ask(nic, "{\"cmd\":\"fault\",\"set\":[\"ignore-dereg\"]}");
	assert_false(json_object_get_boolean(at(answer, "ok")));
	json_object_put(answer);

	json_object_put(ask(nic, "{\"cmd\":\"clear\"}"));
	assert_int_equal(toy->cleared, 1);
	assert_false(NIC_OWN(struct toy_fault, &nic->fault.own)->sulk);
}

static void test_report(void **state)
{
	struct json_object *report = nic_report(*state);
	struct json_object *device = at(report, "device");

	assert_string_equal(json_object_get_string(at(device, "model")), "toy");
	assert_int_equal(json_object_get_int(at(device, "colour")), 0x77);
	assert_int_equal(json_object_get_int(at(at(report, "toy"), "steps")), 0);
	json_object_put(report);
}

static void test_engine(void **state)
{
	struct nic *nic = *state;
	struct toy *toy = nic->device;
	pthread_t engine;

	assert_int_equal(pthread_create(&engine, NULL, engine_run, nic), 0);
	assert_int_equal(pthread_join(engine, NULL), 0);
	assert_int_equal(toy->steps, STEPS);
}

/* If a model cannot be created, nothing is left behind. */
static void test_out_of_memory(void **state)
{
	struct nic_model poor = toy_model;
	struct nic_config config;
	struct nic nic;

	(void)state;
	poor.create = create_nothing;
	config = nic_default_config(&poor);
	assert_int_equal(nic_init(&nic, &config), -ENOMEM);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_identity),
		TEST(test_regions),
		TEST(test_reset),
		TEST(test_faults),
		TEST(test_report),
		TEST(test_engine),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
