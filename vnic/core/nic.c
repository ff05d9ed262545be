// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The device as a whole: what each VFIO region is, which part answers an access to
 * it, and how the device reaches the guest's memory.
 */
#include "nic.h"

#include <errno.h>
#include <string.h>
#include <linux/vfio.h>

#include "base/clock.h"

struct nic_config nic_default_config(const struct nic_model *model)
{
	struct nic_config config = {
		.model = model,
		.gid = { 0xfe, 0x80, [8] = 0x02, 0x00, 0x00, 0xff, 0xfe, 0x00, 0x00, 0x01 },
		.slice = 256u << 10,
	};

	memcpy(config.own.bytes, model->defaults, model->defaults_size);
	return config;
}

int nic_init(struct nic *nic, const struct nic_config *config)
{
	struct pci_function function = { 0 };

	memset(nic, 0, sizeof(*nic));
	nic->config = *config;
	nic->dma = dma_space_new();
	if (!nic->dma)
		return -ENOMEM;
	gate_init(&nic->gate);
	config->model->describe(&nic->config, &function);
	pci_init(&nic->pci, &function);
	nic->device = config->model->create(nic);
	if (!nic->device) {
		nic_release(nic);
		return -ENOMEM;
	}
	return 0;
}

void nic_release(struct nic *nic)
{
	if (nic->device)
		nic->config.model->destroy(nic->device);
	pci_release(&nic->pci);
	gate_destroy(&nic->gate);
	dma_space_free(nic->dma);
}

/* ---- DMA ---- */

static void note_refused(struct nic *nic, enum stray_kind kind, uint64_t iova,
			 uint64_t len, uint32_t prot, uint32_t key)
{
	struct stray_record record = {
		.kind = kind, .write = prot & DMA_PROT_WRITE, .addr = iova, .len = len,
		.key = key,
	};
	uint64_t gone = kind == STRAY_UNMAPPED ? dma_unmapped_at(nic->dma, iova) : 0;

	if (gone)
		record.age_ns = clock_now_ns() - gone;
	stray_note(&nic->stray, &record);
}

void *nic_dma_window(struct nic *nic, uint64_t iova, uint64_t *len, uint32_t prot,
		     uint32_t key)
{
	void *addr;

	if (!pci_bus_master(&nic->pci)) {
		note_refused(nic, STRAY_NO_MASTER, iova, *len, prot, key);
		return NULL;
	}
	addr = dma_translate(nic->dma, iova, len, prot);
	if (!addr)
		note_refused(nic, STRAY_UNMAPPED, iova, *len, prot, key);
	return addr;
}

int nic_dma_read(struct nic *nic, uint64_t iova, void *dst, size_t len, uint32_t key)
{
	uint8_t *to = dst;

	while (len > 0) {
		uint64_t n = len;
		const void *from = nic_dma_window(nic, iova, &n, DMA_PROT_READ, key);

		if (!from)
			return -EFAULT;
		memcpy(to, from, n);
		iova += n;
		to += n;
		len -= n;
	}
	return 0;
}

int nic_dma_write(struct nic *nic, uint64_t iova, const void *src, size_t len,
		  uint32_t key)
{
	const uint8_t *from = src;

	while (len > 0) {
		uint64_t n = len;
		void *to = nic_dma_window(nic, iova, &n, DMA_PROT_WRITE, key);

		if (!to)
			return -EFAULT;
		memcpy(to, from, n);
		iova += n;
		from += n;
		len -= n;
	}
	return 0;
}

int nic_dma_publish(struct nic *nic, uint64_t iova, const void *src, size_t len)
{
	uint64_t n = len;
	uint32_t first, *to;

	/* Maps are whole pages, so the window is never shorter than the rest of the page. */
	to = nic_dma_window(nic, iova, &n, DMA_PROT_WRITE, 0);
	if (!to)
		return -EFAULT;
	memcpy(&first, src, sizeof(first));
	memcpy(to + 1, (const uint8_t *)src + sizeof(first), len - sizeof(first));
	__atomic_store_n(to, first, __ATOMIC_RELEASE);
	return 0;
}

/* ---- regions ---- */

static void region_info(void *priv, unsigned int region, struct vfu_region *info)
{
	struct nic *nic = priv;

	*info = (struct vfu_region){ .mmap_fd = -1 };
	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		info->size = PCI_CFG_SIZE;
	else if (region < PCI_BARS)
		nic->config.model->region(nic->device, region, info);
}

static bool inside(struct nic *nic, unsigned int region, uint64_t off, uint32_t len)
{
	struct vfu_region info;

	region_info(nic, region, &info);
	return off <= info.size && len <= info.size - off;
}

static int region_read(void *priv, unsigned int region, uint64_t off, void *buf,
		       uint32_t len)
{
	struct nic *nic = priv;

	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		return pci_cfg_read(&nic->pci, off, buf, len);
	if (!inside(nic, region, off, len))
		return -EINVAL;
	return nic->config.model->read(nic->device, region, off, buf, len);
}

static int region_write(void *priv, unsigned int region, uint64_t off,
			const void *buf, uint32_t len)
{
	struct nic *nic = priv;

	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		return pci_cfg_write(&nic->pci, off, buf, len);
	if (!inside(nic, region, off, len))
		return -EINVAL;
	return nic->config.model->write(nic->device, region, off, buf, len);
}

/* ---- the rest of vfu_ops ---- */

/* The transport passes the flags of DMA_MAP on as they are. */
_Static_assert(DMA_PROT_READ == VFIO_DMA_MAP_FLAG_READ, "DMA_PROT_* are VFIO's flags");
_Static_assert(DMA_PROT_WRITE == VFIO_DMA_MAP_FLAG_WRITE, "DMA_PROT_* are VFIO's flags");

static int map(void *priv, uint64_t iova, uint64_t size, uint32_t prot, int fd,
	       uint64_t offset)
{
	struct nic *nic = priv;

	return dma_map(nic->dma, iova, size, prot, fd, offset);
}

static int unmap(void *priv, uint64_t iova, uint64_t size, int all)
{
	struct nic *nic = priv;

	if (all)
		dma_unmap_all(nic->dma);
	else
		dma_unmap(nic->dma, iova, size);
	return 0;
}

static unsigned int irq_count(void *priv, unsigned int index)
{
	struct nic *nic = priv;

	return pci_irq_count(&nic->pci, index);
}

static int irq_set(void *priv, unsigned int index, unsigned int start,
		   unsigned int count, const int *fds)
{
	struct nic *nic = priv;

	return pci_irq_set(&nic->pci, index, start, count, fds);
}

/* The DMA map and the eventfds belong to the platform, not to the device: they stay. */
static void reset(void *priv)
{
	struct nic *nic = priv;

	nic->config.model->reset(nic->device);
	pci_reset(&nic->pci);
}

const struct vfu_ops nic_vfu_ops = {
	.region_info = region_info,
	.region_read = region_read,
	.region_write = region_write,
	.dma_map = map,
	.dma_unmap = unmap,
	.irq_count = irq_count,
	.irq_set = irq_set,
	.reset = reset,
};
