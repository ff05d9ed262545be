// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Facts about the running kernel: its version, its configuration, its symbols.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers.h"
#include "error.h"
#include "facts.h"
#include "node.h"
#include "sys.h"

#define AMD_ZEN_FAMILY 0x17

/* Symbols */

/* A function of the kernel or of a loaded module. */
struct symbol {
	const char *name;	/* NULL: there is none to look for */
	const char *module;	/* it may also be in this module; NULL: only built in */
	bool found;
};

#define MOST_SYMBOLS 80

struct search {
	struct symbol symbols[MOST_SYMBOLS];
	unsigned int nr, seen;
};

/*
 * Is @text, the rest of a line, "name" or "name\t[module]" of the symbol? Nearly every line of
 * the list is another symbol, which its first letter often tells without a call.
 */
static bool is_symbol(const char *text, const struct symbol *s)
{
	size_t len, module;

	if (text[0] != s->name[0])
		return false;
	len = strlen(s->name);
	if (strncmp(text, s->name, len))
		return false;
	text += len;
	if (!*text)
		return true;
	if (strncmp(text, "\t[", 2) || !s->module)
		return false;
	module = strlen(s->module);
	return !strncmp(text + 2, s->module, module) && !strcmp(text + 2 + module, "]");
}

/* "ffffffffc04b7000 t efa_dmabuf_revoke\t[efa]". There are some 200,000 such lines. */
static bool one_symbol(char *text, void *data)
{
	struct search *search = data;
	const char *type = strchr(text, ' ');
	unsigned int i;

	if (!type || !type[1] || type[2] != ' ')
		return true;
	search->seen++;
	for (i = 0; i < search->nr; i++)
		if (!search->symbols[i].found && is_symbol(type + 3, &search->symbols[i]))
			search->symbols[i].found = true;
	return true;
}

/* Returns where the symbol is in the list. */
static unsigned int look_for(struct search *search, const char *name, const char *module)
{
	if (search->nr == MOST_SYMBOLS || !name)
		return MOST_SYMBOLS;
	search->symbols[search->nr] = (struct symbol){ name, module, false };
	return search->nr++;
}

static bool has(const struct search *search, unsigned int at)
{
	return at < MOST_SYMBOLS && search->symbols[at].found;
}

/* Configuration */

struct option {
	const char *name;
	char value;
};

/* "CONFIG_PCI_P2PDMA=y". An option that is off is a comment, or not in the file. */
static bool one_option(char *text, void *data)
{
	struct option *option = data;
	size_t len = strlen(option->name);

	if (strncmp(text, option->name, len) || text[len] != '=')
		return true;
	option->value = text[len + 1];
	return false;
}

char pb_kernel_config(const struct pb_kernel *kernel, const char *name)
{
	static const struct {
		const char *before, *after;
	} places[] = {
		{ "/boot/config-", "" }, { "/lib/modules/", "/config" },
		{ "/lib/modules/", "/build/.config" },
	};
	struct option option = { name, 'n' };
	char path[128];
	unsigned int i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s%s%s", places[i].before, kernel->release,
			 places[i].after);
		if (!pb_each_line(path, one_option, &option))
			return option.value;
	}
	return '?';
}

/* The rest */

struct cpu {
	bool amd, zen;
};

static bool one_cpu_line(char *text, void *data)
{
	const char *value = strchr(text, ':');
	struct cpu *cpu = data;

	if (!value)
		return true;
	if (!strncmp(text, "vendor_id", strlen("vendor_id")))
		cpu->amd = !strcmp(value, ": AuthenticAMD");
	if (strncmp(text, "cpu family", strlen("cpu family")))
		return true;
	cpu->zen = strtoul(value + 1, NULL, 10) >= AMD_ZEN_FAMILY;
	return false;
}

/*
 * This is for x86 only. On other architectures /proc/cpuinfo has no such lines, and the answer
 * is false, as the routing rules know no CPU that forwards there.
 */
static bool cpu_forwards(void)
{
	struct cpu cpu = { false, false };

	return !pb_each_line("/proc/cpuinfo", one_cpu_line, &cpu) && cpu.amd && cpu.zen;
}

/* vfio-pci-core has the function for iommufd whether or not the kernel has iommufd. */
static enum pb_answer maps_dmabufs(const struct search *search, unsigned int function)
{
	struct pb_node iommufd = pb_node_iommufd();

	return has(search, function) && pb_node_known(&iommufd) ? PB_YES : PB_NO;
}

static void find_functions(struct pb_kernel *kernel)
{
	struct search search = { .nr = 0 };
	unsigned int p2pdma = look_for(&search, "pci_p2pdma_distance_many", NULL);
	unsigned int dmabuf = look_for(&search, "vfio_pci_core_feature_dma_buf", "vfio_pci_core");
	unsigned int iommufd = look_for(&search, "vfio_pci_dma_buf_iommufd_map", "vfio_pci_core");
	unsigned int registers[32], revokes[32], row;
	const struct pb_nic_driver *d;

	for (row = 0; (d = pb_nic_driver(row)); row++) {
		registers[row] = look_for(&search, d->registers, d->module);
		revokes[row] = look_for(&search, d->revokes, d->module);
	}
	kernel->p2pdma = PB_UNKNOWN;
	kernel->vfio_dmabuf = PB_UNKNOWN;
	kernel->iommufd_dmabuf = PB_UNKNOWN;
	if (pb_each_line("/proc/kallsyms", one_symbol, &search) || !search.seen)
		return;
	kernel->names_functions = true;
	kernel->p2pdma = has(&search, p2pdma) ? PB_YES : PB_NO;
	kernel->vfio_dmabuf = has(&search, dmabuf) ? PB_YES : PB_NO;
	kernel->iommufd_dmabuf = maps_dmabufs(&search, iommufd);
	for (row = 0; pb_nic_driver(row); row++) {
		kernel->registers |= (uint32_t)has(&search, registers[row]) << row;
		kernel->revokes |= (uint32_t)has(&search, revokes[row]) << row;
	}
}

int pb_kernel_facts(struct pb_kernel *kernel)
{
	unsigned int major = 0, minor = 0;
	int ret;

	memset(kernel, 0, sizeof(*kernel));
	ret = pb_read(kernel->release, sizeof(kernel->release), "/proc/sys/kernel/osrelease");
	if (ret)
		return pb_fail(-ret, "cannot read the kernel's version: %s: is /proc mounted?",
			       strerror(-ret));
	if (sscanf(kernel->release, "%u.%u", &major, &minor) != 2)
		return pb_fail(EINVAL, "\"%s\" is not a kernel version", kernel->release);
	kernel->version = PB_VERSION(major, minor);
	kernel->cpu_forwards = cpu_forwards();
	pb_fence_read(&kernel->fence);
	find_functions(kernel);
	return 0;
}
