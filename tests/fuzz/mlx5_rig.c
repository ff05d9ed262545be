// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The guest of the targets for the virtual ConnectX: see mlx5_rig.h. */
#include <sys/mman.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "base/clock.h"
#include "mlx5_check.h"
#include "mlx5_rig.h"
#include "must.h"

#define MAX_TURNS	64u
#define MAX_FROZEN	64u
#define MAX_DONE	(64u + MAX_HELD)	/* completions in one turn, and those held back */
#define SLICE		1024u	/* so that most requests take several turns */
#define MTU		4096u
#define FIRST_MAP	10u	/* behind the BAR, the command queue and its mailboxes */
#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

/* A page that was taken from the device. */
struct frozen {
	uint8_t *page, *instead;	/* and what the guest has there now */
	uint8_t was[FIXTURE_PAGE];
};

static struct mdrv *d;
static struct frozen *frozen[MAX_FROZEN];
static unsigned int nr_frozen;
static bool faulty;		/* a switch was set that lets a key work too long */
static uint64_t now;

/* What every input begins with: making a device is much slower than taking back its changes. */
static struct {
	struct fixture_map map[FIRST_MAP];
	uint64_t next_iova, next_ram;
} fresh;

/* Instead of the one in base/: the same input does the same at any speed. */
uint64_t clock_now_ns(void)
{
	return ++now;
}

/* ---- one input ---- */

static void master(void)
{
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

	MUST(!pci_cfg_write(&d->f->nic.pci, PCI_COMMAND, &command, sizeof(command)));
}

void rig_reset(void)
{
	nic_vfu_ops.reset(&d->f->nic);
	mlx5_check_empty(d->mlx5);
	master();
	mdrv_write(d, 0x10, (uint32_t)(d->queue >> 32));
	mdrv_write(d, 0x14, (uint32_t)d->queue);
}

static void make(void)
{
	mdrv_setup((void **)&d);
	d->f->nic.config.slice = SLICE;
	MUST(d->f->nr_maps == FIRST_MAP);
	memcpy(fresh.map, d->f->map, sizeof(fresh.map));
	fresh.next_iova = d->f->next_iova;
	fresh.next_ram = d->f->next_ram;
}

/* Memory becomes zero, and the device reaches what it did at first. */
static void rewind_memory(void)
{
	struct fixture *f = d->f;

	MUST(!madvise(f->ram.base, f->ram.size, MADV_REMOVE));
	MUST(!madvise(f->bar.base, f->bar.size, MADV_REMOVE));
	dma_unmap_all(f->nic.dma);
	f->nr_maps = 0;
	fixture_map(f, fresh.map[0].iova, fresh.map[0].size, DMA_PROT_READ | DMA_PROT_WRITE,
		    &f->bar, 0);
	for (unsigned int i = 1; i < FIRST_MAP; i++)
		fixture_map(f, fresh.map[i].iova, fresh.map[i].size,
			    DMA_PROT_READ | DMA_PROT_WRITE, &f->ram,
			    (uint64_t)(fresh.map[i].base - f->ram.base));
	f->next_iova = fresh.next_iova;
	f->next_ram = fresh.next_ram;
}

/* What a reset keeps: counters, switches, and where searches go on. */
static void rewind_device(void)
{
	struct mlx5 *mlx5 = d->mlx5;

	d->f->nic.fault = (struct fault){ 0 };
	d->f->nic.stray = (struct stray){ 0 };
	d->f->nic.config.model->clear(mlx5);
	for (unsigned int i = 0; i < NR_NUMBERS; i++)
		mlx5->number[i].last = 0;
	memset(mlx5->look, 0, sizeof(mlx5->look));
	mlx5->last_cq = 0;
	mlx5->last_qp = 0;
	mlx5->last_srq = 0;
	mlx5->last_mkey = 0;
	mlx5->held.head = mlx5->held.tail;
	mlx5->faults = 0;
	mlx5->turn = 0;
}

struct mdrv *rig_begin(void)
{
	now = 1000;
	faulty = false;
	if (!d)
		make();
	rewind_memory();
	rewind_device();
	mdrv_begin(d, 0x104, 0);		/* ENABLE_HCA */
	MUST(!mdrv_do(d, 12, 12));
	return d;
}

/* Nothing was read or written where the device reaches nothing. */
static void check_memory(void)
{
	off_t first = lseek(d->f->ram.fd, 0, SEEK_DATA);	/* a hole was never touched */

	MUST(first < 0 || (uint64_t)first >= d->f->next_ram);
	for (unsigned int i = 0; i < nr_frozen; i++)
		MUST(!memcmp(frozen[i]->page, frozen[i]->was, FIXTURE_PAGE));
}

