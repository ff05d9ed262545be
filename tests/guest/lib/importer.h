/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The test importer, tests/kmod/peerbar_test_importer.h, with errno as the result
 * instead of in errno: every call gives 0 or a negative errno unless it says otherwise.
 */
#ifndef GUEST_IMPORTER_H
#define GUEST_IMPORTER_H

#include <stdbool.h>
#include <stdint.h>

#include "../../kmod/peerbar_test_importer.h"

/*
 * A descriptor of the device, which is the scope of the handles. Loads the module for
 * the running kernel from build/kmod if it is not loaded. Failure ends the test.
 */
int importer_open(void);

/* Load and unload the module; -EAGAIN: the module is in use. */
int importer_load(void);
int importer_unload(void);

int importer_attach(int fd, int dmabuf, const char *device, enum pti_mode mode,
		    uint32_t unmap_delay_ms, uint32_t *handle);

/* The same with all that can be asked for; fills in @how->device and @how->handle. */
int importer_attach_as(int fd, struct pti_attach *how, const char *device);

/* Let the callbacks go on that sit; how many do (or a negative errno). */
int importer_wake(int fd);
int importer_sitting(int fd);

int importer_map(int fd, uint32_t handle);
int importer_unmap(int fd, uint32_t handle);
int importer_detach(int fd, uint32_t handle);

/* @entries may be NULL if @room is 0. */
int importer_query(int fd, uint32_t handle, struct pti_query *query,
		   struct pti_entry *entries, uint32_t room);

/*
 * Asks again until the importer has been told and has let go, but not for long: an unbind and
 * an error of the link do not wait for importers, whom a work item tells.
 */
int importer_query_soon(int fd, uint32_t handle, struct pti_query *query);

#endif /* GUEST_IMPORTER_H */
