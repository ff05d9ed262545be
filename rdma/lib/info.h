/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Answers of VFIO that end in a chain of capabilities, and whose first member, argsz, says how
 * long they are.
 */
#ifndef PEERBAR_INFO_H
#define PEERBAR_INFO_H

#include <stdint.h>

#include <linux/vfio.h>

/*
 * Ask with @question, a structure of @size bytes. The first call may only learn how large the
 * answer is; the second one then gets it. Return: the answer, to be freed, or NULL and errno.
 */
void *pb_info(int fd, unsigned long request, const void *question, uint32_t size);

/*
 * The capability @id in an answer, whose chain begins at @at; 0: it has none. Return: NULL if it is
 * not there, or where it should be is outside the answer.
 */
const void *pb_info_cap(const void *info, uint32_t at, uint16_t id);

#endif /* PEERBAR_INFO_H */
