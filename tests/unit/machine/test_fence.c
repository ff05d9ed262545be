// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The list of drivers that may be fenced off: how the library reads it, and what it advises
 * to write to it. Which drivers a list names is tested in tests/unit/kernel.
 */
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "machine/causes.h"
#include "machine/fence.h"

static struct pb_fence written(const char *content)
{
	struct pb_fence fence;

	fake_file(PB_FENCE_FILE, content);
	pb_fence_read(&fence);
	assert_true(fence.known);
	return fence;
}

static void reads_what_was_written(void **state)
{
	struct pb_fence fence;

	(void)state;
	pb_fence_read(&fence);
	assert_false(fence.known);
	assert_false(pb_fence_names(&fence, "efa"));
	fence = written("\n");
	assert_false(pb_fence_names(&fence, "efa"));
	fence = written("efa\n\n");		/* as it reads back after an echo */
	assert_true(pb_fence_names(&fence, "efa"));
	assert_false(pb_fence_names(&fence, "ice"));
	fence = written("mana\nirdma\n\n");
	assert_true(pb_fence_names(&fence, "ice"));
}

/* The longest list that the kernel accepts: its last name counts, too. */
static void reads_a_long_list(void **state)
{
	char content[1027];
	struct pb_fence fence;

	(void)state;
	memset(content, 'x', 1024);
	memcpy(content + 1020, ",efa\n", 6);
	fence = written(content);
	assert_true(pb_fence_names(&fence, "efa"));
}

static void word_is(const char *content, const char *driver, const char *expected)
{
	struct pb_fence fence = written(content), next;
	char word[PB_FENCE_WORD];

	pb_fence_with(&fence, driver, word, sizeof(word));
	assert_string_equal(word, expected);
	if (word[0] == '$')
		return;		/* not for us to expand */
	next = written(word);
	assert_true(pb_fence_names(&next, driver));
}

static void adds_a_driver_to_the_list(void **state)
{
	char content[1024], longest[PB_FENCE_WORD];

	(void)state;
	word_is("\n", "efa", "efa");
	word_is("bnxt_re\n\n", "efa", "bnxt_re,efa");
	word_is(" bnxt_re , ice\n", "efa", "bnxt_re,ice,efa");
	memset(content, 'x', sizeof(content) - 1);
	content[sizeof(content) - 1] = '\0';
	word_is(content, "efa", "$(cat " PB_FENCE_FILE "),efa");
	/* the longest list that there is room for, and one that is longer by one */
	content[PB_FENCE_WORD - 1 - strlen(",efa")] = '\0';
	snprintf(longest, sizeof(longest), "%.251s,efa", content);
	word_is(content, "efa", longest);
	content[PB_FENCE_WORD - 1 - strlen(",efa")] = 'x';
	content[PB_FENCE_WORD - strlen(",efa")] = '\0';
	word_is(content, "efa", "$(cat " PB_FENCE_FILE "),efa");
}

/* Both commands are complete, even with the longest list in them. */
static void the_advice_has_both_commands(void **state)
{
	char advice[PB_ADVICE_SIZE], content[PB_FENCE_WORD];

	(void)state;
	written("bnxt_re\n");
	pb_cause_advice(PB_CAUSE_PINS_NOT_NAMED, "0000:01:00.0", "efa", advice, sizeof(advice));
	assert_non_null(strstr(advice, "\"echo bnxt_re,efa > " PB_FENCE_FILE "\""));
	assert_non_null(strstr(advice, "\"options peerbar_vfio_pci fence=bnxt_re,efa\" in "
			       "/etc/modprobe.d/"));
	assert_non_null(strstr(advice, ", or load peerbar's efa (rdma/drivers)"));
	memset(content, 'x', sizeof(content));
	content[PB_FENCE_WORD - 1 - strlen(",mlx5_core")] = '\0';
	written(content);
	pb_cause_advice(PB_CAUSE_PINS_NOT_NAMED, "0000:01:00.0", "mlx5_core", advice,
			sizeof(advice));
	assert_non_null(strstr(advice, "xxx,mlx5_core > " PB_FENCE_FILE "\""));
	assert_non_null(strstr(advice, "xxx,mlx5_core\" in /etc/modprobe.d/"));
	assert_non_null(strstr(advice, "CONFIG_INFINIBAND_ON_DEMAND_PAGING"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_what_was_written),
		TEST(reads_a_long_list),
		TEST(adds_a_driver_to_the_list),
		TEST(the_advice_has_both_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
