/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Page tables (page buffer lists) of REG_MR: see pbl.c. */
#ifndef VNIC_EFA_PBL_H
#define VNIC_EFA_PBL_H

#include <stdint.h>

#include "admin_defs.h"
#include "efa.h"

/*
 * Copy the @n page addresses that @cmd gives, in whichever form, to @page, and check that
 * each is aligned to the page size of @cmd.
 * Return: an EFA_ADMIN_* status; unless it is EFA_ADMIN_OK, @page is undefined.
 */
uint8_t efa_pbl_read(struct efa *efa, const struct efa_reg_mr_cmd *cmd, uint64_t *page,
		     uint32_t n);

#endif /* VNIC_EFA_PBL_H */
