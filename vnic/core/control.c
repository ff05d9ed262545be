// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The commands of the control socket: see control.h. */
#include "control.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic.h"

static struct json_object *ok(void)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "ok", json_object_new_boolean(1));
	return o;
}

__attribute__((format(printf, 1, 2)))
static struct json_object *refuse(const char *format, ...)
{
	struct json_object *o = json_object_new_object();
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_object_object_add(o, "ok", json_object_new_boolean(0));
	json_object_object_add(o, "error", json_object_new_string(text));
	return o;
}

static struct json_object *cmd_ping(struct nic *nic, struct json_object *request)
{
	(void)nic;
	(void)request;
	return ok();
}

static struct json_object *cmd_stats(struct nic *nic, struct json_object *request)
{
	struct json_object *report = nic_report(nic);

	(void)request;
	json_object_object_add(report, "ok", json_object_new_boolean(1));
	return report;
}

/* Install new settings, and resume at once whatever an old one had held back. */
static void use_faults(struct nic *nic, const struct fault *fault)
{
	nic->fault = *fault;
	nic->config.model->faults_changed(nic->device);
	gate_kick(&nic->gate);
}

static struct json_object *cmd_fault(struct nic *nic, struct json_object *request)
{
	const struct fault_desc *own = nic->config.model->faults;
	struct fault fault = nic->fault;
	struct json_object *set, *answer;

	if (!json_object_object_get_ex(request, "set", &set) ||
	    !json_object_is_type(set, json_type_array))
		return refuse("\"set\" must be a list of settings");
	for (size_t i = 0; i < json_object_array_length(set); i++) {
		struct json_object *item = json_object_array_get_idx(set, i);
		const char *text = json_object_get_string(item);

		if (!json_object_is_type(item, json_type_string))
			return refuse("\"set\" must be a list of strings");
		switch (fault_set(&fault, own, text)) {
		case -ENOENT:
			return refuse("no such fault switch: %s", text);
		case -EINVAL:
			return refuse("bad value: %s", text);
		}
	}
	use_faults(nic, &fault);
	answer = ok();
	json_object_object_add(answer, "faults", fault_report(&nic->fault, own));
	return answer;
}

static struct json_object *cmd_clear(struct nic *nic, struct json_object *request)
{
	const struct fault none = { 0 };

	(void)request;
	use_faults(nic, &none);
	memset(&nic->stray, 0, sizeof(nic->stray));
	nic->config.model->clear(nic->device);
	nic->pci.raised = 0;
	nic->pci.lost = 0;
	return ok();
}

static const struct {
	const char *name;
	struct json_object *(*fn)(struct nic *nic, struct json_object *request);
} commands[] = {
	{ "ping", cmd_ping },
	{ "stats", cmd_stats },
	{ "fault", cmd_fault },
	{ "clear", cmd_clear },
};

static struct json_object *execute(struct nic *nic, struct json_object *request)
{
	struct json_object *cmd, *answer;
	const char *name;

	if (!json_object_is_type(request, json_type_object) ||
	    !json_object_object_get_ex(request, "cmd", &cmd) ||
	    !json_object_is_type(cmd, json_type_string))
		return refuse("not an object with a \"cmd\"");
	name = json_object_get_string(cmd);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		gate_enter(&nic->gate);
		answer = commands[i].fn(nic, request);
		gate_leave(&nic->gate);
		return answer;
	}
	return refuse("no such command: %s", name);
}

/* @o as one line of text, which the caller frees; puts @o. */
static char *to_line(struct json_object *o)
{
	size_t len;
	const char *text = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN, &len);
	char *line = text ? malloc(len + 2) : NULL;

	if (line) {
		memcpy(line, text, len);
		memcpy(line + len, "\n", 2);
	}
	json_object_put(o);
	return line;
}

/* The JSON value in @line, or NULL unless it is exactly one. */
static struct json_object *parse(const char *line, size_t len)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *o;

	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tokener, line, (int)len);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(tokener) != len) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tokener);
	return o;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char *ctl_answer(struct nic *nic, const char *line, size_t len)
{
	struct json_object *request;
	char *answer;

	while (len && is_blank(line[len - 1]))
		len--;
	for (; len && is_blank(*line); line++)
		len--;
	if (!len)
		return NULL;
	request = parse(line, len);
	if (!request)
		return ctl_refuse("not JSON");
	answer = to_line(execute(nic, request));
	json_object_put(request);
	return answer;
}

char *ctl_refuse(const char *error)
{
	return to_line(refuse("%s", error));
}
