/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a verb of the command prints.
 */
#ifndef SAID_H
#define SAID_H

/* Until the next said_run(). */
extern char said_out[16384];
extern char said_err[4096];

/* Run a verb, with standard output and standard error kept. Returns its exit status. */
int said_run(int (*run)(int argc, char **argv), int argc, char **argv);

#endif /* SAID_H */
