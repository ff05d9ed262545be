// SPDX-License-Identifier: GPL-2.0-only
// Make the dma-buf MRs of EFA pinned and revocable, so that an exporter that may
// take its memory back, such as vfio-pci, accepts the driver as an importer.
//
// Each rule is followed by a script that reports its matches. ../apply refuses the
// result unless every rule matched exactly once, so that a source which has changed
// upstream cannot end up half patched.
virtual patch

@initialize:python@
@@
def matched(rule, places):
	for p in places:
		print("matched %s at %s:%s" % (rule, p.line, p.column))

def refuse(why, places):
	print("refused %s(): %s" % (places[0].current_element, why))

// Refuse a source that is revocable already, either because this is the second run or
// because the kernel's own driver can do it.

@already@
position p;
@@
ib_umem_dmabuf_get_pinned_revocable_and_lock@p(...)

@script:python@
p << already.p;
@@
refuse("the MRs are revocable already", p)

@mr_flag@
position p;
@@
struct efa_mr@p {
	...
	struct ib_umem *umem;
+	bool hw_dereg;
	...
};

@script:python@
p << mr_flag.p;
@@
matched("mr_flag", p)

// These rules add the functions without their comments. Later rules add those, because
// spatch (1.3) does not keep the layout of a new function that starts with a comment.

@hw_dereg_fn@
position p;
@@
+static int efa_hw_dereg_mr(struct efa_mr *mr)
+{
+	struct efa_dev *dev = to_edev(mr->ibmr.device);
+	struct efa_com_dereg_mr_params params = {
+		.l_key = mr->ibmr.lkey,
+	};
+	int err;
+
+	if (mr->hw_dereg)
+		return 0;
+
+	err = efa_com_dereg_mr(&dev->edev, &params);
+	if (err)
+		return err;
+
+	mr->hw_dereg = true;
+	return 0;
+}
+
struct ib_mr *efa_reg_user_mr_dmabuf@p(...)
{
...
}

@script:python@
p << hw_dereg_fn.p;
@@
matched("hw_dereg_fn", p)

@revoke_fn@
position p;
@@
+static void efa_dmabuf_revoke(void *priv)
+{
+	struct efa_mr *mr = priv;
+	int err;
+
+	err = efa_hw_dereg_mr(mr);
+	if (err)
+		ibdev_err_ratelimited(mr->ibmr.device,
+				      "Failed to revoke dmabuf mr[%u], the device may still use it [%d]\n",
+				      mr->ibmr.lkey, err);
+}
+
struct ib_mr *efa_reg_user_mr_dmabuf@p(...)
{
...
}

@script:python@
p << revoke_fn.p;
@@
matched("revoke_fn", p)

@dereg_fn@
position p;
@@
+static int efa_dmabuf_dereg_mr(struct efa_mr *mr)
+{
+	struct ib_umem_dmabuf *umem_dmabuf = to_ib_umem_dmabuf(mr->umem);
+	int err;
+
+	ib_umem_dmabuf_revoke_lock(umem_dmabuf);
+	err = efa_hw_dereg_mr(mr);
+	/*
+	 * An MR that the device does not drop is kept along with its pages. If
+	 * the pages were revoked, there is nothing to keep: let the user free it.
+	 */
+	if (umem_dmabuf->revoked)
+		err = 0;
+	ib_umem_dmabuf_revoke_unlock(umem_dmabuf);
+
+	return err;
+}
+
struct ib_mr *efa_reg_user_mr_dmabuf@p(...)
{
...
}

@script:python@
p << dereg_fn.p;
@@
matched("dereg_fn", p)

@hw_dereg_doc@
position p;
@@
+/*
+ * Have the device drop the MR, once: after it has done so, the key may belong to
+ * another MR. For a dma-buf MR, hw_dereg is read and written with the dma-buf's
+ * reservation lock held, which serializes revocation and deregistration. Any
+ * other MR gets here from efa_dereg_mr() only, which the core serializes.
+ */
static int efa_hw_dereg_mr@p(...)
{
...
}

