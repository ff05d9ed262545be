// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * UCX: 1 MiB of a PCI device's BAR as memory that ucp_put_nbx() and ucp_get_nbx() reach.
 *
 *	LD_PRELOAD=./reg_mr_shim.so ucx RDMA-DEVICE ADDRESS BAR
 *
 * ucp_mem_map() takes an address, and no dma-buf: it asks only UCX's own modules for GPUs whether
 * there is one behind the address. So UCX calls ibv_reg_mr(), which fails for a BAR, and the shim
 * turns that into ibv_reg_dmabuf_mr(). UCX may also copy to and from the BAR with the CPU: the
 * mapping must live as long as the region does.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <peerbar.h>
#include <ucp/api/ucp.h>

#define LENGTH (1u << 20)

static void die(const char *what, const char *why)
{
	fprintf(stderr, "ucx: %s: %s\n", what, why);
	exit(1);
}

static void must(ucs_status_t status, const char *what)
{
	if (status != UCS_OK)
		die(what, ucs_status_string(status));
}

/* RC of one NIC, and nothing else. */
static ucp_context_h make_context(const char *nic)
{
	ucp_params_t params = {
		.field_mask = UCP_PARAM_FIELD_FEATURES, .features = UCP_FEATURE_RMA,
	};
	ucp_context_h context;
	ucp_config_t *config;
	char port[64];

	snprintf(port, sizeof(port), "%s:1", nic);
	must(ucp_config_read(NULL, NULL, &config), "ucp_config_read");
	must(ucp_config_modify(config, "NET_DEVICES", port), port);
	must(ucp_config_modify(config, "TLS", "rc_verbs,ud_verbs:aux"), "TLS");
	must(ucp_init(&params, config, &context), "ucp_init");
	ucp_config_release(config);
	return context;
}

static ucp_worker_h make_worker(ucp_context_h context)
{
	ucp_worker_params_t params = { 0 };
	ucp_worker_h worker;

	must(ucp_worker_create(context, &params, &worker), "ucp_worker_create");
	return worker;
}

/* Both workers of the connection are in this process, so this one has to drive both. */
static void finish(ucp_worker_h worker[2], ucs_status_ptr_t request, const char *what)
{
	ucs_status_t status;

	if (!UCS_PTR_IS_PTR(request)) {
		must(UCS_PTR_STATUS(request), what);
		return;
	}
	while ((status = ucp_request_check_status(request)) == UCS_INPROGRESS) {
		ucp_worker_progress(worker[0]);
		ucp_worker_progress(worker[1]);
	}
	ucp_request_free(request);
	must(status, what);
}

static ucp_ep_h connect_to(ucp_worker_h worker, ucp_worker_h peer)
{
	ucp_ep_params_t params = { .field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS };
	ucp_address_t *address;
	size_t length;
	ucp_ep_h ep;

	must(ucp_worker_get_address(peer, &address, &length), "ucp_worker_get_address");
	params.address = address;
	must(ucp_ep_create(worker, &params, &ep), "ucp_ep_create");
	ucp_worker_release_address(peer, address);
	return ep;
}

static ucp_mem_h map_region(ucp_context_h context, void *base)
{
	ucp_mem_map_params_t params = {
		.field_mask = UCP_MEM_MAP_PARAM_FIELD_ADDRESS | UCP_MEM_MAP_PARAM_FIELD_LENGTH |
			      UCP_MEM_MAP_PARAM_FIELD_MEMORY_TYPE,
		.address = base, .length = LENGTH, .memory_type = UCS_MEMORY_TYPE_HOST,
	};
	ucp_mem_h region;

	must(ucp_mem_map(context, &params, &region), "ucp_mem_map");
	return region;
}

static ucp_rkey_h key_of(ucp_context_h context, ucp_mem_h region, ucp_ep_h ep)
{
	ucp_rkey_h key;
	size_t length;
	void *packed;

	must(ucp_rkey_pack(context, region, &packed, &length), "ucp_rkey_pack");
	must(ucp_ep_rkey_unpack(ep, packed, &key), "ucp_ep_rkey_unpack");
	ucp_rkey_buffer_release(packed);
	return key;
}

int main(int argc, char **argv)
{
	static uint8_t sent[LENGTH], back[LENGTH];
	const ucp_request_param_t none = { 0 };
	struct peerbar_device *dev;
	ucp_context_h context;
	ucp_worker_h worker[2];
	ucp_mem_h region;
	ucp_rkey_h key;
	ucp_ep_h ep;
	void *base;

	if (argc != 4)
		die("usage", "ucx RDMA-DEVICE ADDRESS BAR");
	if (peerbar_open(argv[2], &dev))
		die("the device", peerbar_errmsg());
	base = peerbar_map(dev, (unsigned int)atoi(argv[3]), 0, LENGTH);
	if (!base)
		die("the BAR", peerbar_errmsg());
	context = make_context(argv[1]);
	worker[0] = make_worker(context);
	worker[1] = make_worker(context);
	ep = connect_to(worker[0], worker[1]);
	region = map_region(context, base);
	key = key_of(context, region, ep);

	for (unsigned int i = 0; i < LENGTH; i++)
		sent[i] = (uint8_t)((i >> 8) * 31 + i);
	finish(worker, ucp_put_nbx(ep, sent, LENGTH, (uintptr_t)base, key, &none), "ucp_put_nbx");
	finish(worker, ucp_ep_flush_nbx(ep, &none), "ucp_ep_flush_nbx");
	finish(worker, ucp_get_nbx(ep, back, LENGTH, (uintptr_t)base, key, &none), "ucp_get_nbx");
	if (memcmp(sent, back, LENGTH) || memcmp(sent, base, LENGTH))
		die("the transfer", "other bytes have arrived");
	printf("%u bytes into %s and back\n", LENGTH, peerbar_address(dev));

	ucp_rkey_destroy(key);
	ucp_mem_unmap(context, region);
	finish(worker, ucp_ep_close_nbx(ep, &none), "ucp_ep_close_nbx");
	ucp_worker_destroy(worker[0]);
	ucp_worker_destroy(worker[1]);
	ucp_cleanup(context);
	peerbar_close(dev);
	return 0;
}
