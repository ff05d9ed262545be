/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The EFA-compatible device: its state, its objects, and the calls between its parts.
 *
 *   regs.c   BAR 0: registers, readless reads, reset
 *   aq.c     admin queue: fetch, dispatch, complete; AENQ
 *   attr.c   GET_FEATURE, SET_FEATURE, GET_STATS
 *   pd.c ah.c eq.c cq.c qp.c mr.c   one kind of object each: its admin commands
 *   pbl.c    page tables of REG_MR
 *   efa.c    creation, reset and report of the whole device
 *   model.c settings.c   struct nic_model; options and fault switches
 *   doorbell.c   stores into the doorbell BAR
 *   completion.c event.c   writing entries of CQs and EQs, and arming them
 *   sq.c wqe.c inbound.c   work requests: execution, checks, the receiving side
 *   rq.c     receive descriptors
 *   status.c completion status of each outcome
 *   engine.c round robin among QPs
 *
 * The wire layouts are in admin_defs.h and io_defs.h. Everything here runs with the
 * gate held. Ids start at 1, so that 0 is never a valid handle.
 */
#ifndef VNIC_EFA_EFA_H
#define VNIC_EFA_EFA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/nic.h"
#include "io_defs.h"
#include "settings.h"
#include "verbs/copy.h"
#include "verbs/held.h"
#include "verbs/outcome.h"

#define EFA_MAX_PD	256u
#define EFA_MAX_UAR	256u
#define EFA_MAX_AH	4096u
#define EFA_MAX_EQ	32u
#define EFA_MAX_CQ	1024u
#define EFA_MAX_QP	256u		/* power of two: libefa indexes a table by qp_num */
#define EFA_MAX_MR	8192u
#define EFA_MAX_MR_SIZE	(1ull << 39)	/* bytes */
#define EFA_MAX_MR_PAGES (1u << 22)	/* page table entries of one MR: 32 MiB */
#define EFA_MAX_ALL_PAGES (1u << 26)	/* of all MRs; bounds the memory a guest can take up */
#define EFA_MAX_DEPTH	4096u		/* SQ entries */
#define EFA_MAX_RQ_DEPTH 32768u
#define EFA_MAX_CQ_DEPTH 32768u
#define EFA_MAX_EQ_DEPTH 4096u
#define EFA_MAX_RDMA	(1u << 30)	/* bytes of one RDMA work request */
#define EFA_MTU		8928u
#define EFA_INLINE	32u
#define EFA_VECTORS	9u		/* MSI-X: drivers use 0 for the AQ, others for EQs */

#define EFA_REG_BAR	0u
#define EFA_LLQ_BAR	2u
#define EFA_DB_BAR	4u
#define EFA_REG_SIZE	0x10000u
#define EFA_MSIX_TABLE	0x8000u
#define EFA_MSIX_PBA	0xc000u
#define EFA_LLQ_QP_SIZE	0x40000u	/* 4096 WQEs of 64 bytes */
#define EFA_LLQ_SIZE	(EFA_MAX_QP * EFA_LLQ_QP_SIZE)
#define EFA_DB_PAGE	0x1000u		/* QP n has page n: SQ at +0, RQ at +8 */
#define EFA_DB_CQ	0x100000u	/* CQ n has 8 bytes at EFA_DB_CQ + 8 n */
#define EFA_DB_SIZE	0x200000u

/* ---- objects ---- */

struct efa_pd {
	bool used;
	uint32_t users;		/* number of QPs, MRs and AHs in this PD */
};

struct efa_ah {
	bool used;
	uint16_t pd;
	uint8_t gid[16];
	uint32_t refs;		/* number of CREATE_AHs without their DESTROY_AH */
};

struct efa_eq {
	bool used, armed;
	bool pending;		/* an event was added since the last interrupt */
	uint8_t vector;
	uint16_t depth;		/* power of two */
	uint64_t base;
	uint32_t prod;		/* free-running */
	uint32_t users;		/* number of CQs that report here */
};

