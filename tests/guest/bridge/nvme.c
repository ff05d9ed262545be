// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A driver of an NVMe drive: see nvme.h. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/clock.h"
#include "lib/tap.h"
#include "nvme.h"

/* Registers, in BAR 0. */
#define CAP_HIGH 0x04u
#define CC 0x14u
#define CSTS 0x1cu
#define AQA 0x24u
#define ASQ 0x28u
#define ACQ 0x30u
#define DOORBELLS 0x1000u
#define REGISTERS 0x2000u	/* bytes, with the doorbells of both queues */

#define CC_ENABLE (1u | 6u << 16 | 4u << 20)	/* entries of 64 and 16 bytes */
#define CSTS_READY 1u

/* Commands. */
#define CREATE_SQ 0x01u
#define CREATE_CQ 0x05u
#define WRITE 0x01u
#define READ 0x02u

#define ENTRIES 16u		/* of each queue */
#define LIST_PAGES 64u		/* of one command: less than any drive takes */
#define TIMEOUT_US 10000000u

/* What is on which page of nvme.memory. */
enum page { ADMIN_SQ, ADMIN_CQ, IO_SQ, IO_CQ, LIST, PAGES };

static uint32_t get(const struct nvme *nvme, uint32_t reg)
{
	return *(volatile uint32_t *)(nvme->registers + reg);
}

static void put(struct nvme *nvme, uint32_t reg, uint32_t value)
{
	*(volatile uint32_t *)(nvme->registers + reg) = value;
}

static void put64(struct nvme *nvme, uint32_t reg, uint64_t value)
{
	put(nvme, reg, (uint32_t)value);
	put(nvme, reg + 4, (uint32_t)(value >> 32));
}

static uint64_t iova_of(const struct nvme *nvme, enum page page)
{
	return nvme->iova + (uint64_t)page * NVME_PAGE;
}

static void *page_of(const struct nvme *nvme, enum page page)
{
	return nvme->memory + (size_t)page * NVME_PAGE;
}

static void ring(struct nvme *nvme, const struct nvme_queue *q, bool completion, uint16_t value)
{
	uint32_t stride = 4u << (get(nvme, CAP_HIGH) & 0xf);

	put(nvme, DOORBELLS + (2u * q->id + completion) * stride, value);
}

static void queue_init(struct nvme *nvme, struct nvme_queue *q, uint16_t id, enum page sq)
{
	*q = (struct nvme_queue){
		.id = id, .submissions = page_of(nvme, sq), .completions = page_of(nvme, sq + 1),
		.phase = true,
	};
}

/* Wait for the next completion. Return: its status, or NVME_NO_ANSWER. */
static uint16_t complete(struct nvme *nvme, struct nvme_queue *q)
{
	volatile uint32_t *entry = q->completions + 4 * q->head;
	uint64_t end = now_us() + TIMEOUT_US;
	uint32_t last;

	do {
		last = __atomic_load_n(&entry[3], __ATOMIC_ACQUIRE);
		if (now_us() > end)
			return NVME_NO_ANSWER;
	} while (((last >> 16) & 1) != q->phase);
	q->head = (uint16_t)((q->head + 1) % ENTRIES);
	q->phase ^= !q->head;
	ring(nvme, q, true, q->head);
	return (uint16_t)(last >> 17);
}

static uint16_t command(struct nvme *nvme, struct nvme_queue *q, const uint32_t dwords[16])
{
	memcpy(q->submissions + 16 * q->tail, dwords, 64);
	q->tail = (uint16_t)((q->tail + 1) % ENTRIES);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	ring(nvme, q, false, q->tail);
	return complete(nvme, q);
}

static void enable(struct nvme *nvme, bool on)
{
	uint64_t end = now_us() + TIMEOUT_US;

	put(nvme, CC, on ? CC_ENABLE : 0);
	while ((get(nvme, CSTS) & CSTS_READY) != on)
		if (now_us() > end)
			tap_die("NVMe drive", "CSTS is %#x", get(nvme, CSTS));
}

