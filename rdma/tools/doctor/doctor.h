/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * peerbar doctor: the facts that it examines, what a check finds, and the list of checks.
 *
 * A check reads facts and judges one thing. It opens and changes nothing, because the
 * device may be in use.
 */
#ifndef PEERBAR_DOCTOR_H
#define PEERBAR_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/facts.h"
#include "machine/node.h"
#include "machine/verdict.h"

enum doctor_level {
	DOCTOR_LEFT_OUT,	/* there is nothing to judge, or an earlier check failed */
	DOCTOR_OK,
	DOCTOR_WARNING,		/* it works, but the user should know */
	DOCTOR_FAILURE,
};

_Static_assert(DOCTOR_LEFT_OUT == 0, "findings that were set to 0 are left out");
_Static_assert(DOCTOR_LEFT_OUT < DOCTOR_OK && DOCTOR_OK < DOCTOR_WARNING &&
	       DOCTOR_WARNING < DOCTOR_FAILURE, "the worst level is the largest");

struct finding {
	enum doctor_level level;
	char fact[512];		/* the fact from which the level follows */
	char advice[512];	/* the one thing to do, or "" */
	char command[384];	/* a shell command that does it, as root, or "" */
};

struct doctor {
	const char *nic_name;	/* as on the command line; NULL if none was named */
	const char *dev_name;
	struct pb_kernel kernel;
	struct pb_nic nic;	/* valid if has_nic, even if it has no RDMA device */
	struct pb_pci dev;	/* valid if has_dev */
	bool has_nic, has_dev;	/* it was named, and its PCI function was found */
	char nic_error[512];	/* why the NIC that was named was not found, or "" */
	char dev_error[512];
	int bar;		/* the largest memory BAR of dev; negative if it has none */
	struct pb_verdict verdict;	/* valid if has_nic and has_dev */
};

/*
 * Gather the facts. @nic and @dev may be NULL. Returns 0, or -errno with a sentence if /proc
 * cannot be read.
 */
int doctor_examine(struct doctor *d, const char *nic, const char *dev);

/*
 * Checks run, and are printed, in this order, which is that in which things fail. A check
 * must come after those that it rests on.
 */
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

/* Run all checks but those that rest on a check that failed. These are left out. */
void doctor_run(const struct doctor *d, struct finding findings[NR_CHECKS]);

/* doctor_errno.c. Return the errno that @text gives by name or number, 0 if it is not one. */
int doctor_errno(const char *text);

/* Print the causes of @err, the likely ones first. Returns an exit status. */
int doctor_explain(int err, const struct finding findings[NR_CHECKS]);

/*
 * For checks to call. The found_ functions set the level and the fact; advise() and command()
 * add what to do. A check that calls none of the found_ functions is left out.
 */
#define DOCTOR_PRINTF __attribute__((format(printf, 2, 3)))
void found_ok(struct finding *f, const char *fact, ...) DOCTOR_PRINTF;
void found_warning(struct finding *f, const char *fact, ...) DOCTOR_PRINTF;
void found_failure(struct finding *f, const char *fact, ...) DOCTOR_PRINTF;
void advise(struct finding *f, const char *advice, ...) DOCTOR_PRINTF;
void command(struct finding *f, const char *line, ...) DOCTOR_PRINTF;

/* The name of a level in the output: "ok", "warning", "failure" or "left-out". */
const char *level_name(enum doctor_level level);
void print_finding(const char *level, const char *name, const struct finding *f);

/* Return how many entries a folder has, 0 if it does not exist. */
unsigned int count_entries(const char *folder);

/* Is the PCI driver present, built in or as a loaded module? */
bool driver_loaded(const char *driver);
/* Does the NIC's driver pin MRs, so that only the exporter's fence can stop the NIC? */
bool nic_pins(const struct doctor *d);

/* Describe the process that has the device open. Returns false if none can be seen. */
bool find_owner(const struct pb_pci *dev, char *text, size_t size);

/*
 * Find whether this user may open @node. If not, explain it, with the command that mends it
 * where there is one. @mode is that of the node as udev makes it; a node of mode 0600 is given
 * to this user, any other to everybody. Returns true if it may be opened.
 */
bool found_node(struct finding *f, const struct pb_node *node, const char *mode);

/*
 * Look for a PCI network function that has no RDMA device because its driver is not installed,
 * not loaded or not bound, and explain what to do. Returns false if there is none.
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
