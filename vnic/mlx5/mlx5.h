/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The ConnectX-5: state, objects, and the calls between the parts of its model.
 *
 *   model.c      what the core asks for; BARs
 *   registers.c  initialization segment, doorbells
 *   command.c    command queue: fetch, mailboxes, completion
 *   dispatch.c   table of commands
 *   capability.c port.c pages.c   what the device says of itself; pages lent to it
 *   number.c     objects that are a number only: PD, UAR, XRCD, transport domain
 *   ring.c       rings in guest memory
 *   eq.c cq.c qp.c srq.c mkey.c   one object each: commands and life
 *   engine.c     turns among the QPs that have something to do
 *   posted.c     what waits in the rings of a QP
 *   wqe.c        decoding requests; access.c: what a key permits
 *   sq.c         executing requests; recv.c: the receiver's side
 *   atomic.c datagram.c umr.c     requests of their own kind
 *   pagefault.c  requests that wait for the driver to bring in pages
 *   complete.c   completions
 *   flush.c      what was posted to a QP in the error state
 *   report.c     counters and objects as JSON
 *
 * The wire layouts are in wire.h. Everything here runs with the gate held. Numbers of
 * objects start above 0, so that 0 is never valid.
 */
#ifndef VNIC_MLX5_MLX5_H
#define VNIC_MLX5_MLX5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/nic.h"
#include "fields.h"
#include "settings.h"
#include "verbs/held.h"
#include "wire.h"

/* What the capabilities offer (capability.c), as powers of two. */
#define LOG_MAX_PD	10u
#define LOG_MAX_XRCD	8u
#define LOG_MAX_TD	8u
#define LOG_MAX_EQ	6u
#define LOG_MAX_CQ	12u
#define LOG_MAX_QP	12u
#define LOG_MAX_SRQ	8u
#define LOG_MAX_MKEY	14u
#define LOG_MAX_EQ_SIZE	16u
#define LOG_MAX_CQ_SIZE	22u
#define LOG_MAX_QP_SIZE	15u
#define LOG_MAX_SRQ_SIZE 15u
#define LOG_MAX_MSG	30u

#define MAX_COUNTERS	32u
#define MAX_KEY_ENTRIES	(1u << 22)	/* u64 entries of one key's table: 32 MiB */
#define MAX_ALL_ENTRIES	(1u << 26)	/* of all keys: bounds what a guest can make us hold */
#define MAX_LENT_PAGES	4096u
#define FIRST_MKEY	16u		/* key 0x100 ends receive lists, and some are reserved */
#define NULL_MKEY	0x300u
#define SCATTER_END	0x100u		/* lkey that ends a list of receive segments */

#define MLX5_BAR	0u
#define MLX5_BAR_SIZE	(4u << 20)
#define MLX5_MSIX_BAR	2u
#define MLX5_MSIX_SIZE	0x2000u
#define MLX5_MSIX_PBA	0x1000u
#define MLX5_VECTORS	8u
#define UAR_PAGE	4096u
#define FIRST_UAR	(0x10000u / UAR_PAGE)	/* behind the initialization segment */
#define MAX_UAR		(MLX5_BAR_SIZE / UAR_PAGE)

/* A ring that the guest gave, as a list of its pages. */
struct mlx5_ring {
	uint64_t *page;		/* DMA addresses, nr_pages of them */
	uint32_t nr_pages;
	uint8_t shift;		/* log2 of the page size */
	uint32_t start;		/* of the ring in its first page */
};

struct mlx5_eq {
	bool used, armed;
	uint8_t vector, log_size;
	uint32_t uar;		/* page that its doorbell is in */
	uint64_t events[4];	/* bit n of word n / 64: type n */
	uint32_t prod, cons;	/* free running, 24 bits of cons */
	struct mlx5_ring ring;
};

struct mlx5_cq {
	bool used;
	uint8_t ctx[CQC_SIZE];	/* as it was created */
	uint8_t log_size, log_cqe;
	uint8_t eq;
	enum { CQ_NOT_ARMED, CQ_ARMED, CQ_ARMED_SOLICITED } armed;
	bool failed;		/* it was full: nothing is added any more */
	uint32_t prod;		/* free running */
	uint32_t solicited;	/* prod behind the last entry that asked for an event */
	uint32_t told;		/* prod at the last event */
	uint32_t users;		/* QPs, send and receive counted apart */
	struct mlx5_ring ring;
};

