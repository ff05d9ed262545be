// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Registering a dma-buf. The parts of the kernel and of libibverbs are replaced here: a memfd
 * stands for a dma-buf, and the NIC answers what the test wants.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <infiniband/verbs.h>

#include "fake.h"
#include "fake_dmabuf.h"
#include "machine.h"
#include "peerbar.h"
#include "refusal.h"

#define SIZE (1u << 20)
#define ALL (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ)

static struct ibv_device device = { .name = "efa_0" };
static struct ibv_context context = { .device = &device };
static struct ibv_pd pd = { .context = &context };
static struct ibv_mr registered;

/* The library remembers only a number of origins: enough new ones push out the old ones. */
static void forget_origins(void)
{
	int fd = memfd_create("other", MFD_CLOEXEC);
	unsigned int i;

	assert_true(fd >= 0);
	for (i = 0; i < 64; i++)
		pb_origin_add(fd, "0000:7f:00.0", 0);
	close(fd);
}

static int nic_errno;
static struct {
	unsigned int calls;
	uint64_t offset, iova;
	size_t length;
	int fd, access;
} asked;

const char *ibv_get_device_name(struct ibv_device *dev)
{
	return dev->name;
}

static enum ibv_atomic_cap atomic_cap;

int ibv_query_device(struct ibv_context *ctx, struct ibv_device_attr *attr)
{
	assert_ptr_equal(ctx, &context);
	memset(attr, 0, sizeof(*attr));
	attr->atomic_cap = atomic_cap;
	return 0;
}

struct ibv_mr *ibv_reg_dmabuf_mr(struct ibv_pd *in, uint64_t offset, size_t length,
				 uint64_t iova, int fd, int access)
{
	assert_ptr_equal(in, &pd);
	asked.calls++;
	asked.offset = offset;
	asked.length = length;
	asked.iova = iova;
	asked.fd = fd;
	asked.access = access;
	if (!nic_errno)
		return &registered;
	errno = nic_errno;
	return NULL;
}

static int setup(void **state)
{
	static int fd;

	fake_is_dmabuf = true;
	nic_errno = 0;
	atomic_cap = IBV_ATOMIC_NONE;
	memset(&asked, 0, sizeof(asked));
	fd = memfd_create("dma-buf", MFD_CLOEXEC);
	*state = &fd;
	return fd < 0 || ftruncate(fd, SIZE) || fake_setup(NULL);
}

static int teardown(void **state)
{
	close(*(int *)*state);
	return fake_teardown(NULL);
}

static void chooses_the_iova(void **state)
{
	int fd = *(int *)*state;
	uint64_t iova = 1;

	assert_ptr_equal(peerbar_reg_mr(&pd, fd, 0, SIZE, ALL, &iova), &registered);
	assert_int_equal(iova, 0);
	assert_ptr_equal(peerbar_reg_mr(&pd, fd, 12345, SIZE - 12345, ALL, &iova), &registered);
	assert_int_equal(iova, 12345);
	assert_int_equal(asked.iova, 12345);
	assert_int_equal(asked.offset, 12345);
	assert_int_equal(asked.length, SIZE - 12345);
	assert_int_equal(asked.fd, fd);
	assert_int_equal(asked.access, ALL);
}

static void refused(int fd, uint64_t offset, uint64_t length, int access, int err)
{
	uint64_t iova = 77;

	errno = 0;
	assert_null(peerbar_reg_mr(&pd, fd, offset, length, access, &iova));
	assert_int_equal(errno, err);
	assert_int_equal(iova, 77);
}

static void refuses_wrong_arguments(void **state)
{
	int fd = *(int *)*state;

	refused(fd, 0, 0, ALL, EINVAL);
	assert_sentence("empty", NULL);
	refused(fd, 1, SIZE, ALL, EINVAL);
	assert_sentence("outside the dma-buf", NULL);
	refused(fd, SIZE + 1, 1, ALL, EINVAL);
	refused(fd, 1, UINT64_MAX, ALL, EINVAL);
	refused(fd, UINT64_MAX, 2, ALL, EINVAL);
	refused(fd, 0, SIZE, IBV_ACCESS_REMOTE_WRITE, EINVAL);
	assert_sentence("IBV_ACCESS_LOCAL_WRITE", NULL);
	refused(fd, 0, SIZE, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_ON_DEMAND, EINVAL);
	assert_sentence("ON_DEMAND", NULL);
	refused(9999, 0, SIZE, ALL, EBADF);
	assert_sentence("9999", "not open", NULL);
	fake_is_dmabuf = false;
	refused(fd, 0, SIZE, ALL, EINVAL);
	assert_sentence("not a dma-buf", NULL);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	refused(fd, 0, SIZE, ALL, EINVAL);
	assert_sentence("not a dma-buf", NULL);
	close(fd);
	assert_int_equal(asked.calls, 0);
}

