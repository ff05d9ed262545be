// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The machine that the tests of peerbar doctor break; see patient.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fits.h"
#include "patient.h"
#include "tool.h"

struct patient m;
struct finding findings[NR_CHECKS];
static struct doctor doctor;

int patient_setup(void **state)
{
	int ret = fake_setup(state);

	m = (struct patient){
		.release = PATIENT_RELEASE, .cpu = "AuthenticAMD/25",
		.symbols = EXPORTS EFA REVOKES,
		.gpu = { .path = "pci0000:00/0000:00:01.0/" GPU, .vendor = 0x1af4,
			 .device = 0x1110, .acs = MACHINE_NO_ACS, .driver = "peerbar-vfio-pci",
			 .vfio = true, .group = 8, .bar = 1ull << 38, .size = 1 << 28 },
		.nic = { .path = "pci0000:00/0000:00:02.0/" NIC, .vendor = 0x1d0f,
			 .device = 0xefa2, .acs = MACHINE_NO_ACS, .driver = "efa", .group = 9,
			 .mask = 48, .bar = 0xfe000000, .size = 1 << 16, .rdma = "efa_0" },
		.config = "CONFIG_IOMMU_API=y\nCONFIG_VFIO_PCI=m\n"
			  "CONFIG_INFINIBAND_USER_ACCESS=m\n",
		.lockdown = "[none] integrity confidentiality\n",
		.sig_enforce = "N\n",
		.interrupts = "  9:  0  IR-IO-APIC  9-fasteoi  acpi\n",
		.limits = "Max locked memory         unlimited  unlimited  bytes\n",
		.status = "Name:\tperbar\nCapEff:\t0000000000000000\n",
		.mounts = "debugfs /sys/kernel/debug debugfs rw 0 0\n",
		.uverbs = "efa_0\n", .port = "4: ACTIVE\n",
		.vfio_pci = true, .peerbar = true, .efa = true, .type1 = true,
		.fence = "efa\n", .cmdline = "root=/dev/sda\n",
	};
	return ret;
}

static void driver(const char *name, bool loaded)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind", name);
	if (loaded)
		fake_file(path, "");
}

static void make_kernel(void)
{
	static const struct machine_function host = {
		.path = "pci0000:00/0000:00:00.0", .vendor = 0x1022, .device = 0x1450,
		.acs = MACHINE_OLD_PCI,
	};

	machine_kernel(m.release, m.cpu, m.symbols);
	machine_add(&host);
	fake_file("/boot/config-" PATIENT_RELEASE, m.config);
	fake_file("/sys/kernel/security/lockdown", m.lockdown);
	fake_file("/sys/module/module/parameters/sig_enforce", m.sig_enforce);
	fake_file("/proc/interrupts", m.interrupts);
	fake_file("/proc/self/limits", m.limits);
	fake_file("/proc/self/status", m.status);
	fake_file("/proc/self/mounts", m.mounts);
	fake_file("/proc/cmdline", m.cmdline);
	if (m.table)
		fake_file(m.table, "");
}

static void make_drivers(void)
{
	driver("vfio-pci", m.vfio_pci);
	driver("peerbar-vfio-pci", m.peerbar);
	driver("efa", m.efa);
	if (m.efa)
		fake_file("/sys/module/efa/refcnt", "0\n");
	if (m.fence)
		fake_file("/sys/module/peerbar_vfio_pci/parameters/fence", m.fence);
	if (m.type1)
		fake_file("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "N\n");
	if (m.vfio_pci || m.peerbar)
		fake_vfio_nodes(8);
}

void make(void)
{
	make_kernel();
	make_drivers();
	machine_add(&m.gpu);
	machine_add(&m.nic);
	fake_file(PCI NIC "/class", "0x020000\n");
	if (m.uverbs) {
		fake_file("/sys/class/infiniband_verbs/uverbs0/ibdev", m.uverbs);
		fake_file("/dev/infiniband/uverbs0", "");
	}
	if (m.nic.rdma)
		fake_file("/sys/class/infiniband/efa_0/ports/1/state", m.port);
}

void examine(const char *nic, const char *dev)
{
	assert_int_equal(doctor_examine(&doctor, nic, dev), 0);
	doctor_run(&doctor, findings);
}

unsigned int count(enum doctor_level level)
{
	unsigned int id, n = 0;

	for (id = 0; id < NR_CHECKS; id++)
		n += findings[id].level == level;
	return n;
}

static void has_words(const char *what, const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("%s \"%s\" does not say \"%s\"", what, text, words);
}

void only(enum doctor_level level, enum check_id id, const char *fact, const char *todo)
{
	struct finding *f = &findings[id];
	char both[1024];

	if (f->level != level)
		fail_msg("%s is %s: %s", check_name(id), level_name(f->level), f->fact);
	assert_int_equal(count(level), 1);
	has_words("fact", f->fact, fact);
	snprintf(both, sizeof(both), "%s # %s", f->advice, f->command);
	has_words("advice", both, todo);
}

void fails(enum check_id id, const char *fact, const char *todo)
{
	make();
	examine("efa_0", GPU);
	only(DOCTOR_FAILURE, id, fact, todo);
}

void warns(enum check_id id, const char *fact, const char *todo)
{
	make();
	examine("efa_0", GPU);
	assert_int_equal(count(DOCTOR_FAILURE), 0);
	only(DOCTOR_WARNING, id, fact, todo);
}

static FILE *real_stdout;
static char *captured;
static size_t captured_size;

void capture_begin(void)
{
	tool_options.json = true;
	real_stdout = stdout;
	stdout = open_memstream(&captured, &captured_size);
	assert_non_null(stdout);
}

json_object *capture_end(const char *schema)
{
	json_object *object;

	fclose(stdout);
	stdout = real_stdout;
	assert_fits(schema, captured);
	object = json_tokener_parse(captured);
	free(captured);
	assert_non_null(object);
	return object;
}
