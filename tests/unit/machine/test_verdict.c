// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Verdicts on synthetic machines: which NICs are let in, by which way, and why others are not.
 * The rules of routing have their own test (tests/unit/kernel). This one tests that the facts
 * from /sys reach these rules, and how exporter, driver and fence affect the verdict.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake.h"
#include "machine.h"
#include "machine/verdict.h"

#define GPU "0000:05:00.0"
#define NIC "0000:06:00.0"
#define BAR 0x380000000000ull

/* Device and NIC are below two ports of one switch, two root ports, or two host bridges. */
enum place { SWITCH, ROOT_PORTS, TWO_HOSTS };

enum nic { EFA, OUR_EFA, MLX5, OLD_MLX5, IRDMA, BNXT, NO_DMABUF, OTHER, NO_RDMA };

enum dev { KERNEL, PEERBAR, OLD_KERNEL, VARIANT, NVME, UNBOUND };

struct machine {
	const char *name;
	enum place place;
	enum dev dev;
	enum nic nic;
	const char *cpu;	/* NULL: an AMD Zen */
	const char *fence;	/* the module parameter; NULL: it does not exist */
	const char *domain;	/* NULL: DMA; "": no IOMMU */
	int acs;		/* ACS control of the switch's ports */
	bool hidden;		/* as an ordinary user sees the machine */
	unsigned int mask;
	uint64_t bus;
	uint16_t host;		/* Intel's ID of the host bridge; 0: q35's */
	uint64_t bar;		/* address of the BAR; 0: BAR */
	uint64_t size;		/* size of the BAR; 0: 1 GiB */
	bool by_core;		/* our driver exports by the kernel's exporter */

	enum pb_cause cause;
	enum pb_stop stop;
	enum peerbar_map_type type;
	int err;
};

#define INTEL "GenuineIntel/6"
#define RR 0x1d			/* SV, RR, CR, UF: what Linux sets with an IOMMU */
#define VIA_HOST .type = PEERBAR_MAP_HOST_BRIDGE
#define VIA_SWITCH .type = PEERBAR_MAP_BUS_ADDR
#define REFUSED(why, no) .cause = PB_CAUSE_##why, .err = no
#define STOP(how) .stop = PB_STOP_##how

