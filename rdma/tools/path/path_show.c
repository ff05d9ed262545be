// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * peerbar path show: what lies between a NIC and a device, which route the NIC would take
 * to a BAR, what would stop it when the BAR is revoked, what would become of the MR then,
 * and whether the NIC would be let in. Nothing is opened: verdict.h says how the verdict is
 * found.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "machine/verdict.h"
#include "peerbar.h"
#include "tool.h"

static const char usage[] =
	"Usage: peerbar path show NIC DEV [bar N]\n"
	"NIC is an RDMA device such as efa_0 or a PCI address, DEV a PCI address. In the place of\n"
	"NIC any device that is bound to a VFIO driver may stand: its program reaches the BAR\n"
	"through iommufd. Default: the largest BAR.\n";

struct path {
	struct pb_kernel kernel;
	struct pb_nic nic;	/* the importer; no NIC, if by_iommufd */
	bool by_iommufd;
	struct pb_pci dev;
	int bar;		/* negative if the device has no memory BAR */
	struct pb_verdict verdict;
};

static const char *revoke_name(enum pb_revoke revoke)
{
	static const char * const names[] = {
		[PB_REVOKE_NATIVE] = "native", [PB_REVOKE_CHANGED] = "our-change",
		[PB_REVOKE_PINS] = "pins", [PB_REVOKE_NO_DMABUF] = "no-dmabuf",
		[PB_REVOKE_UNKNOWN] = "unknown",
	};

	return names[revoke];
}

static const char *verdict_name(const struct path *p)
{
	const struct pb_verdict *v = &p->verdict;

	switch (v->cause) {
	case PB_CAUSE_NONE:
		return v->stop == PB_STOP_FENCE ? "works-with-fence" : "works";
	case PB_CAUSE_ACS_UNSEEN:
	case PB_CAUSE_EXPORTER_UNSEEN:
		return "unknown";
	default:
		return p->by_iommufd && v->stop ? "unreachable" : "refused";
	}
}

static void add_optional(json_object *object, const char *key, const char *value)
{
	if (value[0])
		tool_add_string(object, key, value);
	else
		tool_add_none(object, key);
}

static void add_answer(json_object *object, const char *key, enum pb_answer answer)
{
	if (answer == PB_UNKNOWN)
		tool_add_none(object, key);
	else
		tool_add_bool(object, key, answer == PB_YES);
}

static void add_hex(json_object *object, const char *key, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	tool_add_string(object, key, text);
}

static void add_iommu(json_object *object, const struct pb_pci *pci)
{
	if (pci->group >= 0)
		tool_add_number(object, "group", pci->group);
	else
		tool_add_none(object, "group");
	add_optional(object, "domain", pci->domain);
}

static json_object *nic_end(const struct path *p)
{
	const struct pb_nic *nic = &p->nic;
	json_object *object = tool_object();

	tool_add_string(object, "end", "nic");
	tool_add_string(object, "dev", nic->pci.address);
	add_optional(object, "driver", nic->pci.driver);
	add_optional(object, "rdma", nic->name);
	tool_add_string(object, "revokes",
			revoke_name(p->by_iommufd ? PB_REVOKE_NATIVE : nic->revoke));
	add_iommu(object, &nic->pci);
	tool_add_number(object, "dma_mask_bits", nic->pci.dma_mask_bits);
	tool_add_string(object, "host", nic->pci.host);
	return object;
}

static json_object *dev_end(const struct path *p)
{
	const struct pb_window *window = p->bar < 0 ? NULL : &p->dev.bar[p->bar];
	json_object *object = tool_object();

	tool_add_string(object, "end", "dev");
	tool_add_string(object, "dev", p->dev.address);
	add_optional(object, "driver", p->dev.driver);
	tool_add_string(object, "exporter", pb_exporter_name(p->verdict.exporter));
	add_iommu(object, &p->dev);
	if (window && window->size) {
		tool_add_number(object, "bar", p->bar);
		tool_add_size(object, "size", window->size);
		add_hex(object, "address", window->start);
		if (window->bus_known)
			add_hex(object, "bus_address", window->bus);
		else
			tool_add_none(object, "bus_address");
	}
	add_answer(object, "memory", p->dev.memory);
	tool_add_string(object, "host", p->dev.host);
	return object;
}

