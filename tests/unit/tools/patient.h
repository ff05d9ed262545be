/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A machine in which everything is right. A test breaks it in one place and has peerbar
 * doctor examine it.
 */
#ifndef PATIENT_H
#define PATIENT_H

#include <stdbool.h>

#include <json-c/json.h>

#include "doctor/doctor.h"
#include "fake.h"
#include "machine.h"

#define PATIENT_RELEASE "7.3.4+deb13-amd64"
#define GPU "0000:05:00.0"
#define NIC "0000:06:00.0"
#define PCI "/sys/bus/pci/devices/"

#define EXPORTS MACHINE_MODULE_SYMBOL("vfio_pci_core_feature_dma_buf", "vfio_pci_core")
#define EFA MACHINE_MODULE_SYMBOL("efa_reg_user_mr_dmabuf", "efa")
#define REVOKES MACHINE_MODULE_SYMBOL("efa_dmabuf_revoke", "efa")

/* What a test changes before make() creates the machine. */
struct patient {
	const char *release, *cpu, *symbols;
	struct machine_function gpu, nic;
	const char *config, *lockdown, *sig_enforce, *interrupts, *limits, *status, *mounts;
	const char *uverbs;	/* its RDMA device */
	const char *port;	/* state of its port */
	bool vfio_pci, peerbar, efa, type1;	/* modules that are loaded */
	const char *fence;	/* NULL: the parameter does not exist */
	const char *table;	/* ACPI table of the IOMMU, for a machine without groups */
	const char *cmdline;
};

extern struct patient m;
extern struct finding findings[NR_CHECKS];

/* cmocka's setup of each test: everything is right. The teardown is fake_teardown(). */
int patient_setup(void **state);

/* Create the files of the machine in /sys, /proc and /dev. */
void make(void);

void examine(const char *nic, const char *dev);
unsigned int count(enum doctor_level level);

/* Only check @id has a finding of @level, and @fact and @todo are in its texts. */
void only(enum doctor_level level, enum check_id id, const char *fact, const char *todo);

/* Make the machine, examine efa_0 and GPU, and expect only this failure, or this warning. */
void fails(enum check_id id, const char *fact, const char *todo);
void warns(enum check_id id, const char *fact, const char *todo);

/*
 * Capture what is printed on standard output, and parse it. It must fit this schema of
 * docs/schemas. The caller puts the result.
 */
void capture_begin(void);
json_object *capture_end(const char *schema);

#define TEST(f) cmocka_unit_test_setup_teardown(f, patient_setup, fake_teardown)

#endif /* PATIENT_H */
