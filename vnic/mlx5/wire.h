/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Where things are in the structures of a ConnectX-5, as Linux 6.1 to 7.3 use them
 * (include/linux/mlx5/mlx5_ifc.h and device.h). Fields are positions and widths in bits
 * within the structure that is named; offsets are bytes.
 */
#ifndef VNIC_MLX5_WIRE_H
#define VNIC_MLX5_WIRE_H

#include "fields.h"

/* ---- commands ---- */

enum mlx5_opcode {
	OP_QUERY_HCA_CAP = 0x100,
	OP_QUERY_ADAPTER = 0x101,
	OP_INIT_HCA = 0x102,
	OP_TEARDOWN_HCA = 0x103,
	OP_ENABLE_HCA = 0x104,
	OP_DISABLE_HCA = 0x105,
	OP_QUERY_PAGES = 0x107,
	OP_MANAGE_PAGES = 0x108,
	OP_SET_HCA_CAP = 0x109,
	OP_QUERY_ISSI = 0x10a,
	OP_SET_ISSI = 0x10b,
	OP_SET_DRIVER_VERSION = 0x10d,
	OP_CREATE_MKEY = 0x200,
	OP_QUERY_MKEY = 0x201,
	OP_DESTROY_MKEY = 0x202,
	OP_QUERY_SPECIAL_CONTEXTS = 0x203,
	OP_PAGE_FAULT_RESUME = 0x204,
	OP_CREATE_EQ = 0x301,
	OP_DESTROY_EQ = 0x302,
	OP_CREATE_CQ = 0x400,
	OP_DESTROY_CQ = 0x401,
	OP_QUERY_CQ = 0x402,
	OP_MODIFY_CQ = 0x403,
	OP_CREATE_QP = 0x500,
	OP_DESTROY_QP = 0x501,
	OP_RST2INIT_QP = 0x502,
	OP_INIT2RTR_QP = 0x503,
	OP_RTR2RTS_QP = 0x504,
	OP_RTS2RTS_QP = 0x505,
	OP_SQERR2RTS_QP = 0x506,
	OP_2ERR_QP = 0x507,
	OP_2RST_QP = 0x50a,
	OP_QUERY_QP = 0x50b,
	OP_INIT2INIT_QP = 0x50e,
	OP_CREATE_XRC_SRQ = 0x705,
	OP_DESTROY_XRC_SRQ = 0x706,
	OP_QUERY_XRC_SRQ = 0x707,
	OP_ARM_XRC_SRQ = 0x708,
	OP_QUERY_HCA_VPORT_CONTEXT = 0x762,
	OP_QUERY_HCA_VPORT_GID = 0x764,
	OP_QUERY_HCA_VPORT_PKEY = 0x765,
	OP_QUERY_VPORT_COUNTER = 0x770,
	OP_ALLOC_Q_COUNTER = 0x771,
	OP_DEALLOC_Q_COUNTER = 0x772,
	OP_QUERY_Q_COUNTER = 0x773,
	OP_ALLOC_PD = 0x800,
	OP_DEALLOC_PD = 0x801,
	OP_ALLOC_UAR = 0x802,
	OP_DEALLOC_UAR = 0x803,
	OP_ACCESS_REG = 0x805,
	OP_ALLOC_XRCD = 0x80e,
	OP_DEALLOC_XRCD = 0x80f,
	OP_ALLOC_TRANSPORT_DOMAIN = 0x816,
	OP_DEALLOC_TRANSPORT_DOMAIN = 0x817,
	OP_CREATE_RMP = 0x90c,
	OP_MODIFY_RMP = 0x90d,
	OP_DESTROY_RMP = 0x90e,
	OP_QUERY_RMP = 0x90f,
};

/* Status of a command: what it asked for cannot be done. */
enum mlx5_status {
	ST_OK = 0x00,
	ST_INTERNAL = 0x01,
	ST_BAD_OP = 0x02,
	ST_BAD_PARAM = 0x03,
	ST_BAD_SYS_STATE = 0x04,
	ST_BAD_RESOURCE = 0x05,
	ST_BUSY = 0x06,
	ST_EXCEED_LIMIT = 0x08,
	ST_BAD_RESOURCE_STATE = 0x09,
	ST_NO_RESOURCES = 0x0f,
	ST_UNREAD_ENTRIES = 0x40,	/* they do not fit into the smaller ring */
	ST_BAD_INPUT_LENGTH = 0x50,
	ST_BAD_OUTPUT_LENGTH = 0x51,
};