struct efa_cq {
	bool used, interrupt, armed;
	uint16_t depth;		/* power of two */
	uint16_t eq, uar;
	uint8_t entry_size;	/* in bytes; always 32 */
	uint64_t base;
	uint32_t prod;		/* free-running */
	uint32_t told;		/* prod when the last event was sent */
	uint16_t cons;		/* consumer counter of the last doorbell */
	uint32_t users;		/* number of SQs and RQs that complete here */
};

enum efa_qp_type { EFA_QP_UD = 1, EFA_QP_SRD = 2 };

/* The numbers are those of MODIFY_QP; wqe.c also relies on their order. */
enum efa_qp_state {
	EFA_QP_RESET, EFA_QP_INIT, EFA_QP_RTR, EFA_QP_RTS, EFA_QP_SQD, EFA_QP_SQE,
	EFA_QP_ERR,
};

struct efa_run {		/* the work request at the head of the SQ */
	bool active;		/* it has begun */
	bool parked;		/* receiver not ready: retried when a buffer is posted */
	struct efa_io_wqe wqe;	/* a copy, because the guest may overwrite the ring */
	uint64_t done;		/* bytes moved so far */
	uint8_t retries;	/* RNR wait periods begun so far, see sq.c */
	uint64_t retry_at;	/* end of this period, clock_now_ns() time; 0: no limit */
};

struct efa_qp {
	bool used;
	uint16_t id;		/* at once the index, the handle and the qp_num */
	enum efa_qp_type type;
	enum efa_qp_state state;
	bool unsolicited_write;
	uint16_t pd, uar, send_cq, recv_cq;
	uint32_t qkey, psn;
	uint8_t rnr_retry;	/* 7, the initial value, means "for ever" */
	uint16_t sq_depth;	/* ring entries, power of two; 0: no send queue */
	uint16_t sq_prod, sq_cons;	/* free-running */
	uint64_t rq_base;
	uint16_t rq_depth;	/* 16-byte descriptors, power of two; 0: no receive queue */
	uint16_t rq_prod, rq_cons;	/* free-running */
	struct efa_run run;
};

struct efa_mr {
	bool used;		/* registered, from the guest's point of view */
	uint8_t generation;
	struct region region;	/* region.gone: deregistered, but a zombie (see mr.c) */
};

/* 4 KiB to 2 GiB: what drivers up to Linux 6.12 can express, whose shift has 5 bits. */
#define EFA_MR_PAGE_SIZES 0xfffff000ull

#define EFA_STS_READY	   0x01u	/* register DEV_STS */
#define EFA_STS_RESETTING  0x08u
#define EFA_STS_RESET_DONE 0x10u

struct efa_regs {		/* the registers that hold state */
	uint64_t mmio_resp, aq_base, acq_base, aenq_base;
	uint32_t aq_caps, acq_caps, aenq_caps;
	uint32_t dev_sts;
	bool intr_masked;
	uint16_t aq_prod;	/* last value of AQ_PROD_DB */
	uint16_t aenq_cons;
};

#define EFA_ADMIN_OPS	30u	/* opcodes 1 to 29 */

struct efa_counters {
	uint64_t sends, recvs, reads, writes;	/* work requests that succeeded */
	uint64_t send_bytes, recv_bytes, read_bytes, write_bytes;
	uint64_t wr_status[32];			/* completions by status */
	uint64_t rnr_parked, ud_dropped, cq_overflow, eq_events;
	uint64_t admin_ok, admin_failed, admin_bad;	/* bad: malformed, unknown opcode */
	uint64_t admin_lost;	/* DMA refused: to an AQ or ACQ entry, or to MMIO_RESP */
	uint64_t reg_bad;	/* accesses to unknown registers, and bad readless reads */
	struct { uint64_t ok, failed; } admin_op[EFA_ADMIN_OPS];	/* by opcode */
	uint64_t doorbells, slices, resets;
};