static void create_queue(struct nvme *nvme, uint32_t opcode, enum page page, uint32_t flags)
{
	uint64_t iova = iova_of(nvme, page);
	const uint32_t dwords[16] = {
		[0] = opcode, [6] = (uint32_t)iova, [7] = (uint32_t)(iova >> 32),
		[10] = nvme->io.id | (ENTRIES - 1) << 16, [11] = flags,
	};
	uint16_t status = command(nvme, &nvme->admin, dwords);

	if (status)
		tap_die("NVMe drive", "no I/O queue: status %#x", status);
}

static void map(struct nvme *nvme)
{
	size_t length = PAGES * NVME_PAGE;

	nvme->registers = peerbar_map(nvme->dev, 0, 0, REGISTERS);
	nvme->memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	if (!nvme->registers || nvme->memory == MAP_FAILED ||
	    peerbar_ioas_map_memory(nvme->dev, nvme->memory, length, &nvme->iova))
		tap_die("NVMe drive", "%s", peerbar_errmsg());
}

void nvme_start(struct nvme *nvme)
{
	memset(nvme->memory, 0, PAGES * NVME_PAGE);
	queue_init(nvme, &nvme->admin, 0, ADMIN_SQ);
	queue_init(nvme, &nvme->io, 1, IO_SQ);
	enable(nvme, false);
	put(nvme, AQA, (ENTRIES - 1) | (ENTRIES - 1) << 16);
	put64(nvme, ASQ, iova_of(nvme, ADMIN_SQ));
	put64(nvme, ACQ, iova_of(nvme, ADMIN_CQ));
	enable(nvme, true);
	create_queue(nvme, CREATE_CQ, IO_CQ, 1);
	create_queue(nvme, CREATE_SQ, IO_SQ, 1 | (uint32_t)nvme->io.id << 16);
}

void nvme_open(struct nvme *nvme, const char *address)
{
	memset(nvme, 0, sizeof(*nvme));
	if (peerbar_open(address, &nvme->dev))
		tap_die("NVMe drive", "%s", peerbar_errmsg());
	map(nvme);
	nvme_start(nvme);
}

void nvme_close(struct nvme *nvme)
{
	enable(nvme, false);
	peerbar_close(nvme->dev);
	munmap(nvme->memory, PAGES * NVME_PAGE);
}

/* The second address of a transfer: of its second page, or of the list of all but the first. */
static uint64_t second(struct nvme *nvme, uint64_t iova, size_t pages)
{
	uint64_t *list = page_of(nvme, LIST);

	if (pages < 3)
		return pages == 2 ? iova + NVME_PAGE : 0;
	for (size_t i = 1; i < pages; i++)
		list[i - 1] = iova + i * NVME_PAGE;
	return iova_of(nvme, LIST);
}

static uint16_t move_pages(struct nvme *nvme, bool write, uint64_t block, uint64_t iova,
			   size_t pages)
{
	uint64_t prp2 = second(nvme, iova, pages);
	const uint32_t dwords[16] = {
		[0] = write ? WRITE : READ, [1] = 1,	/* the first namespace */
		[6] = (uint32_t)iova, [7] = (uint32_t)(iova >> 32),
		[8] = (uint32_t)prp2, [9] = (uint32_t)(prp2 >> 32),
		[10] = (uint32_t)block, [11] = (uint32_t)(block >> 32),
		[12] = (uint32_t)(pages * (NVME_PAGE / NVME_BLOCK) - 1),
	};

	return command(nvme, &nvme->io, dwords);
}

uint16_t nvme_move(struct nvme *nvme, bool write, uint64_t block, uint64_t iova, size_t length)
{
	size_t done, pages, total = length / NVME_PAGE;
	uint16_t status = 0;

	for (done = 0; !status && done < total; done += pages) {
		pages = total - done < LIST_PAGES ? total - done : LIST_PAGES;
		status = move_pages(nvme, write, block + done * (NVME_PAGE / NVME_BLOCK),
				    iova + done * NVME_PAGE, pages);
	}
	return status;
}
