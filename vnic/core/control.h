/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The control socket: tests read counters and throw fault switches while the
 * guest runs. One JSON object a line, each answered by one line:
 *
 *	{"cmd":"ping"}				{"ok":true}
 *	{"cmd":"stats"}				nic_report(), with "ok":true
 *	{"cmd":"fault","set":["drop-cqe=1"]}	{"ok":true,"faults":{...}}
 *	{"cmd":"clear"}				{"ok":true}
 *	anything else				{"ok":false,"error":"..."}
 *
 * "fault" sets all of its switches or none. "clear" turns every fault off and
 * sets counters and stray records to 0; the DMA map's figures stay, as they
 * describe what is there. Empty lines are not answered, and a carriage return
 * before the newline is ignored: a client may be a terminal or a serial port.
 */
#ifndef VNIC_CTL_H
#define VNIC_CTL_H

#include <stddef.h>

#define CTL_MAX_LINE	4096u	/* with the newline */
#define CTL_MAX_CLIENTS	16u	/* more wait to be accepted */

struct nic;
struct ctl;

/*
 * The answer to one line of @len bytes (newline included or not), ended by a
 * newline and a NUL; the caller frees it. NULL: nothing to answer. Takes the
 * gate.
 */
char *ctl_answer(struct nic *nic, const char *line, size_t len);
char *ctl_refuse(const char *error);	/* {"ok":false,...} */

/*
 * Serve clients of the listening socket @fd from a thread of its own, until
 * ctl_stop(). @fd is closed then.
 * Return: NULL and errno if it cannot be started.
 */
struct ctl *ctl_start(struct nic *nic, int fd);
void ctl_stop(struct ctl *ctl);

#endif /* VNIC_CTL_H */