static const struct machine machines[] = {
	/* who revokes */
	{ "stock efa, mainline", ROOT_PORTS, KERNEL, EFA, VIA_HOST,
	  REFUSED(PINS_EXPORTER, EOPNOTSUPP) },
	{ "our efa, mainline", ROOT_PORTS, KERNEL, OUR_EFA, VIA_HOST, STOP(CHANGED) },
	{ "mlx5, mainline", ROOT_PORTS, KERNEL, MLX5, VIA_HOST, STOP(NATIVE) },
	{ "mlx5, ours", ROOT_PORTS, PEERBAR, MLX5, .fence = "\n", VIA_HOST, STOP(NATIVE) },
	{ "mlx5, ours, fence for all", ROOT_PORTS, PEERBAR, MLX5, .fence = "all", VIA_HOST,
	  STOP(NATIVE) },
	{ "irdma, mainline", ROOT_PORTS, KERNEL, IRDMA, VIA_HOST, STOP(NATIVE) },
	{ "bnxt_re, mainline", ROOT_PORTS, KERNEL, BNXT, .fence = "all", VIA_HOST,
	  REFUSED(PINS_EXPORTER, EOPNOTSUPP) },
	{ "our efa, ours", ROOT_PORTS, PEERBAR, OUR_EFA, .fence = "efa", VIA_HOST, STOP(CHANGED) },
	{ "our efa, ours by the core", ROOT_PORTS, PEERBAR, OUR_EFA, .by_core = true, VIA_HOST,
	  STOP(CHANGED) },
	{ "stock efa, ours by the core", ROOT_PORTS, PEERBAR, EFA, .fence = "efa",
	  .by_core = true, VIA_HOST, REFUSED(PINS_EXPORTER, EOPNOTSUPP) },
	{ "a driver without dma-buf", ROOT_PORTS, PEERBAR, NO_DMABUF, .fence = "efa", VIA_HOST,
	  REFUSED(NO_DMABUF_MR, EOPNOTSUPP) },

	/* the fence */
	{ "stock efa, fence", ROOT_PORTS, PEERBAR, EFA, .fence = "efa", VIA_HOST, STOP(FENCE) },
	{ "stock efa, lazy domain", ROOT_PORTS, PEERBAR, EFA, .fence = "efa", .domain = "DMA-FQ",
	  VIA_HOST, STOP(FENCE) },
	{ "bnxt_re, fence", ROOT_PORTS, PEERBAR, BNXT, .fence = "efa,bnxt_re\n", VIA_HOST,
	  STOP(FENCE) },
	{ "bnxt_re, fence, by its PCI driver", ROOT_PORTS, PEERBAR, BNXT, .fence = "bnxt_en",
	  VIA_HOST, STOP(FENCE) },
	{ "bnxt_re, fence for all", ROOT_PORTS, PEERBAR, BNXT, .fence = "all", VIA_HOST,
	  STOP(FENCE) },
	{ "mlx5 without page faults, fence", ROOT_PORTS, PEERBAR, OLD_MLX5, .fence = "mlx5_ib",
	  VIA_HOST, STOP(FENCE) },
	{ "an unknown driver, fence", ROOT_PORTS, PEERBAR, OTHER, .fence = "hns3", VIA_HOST,
	  STOP(FENCE) },
	{ "an unknown driver, mainline", ROOT_PORTS, KERNEL, OTHER, VIA_HOST,
	  REFUSED(PINS_EXPORTER, EOPNOTSUPP) },
	{ "fence for nobody", ROOT_PORTS, PEERBAR, EFA, .fence = "\n", VIA_HOST,
	  REFUSED(PINS_NOT_NAMED, EOPNOTSUPP) },
	{ "fence for another", ROOT_PORTS, PEERBAR, EFA, .fence = "bnxt_re,efa2", VIA_HOST,
	  REFUSED(PINS_NOT_NAMED, EOPNOTSUPP) },
	{ "an unknown driver, fence for another", ROOT_PORTS, PEERBAR, OTHER, .fence = "efa",
	  VIA_HOST, REFUSED(PINS_NOT_NAMED, EOPNOTSUPP) },
	{ "revokes, fence for nobody", ROOT_PORTS, PEERBAR, OUR_EFA, .fence = "\n", VIA_HOST,
	  STOP(CHANGED) },
	{ "fence for nobody, iommu=pt", ROOT_PORTS, PEERBAR, EFA, .fence = "\n",
	  .domain = "identity", VIA_HOST, REFUSED(PINS_IDENTITY, EOPNOTSUPP) },
	{ "an exporter without a fence", ROOT_PORTS, PEERBAR, EFA, VIA_HOST,
	  REFUSED(PINS_EXPORTER, EOPNOTSUPP) },
	{ "fence, iommu=pt", ROOT_PORTS, PEERBAR, EFA, .fence = "efa", .domain = "identity",
	  VIA_HOST, REFUSED(PINS_IDENTITY, EOPNOTSUPP) },
	{ "fence, no IOMMU", ROOT_PORTS, PEERBAR, EFA, .fence = "efa", .domain = "", VIA_HOST,
	  REFUSED(PINS_NO_IOMMU, EOPNOTSUPP) },
	{ "fence, past the IOMMU", SWITCH, PEERBAR, EFA, .fence = "efa", VIA_SWITCH,
	  REFUSED(PINS_BUS_ADDRESS, EOPNOTSUPP) },
	{ "fence, switched but for ACS", SWITCH, PEERBAR, EFA, .fence = "efa", .acs = RR, VIA_HOST,
	  STOP(FENCE) },
	{ "fence, no way", ROOT_PORTS, PEERBAR, EFA, INTEL, "efa",
	  REFUSED(HOST_BRIDGE_UNKNOWN, EOPNOTSUPP) },
	{ "revokes, iommu=pt", ROOT_PORTS, PEERBAR, OUR_EFA, .fence = "efa", .domain = "identity",
	  VIA_HOST, STOP(CHANGED) },

	/* the way */
	{ "one switch", SWITCH, KERNEL, OUR_EFA, INTEL, VIA_SWITCH, STOP(CHANGED) },
	{ "one switch, ACS, unknown host bridge", SWITCH, KERNEL, OUR_EFA, INTEL, .acs = RR,
	  STOP(CHANGED), REFUSED(ACS_REDIRECT, EINVAL) },
	{ "one switch, ACS, Skylake", SWITCH, KERNEL, OUR_EFA, INTEL, .acs = RR, .host = 0x2030,
	  VIA_HOST, STOP(CHANGED) },
	{ "one switch, only source validation", SWITCH, KERNEL, OUR_EFA, INTEL, .acs = 1,
	  VIA_SWITCH, STOP(CHANGED) },
	{ "one switch, egress control", SWITCH, KERNEL, OUR_EFA, INTEL, .acs = 0x20,
	  STOP(CHANGED), REFUSED(ACS_REDIRECT, EINVAL) },
	{ "one switch, ACS unseen", SWITCH, KERNEL, OUR_EFA, INTEL, .acs = RR, .hidden = true,
	  VIA_SWITCH, STOP(CHANGED), REFUSED(ACS_UNSEEN, 0) },
	{ "mlx5, one switch, ACS unseen", SWITCH, KERNEL, MLX5, INTEL, .acs = RR,
	  .hidden = true, VIA_SWITCH, STOP(NATIVE), REFUSED(ACS_UNSEEN, 0) },
	{ "mlx5, unknown host bridge", ROOT_PORTS, KERNEL, MLX5, INTEL,
	  STOP(NATIVE), REFUSED(HOST_BRIDGE_UNKNOWN, EINVAL) },
	{ "two ports, ACS unseen and of no matter", ROOT_PORTS, KERNEL, OUR_EFA, .hidden = true,
	  VIA_HOST, STOP(CHANGED) },
	{ "unknown host bridge", ROOT_PORTS, KERNEL, OUR_EFA, INTEL,
	  STOP(CHANGED), REFUSED(HOST_BRIDGE_UNKNOWN, EINVAL) },
	{ "Skylake", ROOT_PORTS, KERNEL, OUR_EFA, INTEL, .host = 0x2030, VIA_HOST,
	  STOP(CHANGED) },
	{ "an AMD before Zen", ROOT_PORTS, KERNEL, OUR_EFA, "AuthenticAMD/22",
	  STOP(CHANGED), REFUSED(HOST_BRIDGE_UNKNOWN, EINVAL) },
	{ "two hosts, Zen", TWO_HOSTS, KERNEL, OUR_EFA, VIA_HOST, STOP(CHANGED) },
	{ "two hosts, unknown", TWO_HOSTS, KERNEL, OUR_EFA, INTEL,
	  STOP(CHANGED), REFUSED(NO_COMMON_PATH, EINVAL) },
	{ "DMA mask, no IOMMU", ROOT_PORTS, KERNEL, OUR_EFA, .mask = 32, .domain = "identity",
	  STOP(CHANGED), REFUSED(DMA_MASK, ENOMEM) },
	{ "DMA mask, no IOMMU, our exporter", ROOT_PORTS, PEERBAR, OUR_EFA, .mask = 32,
	  .domain = "identity", STOP(CHANGED), REFUSED(DMA_MASK, EINVAL) },
	{ "DMA mask of 63 bits, no IOMMU", ROOT_PORTS, PEERBAR, OUR_EFA, .mask = 63,
	  .bar = 1ull << 63, .domain = "identity", STOP(CHANGED), REFUSED(DMA_MASK, EINVAL) },
	{ "DMA mask of 64 bits, no IOMMU", ROOT_PORTS, PEERBAR, OUR_EFA, .mask = 64,
	  .bar = 1ull << 63, .domain = "identity", VIA_HOST, STOP(CHANGED) },
	{ "DMA mask, IOMMU", ROOT_PORTS, KERNEL, OUR_EFA, .mask = 32, VIA_HOST, STOP(CHANGED) },
	{ "bus offset, no IOMMU", ROOT_PORTS, KERNEL, OUR_EFA, .bus = BAR - (1ull << 40),
	  .domain = "", STOP(CHANGED), REFUSED(BUS_OFFSET, EINVAL) },
	{ "bus offset, IOMMU", ROOT_PORTS, KERNEL, OUR_EFA, .bus = BAR - (1ull << 40), VIA_HOST,
	  STOP(CHANGED) },
	{ "not the DMA API's domain", ROOT_PORTS, KERNEL, OUR_EFA, .domain = "unmanaged",
	  STOP(CHANGED), REFUSED(FOREIGN_DOMAIN, EINVAL) },

	/* the device, the NIC */
	{ "unbound", ROOT_PORTS, UNBOUND, OUR_EFA, VIA_HOST, REFUSED(NO_DRIVER, 0) },
	{ "its own driver", ROOT_PORTS, NVME, OUR_EFA, VIA_HOST, REFUSED(NOT_VFIO, 0) },
	{ "a kernel that exports nothing", ROOT_PORTS, OLD_KERNEL, OUR_EFA, VIA_HOST,
	  REFUSED(CANNOT_EXPORT, 0) },
	{ "a variant driver", ROOT_PORTS, VARIANT, OUR_EFA, VIA_HOST,
	  REFUSED(EXPORTER_UNSEEN, 0) },
	{ "less than a page", ROOT_PORTS, KERNEL, OUR_EFA, .size = 256, VIA_HOST,
	  REFUSED(BAR_TOO_SMALL, 0) },
	{ "no RDMA driver", ROOT_PORTS, KERNEL, NO_RDMA, VIA_HOST, REFUSED(NO_RDMA_DEVICE, 0) },
};

