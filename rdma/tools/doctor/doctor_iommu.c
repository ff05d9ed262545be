// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Checks of the IOMMU: whether there is one, whether it remaps interrupts, and whether it
 * translates the NIC's DMA.
 */
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "machine/sys.h"

/* The ACPI tables that describe an IOMMU, and what makes the kernel use it. */
static const struct {
	const char *table;
	const char *off;	/* the kernel parameter that turns the IOMMU off */
	const char *on;		/* the one that turns it on, or "" if none is needed */
} firmware[] = {
	{ "DMAR", "intel_iommu=off", "intel_iommu=on" },
	{ "IVRS", "amd_iommu=off", "amd_iommu=on" },
	{ "IORT", "iommu=off", "" },
};

struct word {
	const char *word;
	bool found;
};

static bool command_line_word(char *text, void *data)
{
	struct word *word = data;
	const char *next = text, *end;
	size_t len = strlen(word->word);

	for (; *next; next = end + strspn(end, " ")) {
		end = next + strcspn(next, " ");
		if ((size_t)(end - next) == len && !strncmp(next, word->word, len))
			word->found = true;
	}
	return true;
}

static bool on_command_line(const char *word)
{
	struct word search = { word, false };

	pb_each_line("/proc/cmdline", command_line_word, &search);
	return search.found;
}

/* The kernel uses no IOMMU. Find out whether the firmware describes one. */
static void explain_no_iommu(struct finding *f)
{
	unsigned int i;

	for (i = 0; i < sizeof(firmware) / sizeof(firmware[0]); i++) {
		if (!pb_exists("/sys/firmware/acpi/tables/%s", firmware[i].table))
			continue;
		found_failure(f, "the firmware describes an IOMMU (ACPI table %s) and the kernel "
			      "does not use it%s%s", firmware[i].table,
			      on_command_line(firmware[i].off) ? ": it was booted with " : "",
			      on_command_line(firmware[i].off) ? firmware[i].off : "");
		if (on_command_line(firmware[i].off))
			advise(f, "boot without %s%s%s", firmware[i].off,
			       firmware[i].on[0] ? ", with " : "", firmware[i].on);
		else
			advise(f, "boot with %s", firmware[i].on[0] ? firmware[i].on :
			       "a kernel that has its driver");
		return;
	}
	found_failure(f, "there is no IOMMU: no IOMMU group, and no ACPI table DMAR, IVRS or IORT");
	advise(f, "turn it on in the firmware's settings (VT-d, AMD-Vi, SMMU); a virtual machine "
	       "has to be given one");
}

void check_iommu(const struct doctor *d, struct finding *f)
{
	unsigned int groups = count_entries("/sys/kernel/iommu_groups");

	if (!groups) {
		explain_no_iommu(f);
	} else if (!d->has_dev) {
		found_ok(f, "the kernel uses an IOMMU: %u groups", groups);
	} else if (d->dev.group >= 0) {
		found_ok(f, "%s is in IOMMU group %d", d->dev.address, d->dev.group);
	} else {
		found_failure(f, "%s is behind no IOMMU, although other devices are",
			      d->dev.address);
		advise(f, "move the device to another slot, or have the firmware describe an IOMMU "
		       "for this one");
	}
}

/* Interrupts */

struct remapping {
	bool x86, remaps;
};

/* On x86 the names of interrupt chips begin with "IR-" if their interrupts are remapped. */
static bool interrupt_line(char *text, void *data)
{
	struct remapping *r = data;

	if (strstr(text, "IR-")) {
		r->x86 = true;
		r->remaps = true;
	}
	if (strstr(text, "IO-APIC"))
		r->x86 = true;
	return !r->remaps;
}

/* The module that attaches devices to the IOMMU has the parameter allow_unsafe_interrupts. */
static const char *iommu_module(void)
{
	return pb_exists("/dev/vfio/devices") && pb_exists("/dev/iommu") ? "iommufd" :
									   "vfio_iommu_type1";
}

static bool unsafe_allowed(void)
{
	char value[8];

	return !pb_read(value, sizeof(value), "/sys/module/%s/parameters/allow_unsafe_interrupts",
			iommu_module()) && value[0] == 'Y';
}

void check_interrupts(const struct doctor *d, struct finding *f)
{
	struct remapping r = { false, false };

	(void)d;
	if (pb_each_line("/proc/interrupts", interrupt_line, &r) || !r.x86)
		return;
	if (r.remaps) {
		found_ok(f, "the IOMMU remaps interrupts");
		return;
	}
	if (unsafe_allowed()) {
		found_warning(f, "interrupts are not remapped, and VFIO was told to do without "
			      "(allow_unsafe_interrupts): whoever owns a device can send any");
		return;
	}
	found_failure(f, "the IOMMU remaps no interrupts, and VFIO refuses devices without that");
	advise(f, "turn interrupt remapping on in the firmware's settings; if it has none and "
	       "the owner of the device is trusted, tell VFIO to do without");
	command(f, "echo Y > /sys/module/%s/parameters/allow_unsafe_interrupts", iommu_module());
}

/*
 * Does an IOMMU translate the NIC's DMA? Without translation this is only a warning. If the
 * NIC has to be fenced, which needs translation, check_revoke() fails.
 */
void check_domain(const struct doctor *d, struct finding *f)
{
	const struct pb_pci *pci = &d->nic.pci;

	if (!d->has_nic)
		return;
	switch (pb_pci_iommu(pci)) {
	case PEERBAR_IOMMU_TRANSLATES:
		found_ok(f, "the IOMMU translates DMA of %s (group %d, type %s)", pci->address,
			 pci->group, pci->domain);
		return;
	case PEERBAR_IOMMU_FOREIGN:
		found_failure(f, "the IOMMU domain of %s is of type %s, not the DMA API's",
			      pci->address, pci->domain[0] ? pci->domain : "unknown");
		advise(f, "%s", pb_cause_remedy(PB_CAUSE_FOREIGN_DOMAIN));
		return;
	default:
		found_warning(f, "no IOMMU translates DMA of %s (%s): nothing but its driver "
			      "stops a NIC that goes on after a revoke", pci->address,
			      pci->group < 0 ? "no group" : "domain type identity");
		advise(f, "boot without iommu=pt, with iommu.passthrough=0");
	}
}
