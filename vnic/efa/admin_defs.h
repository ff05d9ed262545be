/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Wire format of the admin queue in admin API 0.1: commands (64 bytes in the AQ),
 * completions (64 bytes in the ACQ), statuses, opcodes and features. All fields are
 * little-endian. Static asserts at the end of this file check every layout.
 */
#ifndef VNIC_EFA_ADMIN_DEFS_H
#define VNIC_EFA_ADMIN_DEFS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "guest structures are read in place: a little-endian host is needed"
#endif

#define EFA_PACKED __attribute__((packed))

#define EFA_CMD_SIZE	64u	/* one AQ entry, and one ACQ entry */

enum efa_admin_status {
	EFA_ADMIN_OK,
	EFA_ADMIN_NO_RESOURCE,	/* ENOMEM in the driver */
	EFA_ADMIN_BAD_OPCODE,
	EFA_ADMIN_UNSUPPORTED,	/* EOPNOTSUPP in the driver */
	EFA_ADMIN_MALFORMED,	/* flags or a control buffer that the command may not have */
	EFA_ADMIN_ILLEGAL,	/* a parameter is out of range or names no object */
	EFA_ADMIN_UNKNOWN,
	EFA_ADMIN_BUSY,		/* other objects still use this one */
};

enum efa_admin_opcode {
	EFA_CMD_CREATE_QP = 1,
	EFA_CMD_MODIFY_QP,
	EFA_CMD_QUERY_QP,
	EFA_CMD_DESTROY_QP,
	EFA_CMD_CREATE_AH,
	EFA_CMD_DESTROY_AH,
	EFA_CMD_REG_MR,
	EFA_CMD_DEREG_MR,
	EFA_CMD_CREATE_CQ,
	EFA_CMD_DESTROY_CQ,
	EFA_CMD_GET_FEATURE,
	EFA_CMD_SET_FEATURE,
	EFA_CMD_GET_STATS,
	EFA_CMD_ALLOC_PD,
	EFA_CMD_DEALLOC_PD,
	EFA_CMD_ALLOC_UAR,
	EFA_CMD_DEALLOC_UAR,
	EFA_CMD_CREATE_EQ,
	EFA_CMD_DESTROY_EQ,
	/* Drivers use these only with capabilities that this device does not report: */
	EFA_CMD_ALLOC_MR,
	EFA_CMD_SERVICE,
	EFA_CMD_CREATE_COUNTER = 25,
	EFA_CMD_DESTROY_COUNTER,
	EFA_CMD_ATTACH_COUNTER,
	EFA_CMD_MODIFY_COUNTER,
	EFA_CMD_DETACH_COUNTER,
};

enum efa_feature {
	EFA_FEATURE_DEVICE = 1,
	EFA_FEATURE_AENQ,
	EFA_FEATURE_NETWORK,
	EFA_FEATURE_QUEUES,
	EFA_FEATURE_HINTS,
	EFA_FEATURE_EQ = 7,
};

enum efa_stats {
	EFA_STATS_BASIC,
	EFA_STATS_MESSAGES,
	EFA_STATS_RDMA_READ,
	EFA_STATS_RDMA_WRITE,
	EFA_STATS_NETWORK,
};

/* ---- headers ---- */

#define EFA_AQ_COMMAND_ID	0x0fffu		/* mask for command_id */
#define EFA_AQ_PHASE		0x01u		/* flags: not read, the doorbell tells the same */
#define EFA_AQ_CTRL_DATA	0x02u		/* flags: the command has a control buffer */
#define EFA_AQ_CTRL_INDIRECT	0x04u		/* flags: that buffer is a chain of chunks */
#define EFA_ACQ_PHASE		0x01u		/* flags */

struct efa_aq_hdr {
	uint16_t command_id;
	uint8_t opcode;
	uint8_t flags;
} EFA_PACKED;

struct efa_acq_hdr {
	uint16_t command_id;
	uint8_t status;
	uint8_t flags;
	uint32_t reserved;
} EFA_PACKED;

struct efa_ctrl_buf {
	uint32_t length;
	uint64_t addr;
} EFA_PACKED;

/* DEALLOC_PD, DEALLOC_UAR, DESTROY_EQ, DESTROY_CQ */
struct efa_id_cmd {
	struct efa_aq_hdr hdr;
	uint16_t id;
} EFA_PACKED;

/* ALLOC_PD, ALLOC_UAR, CREATE_EQ, CREATE_AH */
struct efa_id_rsp {
	struct efa_acq_hdr hdr;
	uint16_t id;
} EFA_PACKED;

