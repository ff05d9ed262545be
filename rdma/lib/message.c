// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* peerbar_errmsg(): the message of the last failure, for programs that use the library. */
#include "machine/error.h"
#include "peerbar.h"

const char *peerbar_errmsg(void)
{
	return pb_message();
}
