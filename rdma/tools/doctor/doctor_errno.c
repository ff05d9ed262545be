// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar doctor --errno: what an errno of VFIO or verbs can mean on this machine. Causes
 * that a check found come first, then those that a check warns of, then those that no check
 * rules out. Causes that a check rules out come last.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "tool.h"

#define NO_CHECK NR_CHECKS	/* the cause is in the call itself, so no check can find it */
#define LARGEST_ERRNO 4095

/* The causes of one errno are listed with the likely ones first. */
static const struct {
	int err;
	enum check_id check;
	const char *cause;
} causes[] = {
	{ EOPNOTSUPP, CHECK_REVOKE, "the exporter refused the NIC's driver, which cannot give "
	  "buffers back" },
	{ EOPNOTSUPP, CHECK_DMABUF, "the NIC's driver has no dma-buf memory regions" },
	{ EOPNOTSUPP, CHECK_BINDING, "the device's driver cannot export" },
	{ EOPNOTSUPP, CHECK_VFIO, "VFIO, or its IOMMU module, is not there" },
	{ EOPNOTSUPP, CHECK_NIC, "the NIC is no PCI device, as Soft-RoCE and siw are none" },
	{ EOPNOTSUPP, NO_CHECK, "the access asks for something that the NIC lacks: atomics on EFA, "
	  "RDMA WRITE on EFA before Linux 6.3" },

	{ EINVAL, CHECK_PATH, "there is no way from the NIC to the BAR" },
	{ EINVAL, CHECK_MASK, "the NIC cannot address the BAR" },
	{ EINVAL, CHECK_IOMMU, "the device is behind no IOMMU, so no VFIO driver takes it" },
	{ EINVAL, NO_CHECK, "the range is empty, is not a multiple of the page size, or ends "
	  "outside the BAR" },
	{ EINVAL, NO_CHECK, "the access flags do not go together: remote writes and atomics need "
	  "IBV_ACCESS_LOCAL_WRITE, writes need a dma-buf exported O_RDWR, and IBV_ACCESS_ON_DEMAND "
	  "is never possible" },
	{ EINVAL, NO_CHECK, "the NIC wants the offset in the dma-buf and the iova to be equal "
	  "modulo the page size: peerbar_reg_mr() chooses the iova so" },
	{ EINVAL, NO_CHECK, "the device was reset during the registration: try again" },

	{ ENODEV, CHECK_MEMORY, "the device's memory decode is off" },
	{ ENODEV, CHECK_DEVICE, "there is no such device" },
	{ ENODEV, CHECK_NIC, "there is no such NIC" },
	{ ENODEV, NO_CHECK, "the exporting device was reset or closed, which ends its dma-bufs: "
	  "export again" },
	{ ENODEV, NO_CHECK, "the device has no such BAR" },

	{ EPERM, CHECK_GROUP, "the IOMMU group is not viable" },
	{ EPERM, CHECK_INTERRUPTS, "interrupts are not remapped" },
	{ EPERM, CHECK_SIGNATURES, "the kernel loads no module without a signature" },
	{ EPERM, CHECK_ACCESS, "this user may not open the device's node" },

	{ EACCES, CHECK_ACCESS, "this user may not open the device's node" },
	{ EACCES, CHECK_VERBS, "this user may not open the NIC's node" },

	{ EBUSY, CHECK_OWNER, "another process has the device open" },
	{ EBUSY, CHECK_GROUP, "the IOMMU group is not viable" },
	{ EBUSY, NO_CHECK, "a reset is running: try again" },

	{ ENXIO, CHECK_BINDING, "the device is not bound to a VFIO driver" },
	{ ENXIO, CHECK_IOMMU, "the device is behind no IOMMU" },

	{ ENOTTY, CHECK_BINDING, "the device's driver cannot export" },

	{ ENOMEM, CHECK_MEMLOCK, "more memory was to be pinned than this process may pin" },
	{ ENOMEM, CHECK_MASK, "the BAR does not fit into the NIC's DMA addresses" },
	{ ENOMEM, NO_CHECK, "the NIC has no memory region left: free others" },

	{ ENOMEM, NO_CHECK, "the kernel, or this control group, is out of memory" },

	{ EIO, CHECK_MEMORY, "the device's memory decode is off" },
	{ EIO, NO_CHECK, "the device does not answer: it hangs, is in reset, or is gone" },
	{ EIO, NO_CHECK, "a completion queue or a command of the NIC failed: the kernel's log may "
	  "say why" },

	{ EADDRINUSE, NO_CHECK, "the kernel's own exporter maps only one range of a buffer through "
	  "an IOMMU: export a buffer for each range, or use peerbar-vfio-pci" },

	{ EAGAIN, NO_CHECK, "another reset of the device or of its bus is running: try again" },
	{ EAGAIN, CHECK_MEMLOCK, "more memory was to be locked than this process may lock" },

	{ EBADF, NO_CHECK, "the descriptor is not open, or is the parent process's: a child that "
	  "fork() made has no devices" },

	{ EMFILE, NO_CHECK, "this process has as many descriptors open as \"ulimit -n\" allows" },
	{ ENFILE, NO_CHECK, "the machine has as many files open as fs.file-max allows" },

	{ EKEYREJECTED, CHECK_SIGNATURES, "the kernel loads no module without a signature" },

	{ ENOENT, CHECK_VFIO, "VFIO is not loaded" },
	{ ENOENT, CHECK_BINDING, "the device is not bound to a VFIO driver" },
	{ ENOENT, CHECK_VERBS, "ib_uverbs is not loaded, or made no node" },

	{ EFAULT, NO_CHECK, "ibv_reg_mr() was called on a mapped BAR, which has no pages to pin: "
	  "register the dma-buf (ibv_reg_dmabuf_mr())" },

	{ EOVERFLOW, NO_CHECK, "offset + length of the range wraps around" },
};

