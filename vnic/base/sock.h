/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Listening Unix sockets. */
#ifndef VNIC_SOCK_H
#define VNIC_SOCK_H

/*
 * Listen on @path, which only this user can connect to. If @path is a socket already, it
 * is assumed to be left over from an earlier run and is replaced; any other file is kept.
 * Return: the descriptor, or -errno (-EEXIST: @path is another kind of file;
 * -ENAMETOOLONG).
 */
int sock_listen(const char *path, int backlog);

#endif /* VNIC_SOCK_H */
