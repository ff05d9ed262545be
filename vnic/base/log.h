/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Messages to the user, on standard error. */
#ifndef VNIC_LOG_H
#define VNIC_LOG_H

#include <stdbool.h>

extern bool log_verbose;	/* --verbose; set before any thread is started */

/* Something went wrong. Always shown. */
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Progress. Shown with --verbose. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* VNIC_LOG_H */
