// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The device as a whole: creation, reset, destruction, and its report. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/slots.h"
#include "efa.h"

/* The LLQ BAR is a memfd that QEMU maps for the guest too, so stores into it do not trap. */
static int llq_new(struct efa *efa)
{
	efa->llq_fd = memfd_create("peerbar-vnic-llq", MFD_CLOEXEC);
	if (efa->llq_fd < 0)
		return -1;
	if (ftruncate(efa->llq_fd, EFA_LLQ_SIZE))
		goto err_close;
	efa->llq = mmap(NULL, EFA_LLQ_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, efa->llq_fd,
			0);
	if (efa->llq == MAP_FAILED)
		goto err_close;
	return 0;
err_close:
	close(efa->llq_fd);
	return -1;
}

struct efa *efa_new(struct nic *nic)
{
	struct efa *efa = calloc(1, sizeof(*efa));

	if (!efa)
		return NULL;
	if (llq_new(efa)) {
		free(efa);
		return NULL;
	}
	efa->nic = nic;
	efa->regs.dev_sts = EFA_STS_READY;
	return efa;
}

static void release_mrs(struct efa *efa)
{
	for (unsigned int i = 0; i < EFA_MAX_MR; i++)
		if (efa->mr[i].used || efa->mr[i].region.gone)
			efa_mr_release(efa, &efa->mr[i]);
}

void efa_free(struct efa *efa)
{
	release_mrs(efa);
	munmap(efa->llq, EFA_LLQ_SIZE);
	close(efa->llq_fd);
	free(efa);
}

/*
 * The counters stay. So do next_qp, next_mr and the generations of the MR slots: QP numbers
 * and keys from before the reset then name nothing after it.
 */
void efa_reset(struct efa *efa)
{
	release_mrs(efa);
	memset(efa->pd, 0, sizeof(efa->pd));
	memset(efa->uar, 0, sizeof(efa->uar));
	memset(efa->ah, 0, sizeof(efa->ah));
	memset(efa->eq, 0, sizeof(efa->eq));
	memset(efa->cq, 0, sizeof(efa->cq));
	memset(efa->qp, 0, sizeof(efa->qp));
	memset(&efa->held, 0, sizeof(efa->held));
	efa->regs = (struct efa_regs){ .dev_sts = EFA_STS_READY };
	efa->aq_cons = 0;
	efa->acq_prod = 0;
	efa->aenq_groups = 0;
	efa->pause_us = 0;
	efa->count.resets++;
}

/* ---- report ---- */

static void add(struct json_object *to, const char *name, uint64_t value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

static unsigned int count_zombies(const struct efa *efa)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < EFA_MAX_MR; i++)
		count += efa->mr[i].region.gone;
	return count;
}

static struct json_object *report_objects(const struct efa *efa)
{
	struct json_object *o = json_object_new_object();

	add(o, "pd", SLOTS_COUNT(efa->pd));
	add(o, "uar", slots_count(efa->uar, sizeof(bool), EFA_MAX_UAR));
	add(o, "ah", SLOTS_COUNT(efa->ah));
	add(o, "eq", SLOTS_COUNT(efa->eq));
	add(o, "cq", SLOTS_COUNT(efa->cq));
	add(o, "qp", SLOTS_COUNT(efa->qp));
	add(o, "mr", SLOTS_COUNT(efa->mr));
	add(o, "mr_zombies", count_zombies(efa));
	add(o, "mr_pages", efa->mr_pages);
	return o;
}

static struct json_object *report_admin(const struct efa_counters *count)
{
	struct json_object *o = json_object_new_object();

	for (unsigned int i = 0; i < EFA_ADMIN_OPS; i++) {
		struct json_object *op;

		if (!count->admin_op[i].ok && !count->admin_op[i].failed)
			continue;
		op = json_object_new_object();
		add(op, "ok", count->admin_op[i].ok);
		add(op, "failed", count->admin_op[i].failed);
		json_object_object_add(o, efa_admin_name(i), op);
	}
	return o;
}

static struct json_object *report_statuses(const struct efa_counters *count)
{
	struct json_object *o = json_object_new_object();
	char name[sizeof("4294967295")];

	for (unsigned int i = 0; i < sizeof(count->wr_status) / sizeof(uint64_t); i++) {
		if (!count->wr_status[i])
			continue;
		snprintf(name, sizeof(name), "%u", i);
		add(o, name, count->wr_status[i]);
	}
	return o;
}

static struct json_object *report_counters(const struct efa_counters *c)
{
	struct json_object *o = json_object_new_object();

	add(o, "sends", c->sends);
	add(o, "recvs", c->recvs);
	add(o, "reads", c->reads);
	add(o, "writes", c->writes);
	add(o, "send_bytes", c->send_bytes);
	add(o, "recv_bytes", c->recv_bytes);
	add(o, "read_bytes", c->read_bytes);
	add(o, "write_bytes", c->write_bytes);
	add(o, "rnr_parked", c->rnr_parked);
	add(o, "ud_dropped", c->ud_dropped);
	add(o, "cq_overflow", c->cq_overflow);
	add(o, "eq_events", c->eq_events);
	add(o, "admin_ok", c->admin_ok);
	add(o, "admin_failed", c->admin_failed);
	add(o, "admin_bad", c->admin_bad);
	add(o, "admin_lost", c->admin_lost);
	add(o, "reg_bad", c->reg_bad);
	add(o, "doorbells", c->doorbells);
	add(o, "slices", c->slices);
	add(o, "resets", c->resets);
	return o;
}

/* "wr_status" and "admin" list only statuses and opcodes that have occurred. */
struct json_object *efa_report(const struct efa *efa)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "objects", report_objects(efa));
	json_object_object_add(o, "counters", report_counters(&efa->count));
	json_object_object_add(o, "wr_status", report_statuses(&efa->count));
	json_object_object_add(o, "admin", report_admin(&efa->count));
	return o;
}
