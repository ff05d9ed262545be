// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* An exported and registered part of the BAR; see window.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"
#include "window.h"

#define TIMEOUT_MS 20000u

void window_open(struct window *w, struct rig *rig, unsigned int nr_mrs)
{
	window_register(w, rig, rig_export(rig), nr_mrs);
}

void window_register(struct window *w, struct rig *rig, int fd, unsigned int nr_mrs)
{
	memset(w, 0, sizeof(*w));
	w->fd = fd;
	w->nr = nr_mrs;
	w->part = rig->span / nr_mrs / 4096 * 4096;
	for (unsigned int i = 0; i < nr_mrs; i++) {
		w->mr[i] = peerbar_reg_mr(rig->lb->pd, w->fd, i * w->part, w->part,
					  rig->access, &w->iova[i]);
		if (!w->mr[i])
			tap_die("register", "MR %u of %u: %s", i + 1, nr_mrs,
				peerbar_errmsg());
	}
}

bool window_close(struct window *w)
{
	bool good = true;

	for (unsigned int i = 0; i < w->nr; i++) {
		int err = ibv_dereg_mr(w->mr[i]);

		if (err) {
			tap_note("ibv_dereg_mr of MR %u: %s", i + 1, strerror(err));
			good = false;
		}
	}
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	w->nr = 0;
	return good;
}

struct loopback_wr window_request(const struct rig *rig, enum loopback_op op, uint64_t host,
				  uint32_t len, uint64_t bar, uint32_t key)
{
	if (op == LOOPBACK_WRITE && !rig->lb->can_write)
		return (struct loopback_wr){
			.op = LOOPBACK_READ, .local_addr = bar, .lkey = key, .length = len,
			.remote_addr = host, .rkey = rig->host_mr->rkey,
		};
	return (struct loopback_wr){
		.op = op, .local_addr = host, .lkey = rig->host_mr->lkey, .length = len,
		.remote_addr = bar, .rkey = key,
	};
}

int window_one(struct rig *rig, enum loopback_op op, uint64_t host, uint32_t len,
	       uint64_t bar, uint32_t key)
{
	struct loopback_wr wr = window_request(rig, op, host, len, bar, key);
	struct ibv_wc wc;
	int n = loopback_post(rig->lb, &wr);

	if (n)
		return n;
	n = loopback_poll(rig->lb, &wc, 1, TIMEOUT_MS);
	if (n <= 0)
		return n ? n : -ETIMEDOUT;
	if (wc.status && rig->lb->connected && loopback_reconnect(rig->lb))
		tap_die("window", "%s", loopback_errmsg());
	return wc.status;
}

const char *window_status(int status)
{
	if (status == -ETIMEDOUT)
		return "no completion in time: hung";
	return status < 0 ? loopback_errmsg() : ibv_wc_status_str(status);
}

const char *window_verify(struct rig *rig, struct window *w, uint64_t offset, uint32_t len)
{
	static uint32_t seed;
	uint8_t *out = rig->host, *back = rig->host + rig->host_len / 2;
	unsigned int mr = (unsigned int)(offset / w->part);
	uint64_t remote = w->iova[mr] + offset % w->part;
	int status;

	rig_pattern(out, len, ++seed);
	status = window_one(rig, LOOPBACK_WRITE, (uintptr_t)out, len, remote, w->mr[mr]->rkey);
	if (status)
		return window_status(status);
	rig_read_bar(rig, back, offset, len);
	if (memcmp(out, back, len))
		return "the CPU sees other bytes in the BAR than the NIC wrote";
	memset(back, 0, len);
	status = window_one(rig, LOOPBACK_READ, (uintptr_t)back, len, remote, w->mr[mr]->rkey);
	if (status)
		return window_status(status);
	return memcmp(out, back, len) ? "the NIC read other bytes than it wrote" : NULL;
}
