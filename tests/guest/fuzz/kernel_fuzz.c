// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * kernel_fuzz [LIBFUZZER-OPTION]... [FOLDER]...: libFuzzer on the exporter, guided by the lines of
 * its code that an input reaches in the kernel; see fuzz.h. kernel_fuzz.sh runs it.
 *
 * After each input nothing may be left in the exporter, and the kernel may not have complained.
 * Otherwise the program aborts, and libFuzzer keeps the input. One on which the kernel ends is in
 * /results/last-input.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "fuzz.h"
#include "lib/clock.h"
#include "lib/exporter.h"
#include "lib/pci.h"
#include "lib/tap.h"
#include "lib/test_importer.h"
#include "lib/vfio.h"

#define MOST_STEPS 64u
#define LEFT_MS 5000u	/* time for what ends after the last close */

/* The first byte of an input */
#define BY_NODE 1u	/* open the device through its own node, not through its group */
#define CLOSED 2u	/* do not open it: a step may */
#define TOGETHER 4u	/* odd steps and even steps at the same time */

static struct fuzz_world world;
static struct fuzz_cover *cover[2];
static const struct fuzz_op *op[256];
static unsigned int nr_ops;

/* Slots */

int fuzz_fd(struct fuzz_world *w, const struct fuzz_step *s, enum fuzz_kind usual)
{
	return atomic_load(&w->fd[fuzz_kind_of(s, usual)][s->slot % FUZZ_SLOTS]);
}

int fuzz_other_fd(struct fuzz_world *w, const struct fuzz_step *s, enum fuzz_kind usual)
{
	return atomic_load(&w->fd[fuzz_kind_of(s, usual)][s->other % FUZZ_SLOTS]);
}

void fuzz_put(struct fuzz_world *w, enum fuzz_kind kind, unsigned int slot, int fd)
{
	int before;

	if (fd < 0)
		return;
	before = atomic_exchange(&w->fd[kind][slot % FUZZ_SLOTS], fd);
	if (before >= 0)
		close(before);
}

static void empty_slots(void)
{
	struct ibv_mr *mr;
	int fd;

	for (unsigned int i = 0; i < FUZZ_SLOTS; i++) {
		mr = atomic_exchange(&world.mr[i], NULL);
		if (mr)
			ibv_dereg_mr(mr);
		atomic_store(&world.handle[i], 0);
		mmap(world.window[i], FUZZ_WINDOW, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
		for (unsigned int kind = 0; kind < FUZZ_KINDS; kind++) {
			fd = atomic_exchange(&world.fd[kind][i], -1);
			if (fd >= 0)
				close(fd);
		}
	}
}

/* Steps */

struct lane {
	const uint8_t *steps;
	size_t nr, first, stride;
};

static void run_lane(const struct lane *lane)
{
	struct fuzz_step s;

	for (size_t i = lane->first; i < lane->nr; i += lane->stride) {
		memcpy(&s, lane->steps + i * sizeof(s), sizeof(s));
		op[s.op % nr_ops]->run(&world, &s);
	}
}

static void *run_second_lane(void *data)
{
	fuzz_cover_begin(cover[1]);
	run_lane(data);
	fuzz_cover_end(cover[1]);
	return NULL;
}

static void run_steps(const uint8_t *steps, size_t nr, bool together)
{
	struct lane lanes[2] = {
		{ steps, nr, 0, together ? 2 : 1 }, { steps, nr, 1, 2 },
	};
	pthread_t thread;

	if (together && pthread_create(&thread, NULL, run_second_lane, &lanes[1]))
		tap_die("fuzz", "no thread");
	run_lane(&lanes[0]);
	if (together)
		pthread_join(thread, NULL);
}

/* After an input */

static char taint[32];

static void read_taint(char text[sizeof(taint)])
{
	sysfs_read(text, sizeof(taint), "/proc/sys/kernel/tainted");
}

static void violated(const char *what)
{
	fprintf(stderr, "VIOLATION: %s\n", what);
	abort();
}

static void check(void)
{
	uint64_t end = now_us() + LEFT_MS * 1000ull;
	char now[sizeof(taint)];

	while (exporter_shows(rig_gpu(), "exports", "buffer=")) {
		if (now_us() > end)
			violated("a buffer is left, although everything is closed");
		sleep_us(1000);
	}
	read_taint(now);
	if (strcmp(now, taint))
		violated("the kernel has complained: see its log");
}

static void end_input(void)
{
	importer_wake(world.importer);
	close(world.importer);
	empty_slots();
	while (atomic_load(&world.children)) {
		waitpid(-1, NULL, 0);
		atomic_fetch_sub(&world.children, 1);
	}
	fuzz_restore_machine(&world);
	check();
}

/* What runs when the kernel ends is known afterwards. */
static void keep(const uint8_t *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/results/last-input", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) < 0)
		tap_die("fuzz", "/results/last-input: %s", strerror(errno));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t nr = size ? (size - 1) / sizeof(struct fuzz_step) : 0;

	if (!nr)
		return 0;
	keep(data, size);
	fuzz_cover_begin(cover[0]);
	world.importer = importer_open();
	if (!(data[0] & CLOSED) && data[0] & BY_NODE)
		fuzz_open_by_node(&world);
	else if (!(data[0] & CLOSED))
		fuzz_open_by_group(&world);
	run_steps(data + 1, nr < MOST_STEPS ? nr : MOST_STEPS, data[0] & TOGETHER);
	end_input();
	fuzz_cover_end(cover[0]);
	return 0;
}

/* Set-up */

static void add_ops(const struct fuzz_op *ops)
{
	for (; ops->name; ops++)
		op[nr_ops++] = ops;
}

static void find_power(void)
{
	struct vfio vfio;

	vfio_open(&vfio, rig_gpu());
	world.power = vfio_capability(vfio.fd, PCI_CAP_ID_PM);
	vfio_close(&vfio);
}

static void write_cover(void)
{
	fuzz_cover_write("/results/reached");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	add_ops(fuzz_vfio);
	add_ops(fuzz_dmabuf);
	add_ops(fuzz_importer);
	add_ops(fuzz_machine);
	find_power();
	for (unsigned int i = 0; i < FUZZ_SLOTS; i++) {
		world.window[i] = mmap(NULL, FUZZ_WINDOW, PROT_NONE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (world.window[i] == MAP_FAILED)
			tap_die("fuzz", "no address space");
		for (unsigned int kind = 0; kind < FUZZ_KINDS; kind++)
			atomic_store(&world.fd[kind][i], -1);
	}
	world.memory = memfd_create("copies", MFD_CLOEXEC);
	if (loopback_open(rig_ibdev(), 8, &world.lb))
		tap_die("fuzz", "%s", loopback_errmsg());
	cover[0] = fuzz_cover_open();
	cover[1] = fuzz_cover_open();
	fuzz_note_machine();
	read_taint(taint);
	atexit(write_cover);
	return 0;
}
