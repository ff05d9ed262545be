// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Cases around a revoke that need no load: what does not revoke, what comes back,
 * and what a process leaves behind that simply exits with everything open.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/census.h"
#include "lib/clock.h"
#include "lib/tap.h"
#include "lib/watchdog.h"
#include "lib/window.h"
#include "revoke.h"

#define SPAN (4 * MIB)
#define LIMIT_S 60u

static void open_rig(struct rig *rig, const char *name)
{
	watchdog_set(LIMIT_S, name);
	rig_open(rig, SPAN, 4 * MIB, 8);
}

/* The window's descriptor is closed. Its MR is not used any more, or used again. */
static void check_reset(struct rig *rig, struct window *w)
{
	int status;

	if (peerbar_reset(rig->dev))
		tap_die("reset", "%s", peerbar_errmsg());
	status = window_one(rig, LOOPBACK_READ, (uintptr_t)rig->host, 64, w->iova[0],
			    w->mr[0]->rkey);
	if (rig_mr_revives())
		tap_check(!status, "an MR whose descriptor is closed revives after a reset",
			  "%s", window_status(status));
	else
		tap_check(status > 0, "a reset revokes an MR whose descriptor is closed",
			  "the key still works");
}

/* Closing the dma-buf's descriptor does not end access: the MR holds its own reference. */
void revoke_case_close_fd(void)
{
	static const char name[] = "closing the dma-buf descriptor alone revokes nothing";
	struct window w;
	struct rig rig;
	const char *wrong;

	open_rig(&rig, name);
	window_open(&w, &rig, 2);
	close(w.fd);
	w.fd = -1;
	wrong = window_verify(&rig, &w, 12345, 65536 + 77);
	if (!wrong)
		wrong = window_verify(&rig, &w, w.part + 1, 4096);
	tap_check(!wrong, name, "%s", wrong);
	check_reset(&rig, &w);
	tap_check(window_close(&w), "its MRs deregister", "shown above");
	rig_close(&rig);
	watchdog_clear();
}

/* Register the same descriptor while memory decode is off, and again when it is on. */
void revoke_case_memory_off(void)
{
	static const char name[] = "registration while memory decode is off gives ENODEV";
	struct window w;
	struct ibv_mr *mr;
	struct rig rig;
	const char *wrong;
	uint64_t iova;

	open_rig(&rig, name);
	window_open(&w, &rig, 1);
	rig_unmap_bar(&rig);
	trigger_pull(&rig, TRIGGER_MEMORY);
	errno = 0;
	mr = peerbar_reg_mr(rig.lb->pd, w.fd, 0, SPAN, rig.access, &iova);
	tap_check(!mr && errno == ENODEV, name, "%s", mr ? "it worked" : strerror(errno));
	trigger_recover(&rig, TRIGGER_MEMORY);
	if (!tap_check(!ibv_dereg_mr(w.mr[0]), "the dead MR deregisters", "it did not"))
		exit(EXIT_FAILURE);
	w.mr[0] = peerbar_reg_mr(rig.lb->pd, w.fd, 0, SPAN, rig.access, &w.iova[0]);
	if (!w.mr[0])
		tap_die("the same descriptor registers once memory is on", "%s",
			peerbar_errmsg());
	wrong = window_verify(&rig, &w, 4097, 65536);
	tap_check(!wrong, "the same descriptor registers once memory is on", "%s", wrong);
	tap_check(window_close(&w), "its MR deregisters", "shown above");
	rig_close(&rig);
	watchdog_clear();
}

/* A child that exits with everything open and with requests just posted. */
static void child_exits(bool dead)
{
	struct loopback_wr wr;
	struct window w;
	struct rig rig;

	rig_open(&rig, SPAN, 4 * MIB, 8);
	window_open(&w, &rig, 3);
	if (dead && peerbar_reset(rig.dev))
		tap_die("child", "%s", peerbar_errmsg());
	wr = window_request(&rig, LOOPBACK_WRITE, (uintptr_t)rig.host, MIB, w.iova[0],
			    w.mr[0]->rkey);
	for (unsigned int i = 0; i < rig.lb->depth; i++)
		if (loopback_post(rig.lb, &wr))
			tap_die("child", "%s", loopback_errmsg());
	_exit(EXIT_SUCCESS);
}

void revoke_case_exit(bool dead)
{
	const char *name = dead ? "exit with dead MRs leaves nothing behind" :
				  "exit with live MRs leaves nothing behind";
	struct census before, after;
	uint64_t stray = rig_stray();
	int status;
	pid_t pid;

	watchdog_set(LIMIT_S, name);
	census_take(&before, rig_ibdev());
	pid = fork();
	if (pid < 0)
		tap_die(name, "fork: %s", strerror(errno));
	if (!pid)
		child_exits(dead);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
		tap_die(name, "the child failed (status %#x)", status);
	census_take(&after, rig_ibdev());
	census_check(&before, &after, name);
	tap_check(rig_stray() == stray, dead ? "exit with dead MRs: no stray DMA" :
		  "exit with live MRs: no stray DMA", "the NIC counted some");
	watchdog_clear();
}
