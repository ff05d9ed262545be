// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Parsing the lines of debugfs, which are words of the form key=value, into objects.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export_state.h"
#include "machine/error.h"
#include "machine/facts.h"
#include "machine/pci.h"
#include "machine/sys.h"
#include "machine/verdict.h"
#include "words.h"

#define DEBUGFS "/sys/kernel/debug"
#define FOLDER DEBUGFS "/peerbar"

struct reading {
	json_object *device, *exports, *mappings, *reasons, *times;
	uint64_t importers, revokes;
};

static void copy(json_object *object, const struct words *words, const char *key,
		 const char *from)
{
	const char *value = words_find(words, from);

	if (value)
		tool_add_string(object, key, value);
}

static bool one_export(char *text, void *data)
{
	struct reading *r = data;
	json_object *object;
	struct words words;

	words_split(text, &words);
	if (!words_find(&words, "buffer"))
		return true;
	object = tool_object();
	tool_add_number(object, "buffer", words_number(&words, "buffer"));
	tool_add_number(object, "bar", words_number(&words, "bar"));
	tool_add_size(object, "size", words_number(&words, "bytes"));
	tool_add_number(object, "ranges", words_number(&words, "ranges"));
	copy(object, &words, "state", "state");
	tool_add_number(object, "live", words_number(&words, "live"));
	tool_add_object(object, "attachments", tool_array());
	tool_append(r->exports, object);
	return true;
}

/*
 * Return buffer @id, or NULL if it was not in the file "exports". The files are read one after
 * the other, so it may have been created since.
 */
static json_object *export_of(const struct reading *r, uint64_t id)
{
	size_t i, n = json_object_array_length(r->exports);

	for (i = 0; i < n; i++) {
		json_object *export = json_object_array_get_idx(r->exports, i), *buffer;

		json_object_object_get_ex(export, "buffer", &buffer);
		if (json_object_get_uint64(buffer) == id)
			return export;
	}
	return NULL;
}

/* Add the name of the importer's RDMA device, if it has one. */
static void add_rdma(json_object *object, const char *address)
{
	char name[PB_NAME_SIZE];

	pb_rdma_name(address, name);
	if (name[0])
		tool_add_string(object, "rdma", name);
}

/* A buffer whose device was closed is an orphan. */
static bool is_orphan(json_object *export)
{
	const char *state = json_object_get_string(json_object_object_get(export, "state"));

	return state && !strcmp(state, "orphan");
}

static enum pb_stop stop_of(const struct words *words)
{
	const char *stop = words_find(words, "stop");

	if (!stop)
		return PB_STOP_NONE;
	return strcmp(stop, "fence") ? PB_STOP_NATIVE : PB_STOP_FENCE;
}

/*
 * What the importer's driver would do to revive an MR is in vain if the exporter never lets
 * this attachment map again.
 */
static void add_after(json_object *object, const struct words *words, bool orphan)
{
	const char *driver = words_find(words, "driver");
	enum pb_after after = pb_after(stop_of(words), driver ? driver : "");

	if (after == PB_AFTER_MAY_REVIVE && (orphan || words_number(words, "fenced")))
		after = PB_AFTER_DEAD;
	if (after)
		tool_add_string(object, "after", pb_after_name(after));
}

static json_object *attachment(const struct words *words, bool orphan)
{
	json_object *object = tool_object();

	copy(object, words, "importer", "importer");
	add_rdma(object, words_find(words, "importer"));
	copy(object, words, "driver", "driver");
	if (tool_options.details || tool_options.json)
		copy(object, words, "callback", "callback");
	copy(object, words, "map", "type");
	copy(object, words, "stop", "stop");
	add_after(object, words, orphan);
	tool_add_bool(object, "fenced", words_number(words, "fenced"));
	copy(object, words, "reason", "reason");
	return object;
}

static json_object *mapping(const struct words *words)
{
	json_object *object = tool_object();

	copy(object, words, "state", "state");
	copy(object, words, "address", "address");
	copy(object, words, "dma", "dma");
	copy(object, words, "phys", "phys");
	tool_add_size(object, "size", words_number(words, "bytes"));
	tool_add_number(object, "ranges", words_number(words, "ranges"));
	return object;
}

/* A line describes an importer, or a mapping of the importer in the lines before it. */
static bool one_attachment(char *text, void *data)
{
	struct reading *r = data;
	json_object *export, *object;
	struct words words;

	words_split(text, &words);
	if (words_find(&words, "dma")) {
		if (r->mappings)
			tool_append(r->mappings, mapping(&words));
		return true;
	}
	r->mappings = NULL;
	if (!words_find(&words, "importer"))
		return true;
	export = export_of(r, words_number(&words, "buffer"));
	if (!export)
		return true;
	object = attachment(&words, is_orphan(export));
	if (tool_options.details || tool_options.json) {
		r->mappings = tool_array();
		tool_add_object(object, "mappings", r->mappings);
	}
	tool_append(json_object_object_get(export, "attachments"), object);
	r->importers++;
	return true;
}

