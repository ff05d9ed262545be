/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Is a driver in the list that an operator wrote into the module parameter fence? The module
 * (admission.c) and the tools (rdma/machine) include this same source, so that they always
 * agree. Nothing here calls into the kernel, so it can be tested on any host.
 */
#ifndef PEERBAR_FENCE_LIST_H
#define PEERBAR_FENCE_LIST_H

#ifdef __KERNEL__
#include <linux/string.h>
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#endif

/*
 * What separates the names. Separators before the first and after the last name are ignored,
 * because a list that was written with echo(1) ends in a newline.
 */
#define PEERBAR_FENCE_SEPARATORS ", \t\n"

/* '-' and '_' are equal, as they are in the names of kernel modules. */
static inline char peerbar_fence_fold(char c)
{
	return c == '-' ? '_' : c;
}

/* Are the first @len characters of @text exactly @name? */
static inline bool peerbar_fence_is(const char *text, size_t len, const char *name)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!name[i] || peerbar_fence_fold(text[i]) != peerbar_fence_fold(name[i]))
			return false;
	return !name[len];
}

/*
 * Users know an RDMA device by the name of its RDMA driver. That driver sits on top of the
 * one that is bound to the PCI function, which often has another name.
 */
static inline bool peerbar_fence_is_rdma(const char *text, size_t len, const char *driver)
{
	static const struct {
		const char *rdma;
		const char *pci;
	} below[] = {
		{ "bnxt_re", "bnxt_en" },
		{ "ionic_rdma", "ionic" },
		{ "irdma", "i40e" },
		{ "irdma", "ice" },
		{ "irdma", "idpf" },
		{ "mana_ib", "mana" },
		{ "mlx5_ib", "mlx5_core" },
		{ NULL, NULL },
	};
	size_t i;

	for (i = 0; below[i].rdma; i++)
		if (peerbar_fence_is(text, len, below[i].rdma) &&
		    peerbar_fence_is(below[i].pci, strlen(below[i].pci), driver))
			return true;
	return false;
}

/**
 * peerbar_fence_names - may the NICs of a driver be fenced off?
 * @list: names of drivers, as the operator wrote them, or "all"
 * @driver: the driver that is bound to the PCI function; "" for none
 *
 * Return: true if the list contains "all", the driver's own name, or the name of the RDMA
 * driver above it.
 */
static inline bool peerbar_fence_names(const char *list, const char *driver)
{
	size_t len;

	for (; *list; list += len) {
		list += strspn(list, PEERBAR_FENCE_SEPARATORS);
		len = strcspn(list, PEERBAR_FENCE_SEPARATORS);
		if (len && (peerbar_fence_is(list, len, "all") ||
			    peerbar_fence_is(list, len, driver) ||
			    peerbar_fence_is_rdma(list, len, driver)))
			return true;
	}
	return false;
}

#endif
