// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar export show: from the lines in debugfs to text and JSON, and what it prints if there
 * are none.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "fits.h"
#include "said.h"
#include "tool.h"

#define GPU "0000:01:00.0"
#define NIC "0000:02:00.0"
#define FOLDER "/sys/kernel/debug/peerbar/" GPU

/* Lines as peerbar-vfio-pci prints them. */
static const char exports[] =
	"buffer=1234 bar=2 bytes=268435456 ranges=1 state=usable live=1\n"
	"buffer=1240 bar=2 bytes=12288 ranges=3 state=orphan live=0\n";
static const char attachments[] =
	"buffer=1234 importer=" NIC " driver=efa callback=ib_umem_dmabuf_revoke_locked [ib_core] "
	"type=host-bridge stop=native fenced=0\n"
	"  state=live address=iova dma=0x0000fffff0000000 phys=0x00000000e0000000 "
	"bytes=268435456 ranges=1\n"
	"buffer=1240 importer=0000:03:00.0 driver=test callback=0x0 type=not-supported "
	"stop=fence fenced=1 reason=\"below = different host bridges\"\n"
	"  state=fenced address=bus dma=0x0000000010000000 phys=0x0000000010000000 "
	"bytes=12288 ranges=3\n"
	"buffer=99 importer=0000:04:00.0 driver=late callback=f type=host-bridge fenced=0\n"
	"  state=live address=iova dma=0x1000 phys=0x2000 bytes=4096 ranges=1\n";
static const char revokes[] =
	"reason=close count=0 active=0\n"
	"reason=reset count=7 active=1\n"
	"reason=memory-off count=2 active=0\n"
	"fenced=3 overdue=1 untold=0\n"
	"below_us=64 count=8\n"
	"below_us=1024 count=1\n"
	"from_us=4194304 count=2\n";

static int setup(void **state)
{
	memset(&tool_options, 0, sizeof(tool_options));
	return fake_setup(state);
}

static void show_machine(void)
{
	fake_device(GPU, "peerbar-vfio-pci", 7, true);
	fake_file(FOLDER "/exports", exports);
	fake_file(FOLDER "/attachments", attachments);
	fake_file(FOLDER "/revokes", revokes);
	fake_file("/sys/bus/pci/devices/" NIC "/infiniband/efa_0/node_type", "4\n");
}

static void prints_text(void **state)
{
	static const char expected[] =
		"dev " GPU " buffers 2 importers 2 revokes 9 fenced 3 overdue 1 untold 0\n"
		"    buffer 1234 bar 2 size 256M ranges 1 state usable live 1\n"
		"        importer " NIC " rdma efa_0 driver efa map host-bridge stop native "
		"after dead fenced no\n"
		"    buffer 1240 bar 2 size 12k ranges 3 state orphan live 0\n"
		"        importer 0000:03:00.0 driver test map not-supported stop fence "
		"after fenced fenced yes reason \"below = different host bridges\"\n"
		"    reason reset count 7 active yes\n"
		"    reason memory-off count 2 active no\n"
		"    below_us 64 count 8\n"
		"    below_us 1024 count 1\n"
		"    from_us 4194304 count 2\n";

	(void)state;
	show_machine();
	assert_int_equal(said_run(export_show, 0, NULL), TOOL_OK);
	assert_string_equal(said_out, expected);
}

/* A line about an importer of a buffer in that state gives a line that ends in @printed. */
static void expect_after(const char *state, const char *line, const char *printed)
{
	char text[256];

	snprintf(text, sizeof(text), "buffer=1 bar=2 bytes=4096 ranges=1 state=%s live=1\n",
		 state);
	fake_file(FOLDER "/exports", text);
	snprintf(text, sizeof(text), "buffer=1 importer=" NIC " callback=f %s\n", line);
	fake_file(FOLDER "/attachments", text);
	assert_int_equal(said_run(export_show, 0, NULL), TOOL_OK);
	if (!strstr(said_out, printed))
		fail_msg("%s: no \"%s\" in \"%s\"", line, printed, said_out);
}

static void says_what_comes_after(void **state)
{
	(void)state;
	show_machine();
	expect_after("usable", "driver=mlx5_core stop=native fenced=0",
		     " stop native after may-revive fenced no\n");
	expect_after("revoked", "driver=mlx5_core stop=native fenced=0",
		     " stop native after may-revive fenced no\n");
	expect_after("usable", "driver=mlx5_core stop=fence fenced=0",
		     " stop fence after fenced fenced no\n");
	expect_after("usable", "driver=ice stop=native fenced=0", " after dead fenced no\n");
	/* the exporter never lets these map again */
	expect_after("usable", "driver=mlx5_core stop=native fenced=1",
		     " stop native after dead fenced yes\n");
	expect_after("orphan", "driver=mlx5_core stop=native fenced=0",
		     " stop native after dead fenced no\n");
	/* not in the table, with no driver any more, and with no word about how it stops */
	expect_after("usable", "driver=amdgpu stop=native fenced=0", " native fenced no\n");
	expect_after("usable", "driver=none stop=native fenced=0", " native fenced no\n");
	expect_after("usable", "driver=efa fenced=0", " driver efa fenced no\n");
	expect_after("usable", "driver=amdgpu stop=fence fenced=0", " after fenced fenced no\n");
}

