/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the common part of the loopback and its two transports share.
 */
#ifndef PEERBAR_LOOPBACK_PRIV_H
#define PEERBAR_LOOPBACK_PRIV_H

#include "loopback.h"

/*
 * A transport fills can_*, max_* and depth in probe(), creates and connects both
 * QPs in connect() (loopback_close() destroys what exists after a failure), and
 * posts one work request that was already checked.
 */
struct loopback_transport {
	const char *name;
	int (*probe)(struct loopback *lb);
	int (*connect)(struct loopback *lb);
	int (*post)(struct loopback *lb, const struct loopback_wr *wr);
};

extern const struct loopback_transport loopback_srd;
extern const struct loopback_transport loopback_rc;

/* Keep the sentence, return -@err. */
int loopback_fail(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ibv_modify_qp(), with a sentence that names the state. */
int loopback_modify(struct loopback *lb, struct ibv_qp *qp, struct ibv_qp_attr *attr, int mask);

#endif /* PEERBAR_LOOPBACK_PRIV_H */