static const struct {
	const char *driver, *symbols;
} nics[] = {
	[EFA] = { "efa", MACHINE_MODULE_SYMBOL("efa_reg_user_mr_dmabuf", "efa") },
	[OUR_EFA] = { "efa", MACHINE_MODULE_SYMBOL("efa_reg_user_mr_dmabuf", "efa")
			     MACHINE_MODULE_SYMBOL("efa_dmabuf_revoke", "efa") },
	[MLX5] = { "mlx5_core", MACHINE_MODULE_SYMBOL("mlx5_ib_reg_user_mr_dmabuf", "mlx5_ib")
		   MACHINE_MODULE_SYMBOL("mlx5_ib_dmabuf_invalidate_cb", "mlx5_ib") },
	[OLD_MLX5] = { "mlx5_core",
		       MACHINE_MODULE_SYMBOL("mlx5_ib_reg_user_mr_dmabuf", "mlx5_ib") },
	[IRDMA] = { "ice", MACHINE_MODULE_SYMBOL("irdma_reg_user_mr_dmabuf", "irdma")
		    MACHINE_MODULE_SYMBOL("irdma_umem_dmabuf_revoke", "irdma") },
	[BNXT] = { "bnxt_en", MACHINE_MODULE_SYMBOL("bnxt_re_reg_user_mr_dmabuf", "bnxt_re") },
	[NO_DMABUF] = { "efa", "" },
	[OTHER] = { "hns3", "" },
	[NO_RDMA] = { "efa", MACHINE_MODULE_SYMBOL("efa_reg_user_mr_dmabuf", "efa") },
};

