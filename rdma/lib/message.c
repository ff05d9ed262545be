// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a program that uses the library is told of its last failure. */
#include "machine/error.h"
#include "peerbar.h"

const char *peerbar_errmsg(void)
{
	return pb_message();
}
