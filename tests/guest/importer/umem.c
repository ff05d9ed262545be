// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * umem: MRs on the revocable umem, tested by RDMA READ alone, so that the test runs on every
 * kernel: efa of Linux 6.1, which is built on rdma/umem, has no RDMA WRITE. With a READ from the
 * BAR the NIC reads it; with a READ of host memory into the BAR the NIC writes it.
 *
 * At the end everything is counted that a revoke, a release without one, or an interrupted
 * registration could have left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/census.h"
#include "lib/clock.h"
#include "lib/kmsg.h"
#include "lib/nicctl.h"
#include "lib/tap.h"
#include "lib/trigger.h"
#include "lib/watchdog.h"

#define SPAN (4 * MIB)
#define DEPTH 8u
#define ACCESS (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ)
#define TIMEOUT_MS 20000u
#define WARM_UP 5u		/* rounds of load before access is taken away */
#define CASE_LIMIT_S 60u
#define RACE_SECONDS 5u

static struct rig rig;		/* opened by rig_up(), without access for RDMA WRITE */

static void rig_up(void)
{
	rig.span = SPAN;
	rig.host_len = SPAN;
	rig_open_device(&rig);
	rig_map_bar(&rig);
	if (loopback_open(rig_ibdev(), DEPTH, &rig.lb))
		tap_die("set-up", "%s", loopback_errmsg());
	rig.host = aligned_alloc(4096, SPAN);
	if (!rig.host)
		tap_die("set-up", "out of memory");
	rig.host_mr = ibv_reg_mr(rig.lb->pd, rig.host, SPAN, ACCESS);
	if (!rig.host_mr)
		tap_die("set-up", "cannot register host memory: %s", strerror(errno));
}

static void rig_down(void)
{
	if (ibv_dereg_mr(rig.host_mr))
		tap_die("tear-down", "cannot deregister host memory");
	free(rig.host);
	loopback_close(rig.lb);
	rig_unmap_bar(&rig);
	peerbar_close(rig.dev);
}

static int export_bar(void)
{
	struct peerbar_range range = { 0, SPAN };
	int fd = peerbar_export(rig.dev, rig_bar(), &range, 1, O_RDWR);

	if (fd < 0)
		tap_die("export", "%s", peerbar_errmsg());
	return fd;
}

static struct ibv_mr *reg(int fd, uint64_t *iova)
{
	struct ibv_mr *mr = peerbar_reg_mr(rig.lb->pd, fd, 0, SPAN, ACCESS, iova);

	if (!mr)
		tap_die("register", "%s", peerbar_errmsg());
	return mr;
}

static void post_read(uint64_t local, uint32_t lkey, uint64_t remote, uint32_t rkey)
{
	struct loopback_wr wr = {
		.op = LOOPBACK_READ, .length = SPAN / 4, .local_addr = local, .lkey = lkey,
		.remote_addr = remote, .rkey = rkey,
	};

	if (loopback_post(rig.lb, &wr))
		tap_die("post", "%s", loopback_errmsg());
}

/* Wait for @n work requests. Return: how many failed. */
static unsigned int drain(unsigned int n)
{
	struct ibv_wc wc[DEPTH];
	unsigned int failed = 0;

	while (n) {
		int got = loopback_poll(rig.lb, wc, DEPTH, TIMEOUT_MS);

		if (got <= 0)
			tap_die("poll", "%u work requests never completed", n);
		n -= (unsigned int)got;
		while (got--)
			failed += wc[got].status != IBV_WC_SUCCESS;
	}
	return failed;
}

/* The NIC reads the BAR and writes it. Return: how many of these two requests failed. */
static unsigned int use(struct ibv_mr *mr, uint64_t iova)
{
	post_read((uintptr_t)rig.host, rig.host_mr->lkey, iova, mr->rkey);
	post_read(iova + SPAN / 2, mr->lkey, (uintptr_t)rig.host + SPAN / 2,
		  rig.host_mr->rkey);
	return drain(2);
}

/* The same. Return: whether the bytes are right. */
static bool moves_data(struct ibv_mr *mr, uint64_t iova)
{
	static uint8_t bar[SPAN];

	rig_pattern(rig.host, SPAN, 17);
	if (use(mr, iova))
		return false;
	rig_read_bar(&rig, bar, 0, SPAN);
	return !memcmp(bar, rig.host, SPAN / 4) &&
	       !memcmp(bar + SPAN / 2, rig.host + SPAN / 2, SPAN / 4);
}

static void check(bool good, const char *name, const char *what)
{
	char text[128];

	snprintf(text, sizeof(text), "%s: %s", name, what);
	tap_check(good, text, "it is not so");
}

static void check_stray(uint64_t before, const char *name)
{
	uint64_t stray = nicctl_stray_total() - before;
	char text[128];

	snprintf(text, sizeof(text), "%s: no stray DMA", name);
	tap_check(!stray, text, "the NIC counted %" PRIu64 " accesses", stray);
}

