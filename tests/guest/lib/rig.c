// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The common set-up; see rig.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "nicctl.h"
#include "pci.h"
#include "pmr.h"
#include "rig.h"
#include "tap.h"

static unsigned int selected = 1;	/* NIC */

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	if (!value || !*value)
		tap_die("set-up", "%s is not in the environment: run this in the lab", name);
	return value;
}

const char *rig_gpu(void)
{
	return environment("PB_GPU");
}

const char *rig_gpu2(void)
{
	return environment("PB_GPU2");
}

void rig_select_nic(unsigned int nic)
{
	selected = nic;
	nicctl_select(nic);
}

const char *rig_ibdev(void)
{
	return selected == 1 ? environment("PB_IBDEV") : rig_ibdev2();
}

const char *rig_nic(void)
{
	return selected == 1 ? environment("PB_NIC") : rig_nic2();
}

const char *rig_ibdev2(void)
{
	return environment("PB_IBDEV2");
}

const char *rig_nic2(void)
{
	return environment("PB_NIC2");
}

unsigned int rig_bar(void)
{
	const char *bar = getenv("PB_BAR");

	return bar ? (unsigned int)atoi(bar) : 2;
}

bool rig_driver_is_ours(void)
{
	char driver[64];
	int ret = pci_driver(rig_gpu(), driver, sizeof(driver));

	if (ret)
		tap_die("set-up", "%s has no driver: %s", rig_gpu(), strerror(-ret));
	return pci_is_ours(rig_gpu());
}

bool rig_exporter_is_ours(void)
{
	return rig_driver_is_ours() && !pci_exports_by_core(rig_gpu());
}

static bool is_connectx(void)
{
	return !strncmp(rig_ibdev(), "mlx5", 4);
}

bool rig_is_fenced(void)
{
	return !is_connectx() && !strcmp(environment("PB_IMPORTER"), "stock");
}

/* Found out once, because the device may be gone later. */
bool rig_is_guarded(void)
{
	static enum { UNKNOWN, YES, NO } guarded;

	if (guarded == UNKNOWN)
		guarded = pci_is_translated(rig_nic()) &&
			  !pci_share_root_port(rig_nic(), rig_gpu()) ? YES : NO;
	return guarded == YES;
}

/* The running kernel's version: 612 is 6.12. */
static int kernel_version(void)
{
	struct utsname kernel;
	int major = 0, minor = 0;

	if (uname(&kernel) || sscanf(kernel.release, "%d.%d", &major, &minor) != 2)
		tap_die("set-up", "the kernel does not tell its version");
	return major * 100 + minor;
}

bool rig_mr_revives(void)
{
	return is_connectx() && kernel_version() >= 612;
}

const char *rig_known_warning(void)
{
	if (!is_connectx() || kernel_version() != 601)
		return NULL;
	return " at drivers/infiniband/hw/mlx5/umr.c:334 mlx5r_umr_post_send_wait+";
}

static uint64_t refused(const struct nic_stray *stray)
{
	return stray->unmapped.reads + stray->unmapped.writes;
}

uint64_t rig_refused(void)
{
	struct nic_stray stray;

	nicctl_stray(&stray);
	return rig_is_fenced() ? refused(&stray) : 0;
}

uint64_t rig_stray(void)
{
	struct nic_stray stray;

	nicctl_stray(&stray);
	return rig_is_fenced() ? stray.total - refused(&stray) : stray.total;
}

int rig_access(bool can_write)
{
	return IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ |
	       (can_write ? IBV_ACCESS_REMOTE_WRITE : 0);
}

bool rig_is_access_error(int status)
{
	return status == IBV_WC_REM_ACCESS_ERR || status == IBV_WC_LOC_PROT_ERR;
}

void rig_open_device(struct rig *rig)
{
	if (peerbar_open(rig_gpu(), &rig->dev))
		tap_die("set-up", "%s", peerbar_errmsg());
	pmr_enable(rig->dev);
}

void rig_map_bar(struct rig *rig)
{
	rig->bar = peerbar_map(rig->dev, rig_bar(), 0, rig->span);
	if (!rig->bar)
		tap_die("set-up", "%s", peerbar_errmsg());
}

void rig_unmap_bar(struct rig *rig)
{
	if (rig->bar && peerbar_unmap(rig->bar, rig->span))
		tap_die("set-up", "%s", peerbar_errmsg());
	rig->bar = NULL;
}

int rig_export(struct rig *rig)
{
	struct peerbar_range range = { 0, rig->span };
	int fd;

	if (rig->owner.pid)
		return owner_export(&rig->owner);
	fd = peerbar_export(rig->dev, rig_bar(), &range, 1, O_RDWR);
	if (fd < 0)
		tap_die("export", "%s", peerbar_errmsg());
	return fd;
}

void rig_set_memory(struct rig *rig, bool on)
{
	if (peerbar_set_memory(rig->dev, on))
		tap_die("memory decode", "%s", peerbar_errmsg());
}

void rig_read_bar(const struct rig *rig, void *dst, size_t offset, size_t len)
{
	const volatile uint8_t *from = rig->bar + offset;
	uint8_t *to = dst;
	uint64_t word;

	for (; len && (uintptr_t)from % sizeof(word); len--)
		*to++ = *from++;
	for (; len >= sizeof(word); len -= sizeof(word)) {
		word = *(const volatile uint64_t *)from;
		memcpy(to, &word, sizeof(word));
		from += sizeof(word);
		to += sizeof(word);
	}
	while (len--)
		*to++ = *from++;
}

void rig_open(struct rig *rig, size_t span, size_t host_len, unsigned int depth)
{
	memset(rig, 0, sizeof(*rig));
	rig->span = span;
	rig_open_device(rig);
	rig_map_bar(rig);
	rig_open_nic(rig, rig_ibdev(), host_len, depth);
}

void rig_open_nic(struct rig *rig, const char *ibdev, size_t host_len, unsigned int depth)
{
	if (loopback_open(ibdev, depth, &rig->lb))
		tap_die("set-up", "%s", loopback_errmsg());
	if (rig->lb->depth < depth)
		tap_die("set-up", "the NIC allows a depth of %u, not %u", rig->lb->depth, depth);
	rig->access = rig_access(rig->lb->can_write);
	rig->host_len = host_len;
	rig->host = mmap(NULL, host_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	if (rig->host == MAP_FAILED)
		tap_die("set-up", "no memory: %s", strerror(errno));
	rig->host_mr = ibv_reg_mr(rig->lb->pd, rig->host, host_len, rig->access);
	if (!rig->host_mr)
		tap_die("set-up", "cannot register host memory: %s", strerror(errno));
}

void rig_close_nic(struct rig *rig)
{
	int err = ibv_dereg_mr(rig->host_mr);

	if (err)
		tap_die("tear-down", "cannot deregister host memory: %s", strerror(err));
	munmap(rig->host, rig->host_len);
	loopback_close(rig->lb);
}

void rig_close(struct rig *rig)
{
	rig_close_nic(rig);
	rig_unmap_bar(rig);
	peerbar_close(rig->dev);
	memset(rig, 0, sizeof(*rig));
}

void rig_pattern(void *mem, size_t len, uint32_t seed)
{
	uint64_t state = ((uint64_t)seed << 32) | 0x9e3779b9;
	uint8_t *byte = mem;

	for (; len >= 8; len -= 8, byte += 8) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		memcpy(byte, &state, 8);
	}
	memcpy(byte, &state, len);
}
