// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Checks of the kernel as a whole: its version, its configuration, whether it loads unsigned
 * modules, how much memory this process may pin, and debugfs.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "loopback/plan.h"
#include "machine/sys.h"

#define OLDEST PB_VERSION(6, 1)

void check_kernel(const struct doctor *d, struct finding *f)
{
	if (d->kernel.version >= OLDEST) {
		found_ok(f, "Linux %s", d->kernel.release);
		return;
	}
	found_failure(f, "Linux %s is too old: vfio-pci exports from 6.19 on, peerbar-vfio-pci "
		      "is for 6.1 and later", d->kernel.release);
	advise(f, "boot Linux 6.1 or newer");
}

void check_config(const struct doctor *d, struct finding *f)
{
	static const char * const options[] = {
		"CONFIG_IOMMU_API", "CONFIG_VFIO_PCI", "CONFIG_INFINIBAND_USER_ACCESS",
	};
	unsigned int i;
	char value;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		value = pb_kernel_config(&d->kernel, options[i]);
		if (value == '?')
			return;		/* there is no file; later checks find what is missing */
		if (value != 'n')
			continue;
		found_failure(f, "Linux %s was built without %s", d->kernel.release, options[i]);
		advise(f, "boot a kernel that was built with %s", options[i]);
		return;
	}
	found_ok(f, "IOMMU, VFIO and verbs are configured");
}

/* Signatures */

#define SECURE_BOOT \
	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* The file of an EFI variable has four bytes of attributes before the value. */
static bool secure_boot(void)
{
	int fd = pb_open(O_RDONLY, "%s", SECURE_BOOT);
	unsigned char value[5] = { 0 };
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, value, sizeof(value));
	close(fd);
	return n == sizeof(value) && value[4] == 1;
}

/*
 * The file has "none [integrity] confidentiality": get the word in brackets, or "" if it
 * cannot be read.
 */
static void read_lockdown(char *word, size_t size)
{
	char text[64], found[16] = "";

	if (!pb_read(text, sizeof(text), "/sys/kernel/security/lockdown") &&
	    sscanf(text, "%*[^[][%15[^]]", found) != 1)
		sscanf(text, "[%15[^]]", found);
	snprintf(word, size, "%s", found);
}

static bool signatures_enforced(void)
{
	char value[8];

	return !pb_read(value, sizeof(value), "/sys/module/module/parameters/sig_enforce") &&
	       value[0] == 'Y';
}

/*
 * Is a module missing that the distribution does not sign? That is peerbar-vfio-pci if no
 * other driver exports, or the driver of the NIC that was named.
 */
static bool lacks_module(const struct doctor *d)
{
	struct finding missing = { 0 };

	if (!pb_our_driver() && d->kernel.vfio_dmabuf == PB_NO && pb_has_vfio_pci())
		return true;
	return d->nic_name && (!d->has_nic || !d->nic.name[0]) && explain_missing_nic(&missing);
}

void check_signatures(const struct doctor *d, struct finding *f)
{
	char lockdown[16];
	bool locked;

	read_lockdown(lockdown, sizeof(lockdown));
	locked = lockdown[0] && strcmp(lockdown, "none");
	if (!locked && !signatures_enforced()) {
		found_ok(f, "the kernel loads modules without a signature (lockdown %s)",
			 lockdown[0] ? lockdown : "unknown");
		return;
	}
	if (!lacks_module(d)) {
		found_ok(f, "the kernel loads signed modules only (%s %s), and none is missing",
			 locked ? "lockdown" : "module.sig_enforce", locked ? lockdown : "=1");
		return;
	}
	if (locked)
		found_failure(f, "the kernel loads signed modules only (lockdown %s%s), and one "
			      "is missing", lockdown, secure_boot() ? ", Secure Boot on" : "");
	else
		found_failure(f, "the kernel loads signed modules only (module.sig_enforce=1), "
			      "and one is missing");
	if (secure_boot())
		advise(f, "sign the modules with a key that the machine trusts (\"mokutil "
		       "--import\"), or turn Secure Boot off");
	else
		advise(f, "boot without %s on the kernel's command line, or sign the modules "
		       "with a key that the kernel trusts",
		       locked ? "lockdown=" : "module.sig_enforce");
}

