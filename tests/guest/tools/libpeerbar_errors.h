/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the libpeerbar_errors test. */
#ifndef GUEST_LIBPEERBAR_ERRORS_H
#define GUEST_LIBPEERBAR_ERRORS_H

/*
 * Check one wrong use, which gave @err: it must have failed with @expected (a positive
 * errno), and the library's message must contain each of the space-separated @words.
 */
void expect_error(const char *name, int err, int expected, const char *words);

void errors_of_open(void);	/* libpeerbar_errors_open.c */
void errors_of_export(void);	/* libpeerbar_errors_export.c */
void errors_of_reg_mr(void);	/* libpeerbar_errors_mr.c */
void errors_of_stock_efa(void);

#endif /* GUEST_LIBPEERBAR_ERRORS_H */