/* Delivery status of a command: it could not be read. */
enum mlx5_delivery {
	DELIVERY_OK = 0x00,
	DELIVERY_TOKEN = 0x02,
	DELIVERY_BLOCK_NUMBER = 0x03,
	DELIVERY_OUT_POINTER = 0x04,
	DELIVERY_IN_POINTER = 0x05,
	DELIVERY_IN_LENGTH = 0x07,
	DELIVERY_OUT_LENGTH = 0x08,
	DELIVERY_DESCRIPTOR = 0x10,
};

/* An entry of the command queue, 64 bytes. */
#define CMD_SIZE	64u
#define CMD_TYPE	0u		/* u8 */
#define CMD_TYPE_PCI	7u
#define CMD_IN_LENGTH	4u
#define CMD_IN_MAILBOX	8u
#define CMD_INPUT	16u		/* the first 16 bytes of it */
#define CMD_OUTPUT	32u
#define CMD_OUT_MAILBOX	48u
#define CMD_OUT_LENGTH	56u
#define CMD_TOKEN	60u		/* u8 */
#define CMD_STATUS_OWN	63u		/* delivery status << 1 | the device owns it */
#define CMD_OWNED	1u
#define CMD_INLINE	16u		/* bytes of input, and of output, in the entry */

/* A mailbox, 576 bytes on a boundary of 1 KiB: more input, or room for more output. */
#define BOX_DATA	512u		/* bytes of it */
#define BOX_NEXT	560u
#define BOX_BLOCK	568u
#define BOX_TOKEN	573u
#define BOX_SIZE	576u
#define BOX_ALIGN	0x1ffu		/* low bits of a pointer that must be 0 */

/* Input: opcode u16 @0, op_mod u16 @6, and usually an object's number. */
#define IN_OPCODE	0u
#define IN_OP_MOD	6u
#define IN_OBJECT	FIELD(0x48, 24)
#define IN_EQ		FIELD(0x58, 8)
#define IN_PAGES	0x110u		/* list of u64 page addresses, where there is one */

#define OUT_STATUS	0u
#define OUT_SYNDROME	4u
#define OUT_OBJECT	FIELD(0x48, 24)
#define OUT_EQ		FIELD(0x58, 8)
#define OUT_MIN		8u		/* every answer has this */
#define IN_MIN		8u

/* ---- initialization segment ---- */

#define SEG_FW_REV	0x0u		/* minor << 16 | major */
#define SEG_CMD_REV	0x4u		/* of the command interface << 16 | firmware's sub-minor */
#define SEG_CMDQ_HI	0x10u
#define SEG_CMDQ_LO	0x14u		/* read also: log entries << 4 | log entry size */
#define SEG_CMDQ_STATE	0x700u		/* in it: the NIC interface's state */
#define SEG_DOORBELL	0x18u		/* bit n: entry n */
#define SEG_INIT	0x1fcu		/* bit 31: the firmware is not ready yet */
#define SEG_SYNDROME	0x23cu		/* of the firmware's health << 16; 0: it is well */
#define SEG_TIMER_HI	0x1000u
#define SEG_TIMER_LO	0x1004u
#define SEG_COUNTER	0x1010u		/* changes as long as the device lives */
#define SEG_SIZE	0x3000u

/* ---- doorbells, in each UAR page ---- */

#define UAR_CQ_ARM	0x20u		/* 8 bytes */
#define UAR_EQ_ARM	0x40u
#define UAR_EQ_UPDATE	0x48u
#define UAR_SQ		0x800u		/* 8 bytes, and so on at each blue flame register */

/* ---- event queues ---- */

#define EQC		0x10u		/* in CREATE_EQ */
#define EQC_LOG_SIZE	FIELD(0x63, 5)
#define EQC_UAR		FIELD(0x68, 24)
#define EQC_VECTOR	FIELD(0xb4, 12)
#define EQC_LOG_PAGE	FIELD(0xc3, 5)		/* in 4 KiB */
#define EQ_EVENTS	0x58u		/* in CREATE_EQ: u64[4], bit n of word n / 64 */

