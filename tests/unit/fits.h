/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Does JSON that was printed fit its schema? */
#ifndef UNIT_FITS_H
#define UNIT_FITS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

/*
 * Fail the test unless @text fits docs/schemas/@schema.schema.json. The current folder is
 * tests/unit.
 */
static inline void assert_fits(const char *schema, const char *text)
{
	char command[128];
	FILE *pipe;

	snprintf(command, sizeof(command), "../schemas/fits %s /dev/stdin", schema);
	pipe = popen(command, "w");
	assert_non_null(pipe);
	fputs(text, pipe);
	if (pclose(pipe))
		fail_msg("this does not fit %s, as said above: %s", schema, text);
}

#endif /* UNIT_FITS_H */