struct efa_completion {
	uint16_t req_id;
	uint8_t status;		/* enum efa_io_status (io_defs.h) */
	bool recv;		/* of a receive request; false: of a send request */
	bool imm, unsolicited;
	uint8_t op;		/* EFA_IO_OP_* */
	uint16_t qp;		/* the QP that the request was posted to */
	uint32_t len;		/* receive only */
	uint16_t ah, src_qp;	/* receive only: the sender; ah may be EFA_IO_AH_UNKNOWN */
	uint32_t imm_data;	/* copied from the sender's work request */
};

struct efa {
	struct nic *nic;
	struct efa_regs regs;
	uint16_t aq_cons, acq_prod;	/* free-running */
	uint32_t aenq_groups;		/* enabled groups; the device never sends an event */
	struct efa_pd pd[EFA_MAX_PD];
	bool uar[EFA_MAX_UAR];
	struct efa_ah ah[EFA_MAX_AH];
	struct efa_eq eq[EFA_MAX_EQ];
	struct efa_cq cq[EFA_MAX_CQ];
	struct efa_qp qp[EFA_MAX_QP];
	struct efa_mr mr[EFA_MAX_MR];
	uint16_t next_qp, next_mr;	/* last ids given out; allocation is round robin */
	uint32_t mr_pages;		/* page table entries held by all MRs */
	uint8_t *llq;			/* the LLQ BAR, memory that the guest maps too */
	int llq_fd;
	unsigned int turn;		/* engine: the QP that had the last turn */
	uint32_t pause_us;		/* engine: see efa_engine_step() */
	struct held held;		/* completions */
	struct efa_counters count;
};

/* ---- device (efa.c) ---- */

struct efa *efa_new(struct nic *nic);	/* NULL: out of memory */
void efa_free(struct efa *efa);
void efa_reset(struct efa *efa);	/* drop all state but the counters; see efa.c */
struct json_object *efa_report(const struct efa *efa);

/* ---- BAR accesses (regs.c; doorbells in doorbell.c) ---- */

uint32_t efa_reg_read(struct efa *efa, uint32_t off);
void efa_reg_write(struct efa *efa, uint32_t off, uint32_t value);

/* A 32-bit store into the doorbell BAR; unknown offsets are ignored. */
void efa_doorbell_write(struct efa *efa, uint32_t off, uint32_t value);

enum efa_ring { EFA_RING_SQ, EFA_RING_RQ };

/*
 * All new work of a QP is announced by this call, whatever way the doorbell took to the
 * device; today every store into the doorbell BAR is trapped. @prod is a free-running
 * counter. One that goes back, or beyond what the ring holds, is an error of the guest
 * and puts the QP into the error state.
 */
void efa_qp_doorbell(struct efa *efa, uint16_t qpn, enum efa_ring ring, uint16_t prod);
void efa_cq_doorbell(struct efa *efa, uint16_t cqn, uint32_t value);
void efa_eq_doorbell(struct efa *efa, uint32_t value);	/* register EQ_DB */

/* ---- admin queue (aq.c) ---- */

void efa_aq_doorbell(struct efa *efa, uint16_t prod);	/* register AQ_PROD_DB */
const char *efa_admin_name(unsigned int opcode);	/* NULL: no such opcode */
/* Execute the commands up to regs.aq_prod; does nothing while the fault stall-aq is set. */
void efa_aq_process(struct efa *efa);
bool efa_aq_ready(const struct efa *efa);	/* are all AQ and ACQ registers valid? */

/*
 * A handler reads the 64-byte command @cmd and fills in the 64-byte completion @rsp
 * behind its header. Return: an EFA_ADMIN_* status (admin_defs.h).
 */
typedef uint8_t (*efa_admin_fn)(struct efa *efa, const void *cmd, void *rsp);

