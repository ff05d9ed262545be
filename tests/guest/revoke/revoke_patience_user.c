// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A slow fence, as in revoke_patience_fence.c, but with MRs of the NIC's own driver. Root is not
 * needed for that: anybody who may open a VFIO group, an RDMA device and a device that makes
 * fences can do it. It must not cost others their NIC.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/blame.h"
#include "lib/clock.h"
#include "lib/importer_bench.h"
#include "lib/tap.h"
#include "lib/vfio.h"
#include "lib/watchdog.h"
#include "lib/window.h"
#include "revoke_patience.h"

#define LIMIT_S 60u
#define NOBODY 65534u
#define LENGTH 65536u
#define POLL_MS 5000u

/* Give up root, and all capabilities, for good: none can be regained by an exec. */
static void become_nobody(void)
{
	for (int cap = 0; !prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); cap++)
		;
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		tap_die("user", "cannot become one: %s", strerror(errno));
}

/* Move host memory to host memory, which no revoke takes away. */
static int move_host(struct rig *rig)
{
	uint64_t from = (uintptr_t)rig->host, to = from + LENGTH;
	struct loopback_wr wr = {
		.op = LOOPBACK_READ, .local_addr = to, .lkey = rig->host_mr->lkey,
		.length = LENGTH, .remote_addr = from, .rkey = rig->host_mr->rkey,
	};
	struct ibv_wc wc;
	int n;

	rig_pattern(rig->host, LENGTH, (uint32_t)now_us());
	n = loopback_post(rig->lb, &wr);
	if (!n)
		n = loopback_poll(rig->lb, &wc, 1, POLL_MS);
	if (n <= 0)
		return n ? n : -ETIMEDOUT;
	return wc.status ? (int)wc.status : memcmp(rig->host, rig->host + LENGTH, LENGTH);
}

static void check_host(struct rig *rig, const char *name, const char *what)
{
	char text[IMPORTER_TITLE];
	int status = move_host(rig);

	tap_check(!status, importer_title(text, name, what), "%s", window_status(status));
}

static void check_dead(struct rig *rig, struct window *w, const char *name, const char *what)
{
	int status = window_one(rig, LOOPBACK_READ, (uintptr_t)rig->host, LENGTH, w->iova[0],
				w->mr[0]->rkey);
	char text[IMPORTER_TITLE];

	tap_check(rig_is_access_error(status), importer_title(text, name, what), "%s",
		  window_status(status));
}

static void check_after(struct rig *rig, struct window *w, const char *name)
{
	struct window again;
	const char *wrong;
	char text[IMPORTER_TITLE];

	check_host(rig, name, "host to host works after the reset");
	check_dead(rig, &w[0], name, "the MR of the buffer with the fence is dead");
	check_dead(rig, &w[1], name, "the MR of the other buffer is dead");
	rig_map_bar(rig);
	window_register(&again, rig, dup(w[1].fd), 1);
	wrong = window_verify(rig, &again, 4096, LENGTH);
	tap_check(!wrong, importer_title(text, name, "another MR of the other buffer works"),
		  "%s", wrong);
	tap_check(window_close(&again) && window_close(&w[0]) && window_close(&w[1]),
		  importer_title(text, name, "all MRs deregister"), "see above");
}

static void run(int device, const char *name)
{
	struct window w[2];
	struct rig rig;
	struct slow s;
	uint64_t took;

	watchdog_set(LIMIT_S, name);
	rig_open(&rig, MIB, MIB, 8);
	for (unsigned int i = 0; i < 2; i++)
		window_open(&w[i], &rig, 1);
	rig_unmap_bar(&rig);
	check_host(&rig, name, "host to host works before the reset");
	slow_begin(&s, device, w[0].fd, w[1].fd);
	took = now_us();
	expect(peerbar_reset(rig.dev), 0, name, "the reset works");
	took = now_us() - took;
	slow_check(&s, took, name);
	slow_end(&s);
	check_after(&rig, w, name);
	rig_close(&rig);
}

static void set_mode(mode_t mode)
{
	char node[VFIO_NODE_SIZE];

	vfio_group_node(rig_gpu(), node);
	if (chmod(node, mode))
		tap_die("user", "chmod %s: %s", node, strerror(errno));
}

void patience_user(int device, bool root)
{
	const char *name = root ? "slow fence, root's MRs" : "slow fence, a user's MRs";
	char text[IMPORTER_TITLE];
	struct blame blame;
	int status;
	pid_t pid;

	blame_begin(&blame);
	set_mode(0666);
	pid = fork();
	if (pid < 0)
		tap_die(name, "fork: %s", strerror(errno));
	if (!pid) {
		if (!root)
			become_nobody();
		run(device, name);
		exit(tap_exit_status());
	}
	waitpid(pid, &status, 0);
	set_mode(0600);
	tap_check(!status, importer_title(text, name, "it went well"), "status %#x", status);
	blame_check(&blame, 0, 0, name);
}
