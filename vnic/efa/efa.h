/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The EFA-compatible device: state, objects, and the calls between its parts.
 *
 *   regs.c   BAR0: registers, readless reads, reset
 *   aq.c     admin queue: fetch, dispatch, complete; AENQ
 *   attr.c   GET_FEATURE, SET_FEATURE, GET_STATS
 *   pd.c ah.c eq.c cq.c qp.c mr.c   one object each: admin commands and life
 *   pbl.c    the page tables of REG_MR
 *   efa.c    birth, reset and report of the whole
 *   model.c settings.c   what the core asks for; options and fault switches
 *   doorbell.c   stores into the doorbell BAR
 *   completion.c event.c   entries of CQs and EQs, and their arming
 *   sq.c wqe.c inbound.c   work requests: turns, checks, the receiving side
 *   rq.c     receive descriptors
 *   status.c outcomes as the wire format has them
 *   engine.c fair turns among QPs
 *
 * The wire layouts are in admin_defs.h and io_defs.h. Everything here runs with
 * the gate held. Ids start at 1 so that 0 is never a valid handle.
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
#include "verbs/outcome.h"

#define EFA_MAX_PD	256u
#define EFA_MAX_UAR	256u
#define EFA_MAX_AH	4096u
#define EFA_MAX_EQ	32u
#define EFA_MAX_CQ	1024u
#define EFA_MAX_QP	256u		/* power of two: libefa indexes by qp_num */
#define EFA_MAX_MR	8192u
#define EFA_MAX_MR_SIZE	(1ull << 39)	/* bytes */
#define EFA_MAX_MR_PAGES (1u << 22)	/* page table entries of one MR: 32 MiB */
#define EFA_MAX_ALL_PAGES (1u << 26)	/* of all MRs: bounds what a guest can make us hold */
#define EFA_MAX_DEPTH	4096u		/* SQ entries */
#define EFA_MAX_RQ_DEPTH 32768u
#define EFA_MAX_CQ_DEPTH 32768u
#define EFA_MAX_EQ_DEPTH 4096u
#define EFA_MAX_RDMA	(1u << 30)	/* bytes of one RDMA work request */
#define EFA_MTU		8928u
#define EFA_INLINE	32u
#define EFA_VECTORS	9u		/* MSI-X: 0 admin and AENQ, 1.. event queues */

#define EFA_REG_BAR	0u
#define EFA_LLQ_BAR	2u
#define EFA_DB_BAR	4u
#define EFA_REG_SIZE	0x10000u
#define EFA_MSIX_TABLE	0x8000u
#define EFA_MSIX_PBA	0xc000u
#define EFA_LLQ_QP_SIZE	0x40000u	/* 4096 WQEs of 64 bytes */
#define EFA_LLQ_SIZE	(EFA_MAX_QP * EFA_LLQ_QP_SIZE)
#define EFA_DB_PAGE	0x1000u		/* QP n: page n; SQ at +0, RQ at +8 */
#define EFA_DB_CQ	0x100000u	/* CQ n: 8 bytes at EFA_DB_CQ + 8 n */
#define EFA_DB_SIZE	0x200000u

/* ---- objects ---- */

struct efa_pd {
	bool used;
	uint32_t users;		/* QPs, MRs and AHs in it */
};

struct efa_ah {
	bool used;
	uint16_t pd;
	uint8_t gid[16];
};

struct efa_eq {
	bool used, armed;
	bool pending;		/* events since the last interrupt */
	uint8_t vector;
	uint16_t depth;		/* power of two */
	uint64_t base;
	uint32_t prod;		/* free running */
	uint32_t users;		/* CQs */
};

struct efa_cq {
	bool used, interrupt, armed;
	uint16_t depth;		/* power of two */
	uint16_t eq, uar;
	uint8_t entry_size;	/* bytes, 32 */
	uint64_t base;
	uint32_t prod;		/* free running */
	uint32_t told;		/* prod when the last event went out */
	uint16_t cons;		/* from the last doorbell */
	uint32_t users;		/* QPs, send and receive counted apart */
};

enum efa_qp_type { EFA_QP_UD = 1, EFA_QP_SRD = 2 };

enum efa_qp_state {		/* as in MODIFY_QP */
	EFA_QP_RESET, EFA_QP_INIT, EFA_QP_RTR, EFA_QP_RTS, EFA_QP_SQD, EFA_QP_SQE,
	EFA_QP_ERR,
};

struct efa_run {		/* the work request being executed */
	bool active;
	bool parked;		/* receiver not ready: waits for its RQ doorbell */
	struct efa_io_wqe wqe;	/* snapshot: the guest may scribble on the ring */
	uint64_t done;		/* bytes moved */
	uint8_t retries;	/* tries that found no receive buffer */
	uint64_t retry_at;	/* of a parked one, clock_now_ns() time; 0: no limit */
};

