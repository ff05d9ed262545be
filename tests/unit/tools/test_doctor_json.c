// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* peerbar -j doctor: its output for programs. */
#include <json-c/json.h>
#include <string.h>

#include "patient.h"
#include "tool.h"

static json_object *doctor(int argc, const char *const argv[], int *status)
{
	json_object *object;

	capture_begin();
	*status = cmd_doctor(argc, (char **)(uintptr_t)argv);
	object = capture_end("peerbar-doctor");
	assert_true(json_object_is_type(object, json_type_object));
	return object;
}

static json_object *at(json_object *object, const char *key)
{
	json_object *value;

	assert_true(json_object_object_get_ex(object, key, &value));
	return value;
}

static const char *word(json_object *object, const char *key)
{
	return json_object_get_string(at(object, key));
}

static bool lists(json_object *devs, const char *address)
{
	for (size_t i = 0; i < json_object_array_length(devs); i++)
		if (!strcmp(word(json_object_array_get_idx(devs, i), "dev"), address))
			return true;
	return false;
}

/* Without arguments, it lists the devices that can be named. */
static void lists_what_can_be_named(void **state)
{
	json_object *object, *nics, *devs;
	int status;

	(void)state;
	make();
	object = doctor(0, NULL, &status);
	assert_int_equal(status, TOOL_OK);
	nics = at(object, "nics");
	assert_int_equal(json_object_array_length(nics), 1);
	assert_string_equal(word(json_object_array_get_idx(nics, 0), "nic"), "efa_0");
	assert_string_equal(word(json_object_array_get_idx(nics, 0), "at"), NIC);
	assert_string_equal(word(json_object_array_get_idx(nics, 0), "driver"), "efa");
	devs = at(object, "devs");
	assert_true(lists(devs, GPU));
	json_object_put(object);
}

/* If both are named, the list is left out. */
static void leaves_out_what_was_named(void **state)
{
	static const char *const names[] = { "efa_0", GPU, NULL };
	json_object *object, *ignored;
	int status;

	(void)state;
	make();
	object = doctor(2, names, &status);
	assert_int_equal(status, TOOL_OK);
	assert_string_equal(word(object, "verdict"), "ok");
	assert_int_equal(json_object_array_length(at(object, "checks")), NR_CHECKS);
	assert_false(json_object_object_get_ex(object, "nics", &ignored));
	assert_false(json_object_object_get_ex(object, "devs", &ignored));
	json_object_put(object);
}

static void has_an_exit_status(void **state)
{
	static const char *const names[] = { "efa_0", GPU, NULL };
	json_object *object;
	int status;

	(void)state;
	m.gpu.bar = 0;
	make();
	object = doctor(2, names, &status);
	assert_int_equal(status, TOOL_FAILURE);
	assert_string_equal(word(object, "verdict"), "failure");
	json_object_put(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lists_what_can_be_named),
		TEST(leaves_out_what_was_named),
		TEST(has_an_exit_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