@script:python@
p << hw_dereg_doc.p;
@@
matched("hw_dereg_doc", p)

@revoke_doc@
position p;
@@
+/*
+ * Called with the reservation lock held, at most once for a umem: either when
+ * the exporter takes the memory back, or by ib_umem_release(), which finds the
+ * MR deregistered. The pages are unmapped upon return whether or not the device
+ * has answered, hence a failure can only be reported.
+ */
static void efa_dmabuf_revoke@p(...)
{
...
}

@script:python@
p << revoke_doc.p;
@@
matched("revoke_doc", p)

@dereg_doc@
position p;
@@
+/* Serialized with a revoke by the reservation lock. */
static int efa_dmabuf_dereg_mr@p(...)
{
...
}

@script:python@
p << dereg_doc.p;
@@
matched("dereg_doc", p)

// From this call on, the registration holds the reservation lock. The rules set_revoke and
// unlock_on_error release it.

@get_umem@
expression dev, start, length, fd, access;
identifier umem_dmabuf;
position p;
@@
struct ib_mr *efa_reg_user_mr_dmabuf(...)
{
<+...
-umem_dmabuf = ib_umem_dmabuf_get_pinned@p(dev, start, length, fd, access);
+umem_dmabuf = ib_umem_dmabuf_get_pinned_revocable_and_lock(dev, start, length, fd,
+							   access);
...+>
}

@script:python@
p << get_umem.p;
@@
matched("get_umem", p)

@set_revoke@
identifier get_umem.umem_dmabuf, ibpd, mr;
position p;
@@
struct ib_mr *efa_reg_user_mr_dmabuf(struct ib_pd *ibpd, ...)
{
<+...
+	/*
+	 * A revoke may come as soon as the lock is dropped, whereas the core
+	 * sets the device of the MR only after this function has returned.
+	 */
+mr->ibmr.device = ibpd->device;
+ib_umem_dmabuf_set_revoke_locked(umem_dmabuf, efa_dmabuf_revoke, mr);
+ib_umem_dmabuf_revoke_unlock(umem_dmabuf);
+
return@p &mr->ibmr;
...+>
}

@script:python@
p << set_revoke.p;
@@
matched("set_revoke", p)

@unlock_on_error@
identifier get_umem.umem_dmabuf, mr;
position p;
@@
struct ib_mr *efa_reg_user_mr_dmabuf(...)
{
<+...
+/* The revoke callback is not set, so the release below only unmaps. */
+ib_umem_dmabuf_revoke_unlock(umem_dmabuf);
ib_umem_release@p(mr->umem);
...+>
}

@script:python@
p << unlock_on_error.p;
@@
matched("unlock_on_error", p)

@dereg@
identifier dev, err, ibmr, mr, params;
position p;
@@
int efa_dereg_mr@p(struct ib_mr *ibmr, ...)
{
...
-struct efa_com_dereg_mr_params params;
...
-params.l_key = mr->ibmr.lkey;
-err = efa_com_dereg_mr(&dev->edev, &params);
+if (mr->umem->is_dmabuf)
+	err = efa_dmabuf_dereg_mr(mr);
+else
+	err = efa_hw_dereg_mr(mr);
if (err)
	return err;
...
}

@script:python@
p << dereg.p;
@@
matched("dereg", p)

// Check the result: the registration must not return with the lock held, nor release the
// umem while it holds the lock, because ib_umem_release() takes the lock itself.

@unbalanced exists@
identifier get_umem.umem_dmabuf;
statement S;
position p;
@@
umem_dmabuf = ib_umem_dmabuf_get_pinned_revocable_and_lock(...);
if (IS_ERR(umem_dmabuf)) S
... when != ib_umem_dmabuf_revoke_unlock(umem_dmabuf)
(
return@p ...;
|
ib_umem_release@p(...);
)

@script:python@
p << unbalanced.p;
@@
refuse("the reservation lock is still held here", p)