static void refuses_writes_to_a_read_only_buffer(void **state)
{
	char path[32];
	uint64_t iova;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", *(int *)*state);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	refused(fd, 0, SIZE, ALL, EINVAL);
	assert_sentence("O_RDONLY", NULL);
	refused(fd, 0, SIZE, IBV_ACCESS_LOCAL_WRITE, EINVAL);
	assert_non_null(peerbar_reg_mr(&pd, fd, 0, SIZE, IBV_ACCESS_REMOTE_READ, &iova));
	close(fd);
}

#define GPU "0000:05:00.0"
#define SYMBOL(name, module) MACHINE_MODULE_SYMBOL(name, module)

static const struct machine_function gpu = {
	.path = "pci0000:00/0000:00:01.0/" GPU, .acs = MACHINE_NO_ACS,
	.driver = "vfio-pci", .vfio = true, .group = 8, .bar = 0x380000000000, .size = SIZE,
};

/* A machine whose NIC is @nic; @symbols are the functions of its RDMA driver. */
static void make_machine_of(const struct machine_function *nic, const char *symbols)
{
	char all[1024];

	snprintf(all, sizeof(all), "%s%s%s", MACHINE_SYMBOL("start_kernel"),
		 SYMBOL("vfio_pci_core_feature_dma_buf", "vfio_pci_core"), symbols);
	machine_kernel("7.3.4", "AuthenticAMD/23", all);
	machine_add(&gpu);
	machine_add(nic);
}

/* A machine whose NIC has this PCI driver. */
static void make_machine(const char *driver, const char *symbols)
{
	struct machine_function nic = {
		.path = "pci0000:00/0000:00:02.0/0000:06:00.0", .acs = MACHINE_NO_ACS,
		.driver = driver, .group = 9, .rdma = "efa_0",
	};

	make_machine_of(&nic, symbols);
}

/* Each case has a machine of its own. If @origin, @fd is known to be BAR 2 of the device. */
static void names_the_driver_that_refuses(void **state)
{
	static const struct {
		const char *driver, *symbols;
		bool origin;
		const char *word, *advice;
	} nics[] = {
		{ "efa", SYMBOL("efa_reg_user_mr_dmabuf", "efa"), true,
		  "cannot give them back", "load peerbar's efa" },
		{ "efa", SYMBOL("efa_reg_user_mr_dmabuf", "efa")
			 SYMBOL("efa_dmabuf_revoke", "efa"), true,
		  "refuses the dma-buf", "the kernel's log may say why" },
		{ "ice", SYMBOL("irdma_reg_user_mr_dmabuf", "irdma"), true,
		  "cannot give them back", "boot Linux 7.0" },
		{ "ice", "", true, "no dma-buf memory regions", "another NIC" },
		{ "mlx5_core", SYMBOL("mlx5_ib_reg_user_mr_dmabuf", "mlx5_ib")
			SYMBOL("mlx5_ib_dmabuf_invalidate_cb", "mlx5_ib"), true,
		  "on-demand paging", "ibv_devinfo" },
		{ "bnxt_en", SYMBOL("bnxt_re_reg_user_mr_dmabuf", "bnxt_re"), true,
		  "peerbar dev bind " GPU " driver peerbar-vfio-pci", "or use another NIC" },
		{ "hns3", "", true, "cannot give them back", "another NIC" },
		{ "bnxt_en", SYMBOL("bnxt_re_reg_user_mr_dmabuf", "bnxt_re"), false,
		  "cannot give buffers back", "peerbar path show efa_0 ADDRESS" },
		{ "bnxt_en", "", false, "no dma-buf memory regions", "path show" },
	};
	static const int errors[] = { EOPNOTSUPP, EPROTONOSUPPORT, 524 };
	unsigned int i;

	for (i = 0; i < sizeof(nics) / sizeof(nics[0]); i++) {
		char number[16];

		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
		make_machine(nics[i].driver, nics[i].symbols);
		if (nics[i].origin)
			pb_origin_add(*(int *)*state, GPU, 2);
		else
			forget_origins();
		nic_errno = errors[i % 3];
		snprintf(number, sizeof(number), "errno %d", nic_errno);
		refused(*(int *)*state, 0, SIZE, ALL, EOPNOTSUPP);
		assert_sentence("efa_0", nics[i].driver, number, nics[i].word, nics[i].advice,
				NULL);
	}
}

