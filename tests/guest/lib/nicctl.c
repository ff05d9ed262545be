// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The control sockets of the virtual NICs; see nicctl.h. */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "nicctl.h"
#include "tap.h"
#include "vport.h"

#define REPLY_TIMEOUT_MS 20000u

static struct vport ports[] = {
	{ .name = "peerbar.nic" },
	{ .name = "peerbar.nic2" },
}, *port = ports;

void nicctl_select(unsigned int nic)
{
	port = &ports[nic - 1];
}

bool nicctl_present(void)
{
	return vport_present(port);
}

void nicctl_close(void)
{
	vport_close(port);
}

/* Takes ownership of @request. */
static struct json_object *call(struct json_object *request)
{
	struct json_object *reply, *error;

	vport_open(port);
	vport_send(port, request);
	reply = vport_receive(port, REPLY_TIMEOUT_MS);
	if (!reply)
		tap_die("NIC control", "no reply within %u s", REPLY_TIMEOUT_MS / 1000);
	if (json_object_object_get_ex(reply, "error", &error))
		tap_die("NIC control", "refused: %s", json_object_get_string(error));
	return reply;
}

static struct json_object *command(const char *name)
{
	struct json_object *request = json_object_new_object();

	json_object_object_add(request, "cmd", json_object_new_string(name));
	return request;
}

struct json_object *nicctl_report(void)
{
	return call(command("stats"));
}

uint64_t nicctl_figure(struct json_object *report, const char *path)
{
	struct json_object *value;

	if (json_pointer_get(report, path, &value) ||
	    !json_object_is_type(value, json_type_int))
		tap_die("NIC control", "its report has no number %s", path);
	return json_object_get_uint64(value);
}

static const char *model_name(struct json_object *report)
{
	struct json_object *model;

	if (json_pointer_get(report, "/device/model", &model))
		tap_die("NIC control", "its report does not name its model");
	return json_object_get_string(model);
}

uint64_t nicctl_own_figure(struct json_object *report, const char *path)
{
	char whole[128];

	snprintf(whole, sizeof(whole), "/%s/%s", model_name(report), path);
	return nicctl_figure(report, whole);
}

void nicctl_fault(const char *setting)
{
	struct json_object *request = command("fault"), *list = json_object_new_array();

	json_object_array_add(list, json_object_new_string(setting));
	json_object_object_add(request, "set", list);
	json_object_put(call(request));
}

void nicctl_clear_faults(void)
{
	json_object_put(call(command("clear")));
}

/* EFA has no pages to be taken away: a revoke deregisters. */
void nicctl_ignore_revoke(void)
{
	struct json_object *report = nicctl_report();

	nicctl_fault("ignore-dereg=1");
	if (!strcmp(model_name(report), "mlx5"))
		nicctl_fault("ignore-zap=1");
	json_object_put(report);
}

static struct nic_stray_count stray_count(struct json_object *report, const char *kind)
{
	struct nic_stray_count count;
	char path[64];

	snprintf(path, sizeof(path), "/stray/%s/reads", kind);
	count.reads = nicctl_figure(report, path);
	snprintf(path, sizeof(path), "/stray/%s/writes", kind);
	count.writes = nicctl_figure(report, path);
	snprintf(path, sizeof(path), "/stray/%s/bytes", kind);
	count.bytes = nicctl_figure(report, path);
	snprintf(path, sizeof(path), "/stray/%s/max_age_ns", kind);
	count.max_age_ns = nicctl_figure(report, path);
	return count;
}

void nicctl_stray(struct nic_stray *stray)
{
	struct json_object *report = nicctl_report();

	stray->total = nicctl_figure(report, "/stray/total");
	stray->unmapped = stray_count(report, "unmapped");
	stray->deregistered = stray_count(report, "deregistered");
	stray->zapped = stray_count(report, "zapped");
	json_object_put(report);
}

static void subtract(struct nic_stray_count *now, const struct nic_stray_count *then)
{
	now->reads -= then->reads;
	now->writes -= then->writes;
	now->bytes -= then->bytes;
}

struct nic_stray nicctl_stray_since(const struct nic_stray *then)
{
	struct nic_stray now;

	nicctl_stray(&now);
	now.total -= then->total;
	subtract(&now.unmapped, &then->unmapped);
	subtract(&now.deregistered, &then->deregistered);
	subtract(&now.zapped, &then->zapped);
	return now;
}

uint64_t nicctl_stray_total(void)
{
	struct nic_stray stray;

	nicctl_stray(&stray);
	return stray.total;
}

uint64_t nicctl_landings(void)
{
	struct nic_stray stray;

	nicctl_stray(&stray);
	return stray.deregistered.reads + stray.deregistered.writes + stray.zapped.reads +
	       stray.zapped.writes;
}

uint64_t nicctl_reachable(void)
{
	struct json_object *report = nicctl_report();
	uint64_t bytes = nicctl_figure(report, "/dma/live_bytes");

	json_object_put(report);
	return bytes;
}