/* A page fault of a request. */
struct mlx5_stop {
	uint32_t token;		/* it waits for the driver's answer with this; 0: it does not */
	uint32_t of;		/* number of the QP on whose side the page is missing */
	unsigned int repeats;	/* faults since @at */
	uint64_t at;		/* bytes that were moved at the last of them */
	bool refused;		/* the driver cannot bring the page in */
};

/* The request at the head of a send queue. */
struct mlx5_run {
	bool active;		/* it was taken from the ring; all else counts only then */
	uint16_t blocks;	/* of the ring */
	uint64_t done;		/* bytes that were moved */
	unsigned int retries;	/* waits for a receiver that ended */
	uint64_t retry_at;	/* when this wait ends; 0: it does not wait */
	uint64_t look_at;	/* when to look next whether the receiver is ready */
	uint64_t silent_until;	/* the other side may still answer; 0: it does */
	struct mlx5_stop fault;
	uint8_t wqe[WQE_MAX];
};

/* The receive that the message which is arriving goes into. */
struct mlx5_recv {
	bool taken;		/* from its ring; all else counts only then */
	uint16_t index;		/* in the ring */
	uint32_t xrc_srq;	/* number of the XRC queue that it is from; 0: no such */
};

struct mlx5_qp {
	bool used;
	enum mlx5_qp_state state;
	enum mlx5_service service;
	uint8_t ctx[QPC_SIZE];	/* as created and modified */
	uint32_t pd, send_cq, recv_cq;
	uint32_t rq_bytes, sq_bytes;	/* the receive ring first, the send ring behind it */
	uint16_t rq_size, sq_size;	/* receives, and blocks; powers of two, 0: no ring */
	uint16_t rq_cons, sq_cons;	/* free running: how far the device is */
	struct mlx5_run run;
	struct mlx5_recv recv;
	struct mlx5_ring ring;
};

struct mlx5_srq {
	bool used, xrc;
	uint8_t ctx[RMPC_SIZE];	/* as it was created; of an XRC queue XRC_SRQC_SIZE bytes */
	uint32_t pd;
	uint32_t cq, xrcd, user_index;	/* of an XRC queue */
	uint8_t log_size, log_stride;	/* receives, and bytes of each */
	uint64_t record;	/* doorbell record: u32, 16 bits: receives posted */
	uint16_t head;		/* index of the first in the list */
	uint16_t taken;		/* free running */
	uint16_t limit;		/* an event when fewer are left; 0: none */
	uint32_t users;		/* QPs that receive from it */
	struct mlx5_ring ring;
};

struct mlx5_mkey {
	bool used;
	uint8_t ctx[MKC_SIZE];
	uint64_t *entry;	/* its table: u64 of MTTs, or two for each KLM; NULL: none */
	uint32_t nr_entries;
	/* When a fault switch ignored that pages were taken away, that it was made free. */
	uint64_t zapped_ns, freed_ns;
};

/* Objects that are a number only. */
struct mlx5_numbers {
	bool *used;
	uint32_t first, end;	/* valid numbers, @end is behind the last */
	uint32_t last;		/* see slots_find() */
	uint32_t live;
};

enum mlx5_number { NUMBER_PD, NUMBER_UAR, NUMBER_XRCD, NUMBER_TD, NUMBER_COUNTER,
	NR_NUMBERS };

struct mlx5_counters {
	uint64_t commands, failed;		/* done; of these, with a status */
	uint64_t undelivered;			/* commands that could not be read */
	uint64_t lost;				/* answers whose memory was out of reach */
	uint64_t events, events_lost;
	uint64_t completions, completions_lost;	/* lost: the queue was full, or out of reach */
	uint64_t requests, request_errors;	/* of send queues; those that were flushed not */
	uint64_t dropped;			/* datagrams that did not arrive */
	uint64_t bytes;				/* that requests moved */
	uint64_t rnr_waits;			/* for a receiver */
	uint64_t umrs;				/* keys changed */
	uint64_t page_faults;			/* requests stopped */
	uint64_t page_faults_refused;		/* answered by: it cannot be brought in */
	uint64_t doorbells, bad_access;		/* of registers that do not exist, or misused */
	uint64_t resets;
	uint64_t opcode[0x1000];		/* how often each was asked for */
};