struct efa_qp {
	bool used;
	uint16_t id;		/* index, handle and qp_num are the same number */
	enum efa_qp_type type;
	enum efa_qp_state state;
	bool unsolicited_write;
	uint16_t pd, uar, send_cq, recv_cq;
	uint32_t qkey, psn;
	uint8_t rnr_retry;	/* 7, the default at creation: for ever */
	uint16_t sq_depth;	/* ring entries, power of two; 0: no send queue */
	uint16_t sq_prod, sq_cons;	/* free running */
	uint64_t rq_base;
	uint16_t rq_depth;	/* 16-byte descriptors, power of two; 0: none */
	uint16_t rq_prod, rq_cons;	/* free running */
	struct efa_run run;
};

struct efa_mr {
	bool used;		/* registered, as the guest sees it */
	uint8_t generation;
	struct region region;	/* gone: deregistered, and a zombie (mr.c) */
};

/* All that REG_MR can express up to 6.12, where the shift has 5 bits: 4 KiB to 2 GiB. */
#define EFA_MR_PAGE_SIZES 0xfffff000ull

#define EFA_STS_READY	   0x01u	/* register DEV_STS */
#define EFA_STS_RESETTING  0x08u
#define EFA_STS_RESET_DONE 0x10u

struct efa_regs {		/* registers that the guest wrote, and their meaning */
	uint64_t mmio_resp, aq_base, acq_base, aenq_base;
	uint32_t aq_caps, acq_caps, aenq_caps;
	uint32_t dev_sts;
	bool intr_masked;
	uint16_t aq_prod;	/* last value of AQ_PROD_DB */
	uint16_t aenq_cons;
};

#define EFA_ADMIN_OPS	30u	/* opcodes 1 to 29 */

struct efa_counters {
	uint64_t sends, recvs, reads, writes;	/* work requests done without error */
	uint64_t send_bytes, recv_bytes, read_bytes, write_bytes;
	uint64_t wr_status[32];			/* completions by status */
	uint64_t rnr_parked, ud_dropped, cq_overflow, eq_events;
	uint64_t admin_ok, admin_failed, admin_bad;	/* bad: malformed or unknown */
	uint64_t admin_lost;	/* commands or completions whose ring was unreachable */
	uint64_t reg_bad;	/* accesses to registers that do not exist, or misused */
	struct { uint64_t ok, failed; } admin_op[EFA_ADMIN_OPS];	/* by opcode */
	uint64_t doorbells, slices, resets;
};

struct efa_completion {
	uint16_t req_id;
	uint8_t status;		/* EFA_IO_* (io_defs.h) */
	bool recv;		/* for the receive queue */
	bool imm, unsolicited;
	uint8_t op;		/* EFA_IO_OP_* */
	uint16_t qp;		/* whose queue */
	uint32_t len;		/* receive only */
	uint16_t ah, src_qp;	/* receive only; ah 0xffff: unknown */
	uint32_t imm_data;	/* as in the work request */
};

#define EFA_MAX_HELD	1024u

struct efa_held {		/* completions held back by fault.delay_cqe_us */
	struct {
		uint64_t due;	/* clock_now_ns() time */
		uint16_t cq;
		struct efa_completion c;
	} entry[EFA_MAX_HELD];
	uint32_t head, tail;	/* free running */
};

struct efa {
	struct nic *nic;
	struct efa_regs regs;
	uint16_t aq_cons, acq_prod;	/* free running */
	uint32_t aenq_groups;		/* enabled; none ever has anything to say */
	struct efa_pd pd[EFA_MAX_PD];
	bool uar[EFA_MAX_UAR];
	struct efa_ah ah[EFA_MAX_AH];
	struct efa_eq eq[EFA_MAX_EQ];
	struct efa_cq cq[EFA_MAX_CQ];
	struct efa_qp qp[EFA_MAX_QP];
	struct efa_mr mr[EFA_MAX_MR];
	uint16_t next_qp, next_mr;	/* last used: ids are handed out round robin */
	uint32_t mr_pages;		/* page table entries held by all MRs */
	uint8_t *llq;			/* LLQ BAR, shared with the guest */
	int llq_fd;
	unsigned int turn;		/* engine: QP whose turn it is */
	uint32_t pause_us;		/* engine: see efa_engine_step() */
	struct efa_held held;
	struct efa_counters count;
};

/* ---- device (efa.c) ---- */

struct efa *efa_new(struct nic *nic);	/* NULL: out of memory */
void efa_free(struct efa *efa);
void efa_reset(struct efa *efa);	/* forget all (also held CQEs) but counters */
struct json_object *efa_report(const struct efa *efa);

/* ---- BAR accesses (regs.c; doorbells in doorbell.c) ---- */

