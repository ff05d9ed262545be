// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which importers are let in: those that stop their hardware when they are told to.
 *
 * Since the callback is called invalidate_mappings (Linux 7.1), only importers that do so
 * have one. Before, every importer that takes part has a move_notify, and the one of a
 * pinned umem does nothing at all; there is no way to see it but to know the function.
 * So on those kernels there is a list, and what is not in it is refused.
 */
#include <linux/kallsyms.h>
#include <linux/ratelimit.h>

#include "peerbar.h"

#ifndef PEERBAR_HAVE_INVALIDATE_MAPPINGS
/* Callbacks that were read, or written, and really revoke; with the module they live in. */
static const struct {
	const char *symbol;
	const char *module;
} revoking[] = {
	/* on-demand paging: the MR's page tables are zapped before it returns */
	{ "mlx5_ib_dmabuf_invalidate_cb", "mlx5_ib" },
	/* the kernel's pinned and revocable umem (7.x; backported to 6.12 stable) */
	{ "ib_umem_dmabuf_revoke_locked", "ib_uverbs" },
	/* ours, for kernels without it (rdma/umem) */
	{ "peerbar_umem_revoke_notify", "peerbar_umem" },
	/* the test importer (tests/kmod); its unrevocable callback is not here */
	{ "peerbar_test_importer_dynamic_move_notify", "peerbar_test_importer" },
	{ "peerbar_test_importer_pinned_move_notify", "peerbar_test_importer" },
};

/* @name as sprint_symbol_no_offset() has it: "symbol [module]", or "symbol" if built in */
static bool names(const char *name, const char *symbol, const char *module)
{
	size_t n = strlen(symbol), m = strlen(module);

	if (strncmp(name, symbol, n))
		return false;
	name += n;
	if (!*name)
		return true;
	return !strncmp(name, " [", 2) && !strncmp(name + 2, module, m) &&
	       !strcmp(name + 2 + m, "]");
}

static bool revokes(const void *callback)
{
	char name[KSYM_SYMBOL_LEN];
	size_t i;

	if (!callback)
		return false;
	sprint_symbol_no_offset(name, (unsigned long)callback);
	for (i = 0; i < ARRAY_SIZE(revoking); i++)
		if (names(name, revoking[i].symbol, revoking[i].module))
			return true;
	return false;
}
#else
static bool revokes(const void *callback)
{
	return callback;
}
#endif

bool peerbar_importer_revokes(const struct dma_buf_attachment *attach)
{
	char name[KSYM_SYMBOL_LEN] = "none";
	const void *callback = NULL;

	if (attach->importer_ops)
		callback = peerbar_importer_callback(attach->importer_ops);
	if (revokes(callback))
		return true;

	if (callback)
		sprint_symbol_no_offset(name, (unsigned long)callback);
	dev_warn_ratelimited(attach->dev,
			     "peerbar: refused: driver %s cannot revoke a mapping (callback: %s); use a driver whose memory regions can be revoked, such as mlx5 with on-demand paging or efa as built by peerbar\n",
			     dev_driver_string(attach->dev), name);
	return false;
}
