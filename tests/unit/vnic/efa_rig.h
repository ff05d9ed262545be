/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A data path that is ready to run, without an admin queue: the objects are put into struct
 * efa directly, and the calls below act as the guest's provider.
 *
 * The default rig has two SRD QPs in RTS in one PD, *a* and *b*, each with a CQ for sends and
 * one for receives, and two buffers with full access, *src* and *dst*. The addresses at which
 * these are registered differ from their DMA addresses.
 */
#ifndef EFA_RIG_H
#define EFA_RIG_H

#include "efa/efa.h"
#include "fixture.h"

#define RIG_BUF		(64u << 10)
#define RIG_QKEY	0x11111111u
#define RIG_ALL		(REGION_LOCAL_WRITE | REGION_REMOTE_WRITE | REGION_REMOTE_READ)
#define RIG_SQ		64u
#define RIG_RQ		64u
#define RIG_CQ		128u

struct rig_buf {
	uint64_t dma;		/* DMA address */
	uint64_t addr;		/* address in the MR */
	uint32_t key;
};

struct rig {
	struct fixture *f;
	struct efa *efa;
	struct efa_qp *a, *b;
	struct rig_buf src, dst;
	uint16_t pd, ah;
	uint32_t cons[EFA_MAX_CQ];	/* consumer counter of each CQ */
};

int rig_setup(void **state);
int rig_teardown(void **state);

#define rig_test(t) cmocka_unit_test_setup_teardown(t, rig_setup, rig_teardown)

uint16_t rig_pd(struct rig *r);
uint16_t rig_ah(struct rig *r, uint16_t pd);		/* with the GID of this NIC */
uint16_t rig_cq(struct rig *r, uint16_t depth, uint16_t eq);	/* eq 0: polled */
uint16_t rig_eq(struct rig *r, uint16_t depth, uint8_t vector);
struct efa_qp *rig_qp(struct rig *r, enum efa_qp_type type, uint16_t pd);	/* RTS */

/* Register [@dma, @dma + @len) in 4 KiB pages at the address @addr. */
uint32_t rig_mr(struct rig *r, uint64_t dma, uint64_t addr, uint64_t len, uint8_t access,
		uint16_t pd);
void rig_dereg(struct rig *r, uint32_t key);

/* ---- work ---- */

struct efa_io_wqe rig_send(const struct rig *r, const struct efa_qp *to, uint32_t len);
struct efa_io_wqe rig_rdma(const struct rig *r, enum efa_io_op op, const struct efa_qp *to,
			   uint32_t len);	/* WRITE src to dst, READ dst to src */
void rig_post(struct rig *r, struct efa_qp *qp, const struct efa_io_wqe *wqe);
void rig_post_rx(struct rig *r, struct efa_qp *qp, const struct efa_io_rx *rx,
		 unsigned int nr);		/* rings the doorbell once */
void rig_recv(struct rig *r, struct efa_qp *qp, uint16_t req_id, uint32_t off,
	      uint16_t len);			/* into dst */

/* Run the engine until it has nothing to do now; returns the steps it took. */
unsigned int rig_run(struct rig *r);

/* ---- results ---- */

bool rig_poll(struct rig *r, uint16_t cq, struct efa_io_cqe *cqe);

/* Take the next completion of @cq, which must exist and have this id and status. */
struct efa_io_cqe rig_expect(struct rig *r, uint16_t cq, uint16_t req_id,
			     enum efa_io_status status);
void rig_expect_none(struct rig *r, uint16_t cq);

/* Post @wqe, run the engine, and expect exactly one completion, with @status. */
void rig_do(struct rig *r, struct efa_qp *qp, const struct efa_io_wqe *wqe,
	    enum efa_io_status status);

void rig_pattern(struct rig *r, uint64_t dma, uint32_t len, uint32_t seed);
void rig_check(struct rig *r, uint64_t dma, uint32_t len, uint32_t seed);
void rig_check_fill(struct rig *r, uint64_t dma, uint32_t len, uint8_t byte);

#endif /* EFA_RIG_H */
