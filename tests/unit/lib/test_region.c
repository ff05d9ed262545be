// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Regions: when an MR counts as lost, and what becomes of each answer of the NIC and the kernel. A
 * pipe stands for the kernel's watch; the NIC's registrations fail as the test wants.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <infiniband/verbs.h>

#include "../../../kernel/peerbar_watch.h"
#include "fake.h"
#include "fake_dmabuf.h"
#include "machine/sys.h"
#include "peerbar.h"

#define SIZE (1u << 20)

static struct ibv_device device = { .name = "efa_0" };
static struct ibv_context context = { .device = &device };
static struct ibv_pd pd = { .context = &context };
static struct ibv_mr mrs[64];
static unsigned int registered, deregistered;
static int dmabuf, pipes[2];
static int nic_errno, dereg_errno;
static unsigned int failures;	/* so many registrations fail with nic_errno */
static bool no_watch;

const char *ibv_get_device_name(struct ibv_device *dev)
{
	return dev->name;
}

struct ibv_mr *ibv_reg_dmabuf_mr(struct ibv_pd *in, uint64_t offset, size_t length, uint64_t iova,
				 int fd, int access)
{
	(void)offset;
	(void)length;
	(void)iova;
	(void)access;
	assert_ptr_equal(in, &pd);
	assert_int_not_equal(fd, dmabuf);
	if (!failures)
		return &mrs[registered++];
	failures--;
	errno = nic_errno;
	return NULL;
}

int ibv_dereg_mr(struct ibv_mr *mr)
{
	assert_ptr_equal(mr, &mrs[registered - 1]);
	deregistered += !dereg_errno;
	return dereg_errno;
}

static int watch_ioctl(int fd, unsigned long request, void *arg)
{
	(void)fd;
	(void)arg;
	assert_int_equal(request, PEERBAR_WATCH);
	errno = EOPNOTSUPP;
	return no_watch ? -1 : dup(pipes[0]);
}

static void tell(enum peerbar_watch_state state, unsigned int revokes)
{
	struct peerbar_watch_status status = {
		.revokes = revokes, .state = state, .reasons = "reset",
	};

	assert_int_equal(write(pipes[1], &status, sizeof(status)), sizeof(status));
}

static int setup(void **state)
{
	fake_setup(state);
	pb_ioctl = watch_ioctl;
	fake_file("/dev/peerbar", "");
	fake_is_dmabuf = true;
	registered = 0;
	deregistered = 0;
	nic_errno = 0;
	dereg_errno = 0;
	failures = 0;
	no_watch = false;
	dmabuf = memfd_create("dma-buf", MFD_CLOEXEC);
	return dmabuf < 0 || ftruncate(dmabuf, SIZE) || pipe2(pipes, O_CLOEXEC);
}

static int teardown(void **state)
{
	assert_int_equal(deregistered, registered);
	close(dmabuf);
	close(pipes[0]);
	close(pipes[1]);
	return fake_teardown(state);
}

static struct peerbar_region *open_region(void)
{
	struct peerbar_region *region;

	if (!no_watch)
		tell(PEERBAR_WATCH_USABLE, 7);
	assert_int_equal(peerbar_region_open(&pd, dmabuf, 0, SIZE, IBV_ACCESS_LOCAL_WRITE,
					     &region), 0);
	return region;
}

static struct ibv_mr *mr_of(struct peerbar_region *region)
{
	uint64_t iova;

	return peerbar_region_mr(region, &iova);
}

static void renews_what_was_lost(void **state)
{
	unsigned int descriptors = fake_open_descriptors();
	struct peerbar_region *region = open_region();

	(void)state;
	assert_true(peerbar_region_fd(region) > 2);
	assert_int_equal(peerbar_region_renew(region, 0), 0);
	assert_ptr_equal(mr_of(region), &mrs[0]);
	/* a change that took nothing away */
	tell(PEERBAR_WATCH_USABLE, 7);
	assert_int_equal(peerbar_region_renew(region, 0), 0);
	/* revoked, and back before anybody looked */
	tell(PEERBAR_WATCH_USABLE, 8);
	assert_int_equal(peerbar_region_renew(region, 0), 1);
	assert_ptr_equal(mr_of(region), &mrs[1]);
	assert_int_equal(peerbar_region_renew(region, 0), 0);
	peerbar_region_close(region);
	assert_int_equal(fake_open_descriptors(), descriptors);
}

