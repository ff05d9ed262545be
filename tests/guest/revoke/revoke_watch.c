// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * revoke_watch: a program that has a dma-buf learns when access is taken away, why, and when it is
 * back; see kernel/peerbar_watch.h. It learns nothing that is not its business, and delays nobody.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/udmabuf.h>

#include "../../../kernel/peerbar_watch.h"
#include "lib/census.h"
#include "lib/clock.h"
#include "lib/kmsg.h"
#include "lib/pci.h"
#include "lib/rig.h"
#include "lib/tap.h"
#include "lib/watchdog.h"

#define SPAN (4 * MIB)
#define LIMIT_S 120u
#define NOBODY 65534

static struct rig rig;

/* A watch of @dmabuf that does not block. */
static int watch(int dmabuf)
{
	int fd = peerbar_watch(dmabuf);

	if (fd < 0)
		tap_die("watch", "%s", peerbar_errmsg());
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static short polled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) < 0 ? (short)-1 : p.revents;
}

/* The change that must be there to read. */
static struct peerbar_access news(int fd, const char *name)
{
	struct peerbar_access a = { 0 };
	int ret = peerbar_watch_read(fd, &a);

	if (ret != 1)
		tap_check(false, name, "nothing to read: %d", ret);
	return a;
}

static void expect(const char *name, const struct peerbar_access *a, enum peerbar_state state,
		   uint64_t revokes, const char *reasons)
{
	tap_check(a->state == state && a->revokes == revokes && !strcmp(a->reasons, reasons), name,
		  "state %d, revokes %ju, reasons \"%s\"; not %d, %ju, \"%s\"", a->state,
		  (uintmax_t)a->revokes, a->reasons, state, (uintmax_t)revokes, reasons);
}

/* Requests that the node refuses */

static int ask(unsigned long request, const void *arg)
{
	int fd = open(PEERBAR_WATCH_PATH, O_RDWR | O_CLOEXEC), ret;

	ret = fd < 0 ? -errno : ioctl(fd, request, arg);
	ret = ret < 0 && fd >= 0 ? -errno : ret;
	close(fd);
	return ret;
}

/* A dma-buf of memory; -1: this kernel has no udmabuf. */
static int foreign_buffer(void)
{
	struct udmabuf_create arg = { .size = 4096 };
	int memfd = memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING), fd;
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);

	if (ftruncate(memfd, 4096) || fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		tap_die("udmabuf", "%s", strerror(errno));
	arg.memfd = (uint32_t)memfd;
	fd = device < 0 ? -1 : ioctl(device, UDMABUF_CREATE, &arg);
	close(memfd);
	if (device >= 0)
		close(device);
	return fd;
}

static void check_wrong(void)
{
	int none = -1, file = open("/dev/null", O_RDONLY | O_CLOEXEC), foreign = foreign_buffer();

	tap_check(ask(PEERBAR_WATCH, &none) == -EBADF, "watch: no descriptor", "not EBADF");
	tap_check(ask(PEERBAR_WATCH, &file) == -EINVAL, "watch: not a dma-buf", "not EINVAL");
	tap_check(ask(PEERBAR_WATCH, NULL) == -EFAULT, "watch: no address", "not EFAULT");
	tap_check(ask(PEERBAR_WATCH + 1, &file) == -ENOTTY, "watch: another request", "not ENOTTY");
	if (foreign < 0)
		tap_skip("watch: another exporter's dma-buf", "this kernel has no udmabuf");
	else
		tap_check(ask(PEERBAR_WATCH, &foreign) == -EOPNOTSUPP,
			  "watch: another exporter's dma-buf", "not EOPNOTSUPP");
	close(foreign);
	close(file);
}

/* The states of a buffer, one after the other */

static void check_first(int fd, uint64_t *revokes)
{
	char bytes[sizeof(struct peerbar_watch_status)];
	struct peerbar_access a;

	tap_check(polled(fd) == POLLIN, "watch: readable at first", "%#x", polled(fd));
	tap_check(read(fd, bytes, sizeof(bytes) - 1) < 0 && errno == EINVAL,
		  "watch: a read that is too short", "not EINVAL");
	a = news(fd, "watch: at first");
	*revokes = a.revokes;
	tap_check(a.state == PEERBAR_USABLE, "watch: usable at first", "state %d", a.state);
	tap_check(!polled(fd) && peerbar_watch_read(fd, &a) == -EAGAIN,
		  "watch: nothing new after that", "%#x", polled(fd));
	tap_check(write(fd, "", 1) < 0, "watch: not writable", "it is");
}

static void check_memory(int fd, uint64_t *revokes)
{
	struct peerbar_access a;

	rig_set_memory(&rig, false);
	tap_check(polled(fd) == POLLIN, "watch: memory off: readable", "%#x", polled(fd));
	a = news(fd, "watch: memory off");
	/* before it is known what is written, the write itself is the reason */
	expect("watch: memory off", &a, PEERBAR_REVOKED, ++*revokes, "config-write");
	rig_set_memory(&rig, true);
	a = news(fd, "watch: memory on");
	expect("watch: memory on", &a, PEERBAR_USABLE, *revokes, "config-write");
	tap_check(a.changed_ns && a.changed_ns / 1000 <= now_us(), "watch: when it changed", "%ju",
		  (uintmax_t)a.changed_ns);
}

