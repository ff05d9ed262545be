// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Registering a dma-buf. The kernel's and libibverbs' part are replaced here: a
 * memfd passes for a dma-buf, and the NIC answers what the test wants.
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
#include "peerbar.h"

#define SIZE (1u << 20)
#define ALL (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ)

static struct ibv_device device = { .name = "efa_0" };
static struct ibv_context context = { .device = &device };
static struct ibv_pd pd = { .context = &context };
static struct ibv_mr registered;

static bool is_dmabuf;
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

int fstatfs(int fd, struct statfs *fs)
{
	if (fcntl(fd, F_GETFD) < 0)
		return -1;
	memset(fs, 0, sizeof(*fs));
	fs->f_type = is_dmabuf ? DMA_BUF_MAGIC : TMPFS_MAGIC;
	return 0;
}

static int setup(void **state)
{
	static int fd;

	is_dmabuf = true;
	nic_errno = 0;
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
	is_dmabuf = false;
	refused(fd, 0, SIZE, ALL, EINVAL);
	assert_sentence("not a dma-buf", NULL);
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

static void names_the_driver_that_refuses(void **state)
{
	static const struct {
		const char *driver, *word;
	} known[] = {
		{ "efa", "stock efa" }, { "mlx5_core", "on-demand paging" }, { "ice", "7.0" },
		{ "bnxt_en", "peerbar-vfio-pci" }, { "mana", "iommu=pt" },
		{ "ionic", "peerbar-vfio-pci" }, { "hns3", "another NIC" },
	};
	static const int errors[] = { EOPNOTSUPP, EPROTONOSUPPORT, 524 };
	int fd = *(int *)*state;
	char target[160];
	unsigned int i;

	nic_errno = EOPNOTSUPP;
	refused(fd, 0, SIZE, ALL, EOPNOTSUPP);
	assert_sentence("efa_0 is not a PCI device", NULL);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", known[i].driver);
		fake_link("/sys/class/infiniband/efa_0/device/driver", target);
		nic_errno = errors[i % 3];
		refused(fd, 0, SIZE, ALL, EOPNOTSUPP);
		assert_sentence("efa_0", known[i].driver, known[i].word, NULL);
		snprintf(target, sizeof(target), "%s/sys/class/infiniband/efa_0/device/driver",
			 fake->root);
		unlink(target);
	}
}

static void names_other_causes(void **state)
{
	static const struct {
		int err;
		const char *word;
	} causes[] = {
		{ ENODEV, "memory decode off" }, { EINVAL, "host bridge" },
		{ EREMOTEIO, "host bridge" }, { EBUSY, "busy" }, { ENOMEM, "2 MiB" },
		{ EFAULT, "kernel's log" },
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
		TEST(names_other_causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
