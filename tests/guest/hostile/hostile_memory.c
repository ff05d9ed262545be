// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The NIC and the memory of a hostile process: see hostile_memory.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hostile_memory.h"
#include "lib/rig.h"
#include "lib/tap.h"

#define GUARD		HOSTILE_MEM
#define GUARD_BYTE	0xc3

struct ibv_context *hostile_open_device(void)
{
	struct ibv_device **list = ibv_get_device_list(NULL), **dev;
	struct ibv_context *context = NULL;

	for (dev = list; dev && *dev; dev++)
		if (!strcmp(ibv_get_device_name(*dev), rig_ibdev()))
			context = ibv_open_device(*dev);
	if (!context)
		tap_die("set-up", "cannot open %s", rig_ibdev());
	ibv_free_device_list(list);
	return context;
}

uint8_t *hostile_guarded(void)
{
	size_t len = HOSTILE_MEM + 2 * GUARD;
	uint8_t *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (mem == MAP_FAILED)
		tap_die("set-up", "no memory");
	memset(mem, GUARD_BYTE, len);
	return mem + GUARD;
}

bool hostile_guards_hold(const uint8_t *mem)
{
	for (size_t i = 0; i < GUARD; i++)
		if (mem[i - GUARD] != GUARD_BYTE || mem[HOSTILE_MEM + i] != GUARD_BYTE)
			return false;
	return true;
}

struct ibv_mr *hostile_reg(struct ibv_pd *pd, void *mem, int access)
{
	struct ibv_mr *mr = ibv_reg_mr(pd, mem, HOSTILE_MEM, access);

	if (!mr)
		tap_die("set-up", "cannot register memory: %s", strerror(errno));
	return mr;
}

void hostile_dereg(struct ibv_mr *mr)
{
	int err = ibv_dereg_mr(mr);

	if (err)
		tap_die("tear-down", "ibv_dereg_mr: %s", strerror(err));
}

void hostile_randomize(void *mem, size_t len)
{
	uint8_t *byte = mem;

	while (len--)
		*byte++ = (uint8_t)(random() >> 8);
}