/* QUERY_QP, DESTROY_QP, and DEREG_MR (whose handle is the lkey) */
struct efa_handle_cmd {
	struct efa_aq_hdr hdr;
	uint32_t handle;
} EFA_PACKED;

/* ---- queue pairs ---- */

#define EFA_QP_SQ_VIRT		0x01u	/* flags of CREATE_QP */
#define EFA_QP_RQ_VIRT		0x02u
#define EFA_QP_UNSOLICITED	0x04u
#define EFA_QP_REQ_ID_64	0x08u

struct efa_create_qp_cmd {
	struct efa_aq_hdr hdr;
	uint16_t pd;
	uint8_t type;
	uint8_t flags;
	uint64_t sq_base;	/* 0: the ring is in the LLQ BAR */
	uint64_t rq_base;
	uint32_t send_cq, recv_cq;
	uint32_t sq_lkey, rq_lkey;	/* virtual rings only */
	uint32_t sq_bytes, sq_depth;	/* ring size, and the work requests asked for */
	uint32_t rq_bytes, rq_depth;
	uint16_t uar;
	uint8_t sl;
	uint8_t reserved[5];
} EFA_PACKED;

struct efa_create_qp_rsp {
	struct efa_acq_hdr hdr;
	uint32_t handle;
	uint16_t qp_num;
	uint16_t reserved;
	uint16_t send_sub_cq, recv_sub_cq;
	uint32_t sq_db, rq_db;	/* offsets into the doorbell BAR */
	uint32_t llq;		/* offset into the LLQ BAR */
} EFA_PACKED;

#define EFA_QP_SET_STATE	0x01u	/* modify_mask */
#define EFA_QP_SET_CUR_STATE	0x02u
#define EFA_QP_SET_QKEY		0x04u
#define EFA_QP_SET_PSN		0x08u
#define EFA_QP_SET_DRAIN_NOTIFY	0x10u
#define EFA_QP_SET_RNR_RETRY	0x20u

struct efa_modify_qp_cmd {
	struct efa_aq_hdr hdr;
	uint32_t mask;
	uint32_t handle;
	uint32_t state;
	uint32_t cur_state;
	uint32_t qkey;
	uint32_t psn;
	uint8_t drain_notify;
	uint8_t rnr_retry;
} EFA_PACKED;

struct efa_query_qp_rsp {
	struct efa_acq_hdr hdr;
	uint32_t state;
	uint32_t qkey;
	uint32_t psn;
	uint8_t draining;
	uint8_t rnr_retry;
} EFA_PACKED;

/* ---- address handles ---- */

struct efa_create_ah_cmd {
	struct efa_aq_hdr hdr;
	uint8_t gid[16];
	uint16_t pd;
} EFA_PACKED;

struct efa_destroy_ah_cmd {
	struct efa_aq_hdr hdr;
	uint16_t ah;
	uint16_t pd;
} EFA_PACKED;

/* ---- memory regions ---- */

#define EFA_MR_INLINE_PAGES	4u
#define EFA_MR_SHIFT		0x3fu	/* flags of REG_MR: log2 of the page size */
#define EFA_MR_PHYS_MODE	0x80u

struct efa_reg_mr_cmd {
	struct efa_aq_hdr hdr;
	uint16_t pd;
	uint16_t reserved;
	union {
		uint64_t page[EFA_MR_INLINE_PAGES];	/* without EFA_AQ_CTRL_DATA */
		struct efa_ctrl_buf table;
	} EFA_PACKED pbl;
	uint64_t length;
	uint8_t flags;
	uint8_t access;		/* REGION_* of verbs/region.h */
	uint16_t reserved2;
	uint32_t page_num;	/* number of pages; drivers leave it 0 */
	uint64_t iova;
} EFA_PACKED;

struct efa_reg_mr_rsp {
	struct efa_acq_hdr hdr;
	uint32_t lkey, rkey;
	uint8_t validity;	/* which of the next three are valid; here always none */
	uint8_t recv_ic, read_ic, write_ic;
} EFA_PACKED;

/*
 * An indirect page table is a chain of chunks of 4 KiB. Each chunk has the addresses of up
 * to 510 pages (4 KiB each) of the table, and a link to the next chunk. The length of a
 * chunk is 8 bytes for each address plus 12 for the link, even in the last chunk.
 */
#define EFA_TABLE_PAGE		4096u
#define EFA_TABLE_ENTRIES	(EFA_TABLE_PAGE / sizeof(uint64_t))
#define EFA_CHUNK_PAGES		510u

struct efa_chunk {
	uint64_t page[EFA_CHUNK_PAGES];
	struct efa_ctrl_buf next;
} EFA_PACKED;