static const char * const drivers[] = {
	[KERNEL] = "vfio-pci", [PEERBAR] = "peerbar-vfio-pci", [OLD_KERNEL] = "vfio-pci",
	[VARIANT] = "qat_vfio_pci", [NVME] = "nvme", [UNBOUND] = NULL,
};

/* The path of the NIC or of the device, such as "pci0000:00/0000:00:01.0/...". */
static void place_function(const struct machine *m, bool nic, char *path, size_t size)
{
	const char *host = m->place == TWO_HOSTS && nic ? "pci0000:80" : "pci0000:00";
	const char *bus = strchr(host, '0');
	struct machine_function f = { .vendor = 0x8086, .acs = m->acs, .hidden = m->hidden,
				      .driver = "pcieport" };
	char name[128];

	snprintf(path, size, "%s", host);
	snprintf(name, sizeof(name), "%s/%s:00.0", host, bus);
	f.path = name;
	f.device = m->host ? m->host : 0x29c0;
	if (!nic || m->place == TWO_HOSTS)
		machine_add(&f);
	if (m->place == SWITCH) {
		strcat(path, "/0000:00:01.0/0000:01:00.0");
		snprintf(name, sizeof(name), "pci0000:00/0000:00:01.0");
		if (!nic)
			machine_add(&f);
		f.acs = MACHINE_NO_ACS;
		f.path = path;
		if (!nic)
			machine_add(&f);
		f.acs = m->acs;
		strcat(path, nic ? "/0000:02:02.0" : "/0000:02:01.0");
	} else {
		snprintf(path, size, "%s/%s:0%d.0", host, bus, nic ? 2 : 1);
	}
	f.path = path;
	machine_add(&f);
	strcat(path, "/");
	strcat(path, nic ? NIC : GPU);
}

