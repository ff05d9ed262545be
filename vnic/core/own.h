/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Room for what only the model knows in structures that the core copies about: a model
 * keeps a structure of its own there, and asserts that it fits (NIC_OWN).
 */
#ifndef VNIC_OWN_H
#define VNIC_OWN_H

#include <stdint.h>

union nic_own {
	uint8_t bytes[64];
	uint64_t align;
};

#define NIC_OWN(type, own) ({						\
	_Static_assert(sizeof(type) <= sizeof(union nic_own),		\
		       "what a model owns fits into union nic_own");	\
	(type *)(own)->bytes;						\
})

#endif /* VNIC_OWN_H */
