// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The table of peerbar doctor's checks, and the function that runs them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "machine/sys.h"
#include "peerbar.h"

#define ON(check) (1u << (check))
_Static_assert(NR_CHECKS <= 32, "there is a bit for each check in a uint32_t");

static const struct {
	const char *name;
	void (*run)(const struct doctor *d, struct finding *f);
	uint32_t rests_on;	/* if one of these fails, this check has nothing to judge */
} checks[NR_CHECKS] = {
	[CHECK_KERNEL] = { "kernel", check_kernel, 0 },
	[CHECK_CONFIG] = { "config", check_config, ON(CHECK_KERNEL) },
	[CHECK_SIGNATURES] = { "signatures", check_signatures, 0 },
	[CHECK_IOMMU] = { "iommu", check_iommu, ON(CHECK_CONFIG) },
	[CHECK_VFIO] = { "vfio", check_vfio, ON(CHECK_CONFIG) },
	[CHECK_INTERRUPTS] = { "interrupts", check_interrupts, ON(CHECK_IOMMU) | ON(CHECK_VFIO) },
	[CHECK_DEVICE] = { "device", check_device, 0 },
	[CHECK_EXPORTER] = { "exporter", check_exporter,
			     ON(CHECK_KERNEL) | ON(CHECK_SIGNATURES) | ON(CHECK_VFIO) },
	[CHECK_BINDING] = { "binding", check_binding,
			    ON(CHECK_DEVICE) | ON(CHECK_IOMMU) | ON(CHECK_EXPORTER) },
	[CHECK_GROUP] = { "group", check_group, ON(CHECK_BINDING) },
	[CHECK_ACCESS] = { "access", check_access, ON(CHECK_BINDING) },
	[CHECK_OWNER] = { "owner", check_owner, ON(CHECK_BINDING) },
	[CHECK_MEMORY] = { "memory", check_memory, ON(CHECK_DEVICE) },
	[CHECK_BAR] = { "bar", check_bar, ON(CHECK_DEVICE) },
	[CHECK_NIC] = { "nic", check_nic, ON(CHECK_SIGNATURES) },
	[CHECK_VERBS] = { "verbs", check_verbs, ON(CHECK_NIC) },
	[CHECK_PORT] = { "port", check_port, ON(CHECK_NIC) },
	[CHECK_DOMAIN] = { "domain", check_domain, ON(CHECK_NIC) | ON(CHECK_IOMMU) },
	[CHECK_DMABUF] = { "dma-buf", check_dmabuf, ON(CHECK_NIC) },
	[CHECK_REVOKE] = { "revoke", check_revoke,
			   ON(CHECK_BINDING) | ON(CHECK_BAR) | ON(CHECK_DMABUF) },
	[CHECK_PATH] = { "path", check_path, ON(CHECK_DEVICE) | ON(CHECK_BAR) | ON(CHECK_NIC) },
	[CHECK_MASK] = { "mask", check_mask, ON(CHECK_DEVICE) | ON(CHECK_BAR) | ON(CHECK_NIC) },
	[CHECK_MEMLOCK] = { "memlock", check_memlock, 0 },
	[CHECK_DEBUGFS] = { "debugfs", check_debugfs, ON(CHECK_EXPORTER) },
};

const char *check_name(enum check_id id)
{
	return checks[id].name;
}

void doctor_run(const struct doctor *d, struct finding findings[NR_CHECKS])
{
	uint32_t failed = 0;	/* checks that failed, or that rest on one that did */
	unsigned int id;

	memset(findings, 0, NR_CHECKS * sizeof(findings[0]));
	for (id = 0; id < NR_CHECKS; id++) {
		if (failed & checks[id].rests_on) {
			failed |= ON(id);
			continue;
		}
		checks[id].run(d, &findings[id]);
		if (findings[id].level == DOCTOR_FAILURE)
			failed |= ON(id);
	}
}

int doctor_examine(struct doctor *d, const char *nic, const char *dev)
{
	char address[PB_ADDRESS_SIZE];
	int ret;

	memset(d, 0, sizeof(*d));
	d->nic_name = nic;
	d->dev_name = dev;
	d->bar = -1;
	ret = pb_kernel_facts(&d->kernel);
	if (ret)
		return ret;
	if (nic && pb_nic_facts(&d->kernel, nic, &d->nic))
		snprintf(d->nic_error, sizeof(d->nic_error), "%s", peerbar_errmsg());
	if (dev && (pb_pci_parse(dev, address) || pb_pci_facts(address, &d->dev)))
		snprintf(d->dev_error, sizeof(d->dev_error), "%s", peerbar_errmsg());
	d->has_nic = nic && !d->nic_error[0];
	d->has_dev = dev && !d->dev_error[0];
	if (d->has_dev)
		d->bar = pb_pci_largest_bar(&d->dev);
	if (d->has_dev && d->has_nic)
		d->verdict = pb_verdict(&d->kernel, &d->nic, &d->dev, d->bar);
	return 0;
}

__attribute__((format(printf, 3, 0)))
static void found(struct finding *f, enum doctor_level level, const char *fact, va_list ap)
{
	f->level = level;
	vsnprintf(f->fact, sizeof(f->fact), fact, ap);
}

void found_ok(struct finding *f, const char *fact, ...)
{
	va_list ap;

	va_start(ap, fact);
	found(f, DOCTOR_OK, fact, ap);
	va_end(ap);
}

void found_warning(struct finding *f, const char *fact, ...)
{
	va_list ap;

	va_start(ap, fact);
	found(f, DOCTOR_WARNING, fact, ap);
	va_end(ap);
}

void found_failure(struct finding *f, const char *fact, ...)
{
	va_list ap;

	va_start(ap, fact);
	found(f, DOCTOR_FAILURE, fact, ap);
	va_end(ap);
}

void advise(struct finding *f, const char *advice, ...)
{
	va_list ap;

	va_start(ap, advice);
	vsnprintf(f->advice, sizeof(f->advice), advice, ap);
	va_end(ap);
}

void command(struct finding *f, const char *line, ...)
{
	va_list ap;

	va_start(ap, line);
	vsnprintf(f->command, sizeof(f->command), line, ap);
	va_end(ap);
}

unsigned int count_entries(const char *folder)
{
	PB_NAMES names = pb_list("%s", folder);

	return names.nr > 0 ? names.nr : 0;
}
