// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Signals at every moment: calls of the owner may be interrupted, and then have happened or not,
 * but never by half. And an owner that is stopped, as a debugger or a shell stops it, in the middle
 * of whatever it does: an administrator's reset does not wait for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile_owner.h"
#include "lib/clock.h"
#include "lib/pci.h"
#include "lib/tap.h"
#include "lib/window.h"

#define ROUNDS		200u
#define STOPS		20u
/* As long as the exporter may wait for importers, here for none, and some for a slow machine. */
#define RESET_LIMIT_US	10000000u

static void nothing(int number)
{
	(void)number;
}

struct pest {
	pthread_t victim, thread;
	atomic_bool stop;
};

static void *pester(void *arg)
{
	struct pest *p = arg;

	while (!p->stop) {
		pthread_kill(p->victim, SIGUSR1);
		sleep_us((uint64_t)(random() % 2000));
	}
	return NULL;
}

/* Return: was it as it should be? */
static bool one_round(struct rig *rig, unsigned int *interrupted)
{
	int fd = peerbar_export(rig->dev, rig_bar(), &(struct peerbar_range){ 0, rig->span }, 1,
				O_RDWR), ret = 0;
	struct ibv_mr *mr = NULL;
	uint64_t iova;

	if (fd >= 0)
		mr = peerbar_reg_mr(rig->lb->pd, fd, 0, rig->span, rig->access, &iova);
	ret = peerbar_reset(rig->dev);
	*interrupted += fd == -EINTR || (!mr && errno == EINTR) || ret == -EINTR;
	if (mr)
		while ((ret = ibv_dereg_mr(mr)) == EINTR)
			;
	if (fd >= 0)
		close(fd);
	return !ret;
}

void hostile_owner_signals(struct rig *rig)
{
	struct sigaction action = { .sa_handler = nothing };	/* no SA_RESTART */
	struct pest pest = { .victim = pthread_self() };
	unsigned int bad = 0, interrupted = 0;

	sigaction(SIGUSR1, &action, NULL);
	if (pthread_create(&pest.thread, NULL, pester, &pest))
		tap_die("signals", "cannot start a thread");
	for (unsigned int i = 0; i < ROUNDS; i++)
		bad += !one_round(rig, &interrupted);
	pest.stop = true;
	pthread_join(pest.thread, NULL);
	tap_note("%u of %u rounds had a call that was interrupted", interrupted, ROUNDS);
	tap_check(!bad, "hostile owner: an MR deregisters, whatever was interrupted",
		  "%u of %u did not", bad, ROUNDS);
}

/* Open the device, and export and reset until the end. */
static void own(int ready)
{
	struct rig rig = { .span = 4 * MIB };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	rig_open_device(&rig);
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;) {
		int fd = rig_export(&rig);

		peerbar_set_memory(rig.dev, false);
		peerbar_set_memory(rig.dev, true);
		peerbar_reset(rig.dev);
		close(fd);
	}
}

static pid_t start_owner(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		tap_die("stopped", "pipe: %s", strerror(errno));
	pid = fork();
	if (!pid)
		own(ready[1]);
	close(ready[1]);
	if (pid < 0 || read(ready[0], &byte, 1) != 1)
		tap_die("stopped", "there is no owner");
	close(ready[0]);
	return pid;
}

void hostile_owner_stopped(void)
{
	pid_t owner = start_owner();
	uint64_t longest = 0;
	unsigned int bad = 0;

	for (unsigned int i = 0; i < STOPS; i++) {
		uint64_t start, took;
		int ret;

		sleep_us((uint64_t)(random() % 50000));
		kill(owner, SIGSTOP);
		start = now_us();
		ret = pci_poke(rig_gpu(), "reset");
		took = now_us() - start;
		kill(owner, SIGCONT);
		bad += ret && ret != -EAGAIN;
		longest = took > longest ? took : longest;
	}
	kill(owner, SIGKILL);
	waitpid(owner, NULL, 0);
	tap_note("the longest reset by others took %.1f ms", us_to_ms(longest));
	tap_check(!bad && longest < RESET_LIMIT_US,
		  "hostile owner: resets by others do not wait for one that is stopped",
		  "%u failed, and the longest took %.1f ms", bad, us_to_ms(longest));
}