/* List the bits that are set, by the abbreviations of the PCI Express specification. */
static void acs_text(const struct pb_hop *hop, char *text, size_t size)
{
	/* the index of a name is the number of the bit */
	static const char * const bits[] = { "SV", "TB", "RR", "CR", "UF", "EC", "DT" };
	size_t used = 0;
	unsigned int i;

	snprintf(text, size, "%s", hop->acs == PB_ACS_NONE ? "none" :
				   hop->acs == PB_ACS_UNKNOWN ? "unknown" : "off");
	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (hop->control & 1 << i)
			used += snprintf(text + used, size - used, "%s%s", used ? "," : "",
					 bits[i]);
}

static bool is_on(const struct pb_pci *pci, const char *address)
{
	unsigned int i;

	for (i = 1; i < pci->nr_hops; i++)
		if (!strcmp(pci->hop[i].address, address))
			return true;
	return false;
}

static json_object *hop_line(const char *end, const struct pb_hop *hop, bool counts)
{
	json_object *object = tool_object();
	char acs[32];

	acs_text(hop, acs, sizeof(acs));
	tool_add_string(object, "hop", hop->address);
	tool_add_string(object, "above", end);
	tool_add_string(object, "acs", acs);
	if (hop->acs == PB_ACS_UNKNOWN)
		tool_add_none(object, "redirects");
	else
		tool_add_bool(object, "redirects", hop->control & PB_ACS_REDIRECTS);
	tool_add_bool(object, "counts", counts);
	return object;
}

/*
 * Return the index, in the NIC's hops, of the bridge where the two paths up meet, or the
 * number of the NIC's hops if they meet only at the host bridge.
 */
static unsigned int meeting_point(const struct path *p)
{
	unsigned int i;

	for (i = 1; i < p->nic.pci.nr_hops; i++)
		if (is_on(&p->dev, p->nic.pci.hop[i].address))
			break;
	return i;
}

/*
 * List the bridges from the NIC up, and then from the top down to the device. Those above
 * both are listed once. ACS decides only on the bridges up to the one where the paths meet;
 * if they meet at the host bridge, all traffic goes there anyway, and no bridge counts. The
 * NIC and the device themselves are listed only if they have ACS, as functions of a
 * multi-function device may.
 */
static json_object *hops(const struct path *p)
{
	const struct pb_pci *nic = &p->nic.pci, *dev = &p->dev;
	unsigned int i, meet = meeting_point(p);
	bool met = meet < nic->nr_hops;
	json_object *array = tool_array();

	if (nic->hop[0].acs == PB_ACS_PRESENT)
		tool_append(array, hop_line("nothing", &nic->hop[0], met));
	for (i = 1; i < nic->nr_hops; i++)
		tool_append(array, hop_line(i < meet ? "nic" : "both", &nic->hop[i],
					    met && i <= meet));
	for (i = dev->nr_hops; i-- > 1;)
		if (!is_on(nic, dev->hop[i].address))
			tool_append(array, hop_line("dev", &dev->hop[i], met));
	if (dev->hop[0].acs == PB_ACS_PRESENT)
		tool_append(array, hop_line("nothing", &dev->hop[0], met));
	return array;
}

static json_object *host_line(const struct pb_pci *pci)
{
	json_object *object = tool_object();
	char id[16];

	tool_add_string(object, "host", pci->host);
	add_optional(object, "by", pci->root);
	snprintf(id, sizeof(id), "%04x:%04x", pci->root_vendor, pci->root_device);
	if (pci->root[0])
		tool_add_string(object, "id", id);
	else
		tool_add_none(object, "id");
	return object;
}