/* A revoke that comes during the registration makes the new MR lost, too. */
static void does_not_miss_a_revoke(void **state)
{
	struct peerbar_region *region = open_region();

	(void)state;
	tell(PEERBAR_WATCH_REVOKED, 8);
	nic_errno = EINVAL;
	failures = 2;
	assert_int_equal(peerbar_region_renew(region, 0), -ETIMEDOUT);
	assert_sentence("reset", NULL);
	assert_null(mr_of(region));
	tell(PEERBAR_WATCH_USABLE, 9);
	assert_int_equal(peerbar_region_renew(region, 1000), 1);
	tell(PEERBAR_WATCH_USABLE, 10);
	assert_int_equal(peerbar_region_renew(region, 0), 1);
	peerbar_region_close(region);
}

static void knows_the_end(void **state)
{
	struct peerbar_region *region = open_region();

	(void)state;
	tell(PEERBAR_WATCH_GONE, 8);
	assert_int_equal(peerbar_region_renew(region, 1000), -ENODEV);
	assert_sentence("export anew", NULL);
	assert_null(mr_of(region));
	assert_int_equal(peerbar_region_renew(region, 1000), -ENODEV);
	peerbar_region_close(region);
}

/* Errors that time does not mend are told at once, and the next call tries again. */
static void does_not_wait_in_vain(void **state)
{
	struct peerbar_region *region = open_region();

	(void)state;
	tell(PEERBAR_WATCH_USABLE, 8);
	nic_errno = ENOMEM;
	failures = 1;
	assert_int_equal(peerbar_region_renew(region, 100000), -ENOMEM);
	assert_int_equal(peerbar_region_renew(region, 0), 1);
	tell(PEERBAR_WATCH_USABLE, 9);
	dereg_errno = EBUSY;
	assert_int_equal(peerbar_region_renew(region, 100000), -EBUSY);
	assert_sentence("deregister", NULL);
	dereg_errno = 0;
	peerbar_region_close(region);
}

static void goes_on_where_nobody_tells(void **state)
{
	struct peerbar_region *region;

	(void)state;
	no_watch = true;
	region = open_region();
	assert_int_equal(peerbar_region_fd(region), -ENOTSUP);
	assert_int_equal(peerbar_region_renew(region, 0), 1);
	nic_errno = ENODEV;
	failures = 3;
	assert_int_equal(peerbar_region_renew(region, 100000), 1);
	assert_int_equal(failures, 0);
	failures = 1000;
	assert_int_equal(peerbar_region_renew(region, 30), -ETIMEDOUT);
	failures = 0;
	peerbar_region_close(region);
}

static void leaves_nothing_if_it_fails(void **state)
{
	unsigned int descriptors = fake_open_descriptors();
	struct peerbar_region *region = (void *)1;

	(void)state;
	tell(PEERBAR_WATCH_USABLE, 0);
	nic_errno = EOPNOTSUPP;
	failures = 1;
	assert_int_equal(peerbar_region_open(&pd, dmabuf, 0, SIZE, 0, &region), -EOPNOTSUPP);
	assert_null(region);
	assert_int_equal(peerbar_region_open(&pd, -1, 0, SIZE, 0, &region), -EBADF);
	assert_null(region);
	assert_int_equal(fake_open_descriptors(), descriptors);
	peerbar_region_close(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(renews_what_was_lost),
		TEST(does_not_miss_a_revoke),
		TEST(knows_the_end),
		TEST(does_not_wait_in_vain),
		TEST(goes_on_where_nobody_tells),
		TEST(leaves_nothing_if_it_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
