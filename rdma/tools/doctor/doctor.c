// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar doctor: check the machine in the order in which things fail. This file contains
 * the command line and the output. The checks are listed in doctor_table.c.
 */
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "machine/pci.h"
#include "machine/sys.h"
#include "peerbar.h"
#include "tool.h"

static const char usage[] =
	"Usage: peerbar doctor [--errno NAME] [NIC] [DEV]\n"
	"NIC is an RDMA device such as efa_0, or its PCI address; DEV is the PCI address of the\n"
	"device whose BAR it is to reach. A single PCI address is taken as DEV. Without them,\n"
	"the machine as a whole is checked, and what can be named is listed.\n"
	"  --errno NAME   list the causes of an errno (EOPNOTSUPP, 95), likely ones first\n"
	"Exit status: 0 nothing failed, 1 something did, 2 wrong usage.\n";

struct request {
	const char *nic, *dev;
	int err;		/* what --errno named; 0 without that option */
};

const char *level_name(enum doctor_level level)
{
	static const char * const names[] = {
		[DOCTOR_LEFT_OUT] = "left-out", [DOCTOR_OK] = "ok",
		[DOCTOR_WARNING] = "warning", [DOCTOR_FAILURE] = "failure",
	};

	return names[level];
}

void print_finding(const char *level, const char *name, const struct finding *f)
{
	char text[sizeof(f->fact) + sizeof(f->advice) + sizeof(f->command) + 128];
	int len = snprintf(text, sizeof(text), "%-9s %-11s %s\n", level, name, f->fact);

	if (f->advice[0])
		len += snprintf(text + len, sizeof(text) - len, "%-21s -> %s\n", "", f->advice);
	if (f->command[0])
		snprintf(text + len, sizeof(text) - len, "%-21s    # %s\n", "", f->command);
	tool_put_text(text, stdout);
}

/* Parse the words: NIC and DEV, or only one of them. */
static int parse_names(struct request *r, int argc, char **argv)
{
	char address[PB_ADDRESS_SIZE];

	if (argc > 2)
		return tool_misuse(usage, "\"%s\" is one word too many", argv[2]);
	if (argc == 1 && !pb_pci_parse(argv[0], address)) {
		r->dev = argv[0];
		return TOOL_OK;
	}
	r->nic = argc ? argv[0] : NULL;
	r->dev = argc == 2 ? argv[1] : NULL;
	return TOOL_OK;
}

static int parse(struct request *r, int argc, char **argv)
{
	const char *name = tool_options.errno_name;

	*r = (struct request){ .err = name ? doctor_errno(name) : 0 };
	if (name && !r->err)
		return tool_misuse(usage, "\"%s\" is no errno", name);
	return parse_names(r, argc, argv);
}

static enum doctor_level worst(const struct finding findings[NR_CHECKS])
{
	enum doctor_level level = DOCTOR_OK;
	unsigned int id;

	for (id = 0; id < NR_CHECKS; id++)
		if (findings[id].level > level)
			level = findings[id].level;
	return level;
}

/* Return an object for a device that DEV could name: not a bridge, and with a memory BAR. */
static json_object *candidate(const char *address)
{
	json_object *object;
	struct pb_pci pci;
	int bar;

	if (pb_pci_is_bridge(address) || pb_pci_facts(address, &pci))
		return NULL;
	bar = pb_pci_largest_bar(&pci);
	if (bar < 0)
		return NULL;
	object = tool_object();
	tool_add_string(object, "dev", pci.address);
	if (pci.driver[0])
		tool_add_string(object, "driver", pci.driver);
	else
		tool_add_none(object, "driver");
	tool_add_bool(object, "vfio", pci.vfio);
	tool_add_number(object, "bar", bar);
	tool_add_size(object, "size", pci.bar[bar].size);
	return object;
}

static json_object *nic_candidate(const char *name)
{
	json_object *object;
	struct pb_nic nic;

	if (pb_nic_find(name, &nic))
		return NULL;
	object = tool_object();
	tool_add_string(object, "nic", name);
	tool_add_string(object, "at", nic.pci.address);
	tool_add_string(object, "driver", nic.pci.driver);
	return object;
}

static json_object *candidates(const char *folder, json_object *(*describe)(const char *name))
{
	json_object *array = tool_array(), *object;
	PB_NAMES names = pb_list("%s", folder);
	int i;

	for (i = 0; i < names.nr; i++) {
		object = describe(pb_name(&names, i));
		if (object)
			tool_append(array, object);
	}
	return array;
}

static json_object *devices(void)
{
	return candidates("/sys/bus/pci/devices", candidate);
}

static json_object *nics(void)
{
	return candidates("/sys/class/infiniband", nic_candidate);
}

static json_object *finding_object(unsigned int id, const struct finding *f)
{
	json_object *object = tool_object();

	tool_add_string(object, "check", check_name(id));
	tool_add_string(object, "level", level_name(f->level));
	tool_add_string(object, "fact", f->fact);
	if (f->advice[0])
		tool_add_string(object, "advice", f->advice);
	else
		tool_add_none(object, "advice");
	if (f->command[0])
		tool_add_string(object, "command", f->command);
	else
		tool_add_none(object, "command");
	return object;
}

static int print_json(const struct doctor *d, const struct finding findings[NR_CHECKS])
{
	json_object *object = tool_object(), *array = tool_array();
	unsigned int id;

	tool_add_string(object, "verdict", level_name(worst(findings)));
	for (id = 0; id < NR_CHECKS; id++)
		if (findings[id].level != DOCTOR_LEFT_OUT)
			tool_append(array, finding_object(id, &findings[id]));
	tool_add_object(object, "checks", array);
	if (!d->has_nic)
		tool_add_object(object, "nics", nics());
	if (!d->has_dev)
		tool_add_object(object, "devs", devices());
	return tool_print(object);
}

static int print_text(const struct doctor *d, const struct finding findings[NR_CHECKS])
{
	unsigned int id;

	for (id = 0; id < NR_CHECKS; id++)
		if (findings[id].level != DOCTOR_LEFT_OUT)
			print_finding(level_name(findings[id].level), check_name(id),
				      &findings[id]);
	if (!d->has_nic) {
		puts("NICs that can be named:");
		tool_print(nics());
	}
	if (!d->has_dev) {
		puts("devices that can be named:");
		tool_print(devices());
	}
	return tool_flush();
}

int cmd_doctor(int argc, char **argv)
{
	struct finding findings[NR_CHECKS];
	struct request request;
	struct doctor d;
	int ret;

	if (tool_wants_help(argc, argv, usage))
		return TOOL_OK;
	ret = parse(&request, argc, argv);
	if (ret)
		return ret;
	if (doctor_examine(&d, request.nic, request.dev))
		return tool_failure("%s", peerbar_errmsg());
	doctor_run(&d, findings);
	if (request.err)
		return doctor_explain(request.err, findings);
	ret = tool_options.json ? print_json(&d, findings) : print_text(&d, findings);
	if (ret)
		return ret;
	return worst(findings) == DOCTOR_FAILURE ? TOOL_FAILURE : TOOL_OK;
}