static void add_kernel(const struct machine *m)
{
	char symbols[1024];

	snprintf(symbols, sizeof(symbols), "%s%s%s", MACHINE_SYMBOL("start_kernel"),
		 m->dev == OLD_KERNEL ? "" :
		 MACHINE_MODULE_SYMBOL("vfio_pci_core_feature_dma_buf", "vfio_pci_core")
		 MACHINE_MODULE_SYMBOL("vfio_pci_dma_buf_iommufd_map", "vfio_pci_core"),
		 nics[m->nic].symbols);
	machine_kernel("7.3.4", m->cpu ? m->cpu : "AuthenticAMD/23", symbols);
	if (m->fence)
		fake_file("/sys/module/peerbar_vfio_pci/parameters/fence", m->fence);
}

static void add_functions(const struct machine *m)
{
	bool iommu = !m->domain || m->domain[0];
	char path[128];
	struct machine_function dev = {
		.path = path, .vendor = 0x1af4, .device = 0x1110, .acs = MACHINE_NO_ACS,
		.driver = drivers[m->dev], .vfio = m->dev < NVME, .group = 8,
		.bar = m->bar ? m->bar : BAR, .size = m->size ? m->size : 1 << 30, .bus = m->bus,
	};
	struct machine_function nic = {
		.path = path, .vendor = 0x1d0f, .device = 0xefa2, .acs = MACHINE_NO_ACS,
		.driver = nics[m->nic].driver, .group = iommu ? 9 : 0, .domain = m->domain,
		.mask = m->mask, .rdma = m->nic == NO_RDMA ? NULL : "rdma0",
	};

	place_function(m, false, path, sizeof(path));
	machine_add(&dev);
	if (m->by_core)
		fake_file("/sys/bus/pci/devices/" GPU "/dmabuf_exporter", "core\n");
	place_function(m, true, path, sizeof(path));
	machine_add(&nic);
}

