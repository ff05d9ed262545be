/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * struct nic_model: what the device needs of the NIC that it plays.
 *
 * A model is a folder of its own with one of these, and an entry in ../models.c. It knows
 * verbs/, core/, bus/ and base/, and no other model; they know none. All but describe() and
 * report_config() are called with the gate held, or before there is a second thread.
 */
#ifndef VNIC_MODEL_H
#define VNIC_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/pci.h"
#include "bus/vfu.h"
#include "fault.h"
#include "own.h"

struct json_object;
struct nic;
struct nic_config;

/* An option of the command line that only this model has: --NAME ARGUMENT. */
struct nic_option {
	const char *name;	/* NULL ends a table */
	const char *argument;	/* as --help shows it */
	const char *help;
	/* Set a field of the model's own @config. Return: NULL, or what is wanted instead. */
	const char *(*parse)(const char *text, union nic_own *config);
};

struct nic_model {
	const char *name;	/* of --model; also of the model's part of the report */
	const char *about;	/* for --help */

	const void *defaults;		/* of what the options set, in nic_config.own */
	size_t defaults_size;
	const struct nic_option *options;
	const struct fault_desc *faults;	/* offsets are in fault.own */

	/* What is on the PCI bus, as @config has it. */
	void (*describe)(const struct nic_config *config, struct pci_function *function);

	void *(*create)(struct nic *nic);	/* NULL: out of memory */
	void (*destroy)(void *device);
	void (*reset)(void *device);	/* forget all but the counters */

	/* BARs 0 to 5. An access lies inside the region; -EINVAL: it is of no use there. */
	void (*region)(void *device, unsigned int bar, struct vfu_region *info);
	int (*read)(void *device, unsigned int bar, uint64_t off, void *buf, uint32_t len);
	int (*write)(void *device, unsigned int bar, uint64_t off, const void *buf,
		     uint32_t len);

	/*
	 * Take one slice of work. Return: false if there is nothing to do before the next
	 * gate_kick(). After a step that returned true the engine leaves the gate, and stays
	 * away for *@pause_us microseconds: because of a fault, or because nothing but a
	 * point in time is waited for.
	 */
	bool (*step)(void *device, uint32_t *pause_us);

	void (*faults_changed)(void *device);	/* what one held back may go on */
	void (*clear)(void *device);		/* its counters to 0 */
	struct json_object *(*report)(const void *device);
	/* Add what the options set to the report's "device". */
	void (*report_config)(const struct nic_config *config, struct json_object *to);
};

#endif /* VNIC_MODEL_H */
