// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds up importers of dma-bufs just after the attach, before they know that they are
 * attached, so that tests can do to the exporter what may happen at that moment. It is
 * controlled by three files in /sys/module/peerbar_test_attach_hold/parameters:
 *
 *	hold	1: hold every importer that attaches from now on; 0: let all go
 *	held	how many are held at this moment
 *	tell	1: before an importer goes, tell it that it must let go, although it has mapped
 *		nothing yet. Exporters that tell all importers of a buffer do that
 *
 * ftrace redirects dma_buf_dynamic_attach() to a function that calls the real one and then
 * sleeps. There is no way to tell when the last caller has left that function, so the module
 * cannot be unloaded.
 */
#include <linux/atomic.h>
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/wait.h>

#include "compat.h"

/* If a test dies without letting its importers go, they are not held for ever. */
#define LIMIT (60 * HZ)

static DECLARE_WAIT_QUEUE_HEAD(let_go);
static bool hold;
static atomic_t held = ATOMIC_INIT(0);

static int set_hold(const char *value, const struct kernel_param *kp)
{
	int ret = param_set_bool(value, kp);

	wake_up_all(&let_go);
	return ret;
}

static const struct kernel_param_ops hold_ops = {
	.set = set_hold,
	.get = param_get_bool,
};
module_param_cb(hold, &hold_ops, &hold, 0600);
MODULE_PARM_DESC(hold, "Hold importers after their attach (default: no)");

static int get_held(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(&held));
}

static const struct kernel_param_ops held_ops = {
	.get = get_held,
};
module_param_cb(held, &held_ops, NULL, 0400);
MODULE_PARM_DESC(held, "Importers that are held now");

static bool tell;
module_param(tell, bool, 0600);
MODULE_PARM_DESC(tell, "Tell importers to let go when they have been held (default: no)");

static void tell_importer(struct dma_buf_attachment *attach)
{
	const struct dma_buf_attach_ops *importer = attach->importer_ops;

	dma_resv_lock(attach->dmabuf->resv, NULL);
	if (importer && importer->importer_notify)
		importer->importer_notify(attach);
	dma_resv_unlock(attach->dmabuf->resv);
}

static struct dma_buf_attachment *
attach_and_hold(struct dma_buf *dmabuf, struct device *dev,
		const struct dma_buf_attach_ops *ops, void *priv)
{
	struct dma_buf_attachment *attach = dma_buf_dynamic_attach(dmabuf, dev, ops, priv);
	bool holds = READ_ONCE(hold);

	if (IS_ERR(attach))
		return attach;

	atomic_inc(&held);
	if (wait_event_killable_timeout(let_go, !READ_ONCE(hold), LIMIT) <= 0)
		pr_info("an importer was not let go, it goes\n");
	if (holds && READ_ONCE(tell))
		tell_importer(attach);
	atomic_dec(&held);
	return attach;
}

/* A call from this module is the one of attach_and_hold(), and goes to the real function. */
static void notrace redirect(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	if (!within_module(parent_ip, THIS_MODULE))
		instruction_pointer_set(ftrace_get_regs(fregs),
					(unsigned long)attach_and_hold);
}

static struct ftrace_ops ops = {
	.func = redirect,
	.flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY,
};

static int __init attach_hold_init(void)
{
	static unsigned char function[] __initdata = "dma_buf_dynamic_attach";
	int ret;

	ret = ftrace_set_filter(&ops, function, sizeof(function) - 1, 1);
	if (ret)
		return ret;
	return register_ftrace_function(&ops);
}
module_init(attach_hold_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Holds dma-buf importers up after their attach, for tests");
IMPORTER_IMPORT_NS(DMA_BUF);