/* Memory that may be pinned */

#define CAP_IPC_LOCK_BIT (1ull << 14)

struct limit {
	bool unlimited;
	uint64_t bytes;
	bool found;
};

/* "Max locked memory         8388608              8388608              bytes" */
static bool limit_line(char *text, void *data)
{
	static const char name[] = "Max locked memory";
	struct limit *limit = data;
	const char *value = text + strlen(name);

	if (strncmp(text, name, strlen(name)))
		return true;
	value += strspn(value, " ");
	limit->unlimited = !strncmp(value, "unlimited", strlen("unlimited"));
	limit->bytes = strtoull(value, NULL, 10);
	limit->found = true;
	return false;
}

static bool capability_line(char *text, void *data)
{
	bool *may = data;

	if (strncmp(text, "CapEff:", strlen("CapEff:")))
		return true;
	*may = strtoull(text + strlen("CapEff:"), NULL, 16) & CAP_IPC_LOCK_BIT;
	return false;
}

/* The initial user namespace maps all users to themselves. */
static bool user_map_line(char *text, void *data)
{
	bool *initial = data;
	unsigned int inside, outside, count;

	*initial = sscanf(text, "%u %u %u", &inside, &outside, &count) == 3 && !inside &&
		   !outside && count == UINT_MAX;
	return false;
}

/* RDMA asks for the capability in the initial user namespace, which is not that of a container. */
static bool may_lock_all(void)
{
	bool may = false, initial = true;

	pb_each_line("/proc/self/status", capability_line, &may);
	pb_each_line("/proc/self/uid_map", user_map_line, &initial);
	return may && initial;
}

/*
 * Registering a BAR does not count against the limit, but registering the host memory on the
 * other side does. As an example of a program, check for what "peerbar mr test" pins.
 */
void check_memlock(const struct doctor *d, struct finding *f)
{
	uint64_t need = plan_memory_size(PLAN_MAX_OP);
	struct limit limit = { 0 };

	(void)d;
	if (may_lock_all()) {
		found_ok(f, "this process may pin any amount of memory (CAP_IPC_LOCK)");
		return;
	}
	if (pb_each_line("/proc/self/limits", limit_line, &limit) || !limit.found)
		return;
	if (limit.unlimited || limit.bytes >= need) {
		found_ok(f, "the limit of pinned memory is %s",
			 limit.unlimited ? "off" : "enough for \"peerbar mr test\"");
		return;
	}
	found_failure(f, "this process may pin %" PRIu64 " KiB, \"peerbar mr test\" pins %" PRIu64
		      " KiB of host memory", limit.bytes >> 10, need >> 10);
	advise(f, "raise the limit of this shell, and for good in /etc/security/limits.conf "
	       "(memlock)");
	command(f, "prlimit --pid %d --memlock=unlimited:unlimited", (int)getppid());
}

static bool debugfs_line(char *text, void *data)
{
	bool *found = data;

	*found = strstr(text, " debugfs ");
	return !*found;
}

void check_debugfs(const struct doctor *d, struct finding *f)
{
	bool mounted = false;

	(void)d;
	if (!pb_our_driver())
		return;
	if (pb_each_line("/proc/self/mounts", debugfs_line, &mounted))
		return;
	if (mounted) {
		found_ok(f, "debugfs is mounted: \"peerbar export show\" sees what is exported");
		return;
	}
	found_warning(f, "debugfs is not mounted: what peerbar-vfio-pci exports cannot be seen");
	advise(f, "mount it");
	command(f, "mount -t debugfs debugfs /sys/kernel/debug");
}
