/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The NICs that this program can emulate. */
#ifndef VNIC_MODELS_H
#define VNIC_MODELS_H

#include "core/model.h"

extern const struct nic_model *const nic_models[];	/* the default first, NULL last */

const struct nic_model *nic_model_find(const char *name);	/* NULL: no such model */

#endif /* VNIC_MODELS_H */
