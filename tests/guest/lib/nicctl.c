// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The control sockets of the virtual NICs; see nicctl.h. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "nicctl.h"
#include "tap.h"

#define REPLY_TIMEOUT_MS 20000

static struct port {
	const char *name;
	int fd;
} ports[] = { { "peerbar.nic", -1 }, { "peerbar.nic2", -1 } }, *port = ports;

void nicctl_select(unsigned int nic)
{
	port = &ports[nic - 1];
}

static bool is_our_port(const char *name_file)
{
	char name[64] = "";
	FILE *f = fopen(name_file, "re");

	if (!f)
		return false;
	if (fgets(name, sizeof(name), f))
		name[strcspn(name, "\n")] = '\0';
	fclose(f);
	return !strcmp(name, port->name);
}

/* Looked up in sysfs: /dev/virtio-ports/ is udev's, and the guest may have none. */
static bool find_port(char *path, size_t size)
{
	glob_t g;
	bool found = false;

	if (glob("/sys/class/virtio-ports/*/name", 0, NULL, &g))
		return false;
	for (size_t i = 0; i < g.gl_pathc && !found; i++) {
		char *dir = g.gl_pathv[i];

		found = is_our_port(dir);
		if (!found)
			continue;
		*strrchr(dir, '/') = '\0';
		snprintf(path, size, "/dev/%s", strrchr(dir, '/') + 1);
	}
	globfree(&g);
	return found;
}

bool nicctl_present(void)
{
	char path[64];

	return find_port(path, sizeof(path));
}

static void open_port(void)
{
	char path[64];

	if (port->fd >= 0)
		return;
	if (!find_port(path, sizeof(path)))
		tap_die("NIC control", "this machine has no port %s", port->name);
	port->fd = open(path, O_RDWR | O_CLOEXEC);
	if (port->fd < 0)
		tap_die("NIC control", "cannot open %s: %s", path, strerror(errno));
}

void nicctl_close(void)
{
	if (port->fd >= 0)
		close(port->fd);
	port->fd = -1;
}

static void send_line(const char *text)
{
	size_t len = strlen(text), done = 0;
	char *line = malloc(len + 1);

	if (!line)
		tap_die("NIC control", "out of memory");
	memcpy(line, text, len);
	line[len++] = '\n';
	while (done < len) {
		ssize_t n = write(port->fd, line + done, len - done);

		if (n < 0 && errno != EINTR)
			tap_die("NIC control", "write: %s", strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	free(line);
}

/* Read up to the newline; the tokener takes the reply in pieces. */
static struct json_object *receive(void)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *reply = NULL;
	char buf[4096];

	while (!reply) {
		struct pollfd p = { .fd = port->fd, .events = POLLIN };
		ssize_t n;

		if (poll(&p, 1, REPLY_TIMEOUT_MS) == 0)
			tap_die("NIC control", "no reply within %d s", REPLY_TIMEOUT_MS / 1000);
		n = read(port->fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			tap_die("NIC control", "read: %s", n ? strerror(errno) : "closed");
		reply = json_tokener_parse_ex(tokener, buf, (int)n);
		if (!reply && json_tokener_get_error(tokener) != json_tokener_continue)
			tap_die("NIC control", "the reply is not JSON");
	}
	json_tokener_free(tokener);
	return reply;
}

/* Takes @request over. */
static struct json_object *call(struct json_object *request)
{
	struct json_object *reply, *error;

	open_port();
	send_line(json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN));
	json_object_put(request);
	reply = receive();
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
	return stray.deregistered.reads + stray.deregistered.writes;
}

uint64_t nicctl_reachable(void)
{
	struct json_object *report = nicctl_report();
	uint64_t bytes = nicctl_figure(report, "/dma/live_bytes");

	json_object_put(report);
	return bytes;
}
