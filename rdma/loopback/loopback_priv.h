/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Declarations that the common part of the loopback and its two transports share.
 */
#ifndef PEERBAR_LOOPBACK_PRIV_H
#define PEERBAR_LOOPBACK_PRIV_H

#include "loopback.h"

/*
 * probe() fills in can_*, max_* and depth. Its -EOPNOTSUPP means that the device is not of
 * this transport. connect() creates and connects both QPs; if it fails, loopback_close()
 * destroys whatever exists by then. post() posts work requests, which loopback_post_batch() has
 * already checked, with one doorbell.
 */
struct loopback_transport {
	const char *name;
	int (*probe)(struct loopback *lb);
	int (*connect)(struct loopback *lb);
	int (*post)(struct loopback *lb, const struct loopback_wr *wr, unsigned int nr);
};

extern const struct loopback_transport loopback_srd;
extern const struct loopback_transport loopback_rc;

/* Keep the sentence for this thread and return -@err. */
int loopback_fail(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ibv_modify_qp() that keeps a sentence with the name of the new state if it fails. */
int loopback_modify(struct loopback *lb, struct ibv_qp *qp, struct ibv_qp_attr *attr, int mask);

#endif /* PEERBAR_LOOPBACK_PRIV_H */
