// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A BAR that is taken back while a test moves data: see lost.h. With peerbar-vfio-pci, whose
 * debugfs counts the revokes, it is known; otherwise the statuses of the completions tell.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "export/export_state.h"
#include "lost.h"
#include "tool.h"

static char on_sigbus[256];

static void tell_and_exit(int signal)
{
	ssize_t ignored = write(STDERR_FILENO, on_sigbus, strlen(on_sigbus));

	(void)signal;
	(void)ignored;
	_exit(TOOL_REVOKED);
}

void lost_watch(struct lost *lost, struct peerbar_device *dev, unsigned int bar, const char *nic)
{
	lost->dev = dev;
	lost->bar = bar;
	lost->nic = nic;
	lost->request = peerbar_event_fd(dev, PEERBAR_EVENT_REQUEST);
	lost->before = export_state(peerbar_address(dev));
	snprintf(on_sigbus, sizeof(on_sigbus), "peerbar: BAR %u of %s is out of the CPU's reach "
		 "(SIGBUS): its memory decode was turned off, or it is gone\n", bar,
		 peerbar_address(dev));
	signal(SIGBUS, tell_and_exit);
}

void lost_release(struct lost *lost)
{
	json_object_put(lost->before);
	lost->before = NULL;
}

bool lost_wanted(const struct lost *lost, int ms)
{
	struct pollfd p = { .fd = lost->request, .events = POLLIN };

	return lost->request >= 0 && poll(&p, 1, ms) > 0;
}

int lost_say_wanted(const struct lost *lost)
{
	tool_failure("%s was asked for while the test ran, by an unbind or a removal that waits "
		     "for it: the test gave it up", peerbar_address(lost->dev));
	return TOOL_REVOKED;
}

static json_object *reason(json_object *state, size_t i, const char **name, uint64_t *count)
{
	json_object *array = json_object_object_get(state, "reasons");
	json_object *row = json_object_array_get_idx(array, i);

	*name = json_object_get_string(json_object_object_get(row, "reason"));
	*count = json_object_get_uint64(json_object_object_get(row, "count"));
	return row;
}

/* How often the exporter had revoked for this reason when the test began. */
static uint64_t count_before(const struct lost *lost, const char *wanted)
{
	const char *name;
	uint64_t count;
	size_t i;

	for (i = 0; reason(lost->before, i, &name, &count); i++)
		if (name && !strcmp(name, wanted))
			return count;
	return 0;
}

/* The reasons of the revokes since then, as "reset, memory". Returns false if there are none. */
static bool revoked_since(const struct lost *lost, char *text, size_t size)
{
	json_object *now = lost->before ? export_state(peerbar_address(lost->dev)) : NULL;
	const char *name;
	uint64_t count;
	size_t i, used = 0;

	for (i = 0; now && reason(now, i, &name, &count); i++)
		if (name && count > count_before(lost, name) && used < size)
			used += snprintf(text + used, size - used, "%s%s", used ? ", " : "", name);
	json_object_put(now);
	return used;
}

/* Is this how a request ends whose memory region was revoked? */
static bool is_access_error(enum ibv_wc_status status)
{
	switch (status) {
	case IBV_WC_REM_ACCESS_ERR:
	case IBV_WC_LOC_PROT_ERR:
	case IBV_WC_LOC_ACCESS_ERR:
	case IBV_WC_REM_OP_ERR:
		return true;
	default:
		return false;
	}
}

bool lost_revoked(const struct lost *lost)
{
	char reasons[128];

	return revoked_since(lost, reasons, sizeof(reasons));
}

static int other_failure(struct mover *m)
{
	mover_print_failures(m);
	return TOOL_FAILURE;
}

int lost_explain(const struct lost *lost, struct mover *m)
{
	enum ibv_wc_status status = m->failures.status;
	const char *address = peerbar_address(lost->dev);
	char reasons[128];

	if (revoked_since(lost, reasons, sizeof(reasons)))
		tool_failure("BAR %u of %s was taken back from %s while the test ran (%s): run the "
			     "test again when the device is ready", lost->bar, address, lost->nic,
			     reasons);
	else if (is_access_error(status))
		tool_failure("%s lost its access to BAR %u of %s while the test ran (%s), as it "
			     "does when the device is reset or its memory decode is turned off: "
			     "run the test again; the kernel's log may say more", lost->nic,
			     lost->bar, address, ibv_wc_status_str(status));
	else
		return other_failure(m);
	return TOOL_REVOKED;
}
