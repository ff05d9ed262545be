/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a target promises: an input that breaks it is a finding. */
#ifndef FUZZ_MUST_H
#define FUZZ_MUST_H

#include <stdio.h>
#include <stdlib.h>

#define MUST(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

#endif /* FUZZ_MUST_H */
