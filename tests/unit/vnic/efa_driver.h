/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The control path of the guest's driver: registers, readless reads, the admin queue.
 * Commands are built from byte offsets and not from the device's own structs, so that a wrong
 * layout there makes tests fail, instead of being wrong on both sides.
 */
#ifndef EFA_DRIVER_H
#define EFA_DRIVER_H

#include "efa/admin_defs.h"
#include "efa/efa.h"
#include "fixture.h"

#define DRV_DEPTH	32u

struct cmd {
	uint8_t b[64];
};

struct rsp {
	uint8_t b[64];
};

struct driver {
	struct fixture *f;
	struct efa *efa;
	uint64_t resp, aq, acq;		/* IOVAs */
	uint16_t depth;			/* of both rings */
	uint16_t prod, cons;		/* free-running */
	uint16_t req_id, cmd_id;	/* last used */
};

int driver_setup(void **state);		/* *state: a started struct driver */
int driver_teardown(void **state);

#define driver_test(t) cmocka_unit_test_setup_teardown(t, driver_setup, driver_teardown)

void drv_write(struct driver *d, uint32_t off, uint32_t value);
uint32_t drv_read(struct driver *d, uint16_t off);	/* readless */
void drv_reset(struct driver *d);	/* both steps, as the driver does it */
void drv_start(struct driver *d, uint16_t depth);	/* set up the queues, unmask interrupts */

/* ---- commands ---- */

void put16(struct cmd *cmd, unsigned int at, uint16_t value);
void put32(struct cmd *cmd, unsigned int at, uint32_t value);
void put64(struct cmd *cmd, unsigned int at, uint64_t value);
uint16_t get16(const struct rsp *rsp, unsigned int at);
uint32_t get32(const struct rsp *rsp, unsigned int at);
uint64_t get64(const struct rsp *rsp, unsigned int at);

struct cmd drv_cmd(uint8_t opcode);

/* Put @cmd into the ring, with the next id. drv_ring() rings the doorbell. */
void drv_queue(struct driver *d, struct cmd cmd);
void drv_ring(struct driver *d);

/* Take the next completion. Return: false if there is none. */
bool drv_poll(struct driver *d, struct rsp *rsp);

/* Queue @cmd, ring the doorbell, take the one completion. Return: its status. */
uint8_t drv_do(struct driver *d, struct cmd cmd, struct rsp *rsp);

/* Execute @cmd, which must succeed. */
struct rsp drv_ok(struct driver *d, struct cmd cmd);

/*
 * For each row of the table: @good with this one field changed must be refused with this
 * status and must leave no object behind. At the end, @good itself must be accepted.
 */
struct spoil {
	const char *what;
	unsigned int at, size;	/* bytes */
	uint64_t value;
	uint8_t status;
};

struct rsp drv_spoil(struct driver *d, struct cmd good, const struct spoil *spoil, size_t n);

#define DRV_SPOIL(d, good, table) \
	drv_spoil(d, good, table, sizeof(table) / sizeof((table)[0]))

/* ---- objects with the usual settings; the calls return their ids ---- */

uint16_t drv_pd(struct driver *d);
uint16_t drv_uar(struct driver *d);
uint16_t drv_eq(struct driver *d);
uint16_t drv_cq(struct driver *d, uint16_t uar);

/*
 * What a QP needs, and the CREATE_QP of one that asks for 100 WQEs in a ring of 128 and for
 * 300 receives in a ring of 512.
 */
struct drv_qp_parts {
	uint16_t pd, uar, send_cq, recv_cq;
	uint64_t rq;
};

struct drv_qp_parts drv_qp_parts(struct driver *d);
struct cmd drv_create_qp(const struct drv_qp_parts *p, uint8_t type);

/* A command that destroys or deallocates an object: an opcode and a 16-bit id. */
uint8_t drv_drop(struct driver *d, uint8_t opcode, uint16_t id);

#endif /* EFA_DRIVER_H */