#define EQE_SIZE	64u
#define EQE_TYPE	1u
#define EQE_SUB_TYPE	3u
#define EQE_DATA	32u
#define EQE_DATA_SIZE	28u
#define EQE_OWNER	63u

enum mlx5_event {
	EV_COMPLETION = 0x00,
	EV_CQ_ERROR = 0x04,
	EV_COMMAND = 0x0a,
	EV_PAGE_FAULT = 0x0c,
	EV_LAST_REQUEST = 0x13,		/* of a QP in the error state that shares receives */
	EV_SRQ_LIMIT = 0x14,
};

#define EVENT_NUMBER	24u		/* u32, of the QP or SRQ, in the data of its events */

/* The data of a page fault. */
enum mlx5_fault_event { FAULT_IN_QUEUE, FAULT_RDMA };	/* sub type: of WQE, RDMA */
#define FAULT_COMMITTED	0u		/* u32: bytes of the operation that were moved before */
#define FAULT_KEY	4u		/* u32, RDMA */
#define FAULT_INDEX	6u		/* u16: of the request in its ring */
#define FAULT_PACKET	10u		/* u16: bytes of the packet, RDMA */
#define FAULT_LENGTH	12u		/* u32: bytes of the operation, RDMA */
#define FAULT_TOKEN	12u		/* u32, not RDMA */
#define FAULT_ADDR	16u		/* u64, of the operation, RDMA */
#define FAULT_QUEUE	24u		/* u32: type << 24 | number of the queue; RDMA: token */

/* Bits of the type; a receive in a shared queue has none. */
#define FAULT_REQUESTER	1u
#define FAULT_WRITE	2u		/* and of a receive in a queue of its own this one */
#define FAULT_OF_RDMA	4u

#define RESUME_ERROR	FIELD(0x40, 1)	/* in PAGE_FAULT_RESUME: it cannot be brought in */
#define RESUME_TOKEN	FIELD(0x68, 24)

/* ---- completion queues ---- */

#define CQC		0x10u		/* in CREATE_CQ and QUERY_CQ's answer */
#define CQC_SIZE	64u
#define CQC_CQE_SZ	FIELD(0x08, 3)		/* 0: 64 bytes; 1, 2: 128 */
#define CQC_OVERRUN	FIELD(0x0e, 1)		/* ignore it */
#define CQC_PAGE_OFFSET	FIELD(0x54, 6)		/* in page / 64 */
#define CQC_LOG_SIZE	FIELD(0x63, 5)
#define CQC_UAR		FIELD(0x68, 24)
#define CQC_EQ		FIELD(0xa0, 32)
#define CQC_LOG_PAGE	FIELD(0xc3, 5)
#define CQC_DBR		FIELD(0x1c0, 64)

#define MODIFY_CQ_RESIZE 1u		/* op_mod */

#define CQ_DBR_CONS	0u		/* doorbell record: u32, 24 bits: how far it was read */
#define CQ_INDEX	0xffffffu
#define CQ_ARM_SOLICITED (1u << 24)	/* in the word that arms it; low 24 bits: an index */

/* A completion, 64 bytes. With 128-byte entries it is in the second half. */
#define CQE_SIZE	64u
#define CQE_SOURCE_LID	22u		/* u16, of a receive */
#define CQE_SOURCE	24u		/* u32: there is a GRH << 28 | QP number */
#define CQE_USER	32u		/* u32: the QP's user index */
#define CQE_IMMEDIATE	36u		/* u32, as it was sent */
#define CQE_BYTES	44u		/* u32 */
#define CQE_TIME	48u		/* u64, of the device's clock */
#define CQE_SYNDROME	55u		/* of an error */
#define CQE_WQE_QPN	56u		/* u32: opcode of the request << 24 | number of the QP */
#define CQE_COUNTER	60u		/* u16: index of the request in its ring */
#define CQE_LAST	60u		/* the dword that is written last */
#define CQE_OWNER	63u		/* opcode << 4 | owner */

