// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Explaining why a NIC did not register a dma-buf. If the BAR behind the dma-buf is known,
 * and the verdict of "peerbar path show" has the same errno, that verdict is the reason.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "machine/drivers.h"
#include "machine/error.h"
#include "machine/verdict.h"
#include "refusal.h"

struct refusal {
	const struct pb_attempt *attempt;
	const char *name;	/* of the RDMA device */
	int err;		/* what ibv_reg_dmabuf_mr() set */
	int meaning;		/* the same as EOPNOTSUPP, EINVAL or ENOMEM, as verdicts use them */
	int result;		/* the errno for the caller */
	struct pb_kernel kernel;
	struct pb_nic nic;
	bool known;		/* the BAR behind the dma-buf is known: dev and bar are valid */
	struct pb_pci dev;
	unsigned int bar;
	enum pb_cause cause;	/* PB_CAUSE_NONE if no fact explains the failure */
};

static void judge(struct refusal *r)
{
	char address[PB_ADDRESS_SIZE];
	struct pb_verdict v;

	if (pb_kernel_facts(&r->kernel))
		return;
	r->nic.revoke = pb_nic_driver_revoke(&r->kernel, r->nic.pci.driver);
	if (!pb_origin_find(r->attempt->fd, address, &r->bar) || pb_pci_facts(address, &r->dev))
		return;
	r->known = true;
	v = pb_verdict(&r->kernel, &r->nic, &r->dev, r->bar);
	if (v.err == r->meaning)
		r->cause = v.cause;
}

static void *for_cause(const struct refusal *r)
{
	char advice[PB_ADVICE_SIZE];

	pb_cause_advice(r->cause, r->dev.address, r->nic.pci.driver, advice, sizeof(advice));
	return pb_fail_ptr(r->result, "%s (driver %s) refuses the dma-buf of BAR %u of %s "
			   "(errno %d): %s: %s", r->name, r->nic.pci.driver, r->bar,
			   r->dev.address, r->err, pb_cause_why(r->cause), advice);
}

/* Returns what the NIC lacks of what the access asks for, or NULL. */
static const char *by_access(const struct refusal *r)
{
	const struct pb_nic_driver *driver = pb_nic_driver_find(r->nic.pci.driver);

	if (r->attempt->atomics)
		return "the NIC has no atomic operations: leave IBV_ACCESS_REMOTE_ATOMIC out of "
		       "the access";
	if (r->attempt->writes && driver && r->kernel.version &&
	    r->kernel.version < driver->writes_since)
		return "this kernel's driver of the NIC has no RDMA WRITE: leave "
		       "IBV_ACCESS_REMOTE_WRITE out of the access, or boot a newer kernel";
	return NULL;
}

/* The NIC's driver refused for a reason of its own. */
static void *by_driver(const struct refusal *r)
{
	const struct pb_nic_driver *driver = pb_nic_driver_find(r->nic.pci.driver);
	const char *otherwise = driver ? driver->otherwise : NULL;

	if (!r->known && r->nic.revoke != PB_REVOKE_NATIVE && r->nic.revoke != PB_REVOKE_CHANGED)
		return pb_fail_ptr(r->result, "%s (driver %s) refuses the dma-buf (errno %d): %s: "
				   "\"peerbar path show %s ADDRESS\", with the address of the "
				   "exporting device, says what to do", r->name, r->nic.pci.driver,
				   r->err,
				   r->nic.revoke == PB_REVOKE_NO_DMABUF ?
				   pb_cause_why(PB_CAUSE_NO_DMABUF_MR) :
				   "most likely because the NIC's driver cannot give buffers "
				   "back", r->name);
	return pb_fail_ptr(r->result, "%s (driver %s) refuses the dma-buf (errno %d): %s",
			   r->name, r->nic.pci.driver, r->err,
			   otherwise ? otherwise : "the kernel's log may say why");
}

static void *invalid(const struct refusal *r)
{
	return pb_fail_ptr(r->result, "a reset came in between (try again), or %s does not support "
			   "the access flags, or it cannot reach the BAR: \"peerbar path show %s "
			   "%s\" shows the path, and the kernel's log says if it was refused",
			   r->name, r->name,
			   r->known ? r->dev.address : "ADDRESS");
}

static void *other(const char *nic, int err)
{
	switch (err) {
	case ENODEV:
		return pb_fail_ptr(err, "the exporting device is being reset, is closed, or has "
				   "its memory decode off (peerbar_set_memory()): %s cannot "
				   "register its BAR now", nic);
	case EADDRINUSE:
		return pb_fail_ptr(err, "%s does not register the dma-buf: the kernel's own "
				   "exporter maps only one range of a buffer through an IOMMU: "
				   "export a buffer for each range, or bind the device to "
				   "peerbar-vfio-pci", nic);
	case EBUSY:
		return pb_fail_ptr(err, "the dma-buf or %s is busy, perhaps with a reset: try "
				   "again", nic);
	case ENOMEM:
		return pb_fail_ptr(err, "%s has no room for the memory region: free others, or "
				   "register a range that starts at a multiple of 2 MiB", nic);
	default:
		return pb_fail_ptr(err, "%s does not register the dma-buf: %s: %s", nic,
				   strerror(err), pb_next_step(err));
	}
}

/* No fact explains the failure, so give the most likely reason for this errno. */
static void *unexplained(const struct refusal *r)
{
	const char *lacks = r->meaning == ENOMEM ? NULL : by_access(r);

	if (lacks)
		return pb_fail_ptr(r->result, "%s (driver %s) refuses the dma-buf (errno %d): %s",
				   r->name, r->nic.pci.driver, r->err, lacks);
	switch (r->meaning) {
	case EOPNOTSUPP:
		return by_driver(r);
	case EINVAL:
		return invalid(r);
	default:
		return other(r->name, r->err);
	}
}

void *pb_refusal(const struct pb_attempt *attempt, int err)
{
	int meaning = pb_errno_meaning(err);
	struct refusal r = {
		.attempt = attempt, .name = attempt->nic, .err = err,
		.result = meaning == EOPNOTSUPP ? EOPNOTSUPP : err, .meaning = meaning,
	};

	if (meaning != EOPNOTSUPP && meaning != EINVAL && meaning != ENOMEM)
		return other(r.name, err);
	if (!pb_nic_find(r.name, &r.nic)) {
		judge(&r);
	} else if (meaning != ENOMEM) {
		/* pb_nic_find() kept a sentence, such as "not a PCI device": leave it at that. */
		errno = r.result;
		return NULL;
	}
	return r.cause ? for_cause(&r) : unexplained(&r);
}