/* A NIC that may be let in, for all that is known, says what comes after; others do not. */
static enum pb_after expected_after(const struct machine *m)
{
	if (m->cause && m->cause != PB_CAUSE_ACS_UNSEEN)
		return PB_AFTER_UNKNOWN;
	if (m->stop == PB_STOP_FENCE)
		return PB_AFTER_FENCED;
	return m->nic == MLX5 ? PB_AFTER_MAY_REVIVE : PB_AFTER_DEAD;
}

static bool judge(const struct machine *m)
{
	enum pb_after after = expected_after(m);
	struct pb_kernel kernel;
	struct pb_verdict v;
	struct pb_pci dev;
	struct pb_nic nic;

	assert_int_equal(pb_kernel_facts(&kernel), 0);
	assert_int_equal(pb_pci_facts(GPU, &dev), 0);
	assert_int_equal(pb_nic_facts(&kernel, NIC, &nic), 0);
	v = pb_verdict(&kernel, &nic, &dev, pb_pci_largest_bar(&dev));
	if (v.cause == m->cause && v.stop == m->stop && v.route.type == m->type &&
	    v.err == m->err && v.after == after)
		return true;
	print_error("%s: %s (not %s), stop %s (not %s), %s (not %s), errno %d (not %d)\n",
		    m->name, pb_cause_name(v.cause), pb_cause_name(m->cause),
		    pb_stop_name(v.stop), pb_stop_name(m->stop),
		    peerbar_map_type_text(v.route.type), peerbar_map_type_text(m->type),
		    v.err, m->err);
	print_error("%s: after a revoke %d (not %d)\n", m->name, v.after, after);
	return false;
}

static void judges(void **state)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		assert_int_equal(fake_setup(state), 0);
		add_kernel(&machines[i]);
		add_functions(&machines[i]);
		wrong += !judge(&machines[i]);
		assert_int_equal(fake_teardown(state), 0);
	}
	assert_int_equal(wrong, 0);
}

static void a_pair_that_cannot_work(void **state)
{
	static const struct machine m = { .name = "no BAR", .place = ROOT_PORTS, .nic = OUR_EFA };
	struct pb_kernel kernel;
	struct pb_nic nic;
	struct pb_pci dev;

	assert_int_equal(fake_setup(state), 0);
	add_kernel(&m);
	add_functions(&m);
	assert_int_equal(pb_kernel_facts(&kernel), 0);
	assert_int_equal(pb_pci_facts(GPU, &dev), 0);
	assert_int_equal(pb_nic_facts(&kernel, "rdma0", &nic), 0);
	assert_int_equal(pb_verdict(&kernel, &nic, &dev, -1).cause, PB_CAUSE_NO_BAR);
	assert_int_equal(pb_verdict(&kernel, &nic, &dev, 0).cause, PB_CAUSE_NO_BAR);
	snprintf(dev.blocker, sizeof(dev.blocker), NIC);
	assert_int_equal(pb_verdict(&kernel, &nic, &dev, 2).cause, PB_CAUSE_GROUP);
	dev.blocker[0] = '\0';
	nic.name[0] = '\0';
	assert_int_equal(pb_verdict(&kernel, &nic, &dev, 2).cause, PB_CAUSE_NO_RDMA_DEVICE);
	snprintf(nic.elsewhere, sizeof(nic.elsewhere), "rdma0");
	assert_int_equal(pb_verdict(&kernel, &nic, &dev, 2).cause, PB_CAUSE_RDMA_ELSEWHERE);
	assert_int_equal(pb_verdict(&kernel, &nic, &nic.pci, 2).cause, PB_CAUSE_SAME);
	dev.bar[2].assigned = false;
	assert_int_equal(pb_verdict(&kernel, &nic, &dev, 2).cause, PB_CAUSE_BAR_UNASSIGNED);
	assert_int_equal(fake_teardown(state), 0);
}

