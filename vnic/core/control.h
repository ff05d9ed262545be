/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The control socket, through which tests read counters and set fault switches
 * while the guest runs. A request is one JSON object on one line, and so is the
 * answer:
 *
 *	{"cmd":"ping"}				{"ok":true}
 *	{"cmd":"stats"}				nic_report(), with "ok":true
 *	{"cmd":"fault","set":["drop-cqe=1"]}	{"ok":true,"faults":{...}}
 *	{"cmd":"clear"}				{"ok":true}
 *	anything else				{"ok":false,"error":"..."}
 *
 * "fault" sets all of its switches or, if one of them is bad, none. "clear" turns
 * every fault off and resets the counters and the stray records. It does not reset
 * the figures of the DMA map, because most of them describe maps that still exist.
 * Empty lines get no answer, and a carriage return before the newline is ignored,
 * so that the client can be a terminal or a serial port.
 */
#ifndef VNIC_CTL_H
#define VNIC_CTL_H

#include <stddef.h>

#define CTL_MAX_LINE	4096u	/* bytes, including the newline */
#define CTL_MAX_CLIENTS	16u	/* further clients wait in the listen backlog */

struct nic;
struct ctl;

/*
 * Execute one line of @len bytes, with or without its newline. Takes the gate.
 * Return: the answer, which ends in a newline and a NUL and which the caller frees;
 * NULL if the line gets no answer (it is blank) or memory ran out.
 */
char *ctl_answer(struct nic *nic, const char *line, size_t len);
char *ctl_refuse(const char *error);	/* {"ok":false,...} */

/*
 * Serve clients of the listening socket @fd from a new thread until ctl_stop(),
 * which also closes @fd.
 * Return: the server, or NULL with errno set if it cannot be started; @fd then
 * stays open.
 */
struct ctl *ctl_start(struct nic *nic, int fd);
void ctl_stop(struct ctl *ctl);

#endif /* VNIC_CTL_H */
