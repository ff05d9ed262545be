/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Captures what a verb of the peerbar command prints.
 */
#ifndef SAID_H
#define SAID_H

/* The output of the last said_run(). */
extern char said_out[16384];
extern char said_err[4096];

/* Run a verb and capture its standard output and standard error. Returns its exit status. */
int said_run(int (*run)(int argc, char **argv), int argc, char **argv);

#endif /* SAID_H */