uint32_t efa_reg_read(struct efa *efa, uint32_t off);
void efa_reg_write(struct efa *efa, uint32_t off, uint32_t value);

/* A 32-bit store into the doorbell BAR; unknown offsets are ignored. */
void efa_doorbell_write(struct efa *efa, uint32_t off, uint32_t value);

enum efa_ring { EFA_RING_SQ, EFA_RING_RQ };

/*
 * The one way in which new work is announced, whether by a trapped store or,
 * later, by a polled page. @prod is free running; an advance past the ring's
 * depth is a guest error and puts the QP into the error state.
 */
void efa_qp_doorbell(struct efa *efa, uint16_t qpn, enum efa_ring ring, uint16_t prod);
void efa_cq_doorbell(struct efa *efa, uint16_t cqn, uint32_t value);
void efa_eq_doorbell(struct efa *efa, uint32_t value);	/* register EQ_DB */

/* ---- admin queue (aq.c) ---- */

void efa_aq_doorbell(struct efa *efa, uint16_t prod);	/* register AQ_PROD_DB */
const char *efa_admin_name(unsigned int opcode);	/* NULL: no such opcode */
void efa_aq_process(struct efa *efa);	/* up to regs.aq_prod; no-op while stalled */
bool efa_aq_ready(const struct efa *efa);	/* bases and depths are set and sane */

/*
 * A handler reads the 64-byte command @cmd and fills the 64-byte completion
 * @rsp from offset 8. Return: an EFA_ADMIN_* status (admin_defs.h).
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
struct efa_eq *efa_eq_get(struct efa *efa, uint32_t id);
struct efa_cq *efa_cq_get(struct efa *efa, uint32_t id);
struct efa_qp *efa_qp_get(struct efa *efa, uint32_t id);
bool efa_uar_live(const struct efa *efa, uint32_t id);

/* ---- memory regions (mr.c) ---- */

/*
 * Key layout: (index << 8) | generation, 24 bits, the same value for lkey and
 * rkey. Index and generation move on, so that a key comes back only after all
 * others were used.
 */
struct efa_mr *efa_mr_get(struct efa *efa, uint32_t key);	/* also zombies */
uint32_t efa_mr_key(const struct efa *efa, const struct efa_mr *mr);
void efa_mr_release(struct efa *efa, struct efa_mr *mr);	/* at once, zombie or not */

/*
 * The memory @seg names by @key, in @pd and for @access (REGION_* bits). False: there is
 * none, or it does not allow that. An empty piece of memory touches nothing, so its key is
 * not looked at.
 */
bool efa_segment_find(struct efa *efa, struct segment *seg, uint32_t key, uint16_t pd,
		      uint8_t access);

/* ---- completions (completion.c) and events (event.c) ---- */

/*
 * Append to CQ @cqn. A full CQ (known only where the consumer rings its
 * doorbell) or an unreachable one is counted, never fatal.
 */
void efa_cq_push(struct efa *efa, uint16_t cqn, const struct efa_completion *c);
void efa_eq_push(struct efa *efa, uint16_t eqn, uint16_t cqn);

/* ---- data path ---- */

/*
 * Take one slice of work from the next QP that has any.
 * Return: false if there is nothing to do before the next gate_kick().
 *
 * It also sets efa->pause_us: after a step that returned true the engine thread
 * leaves the gate and sleeps that many microseconds, because of fault.slow_us or
 * because nothing but a point in time (a held completion, a retry) is waited
 * for; in that case at most 1 ms, so that new work is not kept waiting.
 */
bool efa_engine_step(struct efa *efa);

/*
 * State changes that the data path must know of (sq.c). Flush: to ERR, and the
 * engine completes all that is posted with status flushed. Forget: to RESET or
 * destroyed, all is dropped silently. Unpark: receive buffers came, or any QP
 * changed; who waits for a receiver looks again.
 */
void efa_qp_flush(struct efa *efa, struct efa_qp *qp);
void efa_qp_forget(struct efa *efa, struct efa_qp *qp);
void efa_qp_unpark(struct efa *efa);

/* status.c: as completions have it */
enum efa_io_status efa_status(enum outcome outcome);

/* ---- receive queue (rq.c) ---- */

#define EFA_MAX_RECV_SEGS 8u

struct efa_recv {		/* one receive work request */
	uint16_t req_id;
	unsigned int nr_segs;
	bool bad;		/* malformed, bad lkey or no local write */
	struct segment seg[EFA_MAX_RECV_SEGS];
};

/* Consume one receive request. Return: 0, -EAGAIN (none posted), -EFAULT (ring gone). */
int efa_rq_take(struct efa *efa, struct efa_qp *qp, struct efa_recv *recv);

#endif /* VNIC_EFA_EFA_H */
