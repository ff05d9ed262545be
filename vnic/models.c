// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The NIC models: see models.h. A new model adds its line here. */
#include <string.h>

#include "efa/model.h"
#include "mlx5/model.h"
#include "models.h"

const struct nic_model *const nic_models[] = {
	&efa_model,
	&mlx5_model,
	NULL,
};

const struct nic_model *nic_model_find(const char *name)
{
	for (const struct nic_model *const *m = nic_models; *m; m++)
		if (!strcmp((*m)->name, name))
			return *m;
	return NULL;
}
