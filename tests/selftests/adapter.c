// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What the kernel's vfio selftests take for granted and this lab does not have, supplied
 * from outside. It is linked into each of them and changes no check:
 *
 * - their default IOMMU mode is iommufd: where the kernel has none (Debian's), the tests
 *   of one mode only run with a VFIO container;
 * - a virtual function must have inherited the driver "vfio-pci": here, the one under
 *   test, which the environment names.
 *
 *   PB_DRIVER  the driver under test
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libvfio.h>

char *__real_sysfs_driver_get(const char *bdf);
char *__wrap_sysfs_driver_get(const char *bdf);

static void __attribute__((constructor)) choose_default_mode(void)
{
	if (access("/dev/iommu", F_OK))
		default_iommu_mode = MODE_VFIO_TYPE1V2_IOMMU;
}

char *__wrap_sysfs_driver_get(const char *bdf)
{
	char *driver = __real_sysfs_driver_get(bdf);
	const char *tested = getenv("PB_DRIVER");
	bool same;

	if (!driver)
		return NULL;
	same = tested && !strcmp(driver, tested);
	printf("# %s has driver %s, under test is %s\n", bdf, driver, tested ? tested : "none");
	free(driver);
	return strdup(same ? "vfio-pci" : "another driver");
}