enum mlx5_completion {
	CQE_REQUESTER = 0,
	CQE_RECV_WRITE_IMM = 1,
	CQE_RECV_SEND = 2,
	CQE_RECV_SEND_IMM = 3,
	CQE_RECV_SEND_INVAL = 4,
	CQE_RESIZED = 5,		/* the last of a ring: the next is in the new one */
	CQE_REQUESTER_ERROR = 13,
	CQE_RESPONDER_ERROR = 14,
};

enum mlx5_syndrome {
	SYNDROME_PAGE_FAULT = -1,	/* not on the wire: the request waits for the driver */
	SYNDROME_OK = 0x00,		/* neither: no error */
	SYNDROME_LOCAL_LENGTH = 0x01,
	SYNDROME_LOCAL_QP = 0x02,
	SYNDROME_LOCAL_PROTECTION = 0x04,
	SYNDROME_FLUSHED = 0x05,
	SYNDROME_UMR_CHECK = 0x06,
	SYNDROME_REMOTE_INVALID = 0x12,
	SYNDROME_REMOTE_ACCESS = 0x13,
	SYNDROME_REMOTE_OPERATION = 0x14,
	SYNDROME_RETRIES = 0x15,
	SYNDROME_RNR_RETRIES = 0x16,
};

#define CQ_SYNDROME	11u		/* in the data of a CQ error event */
#define CQ_OVERRUN	1u
#define EVENT_CQN	24u		/* u32, in the data of a completion event */

/* ---- queue pairs ---- */

#define QPC_IN		0x18u		/* in CREATE_QP, each modify, QUERY_QP's answer */
#define QPC_SIZE	232u
#define QP_OPT_MASK	0x10u		/* u32 in them: which fields of the context count */
#define QPC_STATE	FIELD(0x00, 4)
#define QPC_SERVICE	FIELD(0x08, 8)
#define QPC_PD		FIELD(0x28, 24)
#define QPC_LOG_RQ	FIELD(0x49, 4)
#define QPC_RQ_STRIDE	FIELD(0x4d, 3)		/* log2 bytes - 4 */
#define QPC_NO_SQ	FIELD(0x50, 1)
#define QPC_LOG_SQ	FIELD(0x51, 4)		/* blocks of 64 bytes */
#define QPC_UAR		FIELD(0x68, 24)
#define QPC_USER_INDEX	FIELD(0x88, 24)
#define QPC_LOG_PAGE	FIELD(0xa3, 5)
#define QPC_REMOTE_QPN	FIELD(0xa8, 24)
#define QPC_REMOTE_LID	FIELD(0xf0, 16)
#define QPC_RNR_RETRY	FIELD(0x390, 3)	/* 7: for ever */
#define QPC_SEND_CQ	FIELD(0x3e8, 24)
#define QPC_RRE		FIELD(0x490, 1)	/* the other side may read */
#define QPC_RWE		FIELD(0x491, 1)
#define QPC_RAE		FIELD(0x492, 1)
#define QPC_PAGE_OFFSET	FIELD(0x494, 6)
#define QPC_XRCD	FIELD(0x4c8, 24)
#define QPC_RECV_CQ	FIELD(0x4e8, 24)
#define QPC_DBR		FIELD(0x500, 64)
#define QPC_QKEY	FIELD(0x540, 32)
#define QPC_RQ_TYPE	FIELD(0x565, 3)
#define QPC_SRQ		FIELD(0x568, 24)

#define QP_DBR_RECV	0u		/* doorbell record: u32, 16 bits: receives posted */
#define QP_DBR_SEND	4u		/* and blocks of sends */
#define QP_DBR_SIZE	8u

/* A request in a send ring: a control segment, one of the operation, data segments. */
#define WQE_BLOCK	64u		/* it takes whole blocks of the ring */
#define WQE_OPCODE	3u		/* u8 */
#define WQE_DS		7u		/* low 6 bits: its length in 16 bytes */
#define WQE_DS_MASK	0x3fu
#define WQE_FLAGS	11u		/* u8 */
#define WQE_SIGNALED	0x08u
#define WQE_SOLICITED	0x02u
#define WQE_IMMEDIATE	12u		/* u32; for a UMR the key */
#define WQE_CTRL_SIZE	16u
#define WQE_MAX		1024u		/* bytes, at most as WQE_DS can say */
#define WQE_XRC_SRQ	16u		/* u32, low 24 bits, in the segment that XRC has first */
#define WQE_XRC_SIZE	16u
#define REMOTE_ADDR	0u		/* u64, in the segment of the other side's memory */
#define REMOTE_KEY	8u		/* u32 */
#define REMOTE_SIZE	16u
#define ATOMIC_OPERAND	0u		/* u64, in the next: to add, or to swap in */
#define ATOMIC_COMPARE	8u		/* u64 */
#define ATOMIC_SIZE	16u
#define ATOMIC_BYTES	8u

