/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Space for a model's own data inside structures that the core defines and copies by
 * value. The model keeps a structure of its own there and reaches it with NIC_OWN(),
 * which asserts that the structure fits.
 */
#ifndef VNIC_OWN_H
#define VNIC_OWN_H

#include <stdint.h>

union nic_own {
	uint8_t bytes[64];
	uint64_t align;
};

/* The union nic_own at @own as a pointer to the model's @type. */
#define NIC_OWN(type, own) ({						\
	_Static_assert(sizeof(type) <= sizeof(union nic_own),		\
		       "what a model owns fits into union nic_own");	\
	(type *)(own)->bytes;						\
})

#endif /* VNIC_OWN_H */
