/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The model of Amazon's EFA: this is all of it that the rest of the program sees. */
#ifndef VNIC_EFA_MODEL_H
#define VNIC_EFA_MODEL_H

#include "core/model.h"

extern const struct nic_model efa_model;

#endif /* VNIC_EFA_MODEL_H */
