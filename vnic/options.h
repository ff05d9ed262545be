/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The command line of peerbar-vnic. */
#ifndef VNIC_OPTIONS_H
#define VNIC_OPTIONS_H

#include "core/nic.h"

#define EXIT_USAGE 2

struct options {
	const char *socket;	/* never NULL */
	const char *control;	/* NULL: no control socket */
	const char *report;	/* NULL: no report */
	struct nic_config config;
	struct fault fault;
};

/* Exits the process on --help and --version (status 0) and on bad usage (EXIT_USAGE). */
void options_parse(struct options *options, int argc, char **argv);

#endif /* VNIC_OPTIONS_H */
