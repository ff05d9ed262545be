// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * libFuzzer target: vfio-user messages to the whole device.
 *
 * An input is a list of records, each
 *	u8 kind, u8 fds, u16 len, len bytes
 * (the last may be cut short). The kind is:
 *	below 0x40	a message: kind is the command, the bytes are the body
 *	0x40..0x7f	the same, with the flag that no reply is wanted
 *	0x80..0xbf	a message: the bytes are the whole message with its header
 *	0xc0..0xff	the guest writes the bytes to page "fds" of its RAM
 * For messages, fds tells which descriptors go with it, two bits each: 1 is the guest's RAM,
 * 2 an eventfd, 3 a pipe; the list ends at the first 0.
 *
 * Besides what the sanitizers find, the target checks that the reply is well formed and
 * answers this request, that the gate is open, and that no descriptor leaks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bus/vfu.h"
#include "bus/vfu_proto.h"
#include "efa/efa.h"
#include "efa/model.h"

#define RAM_PAGES	64u
#define RAM_SIZE	(RAM_PAGES * 4096u)
#define MAX_STEPS	64		/* engine steps after each message */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct nic nic;
static int ram_fd = -1;
static uint8_t *ram;
static uint8_t *answer;

struct record {
	uint8_t kind, fds;
	const uint8_t *bytes;
	size_t len;
};

static void must(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "broken promise: %s\n", what);
		abort();
	}
}

static void init_once(void)
{
	if (ram)
		return;
	ram_fd = memfd_create("ram", MFD_CLOEXEC);
	must(ram_fd >= 0 && !ftruncate(ram_fd, RAM_SIZE), "memfd");
	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ram_fd, 0);
	answer = malloc(VFU_MAX_MSG);
	must(ram != MAP_FAILED && answer, "memory");
}

/* The lowest free descriptor. If it is higher later, one has leaked. */
static int next_fd(void)
{
	int fd = dup(ram_fd);

	close(fd);
	return fd;
}

static bool next_record(const uint8_t **data, size_t *size, struct record *record)
{
	uint16_t len;

	if (*size < 4)
		return false;
	memcpy(&len, *data + 2, sizeof(len));
	record->kind = (*data)[0];
	record->fds = (*data)[1];
	record->bytes = *data + 4;
	record->len = len < *size - 4 ? len : *size - 4;
	*data += 4 + record->len;
	*size -= 4 + record->len;
	return true;
}

static int make_fd(unsigned int what)
{
	int ends[2];

	if (what == 1)
		return dup(ram_fd);
	if (what == 2)
		return eventfd(0, EFD_NONBLOCK);
	must(pipe(ends) == 0, "pipe");
	close(ends[0]);
	return ends[1];
}

static void attach(struct vfu_msg *req, unsigned int fds)
{
	for (; fds & 3; fds >>= 2)
		req->fds[req->nr_fds++] = make_fd(fds & 3);
}

/* The message is in memory of exactly its size, so that ASan sees a read beyond it. */
static void make_request(struct vfu_msg *req, const struct record *record)
{
	struct vfu_header header = {
		.id = record->kind, .command = record->kind & 0x3f,
		.flags = record->kind & 0x40 ? VFU_F_NO_REPLY : 0,
	};
	size_t prefix = record->kind & 0x80 ? 0 : sizeof(header);

	*req = (struct vfu_msg){ .len = prefix + record->len };
	header.size = (uint32_t)req->len;
	req->data = malloc(req->len ? req->len : 1);
	must(req->data, "memory");
	memcpy(req->data, &header, prefix);
	memcpy(req->data + prefix, record->bytes, record->len);
	attach(req, record->fds);
}

static void check_reply(const struct vfu_msg *req, const struct vfu_msg *rsp)
{
	struct vfu_header asked, got;

	memcpy(&asked, req->data, sizeof(asked));
	must(!rsp->len == !!(asked.flags & VFU_F_NO_REPLY), "a reply as asked for");
	if (!rsp->len)
		return;
	memcpy(&got, rsp->data, sizeof(got));
	must(got.id == asked.id && got.command == asked.command, "answers this request");
	must(got.size == rsp->len && rsp->len <= VFU_MAX_MSG, "length of the reply");
	must(!!(got.flags & VFU_F_ERROR) == (got.error != 0), "error flag");
	must(rsp->nr_fds <= 1, "descriptors of the reply");
}

/* Return: false if the server would end the connection. */
static bool exchange(struct vfu *vfu, const struct record *record)
{
	struct vfu_msg req, rsp = { .data = answer };
	bool alive;

	make_request(&req, record);
	alive = !vfu_handle(vfu, &req, &rsp);
	must(nic.gate.hosts == 0, "the gate is open");
	if (alive)
		check_reply(&req, &rsp);
	free(req.data);
	for (int i = 0; i < MAX_STEPS && efa_engine_step(nic.device); i++)
		;
	return alive;
}

static void write_ram(const struct record *record)
{
	size_t at = record->fds % RAM_PAGES * 4096u;
	size_t len = record->len < RAM_SIZE - at ? record->len : RAM_SIZE - at;

	memcpy(ram + at, record->bytes, len);
}

static void run(struct vfu *vfu, const uint8_t *data, size_t size)
{
	struct record record;

	while (next_record(&data, &size, &record)) {
		if (record.kind >= 0xc0)
			write_ram(&record);
		else if (!exchange(vfu, &record))
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nic_config config = nic_default_config(&efa_model);
	struct vfu *vfu;
	int fd;

	init_once();
	fd = next_fd();
	memset(ram, 0, RAM_SIZE);
	must(nic_init(&nic, &config) == 0, "nic_init");
	vfu = vfu_new(&nic_vfu_ops, &nic, &nic.gate);
	must(vfu, "vfu_new");
	run(vfu, data, size);
	vfu_free(vfu);
	nic_release(&nic);
	must(next_fd() == fd, "no descriptor is left behind");
	return 0;
}
