// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Checks of the NIC: whether it has an RDMA device, a verbs node that this user can open,
 * and a port that is up.
 */
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "machine/drivers.h"
#include "machine/node.h"
#include "machine/sys.h"

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

static bool explain_elsewhere(const struct pb_nic *nic, struct finding *f)
{
	if (!nic->elsewhere[0])
		return false;
	found_failure(f, "RDMA device %s of %s is in another network namespace", nic->elsewhere,
		      nic->pci.address);
	advise(f, "%s", pb_cause_remedy(PB_CAUSE_RDMA_ELSEWHERE));
	return true;
}

/* The function is known to be an RDMA NIC that needs @driver. */
static void explain_known(const char *address, const char *driver, struct finding *f)
{
	if (pb_pci_is_vfio(address)) {
		found_failure(f, "%s is an RDMA NIC, and given to VFIO", address);
		advise(f, "give it back, if nobody needs it there");
		command(f, "peerbar dev unbind %s", address);
	} else if (driver_loaded(driver)) {
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
}

static bool explain_function(const char *address, struct finding *f)
{
	const char *driver;
	struct pb_nic nic;

	if (pb_nic_find(address, &nic) || nic.name[0])
		return false;
	if (explain_elsewhere(&nic, f))
		return true;
	if (nic.pci.driver[0] && !nic.pci.vfio)
		return explain_module(address, nic.pci.driver, f);
	driver = pb_nic_driver_for(address);
	if (driver)
		explain_known(address, driver, f);
	return driver;
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
	bool exists = !strchr(d->nic_name, '/') &&
		      pb_exists("/sys/class/infiniband/%s", d->nic_name);

	if (!exists && explain_missing_nic(f))
		return;
	found_failure(f, "%s", d->nic_error);
	if (exists)
		advise(f, "use a NIC: Soft-RoCE and siw move data by the CPU");
	else if (count_entries("/sys/class/infiniband"))
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

void check_verbs(const struct doctor *d, struct finding *f)
{
	struct pb_node node;

	if (!d->has_nic)
		return;
	if (!pb_exists("/sys/class/infiniband_verbs")) {
		found_warning(f, "ib_uverbs is not loaded: libibverbs has the kernel load it");
		advise(f, "load it, if programs find no RDMA device");
		command(f, "modprobe ib_uverbs");
	} else if (!pb_node_verbs(d->nic.name, &node)) {
		found_failure(f, "ib_uverbs made no verbs device of %s", d->nic.name);
		advise(f, "the kernel's log says why (\"dmesg | grep uverbs\")");
	} else {
		found_node(f, &node, "0666");
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
