// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* QEMU's monitor; see qmp.h. */
#include <string.h>

#include <json-c/json.h>

#include "clock.h"
#include "qmp.h"
#include "tap.h"
#include "vport.h"

#define REPLY_TIMEOUT_MS 20000u

static struct vport port = { .name = "peerbar.qmp" };
static int64_t last_id;

bool qmp_present(void)
{
	return vport_present(&port);
}

struct json_object *qmp_argument(const char *name, const char *value)
{
	struct json_object *arguments = json_object_new_object();

	json_object_object_add(arguments, name, json_object_new_string(value));
	return arguments;
}

static void send_command(const char *command, struct json_object *arguments)
{
	struct json_object *request = json_object_new_object();

	json_object_object_add(request, "execute", json_object_new_string(command));
	json_object_object_add(request, "id", json_object_new_int64(++last_id));
	if (arguments)
		json_object_object_add(request, "arguments", arguments);
	vport_send(&port, request);
}

/* The answer to the last command; skips the greeting, events and late answers. */
static struct json_object *answer(const char *command)
{
	struct json_object *reply, *id;

	while ((reply = vport_receive(&port, REPLY_TIMEOUT_MS))) {
		if (json_object_object_get_ex(reply, "id", &id) &&
		    json_object_get_int64(id) == last_id)
			return reply;
		json_object_put(reply);
	}
	tap_die("QEMU's monitor", "%s: no answer", command);
}

/*
 * A new session must start with qmp_capabilities. The session may be one that another test has
 * started; QEMU then refuses the command, which is no error here.
 */
void qmp_open(void)
{
	static const char word[] = "qmp_capabilities";

	if (!vport_open(&port))
		return;
	last_id = (int64_t)now_us();
	send_command(word, NULL);
	json_object_put(answer(word));
}

struct json_object *qmp_call(const char *command, struct json_object *arguments)
{
	struct json_object *reply, *value;

	qmp_open();
	send_command(command, arguments);
	reply = answer(command);
	if (!json_object_object_get_ex(reply, "return", &value))
		tap_die("QEMU's monitor", "%s: %s", command, json_object_get_string(reply));
	json_object_get(value);
	json_object_put(reply);
	return value;
}

bool qmp_event(const char *name, unsigned int timeout_ms)
{
	struct json_object *object, *event;
	bool found = false;

	while (!found && (object = vport_receive(&port, timeout_ms))) {
		found = json_object_object_get_ex(object, "event", &event) &&
			!strcmp(json_object_get_string(event), name);
		json_object_put(object);
	}
	return found;
}