/* ---- completion and event queues ---- */

#define EFA_CQ_INTERRUPT	0x20u	/* caps1 */
#define EFA_CQ_VIRT		0x40u
#define EFA_CQ_WORDS		0x1fu	/* caps2: entry size in 4-byte words */
#define EFA_CQ_SRC_ADDR		0x20u
#define EFA_CQ_REQ_ID_64	0x40u
#define EFA_CQ_DB_VALID		0x01u	/* flags of the response */
#define EFA_CQ_ENTRY		32u
#define EFA_EQ_ENTRY		16u
#define EFA_EQ_WORDS		0x1fu	/* caps */
#define EFA_EQ_COMPLETIONS	0x01u	/* event_mask */

struct efa_create_cq_cmd {
	struct efa_aq_hdr hdr;
	uint8_t caps1;
	uint8_t caps2;
	uint16_t depth;
	uint16_t eq;
	uint16_t reserved;
	uint64_t base;
	uint32_t lkey;		/* virtual rings only */
	uint16_t sub_cqs;
	uint16_t uar;
} EFA_PACKED;

struct efa_create_cq_rsp {
	struct efa_acq_hdr hdr;
	uint16_t cq;
	uint16_t depth;
	uint32_t db;		/* offset into the doorbell BAR */
	uint32_t flags;
} EFA_PACKED;

struct efa_create_eq_cmd {
	struct efa_aq_hdr hdr;
	uint16_t depth;
	uint8_t vector;
	uint8_t caps;
	uint64_t base;
	uint32_t event_mask;
} EFA_PACKED;

/* ---- features and statistics ---- */

struct efa_feature_cmd {	/* GET_FEATURE and SET_FEATURE */
	struct efa_aq_hdr hdr;
	struct efa_ctrl_buf buf;
	uint8_t reserved;
	uint8_t feature;
	uint16_t reserved2;
	uint32_t arg[11];
} EFA_PACKED;

#define EFA_CAP_RDMA_READ	0x01u	/* device_caps */
#define EFA_CAP_RNR_RETRY	0x02u
#define EFA_CAP_RDMA_WRITE	0x08u
#define EFA_CAP_UNSOLICITED	0x10u

struct efa_device_rsp {
	struct efa_acq_hdr hdr;
	uint64_t features;	/* bitmap by feature id */
	uint64_t page_sizes;	/* bitmap */
	uint32_t fw_version;
	uint32_t admin_version;
	uint32_t device_version;
	uint16_t db_bar;
	uint8_t phys_bits, virt_bits;
	uint32_t device_caps;
	uint32_t max_rdma;	/* bytes */
	uint8_t guid[8];
	uint16_t gbps;
} EFA_PACKED;

#define EFA_AENQ_GROUPS		0x1eu	/* fatal, warning, notification, keep-alive */

struct efa_aenq_rsp {
	struct efa_acq_hdr hdr;
	uint32_t supported, enabled;
} EFA_PACKED;

struct efa_network_rsp {
	struct efa_acq_hdr hdr;
	uint8_t gid[16];
	uint32_t mtu;
} EFA_PACKED;

struct efa_queues_rsp {
	struct efa_acq_hdr hdr;
	uint32_t max_qp;
	uint32_t max_sq_depth;
	uint32_t inline_size;
	uint32_t max_rq_depth;
	uint32_t max_cq;
	uint32_t max_cq_depth;
	uint16_t sub_cqs;
	uint16_t min_sq_depth;
	uint16_t max_send_sges, max_recv_sges;
	uint32_t max_mr;
	uint32_t max_mr_pages;	/* in pages of the CPU */
	uint32_t max_pd;
	uint32_t max_ah;
	uint32_t max_llq;	/* bytes of one QP's send ring */
	uint16_t max_rdma_sges;
	uint16_t max_tx_batch;	/* 0: no limit */
} EFA_PACKED;

struct efa_eq_attr_rsp {
	struct efa_acq_hdr hdr;
	uint32_t max_eq;
	uint32_t max_depth;
	uint32_t event_mask;
} EFA_PACKED;

struct efa_stats_cmd {
	struct efa_aq_hdr hdr;
	struct efa_ctrl_buf buf;
	uint8_t type;
	uint8_t scope;		/* 0: the whole device */
	uint16_t scope_modifier;
} EFA_PACKED;

struct efa_stats_rsp {
	struct efa_acq_hdr hdr;
	uint64_t value[6];	/* their meaning depends on efa_stats_cmd.type */
} EFA_PACKED;

/* ---- checks of every layout ---- */

