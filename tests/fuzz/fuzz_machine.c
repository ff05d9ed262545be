// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What libpeerbar and the tools read of a machine: a device's configuration space, which the
 * device writes, and the files of /sys and /proc. An input says, for each file that is opened,
 * whether it is as on a real machine or holds bytes of the input.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake.h"
#include "input.h"
#include "machine.h"
#include "machine/sys.h"
#include "machine/verdict.h"
#include "must.h"

#define GPU "0000:01:00.0"
#define NIC "0000:02:00.0"

static const char symbols[] =
	MACHINE_SYMBOL("vfio_pci_core_feature_dma_buf")
	MACHINE_MODULE_SYMBOL("mlx5_ib_invalidate_range", "mlx5_ib");

static struct input input;

/* A file with up to 4 KiB of the input, and none of it twice. */
static int open_input(void)
{
	size_t size = take16(&input) % 4097;
	char bytes[4096];
	int fd = memfd_create("input", MFD_CLOEXEC);

	take(&input, bytes, size);
	MUST(fd >= 0 && write(fd, bytes, size) == (ssize_t)size && !lseek(fd, 0, SEEK_SET));
	return fd;
}

static int open_either(const char *path, int flags)
{
	if (take8(&input) & 1)
		return open_input();
	return open(path, flags);
}

static void make_machine(void)
{
	fake_setup(NULL);
	machine_add(&(struct machine_function){
		.path = "pci0000:00/0000:00:01.0", .vendor = 0x8086, .device = 0x1234,
		.port = MACHINE_ROOT_PORT, .acs = 0x1d, .group = 1 });
	machine_add(&(struct machine_function){
		.path = "pci0000:00/0000:00:01.0/" GPU, .vendor = 0x1af4, .device = 0x1110,
		.driver = "vfio-pci", .vfio = true, .group = 2, .bar = 0x380000000000ull,
		.size = 1 << 28 });
	machine_add(&(struct machine_function){
		.path = "pci0000:00/0000:00:02.0", .vendor = 0x8086, .device = 0x1235,
		.port = MACHINE_ROOT_PORT, .acs = 0x1d, .group = 3 });
	machine_add(&(struct machine_function){
		.path = "pci0000:00/0000:00:02.0/" NIC, .vendor = 0x15b3, .device = 0x1017,
		.driver = "mlx5_core", .group = 4, .rdma = "mlx5_0" });
	machine_kernel("7.3.4", "AuthenticAMD/23", symbols);
	pb_open_file = open_either;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	struct pb_kernel kernel;
	struct pb_nic nic;
	struct pb_pci gpu;

	if (!made)
		make_machine();
	made = true;
	input = (struct input){ data, size };
	if (pb_kernel_facts(&kernel) || pb_pci_facts(GPU, &gpu) ||
	    pb_nic_facts(&kernel, NIC, &nic))
		return 0;
	MUST(gpu.nr_hops <= PEERBAR_MAX_HOPS && nic.pci.nr_hops <= PEERBAR_MAX_HOPS);
	pb_verdict(&kernel, &nic, &gpu, pb_pci_largest_bar(&gpu));
	pb_verdict_iommufd(&kernel, &nic.pci, &gpu, pb_pci_largest_bar(&gpu));
	return 0;
}