/* The importer is a device that a program owns: the function that is the NIC elsewhere. */
static void judge_iommufd(const struct machine *m, bool iommufd)
{
	struct pb_pci dev, importer;
	struct pb_kernel kernel;
	struct pb_verdict v;

	assert_int_equal(fake_setup(NULL), 0);
	add_kernel(m);
	add_functions(m);
	if (iommufd)
		fake_file("/sys/class/misc/iommu/dev", "10:126");
	assert_int_equal(pb_kernel_facts(&kernel), 0);
	assert_int_equal(pb_pci_facts(GPU, &dev), 0);
	assert_int_equal(pb_pci_facts(NIC, &importer), 0);
	v = pb_verdict_iommufd(&kernel, &importer, &dev, pb_pci_largest_bar(&dev));
	if (v.cause != m->cause || v.err != m->err || v.stop != m->stop ||
	    v.after != (m->stop ? PB_AFTER_DEAD : PB_AFTER_UNKNOWN))
		fail_msg("%s: %s (not %s), errno %d, stop %s, after %d", m->name,
			 pb_cause_name(v.cause), pb_cause_name(m->cause), v.err,
			 pb_stop_name(v.stop), v.after);
	assert_int_equal(fake_teardown(NULL), 0);
}

static void judges_iommufd(void **state)
{
	static const struct machine with[] = {
		{ "mainline", ROOT_PORTS, KERNEL, NO_RDMA, STOP(NATIVE) },
		{ "identity domain", ROOT_PORTS, KERNEL, NO_RDMA, .domain = "identity",
		  STOP(NATIVE) },
		{ "no route", TWO_HOSTS, KERNEL, NO_RDMA, .cpu = INTEL,
		  .cause = PB_CAUSE_NO_COMMON_PATH, STOP(NATIVE) },
		{ "ours", ROOT_PORTS, PEERBAR, NO_RDMA, REFUSED(IOMMUFD_EXPORTER, EOPNOTSUPP) },
		{ "ours by the core", ROOT_PORTS, PEERBAR, NO_RDMA, .by_core = true,
		  STOP(NATIVE) },
		{ "not bound", ROOT_PORTS, UNBOUND, NO_RDMA, .cause = PB_CAUSE_NO_DRIVER },
	};
	static const struct machine without = {
		"no iommufd", ROOT_PORTS, KERNEL, NO_RDMA, REFUSED(NO_IOMMUFD, EOPNOTSUPP),
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		judge_iommufd(&with[i], true);
	judge_iommufd(&without, false);
}

static void names_what_comes_after(void **state)
{
	(void)state;
	assert_null(pb_after_name(pb_after(PB_STOP_NONE, "mlx5_core")));
	assert_null(pb_after_name(pb_after(PB_STOP_NATIVE, "amdgpu")));
	assert_string_equal(pb_after_name(pb_after(PB_STOP_FENCE, "amdgpu")), "fenced");
	assert_string_equal(pb_after_name(pb_after(PB_STOP_FENCE, "mlx5_core")), "fenced");
	assert_string_equal(pb_after_name(pb_after(PB_STOP_NATIVE, "mlx5_core")),
			    "may-revive");
	assert_string_equal(pb_after_name(pb_after(PB_STOP_CHANGED, "efa")), "dead");
}

/* Each cause has a text of its own, and all but the first have advice. */
static void every_cause_has_its_words(void **state)
{
	unsigned int i, j;

	(void)state;
	for (i = 0; i < PB_NR_CAUSES; i++) {
		assert_non_null(pb_cause_name(i));
		assert_non_null(pb_cause_why(i));
		assert_non_null(pb_cause_remedy(i));
		assert_true(!i == !pb_cause_remedy(i)[0]);
		for (j = 0; j < i; j++) {
			assert_string_not_equal(pb_cause_name(i), pb_cause_name(j));
			assert_string_not_equal(pb_cause_why(i), pb_cause_why(j));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges),
		cmocka_unit_test(a_pair_that_cannot_work),
		cmocka_unit_test(judges_iommufd),
		cmocka_unit_test(names_what_comes_after),
		cmocka_unit_test(every_cause_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
