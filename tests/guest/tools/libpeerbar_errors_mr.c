// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Registrations that must be refused. */
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/rig.h"
#include "lib/tap.h"
#include "lib/trigger.h"
#include "libpeerbar_errors.h"

#define LEN (64 * 1024u)
#define ATTEMPTS 50u	/* more than the kernel's rate limit lets through to the log */

static struct rig rig;

static void refuse(const char *name, int fd, uint64_t offset, uint64_t length, int access,
		   int expected, const char *words)
{
	struct ibv_mr *mr;
	uint64_t iova;

	errno = 0;
	mr = peerbar_reg_mr(rig.lb->pd, fd, offset, length, access, &iova);
	expect_error(name, mr ? 0 : errno, expected, words);
	if (mr)
		ibv_dereg_mr(mr);
}

static int export_range(int flags)
{
	struct peerbar_range range = { 0, LEN };
	int fd = peerbar_export(rig.dev, rig_bar(), &range, 1, flags);

	if (fd < 0)
		tap_die("register", "%s", peerbar_errmsg());
	return fd;
}

static void bad_arguments(void)
{
	int fd = export_range(O_RDWR), read_only = export_range(O_RDONLY);
	int file = open("/dev/zero", O_RDWR | O_CLOEXEC);

	refuse("register: nothing", fd, 0, 0, rig.access, EINVAL, "empty length");
	refuse("register: past the dma-buf", fd, LEN, 1, rig.access, EINVAL, "outside dma-buf");
	refuse("register: ends past the dma-buf", fd, 1, LEN, rig.access, EINVAL,
	       "outside dma-buf");
	refuse("register: wraps around", fd, 4096, UINT64_MAX, rig.access, EINVAL,
	       "outside dma-buf");
	refuse("register: remote write without local write", fd, 0, LEN,
	       IBV_ACCESS_REMOTE_WRITE, EINVAL, "IBV_ACCESS_LOCAL_WRITE");
	refuse("register: on demand", fd, 0, LEN, rig.access | IBV_ACCESS_ON_DEMAND, EINVAL,
	       "IBV_ACCESS_ON_DEMAND");
	refuse("register: writes into a read-only export", read_only, 0, LEN, rig.access, EINVAL,
	       "O_RDONLY O_RDWR");
	refuse("register: not a dma-buf", file, 0, LEN, rig.access, EINVAL, "not dma-buf");
	refuse("register: no descriptor", -1, 0, LEN, rig.access, EBADF, "not open");
	close(file);
	close(read_only);
	close(fd);
}

/* Linux 6.1's efa refuses remote write access to any memory. */
static void no_rdma_write(void)
{
	int fd = export_range(O_RDWR);

	refuse("register: remote write access, and the NIC has none to give", fd, 0, LEN,
	       rig_access(true), EOPNOTSUPP, "efa RDMA WRITE remote write");
	close(fd);
}

static void memory_off(void)
{
	int fd = export_range(O_RDWR);

	rig_unmap_bar(&rig);
	trigger_pull(&rig, TRIGGER_MEMORY);
	refuse("register: memory decode off", fd, 0, LEN, rig.access, ENODEV,
	       "memory decode off peerbar_set_memory");
	trigger_recover(&rig, TRIGGER_MEMORY);
	close(fd);
}

static void closed_device(void)
{
	int fd = export_range(O_RDWR);

	rig_unmap_bar(&rig);
	trigger_pull(&rig, TRIGGER_CLOSE);
	refuse("register: the device is closed", fd, 0, LEN, rig.access, ENODEV, "closed");
	trigger_recover(&rig, TRIGGER_CLOSE);
	refuse("register: closed and opened again", fd, 0, LEN, rig.access, ENODEV, "closed");
	close(fd);
}

/* A dma-buf of host memory, which another exporter makes. Return: -1 if there is none. */
static int make_udmabuf(void)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = LEN };
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd = -1;
	int mem = memfd_create("udmabuf", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	if (mem < 0 || ftruncate(mem, LEN) || fcntl(mem, F_ADD_SEALS, F_SEAL_SHRINK))
		tap_die("register: udmabuf", "memfd: %s", strerror(errno));
	create.memfd = (uint32_t)mem;
	if (dev >= 0) {
		fd = ioctl(dev, UDMABUF_CREATE, &create);
		close(dev);
	}
	close(mem);
	return fd;
}

/* peerbar_reg_mr() is not only for BARs: it registers any dma-buf that the NIC accepts. */
static void other_exporter(void)
{
	static const char name[] = "register: a dma-buf of host memory works";
	struct ibv_mr *mr;
	uint64_t iova;
	int fd = make_udmabuf();

	if (fd < 0) {
		tap_skip(name, "this kernel has no /dev/udmabuf");
		return;
	}
	mr = peerbar_reg_mr(rig.lb->pd, fd, 0, LEN, rig.access, &iova);
	tap_check(mr, name, "%s", peerbar_errmsg());
	tap_check(mr && !ibv_dereg_mr(mr), "register: and deregisters", "it does not");
	close(fd);
}

void errors_of_reg_mr(void)
{
	rig_open(&rig, LEN, LEN, 8);
	bad_arguments();
	if (!rig.lb->can_write)
		no_rdma_write();
	memory_off();
	closed_device();
	other_exporter();
	rig_close(&rig);
}

/*
 * The exporter refuses an importer that can neither revoke nor be fenced, and libpeerbar's
 * message says so. Then register many times, as a program that retries would; stock_efa.sh
 * looks at the log of that. By verbs alone, because libpeerbar would take time to look for
 * the reason of each failure.
 */
void errors_of_stock_efa(void)
{
	unsigned int refused = 0;
	struct ibv_mr *mr;
	int fd;

	rig_open(&rig, LEN, LEN, 8);
	fd = export_range(O_RDWR);
	refuse("register: stock efa driver", fd, 0, LEN, rig.access, EOPNOTSUPP,
	       "efa give back fence peerbar's");
	for (unsigned int i = 0; i < ATTEMPTS; i++) {
		mr = ibv_reg_dmabuf_mr(rig.lb->pd, 0, LEN, 0, fd, rig.access);
		refused += !mr;
		if (mr)
			ibv_dereg_mr(mr);
	}
	tap_check(refused == ATTEMPTS, "register: stock efa driver, again and again",
		  "%u of %u were refused", refused, ATTEMPTS);
	close(fd);
	rig_close(&rig);
}