static json_object *hosts(const struct path *p)
{
	json_object *array = tool_array();

	tool_append(array, host_line(&p->nic.pci));
	if (strcmp(p->nic.pci.host, p->dev.host))
		tool_append(array, host_line(&p->dev));
	return array;
}

static void add_verdict(json_object *object, const struct path *p)
{
	const struct pb_verdict *v = &p->verdict;
	char remedy[PB_ADVICE_SIZE];

	if (v->route_sure && p->bar >= 0)
		tool_add_string(object, "map", peerbar_map_type_text(v->route.type));
	else
		tool_add_none(object, "map");
	/*
	 * In a kernel with P2PDMA the route shown is only what the rules predict. iommufd does not
	 * ask the kernel.
	 */
	tool_add_string(object, "decides",
			p->by_iommufd || p->kernel.p2pdma == PB_NO ? "rules" : "kernel");
	tool_add_string(object, "stop", pb_stop_name(v->stop));
	if (v->after)
		tool_add_string(object, "after", pb_after_name(v->after));
	tool_add_string(object, "verdict", verdict_name(p));
	if (tool_options.json || v->cause)
		tool_add_string(object, "cause", pb_cause_name(v->cause));
	if (tool_options.json && v->err)
		tool_add_string(object, "errno", strerrorname_np(v->err));
	if (!v->cause)
		return;
	tool_add_sentence(object, "reason", pb_cause_why(v->cause));
	pb_cause_advice(v->cause, p->dev.address, p->nic.pci.driver, remedy, sizeof(remedy));
	tool_add_sentence(object, "remedy", remedy);
}

static int print(const struct path *p)
{
	json_object *object = tool_object(), *ends = tool_array();

	tool_add_string(object, "nic", p->nic.name[0] ? p->nic.name : p->nic.pci.address);
	tool_add_string(object, "dev", p->dev.address);
	if (p->bar >= 0)
		tool_add_number(object, "bar", p->bar);
	else
		tool_add_none(object, "bar");
	if (tool_options.json || p->by_iommufd)
		tool_add_string(object, "importer", p->by_iommufd ? "iommufd" : "verbs");
	add_verdict(object, p);
	tool_append(ends, nic_end(p));
	tool_append(ends, dev_end(p));
	tool_add_object(object, "ends", ends);
	tool_add_object(object, "hops", hops(p));
	if (tool_options.json || tool_options.details)
		tool_add_object(object, "hosts", hosts(p));
	return tool_print(object);
}

int path_show(int argc, char **argv)
{
	struct size bar = { .given = false };
	const struct size_argument table[] = { { "bar", &bar }, { NULL, NULL } };
	char address[PB_ADDRESS_SIZE];
	struct path p;

	if (tool_wants_help(argc, argv, usage))
		return TOOL_OK;
	if (argc < 2)
		return tool_misuse(usage, "path show takes a NIC and a PCI address");
	if (tool_parse_sizes(table, usage, argc - 2, argv + 2))
		return TOOL_USAGE;
	if (bar.given && bar.value >= PEERBAR_NR_BARS)
		return tool_misuse(usage, "BARs are numbered 0 to %d", PEERBAR_NR_BARS - 1);
	if (pb_pci_parse(argv[1], address) || pb_pci_facts(address, &p.dev) ||
	    pb_kernel_facts(&p.kernel) || pb_nic_facts(&p.kernel, argv[0], &p.nic))
		return tool_failure("%s", peerbar_errmsg());
	p.bar = bar.given ? (int)bar.value : pb_pci_largest_bar(&p.dev);
	p.by_iommufd = p.nic.pci.vfio && !p.nic.name[0];
	p.verdict = p.by_iommufd ? pb_verdict_iommufd(&p.kernel, &p.nic.pci, &p.dev, p.bar) :
				   pb_verdict(&p.kernel, &p.nic, &p.dev, p.bar);
	return print(&p);
}
