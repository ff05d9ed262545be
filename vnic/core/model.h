/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * struct nic_model: the interface between the core and the NIC that it emulates.
 *
 * A model is a folder of its own that defines one struct nic_model, and an entry in
 * ../models.c. It may include headers of verbs/, core/, bus/ and base/, but of no other
 * model, and none of those folders includes a header of a model.
 *
 * describe() and report_config() only read the configuration, and nic_option.parse() only
 * writes it. Every other callback runs with the gate held, or while this process has only
 * one thread: before the engine starts or after it has ended. So a model needs no locks.
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

/* A command-line option that only this model has: --NAME ARGUMENT. */
struct nic_option {
	const char *name;	/* NULL ends a table */
	const char *argument;	/* the argument's placeholder in --help */
	const char *help;
	/*
	 * Store @text in the model's own structure in @config. Return: NULL, or a phrase
	 * that completes the message "--NAME TEXT: want ...".
	 */
	const char *(*parse)(const char *text, union nic_own *config);
};

struct nic_model {
	const char *name;	/* for --model, and the key of report() in the device's report */
	const char *about;	/* one line for --help */

	const void *defaults;		/* initial contents of nic_config.own */
	size_t defaults_size;
	const struct nic_option *options;
	const struct fault_desc *faults;	/* offsets count from fault.own */

	/* Fill in the PCI function (ids, BARs, MSI-X) that @config asks for. */
	void (*describe)(const struct nic_config *config, struct pci_function *function);

	/*
	 * Return: the device pointer that every callback below gets, or NULL if memory ran
	 * out. config, dma, pci and gate of @nic are ready. fault is not: the program sets
	 * it from --fault afterwards, without a call to faults_changed().
	 */
	void *(*create)(struct nic *nic);
	void (*destroy)(void *device);
	/*
	 * Return to the state after create(), except that the counters keep their values.
	 * The core resets config space; the DMA map and the eventfds survive a reset.
	 */
	void (*reset)(void *device);

	/*
	 * The BARs, 0 to 5. region() gets an @info that says "does not exist" (size 0,
	 * mmap_fd -1) and changes it for the BARs that the model has.
	 *
	 * read() and write() get only accesses that lie inside the region. Return: 0, or
	 * -EINVAL if the BAR does not take an access of this size or alignment; the client
	 * gets that error.
	 */
	void (*region)(void *device, unsigned int bar, struct vfu_region *info);
	int (*read)(void *device, unsigned int bar, uint64_t off, void *buf, uint32_t len);
	int (*write)(void *device, unsigned int bar, uint64_t off, const void *buf,
		     uint32_t len);

	/*
	 * Called by the engine thread: do one slice of work. It moves at most
	 * nic_config.slice bytes, or one packet if that is more, because the host side
	 * waits for the gate until step() returns.
	 *
	 * Return: false if there is nothing to do. The engine then sleeps until gate_kick(),
	 * which the model calls when a doorbell or anything else gives it work. Otherwise
	 * return true, with *@pause_us set: the engine opens the gate, sleeps for *@pause_us
	 * microseconds (at most a second) and steps again. The pause is 0 unless a fault
	 * switch slows the engine down, or the only work left is to wait for a point in time
	 * (see turns_pause_us()).
	 */
	bool (*step)(void *device, uint32_t *pause_us);

	/* Fault switches changed: resume whatever one of them had held back. */
	void (*faults_changed)(void *device);
	void (*clear)(void *device);	/* set the model's counters to 0 */
	struct json_object *(*report)(const void *device);	/* the caller puts it */
	/* Add the values that the model's options set to the report's object "device". */
	void (*report_config)(const struct nic_config *config, struct json_object *to);
};

#endif /* VNIC_MODEL_H */