/* Names that strerrorname_np() never returns. */
static const struct {
	const char *name;
	int err;
} other_name[] = {
	{ "ENOTSUP", EOPNOTSUPP }, { "ENOTSUPP", PB_ENOTSUPP },
};

#define ENTRIES(table) (sizeof(table) / sizeof((table)[0]))

static int find_name(const char *text)
{
	const char *name;
	unsigned int i;
	int err;

	for (i = 0; i < ENTRIES(other_name); i++)
		if (!strcasecmp(other_name[i].name, text))
			return other_name[i].err;
	for (err = 1; err <= LARGEST_ERRNO; err++) {
		name = strerrorname_np(err);
		if (name && !strcasecmp(name, text))
			return err;
	}
	return 0;
}

int doctor_errno(const char *text)
{
	char *end;
	long number;

	if (!isdigit((unsigned char)text[0]))
		return find_name(text);
	number = strtol(text, &end, 10);
	return *end || number > LARGEST_ERRNO ? 0 : (int)number;
}

enum likelihood { FOUND, LIKELY, POSSIBLE, RULED_OUT, NR_LIKELIHOODS };

static const char * const likelihood_name[] = { "found", "likely", "possible", "ruled-out" };
_Static_assert(ENTRIES(likelihood_name) == NR_LIKELIHOODS, "each likelihood has a name");

static enum likelihood judge(unsigned int i, const struct finding findings[NR_CHECKS])
{
	if (causes[i].check == NO_CHECK)
		return POSSIBLE;
	switch (findings[causes[i].check].level) {
	case DOCTOR_FAILURE:
		return FOUND;
	case DOCTOR_WARNING:
		return LIKELY;
	case DOCTOR_OK:
		return RULED_OUT;
	default:
		return POSSIBLE;
	}
}

static json_object *cause_object(unsigned int i, enum likelihood likelihood,
				 const struct finding *f)
{
	json_object *object = tool_object();

	tool_add_string(object, "likelihood", likelihood_name[likelihood]);
	tool_add_string(object, "cause", causes[i].cause);
	if (f)
		tool_add_string(object, "check", check_name(causes[i].check));
	else
		tool_add_none(object, "check");
	if (f && f->fact[0])
		tool_add_string(object, "fact", f->fact);
	else
		tool_add_none(object, "fact");
	if (f && f->advice[0])
		tool_add_string(object, "advice", f->advice);
	else
		tool_add_none(object, "advice");
	if (f && f->command[0])
		tool_add_string(object, "command", f->command);
	else
		tool_add_none(object, "command");
	return object;
}

static void print_cause(unsigned int i, enum likelihood likelihood, const struct finding *f)
{
	printf("%-9s %s\n", likelihood_name[likelihood], causes[i].cause);
	if (f && f->fact[0])
		print_finding("", check_name(causes[i].check), f);
}

/* Print the causes of one likelihood, or append them to @array. Returns how many. */
static unsigned int list(int err, enum likelihood likelihood,
			 const struct finding findings[NR_CHECKS], json_object *array)
{
	unsigned int i, n = 0;

	for (i = 0; i < ENTRIES(causes); i++) {
		const struct finding *f = causes[i].check == NO_CHECK ? NULL :
					  &findings[causes[i].check];

		if (causes[i].err != err || judge(i, findings) != likelihood)
			continue;
		n++;
		if (tool_options.json)
			tool_append(array, cause_object(i, likelihood, f));
		else
			print_cause(i, likelihood, f);
	}
	return n;
}

int doctor_explain(int err, const struct finding findings[NR_CHECKS])
{
	unsigned int likelihood, n, found = 0, known = 0;
	json_object *array = tool_array();
	int ret = TOOL_OK;

	for (likelihood = FOUND; likelihood < NR_LIKELIHOODS; likelihood++) {
		n = list(pb_errno_meaning(err), likelihood, findings, array);
		known += n;
		if (likelihood == FOUND)
			found = n;
	}
	if (tool_options.json)
		ret = tool_print(array);
	else
		json_object_put(array);
	if (ret)
		return ret;
	if (!known)
		return tool_failure("no cause of errno %d (%s) is known here: the kernel's log may "
				    "say more", err, strerror(err));
	return found ? TOOL_FAILURE : TOOL_OK;
}