static void names_what_the_nic_lacks(void **state)
{
	int fd = *(int *)*state;

	make_machine("efa", SYMBOL("efa_reg_user_mr_dmabuf", "efa")
		     SYMBOL("efa_dmabuf_revoke", "efa"));
	nic_errno = EOPNOTSUPP;
	refused(fd, 0, SIZE, ALL | IBV_ACCESS_REMOTE_ATOMIC, EOPNOTSUPP);
	assert_sentence("efa_0", "no atomic operations", "leave IBV_ACCESS_REMOTE_ATOMIC", NULL);
	atomic_cap = IBV_ATOMIC_HCA;
	refused(fd, 0, SIZE, ALL | IBV_ACCESS_REMOTE_ATOMIC, EOPNOTSUPP);
	assert_sentence("the kernel's log may say why", NULL);
	fake_file("/proc/sys/kernel/osrelease", "6.1.0-40-amd64\n");
	refused(fd, 0, SIZE, ALL, EOPNOTSUPP);
	assert_sentence("no RDMA WRITE", "leave IBV_ACCESS_REMOTE_WRITE", NULL);
	refused(fd, 0, SIZE, IBV_ACCESS_REMOTE_READ, EOPNOTSUPP);
	assert_sentence("the kernel's log may say why", NULL);
}

/* The way is refused, because the device is below another host bridge now. */
static void names_the_way_that_is_refused(void **state)
{
	int fd = *(int *)*state;

	make_machine("efa", SYMBOL("efa_reg_user_mr_dmabuf", "efa")
		     SYMBOL("efa_dmabuf_revoke", "efa"));
	pb_origin_add(fd, GPU, 2);
	nic_errno = EINVAL;
	refused(fd, 0, SIZE, ALL, EINVAL);
	assert_sentence("a reset came in between", "\"peerbar path show efa_0 " GPU "\"", NULL);
	fake_file("/proc/cpuinfo", "vendor_id\t: GenuineIntel\ncpu family\t: 6\n");
	refused(fd, 0, SIZE, ALL, EINVAL);
	assert_sentence("BAR 2 of " GPU, "host bridge is not known", "host bridge forwards", NULL);
	nic_errno = EREMOTEIO;
	refused(fd, 0, SIZE, ALL, EREMOTEIO);
	assert_sentence("errno 121", "host bridge is not known", NULL);
	/* a cause that gives another errno does not explain this one */
	fake_file("/proc/kallsyms", SYMBOL("vfio_pci_core_feature_dma_buf", "vfio_pci_core")
		  SYMBOL("efa_reg_user_mr_dmabuf", "efa"));
	refused(fd, 0, SIZE, ALL, EREMOTEIO);
	assert_sentence("a reset came in between", NULL);
}

/* The kernel's exporter fails with ENOMEM for addresses that the NIC cannot reach. */
static void names_the_dma_mask(void **state)
{
	static const struct machine_function nic = {
		.path = "pci0000:00/0000:00:02.0/0000:06:00.0", .acs = MACHINE_NO_ACS,
		.driver = "efa", .group = 9, .rdma = "efa_0", .mask = 32, .domain = "identity",
	};

	make_machine_of(&nic, SYMBOL("efa_reg_user_mr_dmabuf", "efa")
			SYMBOL("efa_dmabuf_revoke", "efa"));
	pb_origin_add(*(int *)*state, GPU, 2);
	nic_errno = ENOMEM;
	refused(*(int *)*state, 0, SIZE, ALL, ENOMEM);
	assert_sentence("errno 12", "above what the NIC can address", "without iommu=pt", NULL);
	/* any other ENOMEM is not explained by that */
	forget_origins();
	refused(*(int *)*state, 0, SIZE, ALL, ENOMEM);
	assert_sentence("no room for the memory region", NULL);
}

static void names_a_nic_on_no_pci_bus(void **state)
{
	fake_link("/sys/class/infiniband/efa_0/device", "../../net/eth0");
	nic_errno = EOPNOTSUPP;
	refused(*(int *)*state, 0, SIZE, ALL, EOPNOTSUPP);
	assert_sentence("efa_0 is not a PCI device", NULL);
}

static void names_other_causes(void **state)
{
	static const struct {
		int err;
		const char *word;
	} causes[] = {
		{ ENODEV, "memory decode off" }, { EBUSY, "busy" }, { ENOMEM, "2 MiB" },
		{ EFAULT, "kernel's log" }, { EADDRINUSE, "only one range" },
		{ EMFILE, "ulimit -n" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		nic_errno = causes[i].err;
		refused(*(int *)*state, 0, SIZE, ALL, causes[i].err);
		assert_sentence("efa_0", causes[i].word, NULL);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(chooses_the_iova),
		TEST(refuses_wrong_arguments),
		TEST(refuses_writes_to_a_read_only_buffer),
		TEST(names_the_driver_that_refuses),
		TEST(names_what_the_nic_lacks),
		TEST(names_the_way_that_is_refused),
		TEST(names_the_dma_mask),
		TEST(names_a_nic_on_no_pci_bus),
		TEST(names_other_causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