/* A datagram's address, behind its control segment. */
#define WQE_AV_SIZE	48u
#define WQE_AV_QKEY	16u		/* u32; highest bit: the sender's own instead */
#define WQE_AV_QPN	24u		/* u32, low 24 bits */
#define WQE_AV_LID	30u		/* u16 */
#define WQE_AV_GRH	44u		/* u32: flow label, and AV_GRH */
#define WQE_AV_GID	48u		/* 16 bytes */
#define QKEY_OWN	(1u << 31)
#define AV_GRH		(1u << 30)
#define GRH_SIZE	40u		/* that a receive of datagrams has room for */

enum mlx5_request {
	WR_NOP = 0x00,
	WR_SEND_INVAL = 0x01,		/* its immediate is a key, which the receiver loses */
	WR_WRITE = 0x08,
	WR_WRITE_IMM = 0x09,
	WR_SEND = 0x0a,
	WR_SEND_IMM = 0x0b,
	WR_READ = 0x10,
	WR_COMPARE_SWAP = 0x11,
	WR_FETCH_ADD = 0x12,
	WR_UMR = 0x25,
};

#define SGE_SIZE	16u		/* u32 length, u32 key, u64 address */
#define SGE_INLINE	(1u << 31)	/* in the length: that many bytes follow */
#define SGE_INLINE_MASK	0x3ffu
#define SGE_LENGTH_0	(1u << 31)	/* what a length of 0 stands for */

/* A UMR: a request that changes a key. */
#define UMR_FLAGS	16u		/* u8 */
#define UMR_INLINE	0x80u
#define UMR_IF_NOT_FREE	0x40u		/* fail if the key is free */
#define UMR_IF_FREE	0x20u		/* fail if it is not */
#define UMR_HAS_OFFSET	0x10u
#define UMR_CHECK_QPN	0x08u		/* fail if the key is another queue pair's */
#define UMR_OCTOWORDS	20u		/* u16: of the table, 16 bytes each */
#define UMR_OFFSET_LOW	22u		/* u16, in octowords */
#define UMR_MASK	24u		/* u64: which fields of the context count */
#define UMR_OFFSET_HIGH	32u		/* u32 */
#define UMR_CONTEXT	64u
#define UMR_DATA	128u		/* data segment, or the entries themselves */

enum mlx5_service { SERVICE_RC, SERVICE_UC, SERVICE_UD, SERVICE_XRC, SERVICE_QP0 = 7,
	SERVICE_QP1, SERVICE_UMR = 0xc };
enum mlx5_rq_type { RQ_OWN, RQ_SHARED, RQ_NONE = 3 };
enum mlx5_qp_state { QP_RST, QP_INIT, QP_RTR, QP_RTS, QP_SQER, QP_SQD, QP_ERR };

/* ---- shared receive queues ---- */

#define RMP_IN		0x20u		/* context, in CREATE_RMP, MODIFY_RMP, QUERY_RMP's answer */
#define RMPC_SIZE	240u
#define RMPC_PAGE_OFFSET FIELD(0x1ab, 5)	/* in page / 32 */
#define RMPC_LIMIT	FIELD(0x1b0, 16)
#define RMPC_PD		FIELD(0x1c8, 24)
#define RMPC_DBR	FIELD(0x200, 64)
#define RMPC_LOG_STRIDE	FIELD(0x28c, 4)		/* bytes */
#define RMPC_LOG_PAGE	FIELD(0x293, 5)
#define RMPC_LOG_SIZE	FIELD(0x29b, 5)
#define MODIFY_RMP_MASK	0x10u		/* u64: which fields of the context count */
#define MODIFY_RMP_LIMIT 1u