#define LOOK_WORDS	((1u << LOG_MAX_QP) / 64)

struct mlx5 {
	struct nic *nic;
	uint64_t cmdq;			/* address of the command queue */
	uint32_t cmdq_state;		/* NIC interface state, as the driver wrote it */
	bool enabled;			/* between ENABLE_HCA and DISABLE_HCA */
	uint64_t lent[MAX_LENT_PAGES];	/* pages that the driver gave to the firmware */
	uint32_t nr_lent;
	struct mlx5_numbers number[NR_NUMBERS];
	struct mlx5_eq eq[1u << LOG_MAX_EQ];
	struct mlx5_cq cq[1u << LOG_MAX_CQ];
	struct mlx5_qp qp[1u << LOG_MAX_QP];
	uint64_t look[LOOK_WORDS];	/* engine: the QP may have something to do, a bit each */
	struct mlx5_srq srq[1u << LOG_MAX_SRQ];
	struct mlx5_mkey mkey[1u << LOG_MAX_MKEY];
	uint32_t last_cq, last_qp, last_srq, last_mkey;	/* see slots_find() */
	uint32_t entries;		/* of all keys' tables */
	uint64_t faults;		/* page faults ever, see pagefault.c */
	unsigned int turn;		/* engine: QP that had the last turn */
	struct held held;		/* completions */
	struct mlx5_counters count;
};

/* ---- device (model.c) ---- */

void mlx5_forget(struct mlx5 *mlx5);	/* all objects; what ENABLE_HCA and a reset do */

/* ---- registers (registers.c) ---- */

uint32_t mlx5_segment_read(struct mlx5 *mlx5, uint32_t off);
void mlx5_segment_write(struct mlx5 *mlx5, uint32_t off, uint32_t value);

/* A store of 4 or 8 bytes, big endian, into a UAR page at @off. */
void mlx5_doorbell(struct mlx5 *mlx5, uint32_t uar, uint32_t off, const void *buf, uint32_t len);

/* ---- commands ---- */

struct mlx5_cmd {		/* one command, read whole */
	uint16_t opcode, op_mod;
	const uint8_t *in;	/* in_len bytes, at least IN_MIN */
	uint32_t in_len;
	uint8_t *out;		/* out_len bytes, zeroed; at least OUT_MIN */
	uint32_t out_len;
};

void mlx5_command(struct mlx5 *mlx5, unsigned int slot);	/* its doorbell was rung */
enum mlx5_status mlx5_dispatch(struct mlx5 *mlx5, struct mlx5_cmd *cmd);

