/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An NVMe drive that this process owns and drives: the least that reads and writes its disk.
 * Its DMA goes through an address space of its own (peerbar_ioas_map()), so that it reaches
 * what was put there, and nothing else. NVM Express Base Specification 1.4.
 *
 * A failure to set the drive up ends the test. Only one command is outstanding at a time.
 */
#ifndef GUEST_NVME_H
#define GUEST_NVME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peerbar.h"

#define NVME_PAGE 4096u		/* memory pages of the controller, and of the host */
#define NVME_BLOCK 512u		/* bytes of a logical block */
#define NVME_NO_ANSWER 0xffffu	/* instead of a status: the command did not complete in time */

struct nvme_queue {
	uint16_t id;
	uint32_t *submissions;	/* 16 dwords each */
	uint32_t *completions;	/* 4 dwords each */
	uint16_t tail, head;
	bool phase;		/* of the completions that are new */
};

struct nvme {
	struct peerbar_device *dev;
	volatile uint8_t *registers;
	uint8_t *memory;	/* the queues, and one page for the addresses of a transfer */
	uint64_t iova;		/* by which the drive reaches @memory */
	struct nvme_queue admin, io;
};

/* Open the drive at a PCI @address, and start it. */
void nvme_open(struct nvme *nvme, const char *address);

/* Start the controller and make its queues: again, if the drive was reset. */
void nvme_start(struct nvme *nvme);
void nvme_close(struct nvme *nvme);

/*
 * Move @length bytes between the disk from block @block on and the address space of the drive
 * from @iova on: to the disk if @write. @iova and @length are multiples of NVME_PAGE.
 * Return: 0, or the status of the first command that failed, which is not 0.
 */
uint16_t nvme_move(struct nvme *nvme, bool write, uint64_t block, uint64_t iova, size_t length);

#endif /* GUEST_NVME_H */
