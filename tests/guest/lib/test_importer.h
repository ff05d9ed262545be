/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The test importer, tests/kmod/peerbar_test_importer.h. Every call returns 0 or a negative
 * errno, and does not set errno, unless it says otherwise.
 */
#ifndef GUEST_IMPORTER_H
#define GUEST_IMPORTER_H

#include <stdbool.h>
#include <stdint.h>

#include "../../kmod/peerbar_test_importer.h"

/*
 * Open the importer's device node. Handles are valid for this descriptor only. Loads the
 * module for the running kernel from build/kmod if needed. Failure ends the test.
 */
int importer_open(void);

/* Load and unload the module; -EAGAIN: the module is in use. */
int importer_load(void);
int importer_unload(void);

int importer_attach(int fd, int dmabuf, const char *device, enum pti_mode mode,
		    uint32_t unmap_delay_ms, uint32_t *handle);

/* The same with every option in @how; fills in @how->device and @how->handle. */
int importer_attach_as(int fd, struct pti_attach *how, const char *device);

/* Release the callbacks that sit; count those that sit now (or a negative errno). */
int importer_wake(int fd);
int importer_sitting(int fd);

int importer_map(int fd, uint32_t handle);
int importer_unmap(int fd, uint32_t handle);
int importer_detach(int fd, uint32_t handle);

/* @entries may be NULL if @room is 0. */
int importer_query(int fd, uint32_t handle, struct pti_query *query,
		   struct pti_entry *entries, uint32_t room);

/*
 * Query repeatedly, for a limited time, until the importer has been told and has unmapped.
 * Needed after an unbind or a link error: these do not wait for importers, which a work item
 * tells.
 */
int importer_query_soon(int fd, uint32_t handle, struct pti_query *query);

#endif /* GUEST_IMPORTER_H */