/* Handlers. Lengths are checked against the table in dispatch.c before. */
enum mlx5_status mlx5_query_hca_cap(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_set_hca_cap(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_query_adapter(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_query_special(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_query_pages(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_manage_pages(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_query_vport(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_query_gid(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_query_pkey(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_access_register(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_create_eq(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_destroy_eq(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_create_cq(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_destroy_cq(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_modify_cq(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_query_cq(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_create_qp(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_destroy_qp(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_modify_qp(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_query_qp(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_create_rmp(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_create_xrc_srq(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_destroy_srq(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_modify_rmp(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_arm_xrc_srq(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_query_xrc_srq(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_query_rmp(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_create_mkey(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_destroy_mkey(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_query_mkey(struct mlx5 *mlx5, struct mlx5_cmd *cmd);
enum mlx5_status mlx5_pagefault_resume(struct mlx5 *mlx5, struct mlx5_cmd *cmd);

/* ---- numbers (number.c) ---- */

int mlx5_numbers_init(struct mlx5 *mlx5);	/* 0 or -ENOMEM */
void mlx5_numbers_free(struct mlx5 *mlx5);
void mlx5_numbers_forget(struct mlx5 *mlx5);
enum mlx5_status mlx5_number_alloc(struct mlx5 *mlx5, enum mlx5_number kind, uint32_t *number);
enum mlx5_status mlx5_number_free(struct mlx5 *mlx5, enum mlx5_number kind, uint32_t number);
bool mlx5_number_live(const struct mlx5 *mlx5, enum mlx5_number kind, uint32_t number);

/* ---- rings (ring.c) ---- */

struct mlx5_part {		/* n / (1 << log_parts) of a page */
	uint64_t n;
	unsigned int log_parts;
};

/*
 * Take the page list of @cmd for a ring of @bytes, which begins @start of the way into its
 * first page of 1 << @shift bytes. Return: a status; the pages are in memory of the ring's
 * own.
 */
enum mlx5_status mlx5_ring_take(const struct mlx5_cmd *cmd, uint64_t bytes, unsigned int shift,
				struct mlx5_part start, struct mlx5_ring *ring);
void mlx5_ring_free(struct mlx5_ring *ring);

/* DMA address of byte @off of the ring, which is not cut by a page before @off + 64. */
uint64_t mlx5_ring_dma(const struct mlx5_ring *ring, uint64_t off);

/* ---- event queues (eq.c) ---- */

/* The queue to which events of this type go; NULL: nobody wants them. */
struct mlx5_eq *mlx5_eq_for(struct mlx5 *mlx5, enum mlx5_event type);

/* Return: false if the event is lost: the queue is full, or out of reach. */
bool mlx5_eq_post(struct mlx5 *mlx5, struct mlx5_eq *eq, enum mlx5_event type,
		  uint8_t sub_type, const uint8_t data[EQE_DATA_SIZE]);

/* The queue with this number; NULL: not in use. */
struct mlx5_eq *mlx5_eq_get(struct mlx5 *mlx5, uint32_t number);

/* How far the driver has read @eq; @arm: it wants an interrupt for what comes then. */
void mlx5_eq_doorbell(struct mlx5 *mlx5, struct mlx5_eq *eq, uint32_t cons, bool arm);
void mlx5_eq_forget(struct mlx5 *mlx5);

/* ---- the other objects; forget: all of them ---- */

struct mlx5_qp *mlx5_qp_get(struct mlx5 *mlx5, uint32_t number);	/* NULL: not in use */

/* Something was posted. */
void mlx5_qp_doorbell(struct mlx5 *mlx5, const struct mlx5_qp *qp);
void mlx5_qp_fail(struct mlx5 *mlx5, struct mlx5_qp *qp);	/* into the error state */

/* @of does not receive any more: what waits for pages on its side is run again. */
void mlx5_pagefault_forget(struct mlx5 *mlx5, const struct mlx5_qp *of);

struct mlx5_srq *mlx5_srq_get(struct mlx5 *mlx5, uint32_t number);	/* NULL: not in use */
struct mlx5_mkey *mlx5_mkey_get(struct mlx5 *mlx5, uint32_t index);	/* NULL: not in use */
struct mlx5_mkey *mlx5_mkey_usable(struct mlx5 *mlx5, uint32_t index);	/* NULL: not */
bool mlx5_mkey_free(const struct mlx5_mkey *mkey);	/* as far as the driver knows */
bool mlx5_mkey_refers(const struct mlx5_mkey *mkey);	/* to other keys */
enum mlx5_key_mode mlx5_mkey_mode(const uint8_t ctx[MKC_SIZE]);

void mlx5_cq_forget(struct mlx5 *mlx5);
void mlx5_qp_forget(struct mlx5 *mlx5);
void mlx5_srq_forget(struct mlx5 *mlx5);
void mlx5_mkey_forget(struct mlx5 *mlx5);

/* ---- the engine (engine.c) ---- */

bool mlx5_step(struct mlx5 *mlx5, uint32_t *pause_us);	/* see struct nic_model */

/* @qp may have something to do from now on, or has nothing. */
void mlx5_look(struct mlx5 *mlx5, const struct mlx5_qp *qp, bool look);

/* ---- completion queues (cq.c) ---- */

struct mlx5_cq *mlx5_cq_get(struct mlx5 *mlx5, uint32_t number);	/* NULL: not in use */

/*
 * Append a completion; the owner bit is set here. @solicited: it is to wake a driver that
 * waits for solicited ones, as errors do, too. A full queue fails, with an event.
 */
void mlx5_cq_post(struct mlx5 *mlx5, struct mlx5_cq *cq, uint8_t cqe[CQE_SIZE], bool solicited);

/* The 8 bytes that arm one: @word says how, and how far the driver has read. */
void mlx5_cq_arm(struct mlx5 *mlx5, struct mlx5_cq *cq, uint32_t word);

/* ---- report (report.c) ---- */

struct json_object *mlx5_report(const struct mlx5 *mlx5);

#endif /* VNIC_MLX5_MLX5_H */