/* A change back that is over before anybody looks is not lost. */
static void check_reset(int fd, uint64_t *revokes)
{
	struct peerbar_access a;

	if (peerbar_reset(rig.dev))
		tap_die("watch", "%s", peerbar_errmsg());
	a = news(fd, "watch: reset");
	/* the library then turns memory on again, which is a revoke of its own */
	*revokes += 2;
	expect("watch: reset, and usable again", &a, PEERBAR_USABLE, *revokes,
	       "reset-ioctl,config-write");
	if (pci_poke(rig_gpu(), "reset"))
		tap_die("watch", "sysfs reset: %s", strerror(errno));
	a = news(fd, "watch: reset by others");
	expect("watch: reset by others", &a, PEERBAR_USABLE, ++*revokes, "reset");
}

/* A reader who waits */

struct reader {
	int fd;
	atomic_bool done;
	struct peerbar_access access;
	int ret;
};

static void *read_one(void *data)
{
	struct reader *r = data;

	r->ret = peerbar_watch_read(r->fd, &r->access);
	r->done = true;
	return NULL;
}

static void ignore(int number)
{
	(void)number;
}

static void check_waiting(int dmabuf)
{
	struct sigaction act = { .sa_handler = ignore };
	struct reader r = { .fd = peerbar_watch(dmabuf) };
	pthread_t thread;

	sigaction(SIGUSR1, &act, NULL);
	peerbar_watch_read(r.fd, &r.access);
	pthread_create(&thread, NULL, read_one, &r);
	sleep_us(100000);
	tap_check(!r.done, "watch: a read waits for news", "%d", r.ret);
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	tap_check(r.ret == -EINTR, "watch: a signal ends the wait", "%d", r.ret);

	pthread_create(&thread, NULL, read_one, &r);
	sleep_us(100000);
	rig_set_memory(&rig, false);
	pthread_join(thread, NULL);
	tap_check(r.ret == 1 && r.access.state == PEERBAR_REVOKED, "watch: a revoke ends the wait",
		  "%d, state %d", r.ret, r.access.state);
	rig_set_memory(&rig, true);
	close(r.fd);
}

/* The end, and what is after it */

/* @fd: a watch of a buffer whose device is closed. */
static void check_gone(int fd, const char *name)
{
	struct peerbar_access a, after;

	tap_check(polled(fd) == (POLLIN | POLLHUP), "watch: closed: readable, and the end", "%#x",
		  polled(fd));
	a = news(fd, name);
	expect(name, &a, PEERBAR_GONE, a.revokes, "close");
	tap_check(!peerbar_watch_read(fd, &after), "watch: nothing comes after that",
		  "there is something");
	tap_check(polled(fd) == POLLHUP, "watch: and poll() says so", "%#x", polled(fd));
}

static void next_owner_resets(void)
{
	rig_open_device(&rig);
	rig_map_bar(&rig);
	if (peerbar_reset(rig.dev))
		tap_die("watch", "%s", peerbar_errmsg());
}

/* The last owner's revokes are not the next one's, who has made none but by opening the device. */
static void check_new_owner(uint64_t revokes_before)
{
	int dmabuf = rig_export(&rig), fd = watch(dmabuf);
	struct peerbar_access a = news(fd, "watch: a buffer of the next owner");

	tap_check(a.revokes < revokes_before, "watch: the next owner's revokes begin anew",
		  "%ju, after %ju", (uintmax_t)a.revokes, (uintmax_t)revokes_before);
	close(fd);
	close(dmabuf);
}

/*
 * What the next owner does is not the business of those who have the last one's buffer, whether
 * they have read of the end by then or not (@late: the next owner comes after that).
 */
static void check_next_owner(bool late)
{
	int dmabuf = rig_export(&rig), fd = watch(dmabuf);
	struct peerbar_access a;

	close(dmabuf);
	rig_unmap_bar(&rig);
	peerbar_close(rig.dev);
	if (late) {
		a = news(fd, "watch: a buffer of the last owner");
		next_owner_resets();
		check_new_owner(a.revokes);
		tap_check(polled(fd) == POLLHUP && !peerbar_watch_read(fd, &a),
			  "watch: it is not told of the next owner's resets", "%#x", polled(fd));
	} else {
		next_owner_resets();
		a = news(fd, "watch: a buffer of the last owner");
		expect("watch: read late, it ends with the last owner", &a, PEERBAR_GONE,
		       a.revokes, "close");
	}
	close(fd);
}

