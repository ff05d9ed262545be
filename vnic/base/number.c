// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Numbers on a command line: see number.h. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "number.h"

int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	unsigned long long number;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 0);
	if (errno || *end || number < min || number > max)
		return -EINVAL;
	*value = number;
	return 0;
}