static void add_reason(struct reading *r, const struct words *words)
{
	uint64_t count = words_number(words, "count"), active = words_number(words, "active");
	json_object *object;

	r->revokes += count;
	if (!count && !active && !tool_options.details && !tool_options.json)
		return;
	object = tool_object();
	copy(object, words, "reason", "reason");
	tool_add_number(object, "count", count);
	tool_add_bool(object, "active", active);
	tool_append(r->reasons, object);
}

/* @bound: "below_us", or "from_us" of the class that has no end */
static void add_time(struct reading *r, const struct words *words, const char *bound)
{
	json_object *object = tool_object();

	tool_add_number(object, bound, words_number(words, bound));
	tool_add_number(object, "count", words_number(words, "count"));
	tool_append(r->times, object);
}

/*
 * A line describes one reason, or one class of the histogram. All other words are counts of
 * the whole device, which are shown under the names that the kernel gives them.
 */
static bool one_revoke(char *text, void *data)
{
	struct reading *r = data;
	struct words words;
	unsigned int i;

	words_split(text, &words);
	if (words_find(&words, "reason"))
		add_reason(r, &words);
	else if (words_find(&words, "below_us"))
		add_time(r, &words, "below_us");
	else if (words_find(&words, "from_us"))
		add_time(r, &words, "from_us");
	else
		for (i = 0; i < words.nr; i++)
			tool_add_number(r->device, words.word[i].key,
					strtoull(words.word[i].value, NULL, 10));
	return true;
}

static void not_readable(int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
		pb_fail(err, "only root may read " DEBUGFS ": run as root; if you are, the "
			"kernel is locked down");
		break;
	case ENOENT:
		pb_fail(err, "this kernel has no debugfs: boot one with CONFIG_DEBUG_FS");
		break;
	default:
		pb_fail(err, "cannot read " FOLDER ": %s", strerror(err));
	}
}

/* Keep a sentence that says why the folder of peerbar-vfio-pci does not exist. */
static void not_there(void)
{
	PB_NAMES debugfs = pb_list(DEBUGFS);

	if (debugfs.nr < 0)
		not_readable(-debugfs.nr);
	else if (debugfs.nr)
		pb_fail(ENOENT, "peerbar-vfio-pci is not loaded, and the kernel's own exporter, "
			"vfio-pci, shows nothing of its dma-bufs: load it");
	else
		pb_fail(ENOENT, "debugfs is not mounted: \"mount -t debugfs debugfs " DEBUGFS
			"\"");
}

struct pb_names export_devices(void)
{
	struct pb_names devices = pb_list(FOLDER);

	if (devices.nr == -ENOENT)
		not_there();
	else if (devices.nr < 0)
		not_readable(-devices.nr);
	return devices;
}

bool export_shows(const char *address)
{
	return pb_exists(FOLDER "/%s", address);
}

/* Keep a sentence that says why the device has no folder in it. */
static void nothing_of(const char *address)
{
	PB_NAMES devices = export_devices();
	char driver[PB_NAME_SIZE];

	if (devices.nr < 0)
		return;
	pb_pci_driver(address, driver);
	pb_fail(ENOENT, "%s is bound to %s, and only peerbar-vfio-pci shows its dma-bufs: bind it "
		"to that (\"peerbar dev bind %s driver peerbar-vfio-pci\")", address,
		driver[0] ? driver : "no driver", address);
}

static int read_files(struct reading *r, const char *address)
{
	static const struct {
		const char *name;
		bool (*line)(char *text, void *data);
	} files[] = {
		{ "exports", one_export }, { "attachments", one_attachment },
		{ "revokes", one_revoke },
	};
	char path[128];
	unsigned int i;
	int ret = 0;

	for (i = 0; i < sizeof(files) / sizeof(files[0]) && !ret; i++) {
		snprintf(path, sizeof(path), FOLDER "/%s/%s", address, files[i].name);
		ret = pb_each_line(path, files[i].line, r);
	}
	return ret;
}

static void add_counts(const struct reading *r)
{
	tool_add_number(r->device, "buffers", json_object_array_length(r->exports));
	tool_add_number(r->device, "importers", r->importers);
	tool_add_number(r->device, "revokes", r->revokes);
}

json_object *export_state(const char *address)
{
	struct reading r = {
		.device = tool_object(), .exports = tool_array(), .reasons = tool_array(),
		.times = tool_array(),
	};
	int ret;

	tool_add_string(r.device, "dev", address);
	/* what the kernel's exporter has made is not shown below, as only the kernel knows it */
	if (pb_pci_exports_by_core(address))
		tool_add_string(r.device, "exporter", "core");
	/* added a first time only so that these keys come before those that files add */
	add_counts(&r);
	ret = read_files(&r, address);
	add_counts(&r);
	tool_add_object(r.device, "exports", r.exports);
	tool_add_object(r.device, "reasons", r.reasons);
	tool_add_object(r.device, "times", r.times);
	if (!ret)
		return r.device;
	json_object_put(r.device);
	if (ret == -ENOENT)
		nothing_of(address);
	else
		not_readable(-ret);
	return NULL;
}