/* An owner in another process, who is killed; this one has no more than the dma-buf. */
static void check_killed_owner(void)
{
	int dmabuf, fd;

	rig_unmap_bar(&rig);
	peerbar_close(rig.dev);
	rig.dev = NULL;
	owner_start(&rig.owner, SPAN);
	dmabuf = rig_export(&rig);
	fd = watch(dmabuf);
	news(fd, "watch: another process's buffer");
	owner_kill(&rig.owner);
	check_gone(fd, "watch: its owner is killed");
	close(fd);
	close(dmabuf);
	rig_open_device(&rig);
	rig_map_bar(&rig);
}

/* What users may do with watches */

/* A child without rights, that has a dma-buf: it may know. */
static void check_nobody(int dmabuf)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(setgid(NOBODY) || setuid(NOBODY) || ask(PEERBAR_WATCH, &dmabuf) < 0);
	waitpid(pid, &status, 0);
	tap_check(!status, "watch: an ordinary user who has the dma-buf may watch it", "status %#x",
		  status);
}

/* A watch is a descriptor like others: it counts, and it goes when it is closed. */
static void check_many(int dmabuf)
{
	struct rlimit limit;
	unsigned int n = 0;
	int fd[1024];

	getrlimit(RLIMIT_NOFILE, &limit);
	while (n < 1024 && (fd[n] = ask(PEERBAR_WATCH, &dmabuf)) >= 0)
		n++;
	tap_check(n == 1024 || errno == EMFILE, "watch: as many as there are descriptors", "%u: %s",
		  n, strerror(errno));
	rig_set_memory(&rig, false);
	rig_set_memory(&rig, true);
	tap_check(polled(fd[n - 1]) == POLLIN, "watch: all of them are told",
		  "not the last of %u", n);
	while (n)
		close(fd[--n]);
}

/* A watch is all that is left of a buffer: it keeps it, and the module with it. */
static void check_lifetime(void)
{
	struct census before, with, after;
	int dmabuf, fd;

	census_take(&before, rig_ibdev());
	dmabuf = rig_export(&rig);
	fd = watch(dmabuf);
	close(dmabuf);
	census_take(&with, rig_ibdev());
	tap_check(with.dmabufs == before.dmabufs + 1, "watch: it keeps the dma-buf",
		  "%ju, then %ju", (uintmax_t)before.dmabufs, (uintmax_t)with.dmabufs);
	close(fd);
	census_take(&after, rig_ibdev());
	census_check(&before, &after, "watch: nothing is left when it is closed");
}

/* Readers and revokes at once: no revoke is lost, and none is counted twice. */
static void check_race(int dmabuf)
{
	struct peerbar_access first, last;
	unsigned int rounds = 300, reads = 0;
	uint64_t seen;
	int fd = watch(dmabuf);

	first = news(fd, "watch: race");
	seen = first.revokes;
	last = first;
	for (unsigned int i = 0; i < rounds; i++) {
		rig_set_memory(&rig, false);
		rig_set_memory(&rig, true);
		if (i % 3)
			continue;
		last = news(fd, "watch: race");
		reads++;
		if (last.revokes < seen || last.state != PEERBAR_USABLE)
			break;
		seen = last.revokes;
	}
	if (peerbar_watch_read(fd, &last) < 0)
		last = first;
	/* a write that turns memory on revokes nothing: nothing is usable then */
	tap_check(last.revokes == first.revokes + rounds, "watch: every revoke counts once",
		  "%ju after %u, %u reads", (uintmax_t)(last.revokes - first.revokes), rounds,
		  reads);
	close(fd);
}

/* The kernel's exporter tells nobody, and the library says what to do. */
static void check_others(void)
{
	int dmabuf, ret;

	rig_open_device(&rig);
	rig.span = SPAN;
	dmabuf = rig_export(&rig);
	ret = peerbar_watch(dmabuf);
	tap_check(ret == -ENOTSUP && strstr(peerbar_errmsg(), "peerbar_event_fd()"),
		  "watch: the kernel's exporter cannot tell", "%d: %s", ret, peerbar_errmsg());
	close(dmabuf);
	peerbar_close(rig.dev);
}

static void check_ours(void)
{
	uint64_t revokes;
	int dmabuf, fd;

	rig_open(&rig, SPAN, SPAN, 8);
	dmabuf = rig_export(&rig);
	fd = watch(dmabuf);
	check_wrong();
	check_first(fd, &revokes);
	check_memory(fd, &revokes);
	check_reset(fd, &revokes);
	check_waiting(dmabuf);
	check_nobody(dmabuf);
	check_many(dmabuf);
	check_race(dmabuf);
	close(fd);
	close(dmabuf);
	check_lifetime();
	check_next_owner(true);
	check_next_owner(false);
	check_killed_owner();
	rig_close(&rig);
}

int main(void)
{
	uint64_t log = kmsg_position();

	watchdog_set(LIMIT_S, "revoke watch");
	if (rig_exporter_is_ours())
		check_ours();
	else
		check_others();
	watchdog_clear();
	kmsg_check(log);
	return tap_exit_status();
}