#define XRC_SRQ_IN	0x10u		/* context, in CREATE_XRC_SRQ and QUERY_XRC_SRQ's answer */
#define XRC_SRQC_SIZE	64u
#define XRC_SRQC_LOG_SIZE FIELD(0x04, 4)
#define XRC_SRQC_STRIDE	FIELD(0x25, 3)		/* log2 bytes - 4 */
#define XRC_SRQC_XRCD	FIELD(0x28, 24)
#define XRC_SRQC_PAGE_OFFSET FIELD(0x40, 6)	/* in page / 64 */
#define XRC_SRQC_CQ	FIELD(0x48, 24)
#define XRC_SRQC_LOG_PAGE FIELD(0x82, 6)
#define XRC_SRQC_USER_INDEX FIELD(0x88, 24)
#define XRC_SRQC_PD	FIELD(0xc8, 24)
#define XRC_SRQC_LIMIT	FIELD(0xd0, 16)
#define XRC_SRQC_DBR	FIELD(0x140, 64)
#define ARM_XRC_SRQ_LIMIT FIELD(0x70, 16)	/* from the start of the command */

#define SRQ_NEXT_SIZE	16u		/* a receive in a shared queue begins with the link */

/* ---- memory keys ---- */

#define MKC		0x10u		/* in CREATE_MKEY and QUERY_MKEY's answer */
#define MKC_SIZE	64u
#define MKEY_PG_ACCESS	FIELD(0x60, 1)		/* in CREATE_MKEY: entries have rights */
#define MKEY_ACTUAL	FIELD(0x300, 32)	/* in CREATE_MKEY: octowords that follow */
#define MKC_FREE	FIELD(0x01, 1)
#define MKC_MODE_HIGH	FIELD(0x03, 3)		/* access mode, bits 4 to 2 */
#define MKC_MODE_LOW	FIELD(0x16, 2)		/* bits 1 and 0 */
#define MKC_UMR		FIELD(0x10, 1)		/* work requests may change it */
#define MKC_ATOMIC	FIELD(0x11, 1)
#define MKC_REMOTE_WRITE FIELD(0x12, 1)
#define MKC_REMOTE_READ	FIELD(0x13, 1)
#define MKC_LOCAL_WRITE	FIELD(0x14, 1)
#define MKC_LOCAL_READ	FIELD(0x15, 1)
#define MKC_QPN		FIELD(0x20, 24)		/* all ones: any */
#define MKC_VARIANT	FIELD(0x38, 8)		/* low byte of the key */
#define MKC_LENGTH64	FIELD(0x60, 1)		/* no limit */
#define MKC_REMOTE_INVAL FIELD(0x67, 1)	/* a message may make it free */
#define MKC_PD		FIELD(0x68, 24)
#define MKC_START	FIELD(0x80, 64)
#define MKC_LENGTH	FIELD(0xc0, 64)
#define MKC_OCTOWORDS	FIELD(0x1a0, 32)	/* size of its table, 16 bytes each */
#define MKC_LOG_PAGE	FIELD(0x1da, 6)
#define MKC_ANY_QP	0xffffffu

#define MKEY_TABLE	0x110u		/* in QUERY_MKEY's answer */

#define MTT_READABLE	1u		/* low bits of an entry of the table */
#define MTT_WRITABLE	2u

enum mlx5_key_mode { MODE_PHYSICAL, MODE_MTT, MODE_KLM, MODE_KSM };

/* ---- port ---- */

#define VPORT_OUT	0x10u		/* context, in the answer */
#define VPORT_PHYS	FIELD(0x110, 4)
#define VPORT_STATE	FIELD(0x11c, 4)
#define VPORT_SYS_GUID	0x28u		/* u64 */
#define VPORT_PORT_GUID	0x30u
#define VPORT_NODE_GUID	0x38u
#define VPORT_LID	FIELD(0x300, 16)
#define VPORT_TIMEOUT	FIELD(0x31b, 5)
#define VPORT_SM_LID	FIELD(0x320, 16)
#define PORT_LINK_UP	5u
#define PORT_ACTIVE	4u

enum mlx5_register {
	REG_PMTU = 0x5003,
	REG_PTYS = 0x5004,
	REG_PVLC = 0x500f,
	REG_NODE_DESC = 0x6001,
	REG_HOST_ENDIANNESS = 0x7004,
};

#endif /* VNIC_MLX5_WIRE_H */