static void prints_details(void **state)
{
	(void)state;
	tool_options.details = true;
	show_machine();
	assert_int_equal(said_run(export_show, 1, (char *[]){ "01:00.0" }), TOOL_OK);
	assert_non_null(strstr(said_out, " callback \"ib_umem_dmabuf_revoke_locked [ib_core]\" map "
			       "host-bridge"));
	assert_non_null(strstr(said_out, "\n            state live address iova "
			       "dma 0x0000fffff0000000 phys 0x00000000e0000000 size 268435456 "
			       "ranges 1\n"));
	assert_non_null(strstr(said_out, " phys 0x0000000010000000 size 12288 ranges 3\n"));
	assert_non_null(strstr(said_out, "\n    reason close count 0 active no\n"));
}

static void prints_json(void **state)
{
	json_object *array, *device, *list, *value;

	(void)state;
	tool_options.json = true;
	show_machine();
	assert_int_equal(said_run(export_show, 0, NULL), TOOL_OK);
	assert_fits("peerbar-export-show", said_out);
	array = json_tokener_parse(said_out);
	assert_int_equal(json_object_array_length(array), 1);
	device = json_object_array_get_idx(array, 0);
	json_object_object_get_ex(device, "overdue", &value);
	assert_int_equal(json_object_get_int(value), 1);
	json_object_object_get_ex(device, "exports", &list);
	assert_int_equal(json_object_array_length(list), 2);
	json_object_object_get_ex(json_object_array_get_idx(list, 0), "attachments", &list);
	assert_int_equal(json_object_array_length(list), 1);
	json_object_object_get_ex(json_object_array_get_idx(list, 0), "after", &value);
	assert_string_equal(json_object_get_string(value), "dead");
	json_object_object_get_ex(json_object_array_get_idx(list, 0), "mappings", &list);
	assert_int_equal(json_object_array_length(list), 1);
	json_object_object_get_ex(json_object_array_get_idx(list, 0), "size", &value);
	assert_int_equal(json_object_get_uint64(value), 268435456);
	json_object_put(array);
}

/* A device with no dma-bufs, one that exports by the kernel's exporter, and no device. */
static void prints_json_of_little(void **state)
{
	(void)state;
	tool_options.json = true;
	show_machine();
	fake_file(FOLDER "/exports", "");
	fake_file(FOLDER "/attachments", "");
	fake_file("/sys/bus/pci/devices/" GPU "/dmabuf_exporter", "core\n");
	assert_int_equal(said_run(export_show, 0, NULL), TOOL_OK);
	assert_non_null(strstr(said_out, "\"exporter\":\"core\",\"buffers\":0,"));
	assert_fits("peerbar-export-show", said_out);
	fake_remove(FOLDER "/exports");
	fake_remove(FOLDER "/attachments");
	fake_remove(FOLDER "/revokes");
	fake_remove(FOLDER);
	assert_int_equal(said_run(export_show, 0, NULL), TOOL_OK);
	assert_string_equal(said_out, "[]\n");
	assert_fits("peerbar-export-show", said_out);
}

static void lines_of_another_kind_do_no_harm(void **state)
{
	(void)state;
	fake_device(GPU, "peerbar-vfio-pci", 7, true);
	fake_file(FOLDER "/exports", "\n=\nbuffer\nbuffer=\nbuffer=5\n words without sense\n");
	fake_file(FOLDER "/attachments",
		  "  dma=1\nbuffer=5 importer=\nbuffer=5 importer=x reason=\"open\n\n====\n");
	fake_file(FOLDER "/revokes", "a=b c=d e\nreason=\n");
	assert_int_equal(said_run(export_show, 0, NULL), TOOL_OK);
	assert_non_null(strstr(said_out, "    buffer 5 bar 0 size 0 ranges 0 live 0\n"));
	assert_non_null(strstr(said_out, " fenced no reason open\n"));
}

static void expect_failure(int argc, char **argv, const char *sentence)
{
	assert_int_equal(said_run(export_show, argc, argv), TOOL_FAILURE);
	assert_string_equal(said_out, "");
	if (!strstr(said_err, sentence))
		fail_msg("\"%s\" does not say \"%s\"", said_err, sentence);
}

static void says_why_there_is_nothing(void **state)
{
	(void)state;
	fake_device(GPU, "vfio-pci", 7, true);
	expect_failure(0, NULL, "no debugfs");
	expect_failure(1, (char *[]){ GPU }, "no debugfs");
	fake_file("/sys/kernel/debug/.hidden", "");
	expect_failure(0, NULL, "not mounted");
	fake_file("/sys/kernel/debug/dma_buf/bufinfo", "");
	expect_failure(0, NULL, "peerbar-vfio-pci is not loaded");
	fake_file("/sys/kernel/debug/peerbar/0000:07:00.0/exports", "");
	expect_failure(1, (char *[]){ GPU }, GPU " is bound to vfio-pci, and only");
	expect_failure(1, (char *[]){ "zebra" }, "not a PCI address");
	expect_failure(1, (char *[]){ "0000:09:00.0" }, "no PCI device");
	assert_int_equal(said_run(export_show, 2, (char *[]){ GPU, GPU }), TOOL_USAGE);
}

static void says_that_it_takes_root(void **state)
{
	(void)state;
	show_machine();
	fake->open_path = FOLDER "/exports";
	fake->open_errno = EACCES;
	expect_failure(1, (char *[]){ GPU }, "only root");
	expect_failure(0, NULL, "only root");
	fake->open_errno = EPERM;
	expect_failure(0, NULL, "locked down");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(prints_text),
		TEST(says_what_comes_after),
		TEST(prints_details),
		TEST(prints_json),
		TEST(prints_json_of_little),
		TEST(lines_of_another_kind_do_no_harm),
		TEST(says_why_there_is_nothing),
		TEST(says_that_it_takes_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
