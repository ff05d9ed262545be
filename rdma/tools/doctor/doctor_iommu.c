// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Checks of the IOMMU: is there one, does it translate, does it remap interrupts.
 */
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "machine/sys.h"

/* The firmware's tables of an IOMMU, and what makes the kernel use it. */
static const struct {
	const char *table;
	const char *off;	/* as it would be on the command line */
	const char *on;
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

/* There is none in use. Is there one at all? */
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

/* On x86 the kernel puts "IR-" before the name of a chip whose interrupts are remapped. */
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

/* The module that puts devices behind the IOMMU, and has the parameter. */
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

/* What the NIC's own DMA goes through; a fence without it is the matter of "revoke". */
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
