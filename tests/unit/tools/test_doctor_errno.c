// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar doctor --errno: names of errno values, and the order of their causes.
 */
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "patient.h"
#include "tool.h"

static void knows_errnos(void **state)
{
	static const struct {
		const char *text;
		int err;
	} table[] = {
		{ "EOPNOTSUPP", EOPNOTSUPP }, { "eopnotsupp", EOPNOTSUPP },
		{ "ENOTSUP", EOPNOTSUPP }, { "ENOTSUPP", 524 }, { "95", 95 },
		{ "EINVAL", EINVAL }, { "524", 524 }, { "EHWPOISON", EHWPOISON },
		{ "", 0 }, { "ENOTHING", 0 }, { "95x", 0 }, { "0", 0 }, { "4096", 0 },
		{ "99999999999999999999", 0 }, { "-1", 0 }, { "E", 0 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (doctor_errno(table[i].text) != table[i].err)
			fail_msg("%s: %d", table[i].text, doctor_errno(table[i].text));
}

/* The causes of @err on this machine, as JSON, and in *@status the exit status. */
static json_object *explain(int err, int *status)
{
	json_object *array;

	capture_begin();
	*status = doctor_explain(err, findings);
	array = capture_end("peerbar-doctor-errno");
	assert_true(json_object_is_type(array, json_type_array));
	return array;
}

/* The string @key of cause number @i; "": it has none. */
static const char *word(json_object *array, size_t i, const char *key)
{
	json_object *value = NULL;

	json_object_object_get_ex(json_object_array_get_idx(array, i), key, &value);
	return value ? json_object_get_string(value) : "";
}

static void puts_what_it_found_first(void **state)
{
	static const char * const order[] = {
		"found", "likely", "possible", "ruled-out", NULL
	};
	json_object *array;
	unsigned int at = 0;
	int status;
	size_t i;

	(void)state;
	m.symbols = EXPORTS EFA;
	m.gpu.driver = "vfio-pci";
	make();
	examine("efa_0", GPU);
	array = explain(EOPNOTSUPP, &status);
	assert_int_equal(status, TOOL_FAILURE);
	assert_string_equal(word(array, 0, "likelihood"), "found");
	assert_string_equal(word(array, 0, "check"), "revoke");
	assert_non_null(strstr(word(array, 0, "command"), "peerbar-vfio-pci"));
	for (i = 0; i < json_object_array_length(array); i++) {
		while (order[at] && strcmp(order[at], word(array, i, "likelihood")))
			at++;
		assert_non_null(order[at]);
	}
	assert_string_equal(word(array, i - 1, "likelihood"), "ruled-out");
	json_object_put(array);
}

static void a_warning_makes_it_likely(void **state)
{
	json_object *array;
	int status;

	(void)state;
	fake_process(42, "qemu\n", "/dev/vfio/8");
	make();
	examine("efa_0", GPU);
	array = explain(EBUSY, &status);
	assert_int_equal(status, TOOL_OK);
	assert_string_equal(word(array, 0, "likelihood"), "likely");
	assert_non_null(strstr(word(array, 0, "fact"), "qemu (pid 42)"));
	json_object_put(array);
}

/* Some drivers return other errno values for the same cause. */
static void takes_errnos_for_their_like(void **state)
{
	json_object *array;
	int status;

	(void)state;
	m.cpu = "GenuineIntel/6";
	make();
	examine("efa_0", GPU);
	array = explain(EREMOTEIO, &status);
	assert_int_equal(status, TOOL_FAILURE);
	assert_string_equal(word(array, 0, "check"), "path");
	json_object_put(array);
	array = explain(524, &status);
	assert_int_equal(status, TOOL_OK);
	assert_true(json_object_array_length(array) > 3);
	json_object_put(array);
}

/* Soft-RoCE has an RDMA device, and no PCI function behind it. */
static void knows_what_is_no_pci_device(void **state)
{
	json_object *array;
	int status;

	(void)state;
	make();
	fake_link("/sys/class/infiniband/rxe0/device", "../../net/eth0");
	examine("rxe0", GPU);
	array = explain(EOPNOTSUPP, &status);
	assert_int_equal(status, TOOL_FAILURE);
	assert_string_equal(word(array, 0, "likelihood"), "found");
	assert_non_null(strstr(word(array, 0, "fact"), "rxe0 is not a PCI device"));
	assert_non_null(strstr(word(array, 0, "cause"), "Soft-RoCE"));
	json_object_put(array);
}

static void knows_the_errnos_of_calls(void **state)
{
	static const int errors[] = { EIO, EADDRINUSE, EAGAIN, EBADF, EMFILE, ENFILE };
	json_object *array;
	unsigned int i;
	int status;

	(void)state;
	make();
	examine("efa_0", GPU);
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		array = explain(errors[i], &status);
		assert_int_equal(status, TOOL_OK);
		assert_true(json_object_array_length(array) > 0);
		json_object_put(array);
	}
}

static void says_that_it_does_not_know(void **state)
{
	json_object *array;
	int status;

	(void)state;
	make();
	examine("efa_0", GPU);
	array = explain(ESRCH, &status);
	assert_int_equal(status, TOOL_FAILURE);
	assert_int_equal(json_object_array_length(array), 0);
	json_object_put(array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(knows_errnos),
		TEST(puts_what_it_found_first),
		TEST(a_warning_makes_it_likely),
		TEST(takes_errnos_for_their_like),
		TEST(knows_what_is_no_pci_device),
		TEST(knows_the_errnos_of_calls),
		TEST(says_that_it_does_not_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
