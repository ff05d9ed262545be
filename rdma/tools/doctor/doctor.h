/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * peerbar doctor: what it examines, what a check finds, and the table of checks.
 *
 * A check reads facts and judges one thing. It opens and changes nothing: the
 * device may be in use.
 */
#ifndef PEERBAR_DOCTOR_H
#define PEERBAR_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/facts.h"
#include "machine/verdict.h"

enum doctor_level {
	DOCTOR_LEFT_OUT,	/* nothing to judge, or what it rests on failed */
	DOCTOR_OK,
	DOCTOR_WARNING,		/* works, but somebody should know */
	DOCTOR_FAILURE,
};

struct finding {
	enum doctor_level level;
	char fact[512];		/* what the level rests on */
	char advice[512];	/* the one thing to do; "": nothing */
	char command[384];	/* a shell line that does it, as root; "": there is none */
};

struct doctor {
	const char *nic_name;	/* as on the command line; NULL: none */
	const char *dev_name;
	struct pb_kernel kernel;
	struct pb_nic nic;	/* valid if has_nic: the PCI function is there */
	struct pb_pci dev;	/* valid if has_dev */
	bool has_nic, has_dev;
	char nic_error[512];	/* why it was named and is not there; "" */
	char dev_error[512];
	int bar;		/* the largest of dev; negative: none */
	struct pb_verdict verdict;	/* valid if both are there */
};

/* Gather the facts. @nic and @dev may be NULL. -errno, with a sentence: no /proc. */
int doctor_examine(struct doctor *d, const char *nic, const char *dev);

/* In the order in which things fail, and so the order of the output. */
enum check_id {
	CHECK_KERNEL,
	CHECK_CONFIG,
	CHECK_SIGNATURES,
	CHECK_IOMMU,
	CHECK_VFIO,
	CHECK_INTERRUPTS,
	CHECK_DEVICE,
	CHECK_EXPORTER,
	CHECK_BINDING,
	CHECK_GROUP,
	CHECK_ACCESS,
	CHECK_OWNER,
	CHECK_MEMORY,
	CHECK_BAR,
	CHECK_NIC,
	CHECK_VERBS,
	CHECK_PORT,
	CHECK_DOMAIN,
	CHECK_DMABUF,
	CHECK_REVOKE,
	CHECK_PATH,
	CHECK_MASK,
	CHECK_MEMLOCK,
	CHECK_DEBUGFS,
	NR_CHECKS,
};

const char *check_name(enum check_id id);

/* Run all checks; one that rests on a failed one is left out. */
void doctor_run(const struct doctor *d, struct finding findings[NR_CHECKS]);

/* doctor_errno.c: the errno that @text names, or is the number of; 0: none. */
int doctor_errno(const char *text);

/* Print the causes of @err, the likely first. Return: an exit status. */
int doctor_explain(int err, const struct finding findings[NR_CHECKS]);

/*
 * For checks. The first three set the level and the fact, the others add what to do. A
 * check that calls none of the first three is left out.
 */
#define DOCTOR_PRINTF __attribute__((format(printf, 2, 3)))
void found_ok(struct finding *f, const char *fact, ...) DOCTOR_PRINTF;
void found_warning(struct finding *f, const char *fact, ...) DOCTOR_PRINTF;
void found_failure(struct finding *f, const char *fact, ...) DOCTOR_PRINTF;
void advise(struct finding *f, const char *advice, ...) DOCTOR_PRINTF;
void command(struct finding *f, const char *line, ...) DOCTOR_PRINTF;

/* How findings are shown: "ok", "warning", "failure", "left-out". */
const char *level_name(enum doctor_level level);
void print_finding(const char *level, const char *name, const struct finding *f);

/* Of a folder; 0 if there is none. */
unsigned int count_entries(const char *folder);

/* Is the driver there, built in or loaded? */
bool driver_loaded(const char *driver);
/* Does the NIC's driver leave it to the exporter to stop the NIC? */
bool nic_pins(const struct doctor *d);

/* The process that has the device open, as far as it can be seen; false: none. */
bool find_owner(const struct pb_pci *dev, char *text, size_t size);

/* The command that makes the missing node of @name in @class: @where is mode and folder. */
void make_node(struct finding *f, const char *class, const char *name, const char *where);

/*
 * Find a PCI network function that has no RDMA device because a driver is missing, not
 * loaded or not bound, and say what brings it. False: there is none.
 */
bool explain_missing_nic(struct finding *f);

/* doctor_kernel.c */
void check_kernel(const struct doctor *d, struct finding *f);
void check_config(const struct doctor *d, struct finding *f);
void check_signatures(const struct doctor *d, struct finding *f);
void check_memlock(const struct doctor *d, struct finding *f);
void check_debugfs(const struct doctor *d, struct finding *f);

/* doctor_iommu.c */
void check_iommu(const struct doctor *d, struct finding *f);
void check_interrupts(const struct doctor *d, struct finding *f);
void check_domain(const struct doctor *d, struct finding *f);

/* doctor_vfio.c */
void check_vfio(const struct doctor *d, struct finding *f);
void check_exporter(const struct doctor *d, struct finding *f);
void check_binding(const struct doctor *d, struct finding *f);
void check_group(const struct doctor *d, struct finding *f);
void check_access(const struct doctor *d, struct finding *f);
void check_owner(const struct doctor *d, struct finding *f);

/* doctor_device.c */
void check_device(const struct doctor *d, struct finding *f);
void check_memory(const struct doctor *d, struct finding *f);
void check_bar(const struct doctor *d, struct finding *f);

/* doctor_nic.c */
void check_nic(const struct doctor *d, struct finding *f);
void check_verbs(const struct doctor *d, struct finding *f);
void check_port(const struct doctor *d, struct finding *f);

/* doctor_path.c */
void check_dmabuf(const struct doctor *d, struct finding *f);
void check_revoke(const struct doctor *d, struct finding *f);
void check_path(const struct doctor *d, struct finding *f);
void check_mask(const struct doctor *d, struct finding *f);

#endif /* PEERBAR_DOCTOR_H */
