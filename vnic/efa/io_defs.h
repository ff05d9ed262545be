/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Wire layouts of the data path: what the guest's provider writes to its send and receive
 * rings, and what the device writes to completion and event rings. Everything is
 * little-endian, without padding.
 */
#ifndef VNIC_EFA_IO_DEFS_H
#define VNIC_EFA_IO_DEFS_H

#include <assert.h>
#include <stdint.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "wire structs are little endian");

#define EFA_IO_LKEY_MASK 0xffffffu	/* local keys have 24 bits */

enum efa_io_op {
	EFA_IO_OP_SEND,
	EFA_IO_OP_READ,
	EFA_IO_OP_WRITE,
};

/* Status of a completion. The comment is the IBV_WC_* status that the driver's user gets. */
enum efa_io_status {
	EFA_IO_OK,
	EFA_IO_FLUSHED,			/* WR_FLUSH_ERR */
	EFA_IO_QP_INTERNAL,		/* LOC_QP_OP_ERR */
	EFA_IO_UNSUPPORTED_OP,		/* LOC_QP_OP_ERR */
	EFA_IO_BAD_AH,			/* LOC_QP_OP_ERR */
	EFA_IO_BAD_LKEY,		/* LOC_PROT_ERR */
	EFA_IO_BAD_LENGTH,		/* LOC_LEN_ERR */
	EFA_IO_REMOTE_ADDRESS,		/* REM_ACCESS_ERR */
	EFA_IO_REMOTE_ABORT,		/* REM_ABORT_ERR */
	EFA_IO_BAD_DEST_QPN,		/* REM_INV_RD_REQ_ERR */
	EFA_IO_RNR,			/* RNR_RETRY_EXC_ERR */
	EFA_IO_REMOTE_LENGTH,		/* REM_INV_REQ_ERR */
	EFA_IO_BAD_STATUS,
	EFA_IO_UNRESPONSIVE,
	EFA_IO_UNKNOWN_PEER,
	EFA_IO_UNREACHABLE,
};

/* ---- send queue ---- */

struct efa_io_sge {
	uint32_t len;
	uint32_t key;		/* lkey: masked with EFA_IO_LKEY_MASK; rkey: 32 bits */
	uint64_t addr;
} __attribute__((packed));

struct efa_io_wqe {
	uint16_t req_id;	/* copied to the completion */
	uint8_t ctrl1;		/* EFA_IO_OP_* and EFA_IO_CTRL1_* */
	uint8_t ctrl2;		/* EFA_IO_CTRL2_* */
	uint16_t dest_qp;
	uint16_t length;	/* inline: bytes; else: number of local SGEs */
	uint32_t imm;
	uint16_t ah;
	uint16_t reserved;
	uint32_t qkey;
	uint8_t reserved2[12];
	union {
		struct efa_io_sge sge[2];	/* SEND */
		uint8_t inline_data[32];	/* SEND, inline */
		struct {			/* READ, WRITE */
			struct efa_io_sge remote;
			struct efa_io_sge local;
		} __attribute__((packed)) rdma;
	};
} __attribute__((packed));

static_assert(sizeof(struct efa_io_wqe) == 64, "send WQE");

#define EFA_IO_CTRL1_OP_MASK	0x0fu
#define EFA_IO_CTRL1_IMM	0x10u
#define EFA_IO_CTRL1_INLINE	0x20u
#define EFA_IO_CTRL1_EXTENSION	0x40u	/* longer metadata: not offered */
#define EFA_IO_CTRL1_META	0x80u	/* always set */

/* Bit 0 is the ring's phase. It is not read, as the producer counter tells the same. */
#define EFA_IO_CTRL2_FIRST	0x04u	/* these three are always set */
#define EFA_IO_CTRL2_LAST	0x08u
#define EFA_IO_CTRL2_COMP_REQ	0x10u
#define EFA_IO_CTRL2_ALWAYS \
	(EFA_IO_CTRL2_FIRST | EFA_IO_CTRL2_LAST | EFA_IO_CTRL2_COMP_REQ)

/* ---- receive queue: a request is 1 to EFA_MAX_RECV_SEGS descriptors ---- */

struct efa_io_rx {
	uint64_t addr;
	uint16_t req_id;	/* valid in the first descriptor of a request */
	uint16_t len;
	uint32_t ctrl;		/* lkey, EFA_IO_RX_* */
} __attribute__((packed));

static_assert(sizeof(struct efa_io_rx) == 16, "receive descriptor");

#define EFA_IO_RX_FIRST		(1u << 30)
#define EFA_IO_RX_LAST		(1u << 31)

/* ---- completion queue ---- */

struct efa_io_cqe {
	uint16_t req_id;
	uint8_t status;
	uint8_t flags;		/* EFA_IO_CQE_* */
	uint16_t qp;
	uint16_t len;		/* receive: low half of the byte count */
	uint16_t ah;		/* receive: the sender; if EFA_IO_AH_UNKNOWN, see src_gid */
	uint16_t src_qp;
	uint32_t imm;
	union {
		uint16_t len_hi;	/* receive of a WRITE: high half of the byte count */
		uint8_t src_gid[16];	/* receive of a SEND */
	};
} __attribute__((packed));

static_assert(sizeof(struct efa_io_cqe) == 32, "completion");

#define EFA_IO_CQE_PHASE	0x01u	/* 1 on the first pass over the ring */
#define EFA_IO_CQE_SEND		(1u << 1)	/* bits 2:1 are the type of the queue */
#define EFA_IO_CQE_RECV		(2u << 1)
#define EFA_IO_CQE_IMM		0x08u
#define EFA_IO_CQE_OP_SHIFT	4
#define EFA_IO_CQE_OP_MASK	0x70u
#define EFA_IO_CQE_UNSOLICITED	0x80u

#define EFA_IO_AH_UNKNOWN	0xffffu

/* ---- event queue ---- */

struct efa_io_eqe {
	uint32_t common;	/* EFA_IO_EQE_PHASE; bits 8:1: type, 0 for completions */
	uint32_t reserved;
	uint16_t cq;
	uint8_t reserved2[6];
} __attribute__((packed));

static_assert(sizeof(struct efa_io_eqe) == 16, "event");

#define EFA_IO_EQE_PHASE	1u	/* 1 on the first pass over the ring */

/* ---- doorbells ---- */

#define EFA_IO_DB_SQ		0u	/* offsets in a QP's page */
#define EFA_IO_DB_RQ		8u
#define EFA_IO_DB_ARM		(1u << 31)	/* CQ and EQ doorbells */
#define EFA_IO_DB_INDEX		0xffffu		/* CQ: consumer counter; EQ: its number */

#endif /* VNIC_EFA_IO_DEFS_H */