#define EFA_AT(type, field, at) \
	static_assert(offsetof(struct type, field) == (at), #type "." #field)
#define EFA_SIZE(type, size) \
	static_assert(sizeof(struct type) == (size), #type)

EFA_SIZE(efa_aq_hdr, 4);
EFA_AT(efa_aq_hdr, opcode, 2);
EFA_AT(efa_aq_hdr, flags, 3);
EFA_SIZE(efa_acq_hdr, 8);
EFA_AT(efa_acq_hdr, status, 2);
EFA_AT(efa_acq_hdr, flags, 3);
EFA_SIZE(efa_ctrl_buf, 12);
EFA_SIZE(efa_id_cmd, 6);
EFA_AT(efa_id_cmd, id, 4);
EFA_SIZE(efa_id_rsp, 10);
EFA_AT(efa_id_rsp, id, 8);
EFA_SIZE(efa_handle_cmd, 8);
EFA_AT(efa_handle_cmd, handle, 4);

EFA_SIZE(efa_create_qp_cmd, EFA_CMD_SIZE);
EFA_AT(efa_create_qp_cmd, pd, 4);
EFA_AT(efa_create_qp_cmd, type, 6);
EFA_AT(efa_create_qp_cmd, flags, 7);
EFA_AT(efa_create_qp_cmd, sq_base, 8);
EFA_AT(efa_create_qp_cmd, rq_base, 16);
EFA_AT(efa_create_qp_cmd, send_cq, 24);
EFA_AT(efa_create_qp_cmd, recv_cq, 28);
EFA_AT(efa_create_qp_cmd, sq_bytes, 40);
EFA_AT(efa_create_qp_cmd, sq_depth, 44);
EFA_AT(efa_create_qp_cmd, rq_bytes, 48);
EFA_AT(efa_create_qp_cmd, rq_depth, 52);
EFA_AT(efa_create_qp_cmd, uar, 56);
EFA_AT(efa_create_qp_cmd, sl, 58);
EFA_SIZE(efa_create_qp_rsp, 32);
EFA_AT(efa_create_qp_rsp, handle, 8);
EFA_AT(efa_create_qp_rsp, qp_num, 12);
EFA_AT(efa_create_qp_rsp, send_sub_cq, 16);
EFA_AT(efa_create_qp_rsp, recv_sub_cq, 18);
EFA_AT(efa_create_qp_rsp, sq_db, 20);
EFA_AT(efa_create_qp_rsp, rq_db, 24);
EFA_AT(efa_create_qp_rsp, llq, 28);
EFA_SIZE(efa_modify_qp_cmd, 30);
EFA_AT(efa_modify_qp_cmd, mask, 4);
EFA_AT(efa_modify_qp_cmd, handle, 8);
EFA_AT(efa_modify_qp_cmd, state, 12);
EFA_AT(efa_modify_qp_cmd, cur_state, 16);
EFA_AT(efa_modify_qp_cmd, qkey, 20);
EFA_AT(efa_modify_qp_cmd, psn, 24);
EFA_AT(efa_modify_qp_cmd, rnr_retry, 29);
EFA_SIZE(efa_query_qp_rsp, 22);
EFA_AT(efa_query_qp_rsp, state, 8);
EFA_AT(efa_query_qp_rsp, qkey, 12);
EFA_AT(efa_query_qp_rsp, psn, 16);
EFA_AT(efa_query_qp_rsp, draining, 20);
EFA_AT(efa_query_qp_rsp, rnr_retry, 21);

EFA_SIZE(efa_create_ah_cmd, 22);
EFA_AT(efa_create_ah_cmd, gid, 4);
EFA_AT(efa_create_ah_cmd, pd, 20);
EFA_SIZE(efa_destroy_ah_cmd, 8);
EFA_AT(efa_destroy_ah_cmd, ah, 4);
EFA_AT(efa_destroy_ah_cmd, pd, 6);

EFA_SIZE(efa_reg_mr_cmd, EFA_CMD_SIZE);
EFA_AT(efa_reg_mr_cmd, pd, 4);
EFA_AT(efa_reg_mr_cmd, pbl.page, 8);
EFA_AT(efa_reg_mr_cmd, pbl.table.length, 8);
EFA_AT(efa_reg_mr_cmd, pbl.table.addr, 12);
EFA_AT(efa_reg_mr_cmd, length, 40);
EFA_AT(efa_reg_mr_cmd, flags, 48);
EFA_AT(efa_reg_mr_cmd, access, 49);
EFA_AT(efa_reg_mr_cmd, page_num, 52);
EFA_AT(efa_reg_mr_cmd, iova, 56);
EFA_SIZE(efa_reg_mr_rsp, 20);
EFA_AT(efa_reg_mr_rsp, lkey, 8);
EFA_AT(efa_reg_mr_rsp, rkey, 12);
EFA_AT(efa_reg_mr_rsp, validity, 16);
EFA_SIZE(efa_chunk, 4092);
EFA_AT(efa_chunk, next, 4080);

EFA_SIZE(efa_create_cq_cmd, 28);
EFA_AT(efa_create_cq_cmd, caps1, 4);
EFA_AT(efa_create_cq_cmd, caps2, 5);
EFA_AT(efa_create_cq_cmd, depth, 6);
EFA_AT(efa_create_cq_cmd, eq, 8);
EFA_AT(efa_create_cq_cmd, base, 12);
EFA_AT(efa_create_cq_cmd, lkey, 20);
EFA_AT(efa_create_cq_cmd, sub_cqs, 24);
EFA_AT(efa_create_cq_cmd, uar, 26);
EFA_SIZE(efa_create_cq_rsp, 20);
EFA_AT(efa_create_cq_rsp, cq, 8);
EFA_AT(efa_create_cq_rsp, depth, 10);
EFA_AT(efa_create_cq_rsp, db, 12);
EFA_AT(efa_create_cq_rsp, flags, 16);
EFA_SIZE(efa_create_eq_cmd, 20);
EFA_AT(efa_create_eq_cmd, depth, 4);
EFA_AT(efa_create_eq_cmd, vector, 6);
EFA_AT(efa_create_eq_cmd, caps, 7);
EFA_AT(efa_create_eq_cmd, base, 8);
EFA_AT(efa_create_eq_cmd, event_mask, 16);

EFA_SIZE(efa_feature_cmd, EFA_CMD_SIZE);
EFA_AT(efa_feature_cmd, feature, 17);
EFA_AT(efa_feature_cmd, arg, 20);
EFA_SIZE(efa_device_rsp, 58);
EFA_AT(efa_device_rsp, features, 8);
EFA_AT(efa_device_rsp, page_sizes, 16);
EFA_AT(efa_device_rsp, fw_version, 24);
EFA_AT(efa_device_rsp, admin_version, 28);
EFA_AT(efa_device_rsp, device_version, 32);
EFA_AT(efa_device_rsp, db_bar, 36);
EFA_AT(efa_device_rsp, phys_bits, 38);
EFA_AT(efa_device_rsp, virt_bits, 39);
EFA_AT(efa_device_rsp, device_caps, 40);
EFA_AT(efa_device_rsp, max_rdma, 44);
EFA_AT(efa_device_rsp, guid, 48);
EFA_AT(efa_device_rsp, gbps, 56);
EFA_SIZE(efa_aenq_rsp, 16);
EFA_SIZE(efa_network_rsp, 28);
EFA_AT(efa_network_rsp, mtu, 24);
EFA_SIZE(efa_queues_rsp, EFA_CMD_SIZE);
EFA_AT(efa_queues_rsp, max_sq_depth, 12);
EFA_AT(efa_queues_rsp, inline_size, 16);
EFA_AT(efa_queues_rsp, max_rq_depth, 20);
EFA_AT(efa_queues_rsp, max_cq, 24);
EFA_AT(efa_queues_rsp, max_cq_depth, 28);
EFA_AT(efa_queues_rsp, sub_cqs, 32);
EFA_AT(efa_queues_rsp, min_sq_depth, 34);
EFA_AT(efa_queues_rsp, max_send_sges, 36);
EFA_AT(efa_queues_rsp, max_recv_sges, 38);
EFA_AT(efa_queues_rsp, max_mr, 40);
EFA_AT(efa_queues_rsp, max_mr_pages, 44);
EFA_AT(efa_queues_rsp, max_pd, 48);
EFA_AT(efa_queues_rsp, max_ah, 52);
EFA_AT(efa_queues_rsp, max_llq, 56);
EFA_AT(efa_queues_rsp, max_rdma_sges, 60);
EFA_AT(efa_queues_rsp, max_tx_batch, 62);
EFA_SIZE(efa_eq_attr_rsp, 20);
EFA_AT(efa_eq_attr_rsp, max_depth, 12);
EFA_AT(efa_eq_attr_rsp, event_mask, 16);
EFA_SIZE(efa_stats_cmd, 20);
EFA_AT(efa_stats_cmd, type, 16);
EFA_AT(efa_stats_cmd, scope, 17);
EFA_SIZE(efa_stats_rsp, 56);

#endif /* VNIC_EFA_ADMIN_DEFS_H */
