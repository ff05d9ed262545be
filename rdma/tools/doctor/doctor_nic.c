// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Checks of the NIC: whether it has an RDMA device, a verbs node that this user can open,
 * and a port that is up.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "machine/drivers.h"
#include "machine/sys.h"

#define DEVICES "/sys/bus/pci/devices/"
/* The function is bound to a driver whose RDMA device is made by another module. */
static bool explain_module(const char *address, const char *driver, struct finding *f)
{
	const struct pb_nic_driver *nic = pb_nic_driver_find(driver);

	if (!nic)
		return false;
	if (pb_exists("/sys/module/%s", nic->module)) {
		found_failure(f, "%s is bound to %s, and %s made no RDMA device of it", address,
			      driver, nic->module);
		advise(f, "the kernel's log says why (\"dmesg | grep %s\")", address);
		return true;
	}
	found_failure(f, "%s is bound to %s, and %s, which makes the RDMA device, is not loaded",
		      address, driver, nic->module);
	advise(f, "load it");
	command(f, "modprobe %s", nic->module);
	return true;
}

static bool explain_function(const char *address, struct finding *f)
{
	char bound[PB_NAME_SIZE];
	const char *driver;

	if (pb_exists(DEVICES "%s/infiniband", address))
		return false;
	pb_pci_driver(address, bound);
	if (bound[0])
		return explain_module(address, bound, f);
	driver = pb_nic_driver_for(address);
	if (!driver)
		return false;
	if (driver_loaded(driver)) {
		found_failure(f, "%s is an RDMA NIC, and bound to no driver", address);
		advise(f, "bind it to %s", driver);
		command(f, "echo %s > /sys/bus/pci/drivers/%s/bind", address, driver);
	} else {
		found_failure(f, "%s is an RDMA NIC, and its driver %s is not loaded", address,
			      driver);
		advise(f, "load it; if it is not there, build it (for efa: rdma/drivers of "
		       "peerbar)");
		command(f, "modprobe %s", driver);
	}
	return true;
}

bool explain_missing_nic(struct finding *f)
{
	PB_NAMES functions = pb_list("/sys/bus/pci/devices");
	int i;

	for (i = 0; i < functions.nr; i++)
		if (explain_function(pb_name(&functions, i), f))
			return true;
	return false;
}

/* The NIC that was named does not exist: is the name wrong, or is a driver missing? */
static void explain_nothing(const struct doctor *d, struct finding *f)
{
	if (explain_missing_nic(f))
		return;
	found_failure(f, "%s", d->nic_error);
	if (count_entries("/sys/class/infiniband"))
		advise(f, "name one of those that \"peerbar doctor\" lists");
	else
		advise(f, "there is no RDMA device at all: put a NIC in, or load its driver");
}

void check_nic(const struct doctor *d, struct finding *f)
{
	if (!d->nic_name)
		return;
	if (!d->has_nic) {
		explain_nothing(d, f);
	} else if (d->nic.name[0]) {
		found_ok(f, "%s is RDMA device %s, driver %s", d->nic.pci.address, d->nic.name,
			 d->nic.pci.driver);
	} else if (!explain_function(d->nic.pci.address, f)) {
		found_failure(f, "%s has no RDMA device", d->nic.pci.address);
		advise(f, "%s", pb_cause_remedy(PB_CAUSE_NO_RDMA_DEVICE));
	}
}

/* Find the verbs node of an RDMA device, such as "uverbs0". */
static bool find_node(const char *nic, char *node, size_t size)
{
	PB_NAMES nodes = pb_list("/sys/class/infiniband_verbs");
	char name[PB_NAME_SIZE];
	int i;

	for (i = 0; i < nodes.nr; i++) {
		snprintf(node, size, "%.63s", pb_name(&nodes, i));
		if (!pb_read(name, sizeof(name), "/sys/class/infiniband_verbs/%s/ibdev", node) &&
		    !strcmp(name, nic))
			return true;
	}
	return false;
}

void check_verbs(const struct doctor *d, struct finding *f)
{
	char node[PB_NAME_SIZE];

	if (!d->has_nic)
		return;
	if (!pb_exists("/sys/class/infiniband_verbs")) {
		found_warning(f, "ib_uverbs is not loaded: libibverbs has the kernel load it");
		advise(f, "load it, if programs find no RDMA device");
		command(f, "modprobe ib_uverbs");
	} else if (!find_node(d->nic.name, node, sizeof(node))) {
		found_failure(f, "ib_uverbs made no verbs device of %s", d->nic.name);
		advise(f, "the kernel's log says why (\"dmesg | grep uverbs\")");
	} else if (!pb_exists("/dev/infiniband/%s", node)) {
		found_failure(f, "there is no /dev/infiniband/%s", node);
		advise(f, "have udev make it; a container has to be given the host's node");
		make_node(f, "/sys/class/infiniband_verbs", node, "0666 /dev/infiniband");
	} else if (!pb_may_open("/dev/infiniband/%s", node)) {
		found_failure(f, "user %d may not open /dev/infiniband/%s", (int)geteuid(), node);
		advise(f, "let users open it, as rdma-core's udev rules do");
		command(f, "chmod 0666 /dev/infiniband/%s", node);
	} else {
		found_ok(f, "user %d may open /dev/infiniband/%s", (int)geteuid(), node);
	}
}

static bool port_active(const char *nic, const char *port, char *state, size_t size)
{
	return !pb_read(state, size, "/sys/class/infiniband/%s/ports/%s/state", nic, port) &&
	       strstr(state, "ACTIVE");
}

static void check_ports(const char *nic, struct finding *f)
{
	PB_NAMES ports = pb_list("/sys/class/infiniband/%s/ports", nic);
	char state[32] = "no port";
	int i;

	for (i = 0; i < ports.nr; i++)
		if (port_active(nic, pb_name(&ports, i), state, sizeof(state))) {
			found_ok(f, "port %s of %s is up", pb_name(&ports, i), nic);
			return;
		}
	found_warning(f, "no port of %s is up (%s)", nic, state);
	advise(f, "connect it, and set its network interface up, if it has one");
}

/* Only a warning: registering works without an active port, but moving data does not. */
void check_port(const struct doctor *d, struct finding *f)
{
	if (d->has_nic)
		check_ports(d->nic.name, f);
}
