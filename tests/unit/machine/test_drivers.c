// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The table of NIC drivers, and what must agree with it: the IDs of NICs, the names that the
 * module parameter fence accepts, and the drivers that we change (rdma/drivers).
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "machine/drivers.h"
#include "machine/fence.h"

#define NIC "0000:02:00.0"
#define SYSFS "/sys/bus/pci/devices/" NIC "/"
#define CHANGED "../../rdma/drivers/*/driver.conf"	/* relative to where the tests run */

static const char *driver_of(const char *vendor, const char *device, const char *class)
{
	fake_file(SYSFS "vendor", vendor);
	fake_file(SYSFS "device", device);
	fake_file(SYSFS "class", class);
	return pb_nic_driver_for(NIC);
}

static void knows_nics_by_their_ids(void **state)
{
	static const struct {
		const char *vendor, *device, *driver;
	} nics[] = {
		{ "0x1d0f", "0xefa2", "efa" },
		{ "0x15b3", "0x1017", "mlx5_core" },	/* ConnectX-5 */
		{ "0x14e4", "0x1750", "bnxt_en" },
		{ "0x1dd8", "0x1002", "ionic" },
		{ "0x1414", "0x00ba", "mana" },
		{ "0x8086", "0x1592", "ice" },		/* E810-C */
		{ "0x8086", "0x12d2", "ice" },		/* E830 */
		{ "0x8086", "0x1888", "ice" },
		{ "0x8086", "0x188b", "ice" },
		{ "0x8086", "0x188e", "ice" },
		{ "0x8086", "0x37d0", "i40e" },		/* X722 */
		{ "0x8086", "0x1452", "idpf" },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(nics) / sizeof(nics[0]); i++) {
		const char *driver = driver_of(nics[i].vendor, nics[i].device, "0x020000\n");

		assert_non_null(driver);
		assert_string_equal(driver, nics[i].driver);
		assert_non_null(pb_nic_driver_find(driver));
	}
}

static void knows_what_is_none(void **state)
{
	(void)state;
	assert_null(driver_of("0x8086", "0x1572", "0x020000\n"));	/* X710: no RDMA */
	assert_null(driver_of("0x8086", "0x1889", "0x020000\n"));	/* iavf */
	assert_null(driver_of("0x1d0f", "0xec20", "0x020000\n"));	/* ENA */
	assert_null(driver_of("0x1d0f", "0xefa2", "0x010802\n"));	/* not a network class */
	assert_null(driver_of("0x1af4", "0x1000", "0x020000\n"));
	assert_null(pb_nic_driver_find("virtio_net"));
	assert_null(pb_nic_driver_find(""));
}

/* Users write the RDMA driver's name into fence=; it stands for the PCI driver. */
static void fence_knows_each(void **state)
{
	const struct pb_nic_driver *d;

	(void)state;
	for (unsigned int row = 0; (d = pb_nic_driver(row)); row++) {
		struct pb_fence fence = { .known = true };

		snprintf(fence.list, sizeof(fence.list), "%s", d->module);
		assert_true(pb_fence_names(&fence, d->driver));
		snprintf(fence.list, sizeof(fence.list), "%s", d->driver);
		assert_true(pb_fence_names(&fence, d->driver));
	}
}

/* Only mlx5 maps a buffer again, and only a driver that gives buffers back can. */
static void only_mlx5_is_dynamic(void **state)
{
	const struct pb_nic_driver *d;

	(void)state;
	for (unsigned int row = 0; (d = pb_nic_driver(row)); row++) {
		assert_int_equal(d->dynamic, !strcmp(d->module, "mlx5_ib"));
		assert_true(!d->dynamic || d->revokes);
	}
}

static void read_text(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, size - 1, file);
	text[n] = '\0';
	fclose(file);
}

/* The row of the driver with this driver.conf; its callback is in the semantic patch. */
static void check_changed(const char *conf)
{
	char text[16384], module[64], patch[256];
	const struct pb_nic_driver *d = NULL;
	const char *line;

	read_text(conf, text, sizeof(text));
	line = strstr(text, "\nmodule=");
	assert_non_null(line);
	line += strlen("\nmodule=");
	snprintf(module, sizeof(module), "%.*s", (int)strcspn(line, "\n"), line);
	for (unsigned int row = 0; (d = pb_nic_driver(row)); row++)
		if (!strcmp(d->module, module))
			break;
	assert_non_null(d);
	assert_true(d->ours);
	snprintf(patch, sizeof(patch), "%.*srevocable.cocci",
		 (int)(strlen(conf) - strlen("driver.conf")), conf);
	read_text(patch, text, sizeof(text));
	assert_non_null(strstr(text, d->revokes));
}

static void changed_drivers_are_in_it(void **state)
{
	const struct pb_nic_driver *d;
	unsigned int ours = 0;
	glob_t found;

	(void)state;
	assert_int_equal(glob(CHANGED, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_changed(found.gl_pathv[i]);
	for (unsigned int row = 0; (d = pb_nic_driver(row)); row++)
		ours += d->ours;
	assert_int_equal(ours, found.gl_pathc);
	globfree(&found);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, fake_setup, fake_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(knows_nics_by_their_ids),
		TEST(knows_what_is_none),
		TEST(fence_knows_each),
		TEST(only_mlx5_is_dynamic),
		TEST(changed_drivers_are_in_it),
	};

	return cmocka_run_group_tests_name("drivers", tests, NULL, NULL);
}
