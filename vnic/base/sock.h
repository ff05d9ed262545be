/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Listening unix sockets. */
#ifndef VNIC_SOCK_H
#define VNIC_SOCK_H

/*
 * Listen on @path, for this user only. A socket that is in the way is taken for
 * the leftover of an earlier run and replaced; any other file is left alone.
 * Return: the descriptor, or -errno (-EEXIST: not a socket, -ENAMETOOLONG).
 */
int sock_listen(const char *path, int backlog);

#endif /* VNIC_SOCK_H */
