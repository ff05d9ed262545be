// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* JSON over virtio-serial; see vport.h. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "tap.h"
#include "vport.h"

static bool has_name(const char *name_file, const char *wanted)
{
	char name[64] = "";
	FILE *f = fopen(name_file, "re");

	if (!f)
		return false;
	if (fgets(name, sizeof(name), f))
		name[strcspn(name, "\n")] = '\0';
	fclose(f);
	return !strcmp(name, wanted);
}

/* Looked up in sysfs, because /dev/virtio-ports/ is made by udev, which may not run here. */
static bool find(const char *name, char *path, size_t size)
{
	glob_t g;
	bool found = false;

	if (glob("/sys/class/virtio-ports/*/name", 0, NULL, &g))
		return false;
	for (size_t i = 0; i < g.gl_pathc && !found; i++) {
		char *dir = g.gl_pathv[i];

		found = has_name(dir, name);
		if (!found)
			continue;
		*strrchr(dir, '/') = '\0';
		snprintf(path, size, "/dev/%s", strrchr(dir, '/') + 1);
	}
	globfree(&g);
	return found;
}

bool vport_present(const struct vport *port)
{
	char path[64];

	return find(port->name, path, sizeof(path));
}

bool vport_open(struct vport *port)
{
	char path[64];

	if (port->open)
		return false;
	if (!find(port->name, path, sizeof(path)))
		tap_die(port->name, "this machine has no such port");
	port->fd = open(path, O_RDWR | O_CLOEXEC);
	if (port->fd < 0)
		tap_die(port->name, "cannot open %s: %s", path, strerror(errno));
	port->open = true;
	port->have = 0;
	return true;
}

void vport_close(struct vport *port)
{
	if (port->open)
		close(port->fd);
	port->open = false;
}

static void send_all(struct vport *port, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(port->fd, text, len);

		if (n < 0 && errno != EINTR)
			tap_die(port->name, "write: %s", strerror(errno));
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
}

void vport_send(struct vport *port, struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);

	send_all(port, text, strlen(text));
	send_all(port, "\n", 1);
	json_object_put(object);
}

/* Return: whether any bytes came. */
static bool fill(struct vport *port, unsigned int timeout_ms)
{
	struct pollfd p = { .fd = port->fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, (int)timeout_ms) == 0)
		return false;
	n = read(port->fd, port->buf, sizeof(port->buf));
	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		tap_die(port->name, "read: %s", n ? strerror(errno) : "closed");
	port->have = (size_t)n;
	return true;
}

/*
 * An object may come in pieces, which the tokener collects. Bytes that follow it stay in the
 * buffer.
 */
static struct json_object *parse(struct vport *port, struct json_tokener *tokener)
{
	struct json_object *object = json_tokener_parse_ex(tokener, port->buf, (int)port->have);
	size_t used = json_tokener_get_parse_end(tokener);

	if (!object && json_tokener_get_error(tokener) != json_tokener_continue)
		tap_die(port->name, "what came is not JSON");
	port->have -= used;
	memmove(port->buf, port->buf + used, port->have);
	return object;
}

struct json_object *vport_receive(struct vport *port, unsigned int timeout_ms)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object = NULL;

	while (!object && (port->have || fill(port, timeout_ms)))
		if (port->have)
			object = parse(port, tokener);
	json_tokener_free(tokener);
	return object;
}