uint8_t efa_cmd_get_feature(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_set_feature(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_get_stats(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_alloc_pd(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_dealloc_pd(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_alloc_uar(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_dealloc_uar(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_create_ah(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_destroy_ah(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_create_eq(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_destroy_eq(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_create_cq(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_destroy_cq(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_create_qp(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_modify_qp(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_query_qp(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_destroy_qp(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_reg_mr(struct efa *efa, const void *cmd, void *rsp);
uint8_t efa_cmd_dereg_mr(struct efa *efa, const void *cmd, void *rsp);

/* ---- look-ups: NULL when the id is not in use ---- */

struct efa_pd *efa_pd_get(struct efa *efa, uint32_t id);
struct efa_ah *efa_ah_get(struct efa *efa, uint32_t id);
/* The AH of @pd for @gid; EFA_IO_AH_UNKNOWN if there is none. */
uint16_t efa_ah_find(const struct efa *efa, uint16_t pd, const uint8_t gid[16]);
struct efa_eq *efa_eq_get(struct efa *efa, uint32_t id);
struct efa_cq *efa_cq_get(struct efa *efa, uint32_t id);
struct efa_qp *efa_qp_get(struct efa *efa, uint32_t id);
bool efa_uar_live(const struct efa *efa, uint32_t id);

/* ---- memory regions (mr.c) ---- */

/*
 * A key is (index << 8) | generation, 24 bits; lkey and rkey have the same value. The
 * index moves on with each registration, and the generation each time a slot is freed,
 * so that a key is not soon used again.
 */
struct efa_mr *efa_mr_get(struct efa *efa, uint32_t key);	/* finds zombies, too */
uint32_t efa_mr_key(const struct efa *efa, const struct efa_mr *mr);
/* Free the slot of @mr, be it registered or a zombie. */
void efa_mr_release(struct efa *efa, struct efa_mr *mr);

/*
 * Set seg->region to the region that @key names.
 * Return: false if there is none, or if it does not allow @access (REGION_* bits) by @pd
 * to all of @seg. An empty segment accesses no memory, so its key is not checked.
 */
bool efa_segment_find(struct efa *efa, struct segment *seg, uint32_t key, uint16_t pd,
		      uint8_t access);

/* ---- completions (completion.c) and events (event.c) ---- */

/*
 * Append a completion to CQ @cqn. If the CQ is full or its ring cannot be written, the
 * completion is lost and counted (cq_overflow); the QP goes on. The device can tell that a
 * CQ is full only if the CQ has a doorbell.
 */
void efa_cq_push(struct efa *efa, uint16_t cqn, const struct efa_completion *c);
void efa_eq_push(struct efa *efa, uint16_t eqn, uint16_t cqn);

/* ---- data path ---- */

/*
 * nic_model.step(): do one slice of work of the next QP that has any.
 *
 * The result for *@pause_us is in efa->pause_us. It is fault.slow_us after a slice. If the
 * only work left is to wait for a point in time (the release of a held completion, a
 * retry), it is the time until then, but at most 1 ms, so that new work is not delayed.
 */
bool efa_engine_step(struct efa *efa);

/*
 * State changes that concern the data path (sq.c).
 *
 * Flush: the QP goes to ERR, and the engine completes everything that is posted with the
 * status "flushed". Forget: the QP was reset or destroyed; everything that is posted is
 * dropped without a completion. Unpark: receive buffers were posted, or the state of some
 * QP changed; all parked requests are tried again.
 */
void efa_qp_flush(struct efa *efa, struct efa_qp *qp);
void efa_qp_forget(struct efa *efa, struct efa_qp *qp);
void efa_qp_unpark(struct efa *efa);

/* The completion status for @outcome (status.c). */
enum efa_io_status efa_status(enum outcome outcome);

/* ---- receive queue (rq.c) ---- */

#define EFA_MAX_RECV_SEGS 8u

struct efa_recv {		/* one receive work request */
	uint16_t req_id;
	unsigned int nr_segs;
	bool bad;		/* malformed, bad lkey or no local write */
	struct segment seg[EFA_MAX_RECV_SEGS];
};

/*
 * Consume one receive request.
 * Return: 0, -EAGAIN if none is posted, or -EFAULT if the ring cannot be read.
 */
int efa_rq_take(struct efa *efa, struct efa_qp *qp, struct efa_recv *recv);

#endif /* VNIC_EFA_EFA_H */