static void check_strays(const struct stray *stray)
{
	MUST(!stray->count[STRAY_NO_MASTER].reads && !stray->count[STRAY_NO_MASTER].writes);
	for (unsigned int kind = STRAY_DEREGISTERED; kind <= STRAY_ZAPPED && !faulty; kind++)
		MUST(!stray->count[kind].bytes);
}

static void thaw(void)
{
	while (nr_frozen) {
		free(frozen[--nr_frozen]->instead);
		free(frozen[nr_frozen]);
	}
}

void rig_end(void)
{
	check_memory();
	check_strays(&d->f->nic.stray);
	mlx5_check(d->mlx5);
	rig_reset();
	thaw();
}

/* ---- steps ---- */

/* That the queue pair which had the last turn may have moved; a datagram goes as a whole. */
static uint64_t most_bytes(void)
{
	return d->mlx5->qp[d->mlx5->turn].service == SERVICE_UD ? MTU : SLICE;
}

/* A turn has a bound, however much is posted: the message loop waits for its end. */
bool rig_step(void)
{
	const struct mlx5_counters *count = &d->mlx5->count;
	uint64_t bytes = count->bytes, done = count->completions + count->completions_lost;
	uint32_t pause_us = 0;
	bool more = d->f->nic.config.model->step(d->mlx5, &pause_us);

	MUST(count->bytes - bytes <= most_bytes());
	MUST(count->completions + count->completions_lost - done <= MAX_DONE);
	now += pause_us * 1000ull;
	return more;
}

void rig_engine(struct input *in)
{
	unsigned int turns = take8(in) % MAX_TURNS;

	while (turns-- > 0 && rig_step())
		;
}

void rig_wait(struct input *in)
{
	now += take16(in) * 1000000ull;
}

void rig_store(struct input *in)
{
	const struct fixture_map *map = &d->f->map[take16(in) % d->f->nr_maps];
	uint64_t off = take16(in) % (FIXTURE_PAGE - 255);

	take(in, map->base + off, take8(in));
}

void rig_unmap(struct input *in, bool any)
{
	size_t first = any ? 1 : FIRST_MAP, i = take16(in);
	struct fixture_map *map;
	struct frozen *f;

	if (d->f->nr_maps <= first || nr_frozen == MAX_FROZEN)
		return;
	map = &d->f->map[first + i % (d->f->nr_maps - first)];
	if (!dma_unmap(d->f->nic.dma, map->iova, map->size))
		return;			/* it was already */
	f = malloc(sizeof(*f));
	MUST(f && map->size == FIXTURE_PAGE);
	f->page = map->base;
	f->instead = calloc(1, FIXTURE_PAGE);
	MUST(f->instead);
	memcpy(f->was, f->page, FIXTURE_PAGE);
	map->base = f->instead;
	frozen[nr_frozen++] = f;
}

/* A bell of which kind, and how many bytes of the value are 0: numbers of objects are low. */
static const struct {
	uint16_t at, len;
	uint8_t first, zero;
} bells[] = {
	{ UAR_SQ, 8, 4, 2 }, { UAR_CQ_ARM, 8, 4, 3 }, { UAR_EQ_ARM, 4, 0, 0 },
	{ UAR_EQ_UPDATE, 4, 0, 0 },
};

void rig_doorbell(struct input *in, uint32_t uar)
{
	uint8_t which = take8(in) % (LENGTH(bells) + 1), value[8];
	uint32_t at, len;

	take(in, value, sizeof(value));
	if (which < LENGTH(bells)) {
		at = uar * UAR_PAGE + bells[which].at;
		len = bells[which].len;
		memset(value + bells[which].first, 0, bells[which].zero);
	} else {
		at = FIRST_UAR * UAR_PAGE + take32(in) % MLX5_BAR_SIZE;	/* or beyond */
		len = take8(in) % 9;
	}
	nic_vfu_ops.region_write(&d->f->nic, MLX5_BAR, at, value, len);
}

void rig_fault(struct input *in)
{
	struct fault *all = &d->f->nic.fault;
	struct mlx5_fault *own = mlx5_fault(all);
	uint8_t bits = take8(in);

	own->ignore_dereg = bits & 1;
	own->ignore_zap = bits & 2;
	own->stall_umr = bits & 4;
	own->lose_resume = bits >> 3 & 1;
	own->drop_command_eqe = bits >> 4 & 1;
	all->drop_cqe = bits >> 5 & 1;
	all->delay_cqe_us = bits & 0x40 ? take8(in) : 0;
	own->fail_count = bits >> 7;
	own->fail_opcode = bits & 0x80 ? take16(in) : 0;
	faulty |= bits & 3;
	d->f->nic.config.model->faults_changed(d->mlx5);
}