struct load {
	struct ibv_mr *mr;
	uint64_t iova;
	atomic_uint rounds;		/* that succeeded */
};

/* Fill the queue with requests in both directions, round by round, until one fails. */
static void *keep_reading(void *arg)
{
	struct load *load = arg;

	do {
		for (unsigned int i = 0; i < DEPTH; i += 2) {
			post_read((uintptr_t)rig.host, rig.host_mr->lkey, load->iova,
				  load->mr->rkey);
			post_read(load->iova, load->mr->lkey, (uintptr_t)rig.host,
				  rig.host_mr->rkey);
		}
	} while (!drain(DEPTH) && ++load->rounds);
	return NULL;
}

/* Returns when the load has ended, which it does only because access was taken away. */
static void pull_under_load(struct ibv_mr *mr, uint64_t iova, enum trigger trigger)
{
	struct load load = { .mr = mr, .iova = iova };
	pthread_t thread;

	if (pthread_create(&thread, NULL, keep_reading, &load))
		tap_die("load", "cannot start a thread");
	while (load.rounds < WARM_UP)
		sleep_us(1000);
	trigger_pull(&rig, trigger);
	pthread_join(thread, NULL);
	tap_note("%s: cut off in round %u", trigger_name(trigger), load.rounds + 1);
}

static void case_revoke(enum trigger trigger)
{
	const char *name = trigger_name(trigger);
	uint64_t iova, stray;
	struct ibv_mr *mr;
	int fd;

	watchdog_set(CASE_LIMIT_S, name);
	rig_up();
	stray = nicctl_stray_total();
	fd = export_bar();
	mr = reg(fd, &iova);
	check(moves_data(mr, iova), name, "the NIC reads and writes the BAR");
	rig_unmap_bar(&rig);
	pull_under_load(mr, iova, trigger);
	check(use(mr, iova) == 2, name, "both directions fail afterwards");
	check_stray(stray, name);
	trigger_recover(&rig, trigger);
	check(use(mr, iova) == 2, name, "the MR stays dead when the device is back");
	check(!ibv_dereg_mr(mr), name, "the dead MR deregisters");
	close(fd);

	fd = export_bar();
	mr = reg(fd, &iova);
	check(moves_data(mr, iova), name, "a new MR works");
	check(!ibv_dereg_mr(mr), name, "a live MR deregisters");
	close(fd);
	rig_down();
	watchdog_clear();
}

static atomic_bool stop;

static void *keep_resetting(void *resets)
{
	unsigned int seed = 1, *n = resets;

	while (!stop) {
		if (peerbar_reset(rig.dev))
			tap_die("race", "%s", peerbar_errmsg());
		++*n;
		sleep_us((uint64_t)rand_r(&seed) % 8000);
	}
	return NULL;
}

/*
 * Register and use MRs while another thread resets the device. Each registration must work or
 * fail because the device is away.
 */
static void case_race(unsigned int seconds)
{
	unsigned int resets = 0, registered = 0, away = 0, odd = 0;
	uint64_t iova, end, stray;
	struct ibv_mr *mr;
	pthread_t thread;
	int fd;

	watchdog_set(seconds + CASE_LIMIT_S, "race");
	rig_up();
	rig_unmap_bar(&rig);
	stray = nicctl_stray_total();
	fd = export_bar();
	if (pthread_create(&thread, NULL, keep_resetting, &resets))
		tap_die("race", "cannot start a thread");
	for (end = now_us() + seconds * 1000000ull; now_us() < end;) {
		mr = peerbar_reg_mr(rig.lb->pd, fd, 0, SPAN, ACCESS, &iova);
		if (!mr) {
			/* EINVAL is from the umem of 6.12 and 7.3: rdma/drivers/README.md */
			*(errno == ENODEV || errno == EINVAL ? &away : &odd) += 1;
			continue;
		}
		registered++;
		use(mr, iova);
		odd += ibv_dereg_mr(mr) != 0;
	}
	stop = true;
	pthread_join(thread, NULL);
	tap_note("race: %u resets, %u registered, %u refused", resets, registered, away);
	check(resets && registered && away, "race", "both outcomes seen");
	check(!odd, "race", "no other outcome");
	check_stray(stray, "race");
	close(fd);
	rig_down();
	watchdog_clear();
}

int main(void)
{
	uint64_t log = kmsg_position();
	struct census before, after;

	census_take(&before, rig_ibdev());
	for (int trigger = 0; trigger < TRIGGERS; trigger++)
		case_revoke(trigger);
	case_race(RACE_SECONDS);
	census_take(&after, rig_ibdev());
	census_check(&before, &after, "nothing is left behind");
	kmsg_check(log);
	return tap_exit_status();
}
