// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The control socket: its commands, and clients that send nonsense, stop in the middle of a
 * line, send too much or never read. No client may disturb another.
 */
#include "fixture.h"

#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/sock.h"
#include "core/control.h"
#include "efa_driver.h"

/* ---- commands ---- */

static struct json_object *answer(struct fixture *f, const char *line)
{
	char *text = ctl_answer(&f->nic, line, strlen(line));
	struct json_object *o;

	assert_non_null(text);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);	/* one line */
	o = json_tokener_parse(text);
	assert_non_null(o);
	free(text);
	assert_int_equal(f->nic.gate.hosts, 0);
	return o;
}

static struct json_object *at(struct json_object *o, const char *name)
{
	struct json_object *found = NULL;

	assert_true(json_object_object_get_ex(o, name, &found));
	return found;
}

static void expect_ok(struct fixture *f, const char *line)
{
	struct json_object *o = answer(f, line);

	assert_true(json_object_get_boolean(at(o, "ok")));
	json_object_put(o);
}

static void expect_error(struct fixture *f, const char *line, const char *error)
{
	struct json_object *o = answer(f, line);

	assert_false(json_object_get_boolean(at(o, "ok")));
	assert_string_equal(json_object_get_string(at(o, "error")), error);
	json_object_put(o);
}

static void test_ping(void **state)
{
	struct fixture *f = *state;

	expect_ok(f, "{\"cmd\":\"ping\"}");
	expect_ok(f, " \t{\"cmd\": \"ping\"}\r\n");
	assert_null(ctl_answer(&f->nic, "", 0));
	assert_null(ctl_answer(&f->nic, "\n", 1));
	assert_null(ctl_answer(&f->nic, "\r\n", 2));
}

static void test_nonsense(void **state)
{
	static const char *const not_json[] = {
		"hello", "{", "}", "{\"cmd\":\"ping\"", "{\"cmd\":\"ping\"}x", "{'cmd':'ping'}",
		"{\"cmd\":\"ping\"}{\"cmd\":\"ping\"}", "\xff\xfe{\"cmd\":\"ping\"}",
		"{\"cmd\":\"\xff\"}", "~\x7f\x01",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(not_json) / sizeof(not_json[0]); i++)
		expect_error(f, not_json[i], "not JSON");
	expect_error(f, "[]", "not an object with a \"cmd\"");
	expect_error(f, "{}", "not an object with a \"cmd\"");
	expect_error(f, "{\"cmd\":1}", "not an object with a \"cmd\"");
	expect_error(f, "{\"cmd\":\"reboot\"}", "no such command: reboot");
}

static void test_stats(void **state)
{
	struct fixture *f = *state;
	struct json_object *o;
	uint8_t byte = 0;

	nic_dma_write(&f->nic, 0x1000, &byte, 1, 0);
	o = answer(f, "{\"cmd\":\"stats\"}");
	assert_true(json_object_get_boolean(at(o, "ok")));
	assert_int_equal(json_object_get_int(at(at(o, "stray"), "total")), 1);
	json_object_put(o);
}

static void test_fault(void **state)
{
	struct fixture *f = *state;
	struct json_object *o;

	o = answer(f, "{\"cmd\":\"fault\",\"set\":[\"ignore-dereg=1\",\"drop-cqe=3\"]}");
	assert_true(json_object_get_boolean(at(at(o, "faults"), "ignore-dereg")));
	assert_int_equal(json_object_get_int(at(at(o, "faults"), "drop-cqe")), 3);
	json_object_put(o);
	assert_true(efa_fault(&f->nic.fault)->ignore_dereg);
	assert_int_equal(f->nic.fault.drop_cqe, 3);
	/* all or nothing */
	expect_error(f, "{\"cmd\":\"fault\",\"set\":[\"drop-cqe=9\",\"no\"]}",
		     "no such fault switch: no");
	expect_error(f, "{\"cmd\":\"fault\",\"set\":[\"drop-cqe=9\",\"drop-acq=x\"]}",
		     "bad value: drop-acq=x");
	expect_error(f, "{\"cmd\":\"fault\",\"set\":[\"drop-cqe=9\",4]}",
		     "\"set\" must be a list of strings");
	expect_error(f, "{\"cmd\":\"fault\",\"set\":[null]}",
		     "\"set\" must be a list of strings");
	expect_error(f, "{\"cmd\":\"fault\",\"set\":\"drop-cqe=9\"}",
		     "\"set\" must be a list of settings");
	expect_error(f, "{\"cmd\":\"fault\"}", "\"set\" must be a list of settings");
	assert_int_equal(f->nic.fault.drop_cqe, 3);
}

static void test_clear(void **state)
{
	struct fixture *f = *state;
	uint8_t byte = 0;

	nic_dma_write(&f->nic, 0x1000, &byte, 1, 0);
	fixture_efa(f)->count.doorbells = 5;
	pci_raise(&f->nic.pci, 0);
	expect_ok(f, "{\"cmd\":\"fault\",\"set\":[\"drop-cqe=3\"]}");
	f->nic.gate.kicked = false;
	expect_ok(f, "{\"cmd\":\"clear\"}");
	assert_int_equal(f->nic.fault.drop_cqe, 0);
	assert_int_equal(stray_total(&f->nic.stray), 0);
	assert_int_equal(f->nic.stray.noted, 0);
	assert_int_equal(fixture_efa(f)->count.doorbells, 0);
	assert_int_equal(f->nic.pci.raised, 0);
	assert_true(f->nic.gate.kicked);	/* work that was held back is resumed */
}

/* A command that waits in a stalled admin queue is executed when the stall ends. */
static void resumes_after(struct driver *d, const char *line)
{
	struct rsp rsp;

	expect_ok(d->f, "{\"cmd\":\"fault\",\"set\":[\"stall-aq\"]}");
	drv_queue(d, drv_cmd(EFA_CMD_ALLOC_PD));
	drv_ring(d);
	assert_false(drv_poll(d, &rsp));
	expect_ok(d->f, line);
	assert_true(drv_poll(d, &rsp));
}

static void test_stalled_queue_resumes(void **state)
{
	struct driver *d = *state;

	resumes_after(d, "{\"cmd\":\"fault\",\"set\":[\"stall-aq=0\"]}");
	resumes_after(d, "{\"cmd\":\"clear\"}");
}

/* ---- clients ---- */

struct stage {
	struct fixture *f;
	struct ctl *ctl;
	char dir[32], path[64];
};

static int stage_setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));
	int fd;

	assert_non_null(s);
	fixture_setup((void **)&s->f);
	strcpy(s->dir, "/tmp/ctl.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/sock", s->dir);
	fd = sock_listen(s->path, 32);
	assert_true(fd >= 0);
	s->ctl = ctl_start(&s->f->nic, fd);
	assert_non_null(s->ctl);
	*state = s;
	return 0;
}

static int stage_teardown(void **state)
{
	struct stage *s = *state;

	ctl_stop(s->ctl);
	unlink(s->path);
	rmdir(s->dir);
	fixture_teardown((void **)&s->f);
	free(s);
	return 0;
}

static int connect_to(const struct stage *s)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(addr.sun_path, s->path, sizeof(s->path));
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	size_t len = strlen(text);

	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

/* One line from the device, without the newline; fails if none comes. */
static void hear(int fd, char *line, size_t size)
{
	size_t len = 0;

	for (;;) {
		struct pollfd set = { .fd = fd, .events = POLLIN };

		assert_int_equal(poll(&set, 1, 10000), 1);
		assert_true(len < size);
		assert_int_equal(recv(fd, line + len, 1, 0), 1);
		if (line[len] == '\n')
			break;
		len++;
	}
	line[len] = '\0';
}

static void expect_line(int fd, const char *want)
{
	char line[256];

	hear(fd, line, sizeof(line));
	assert_string_equal(line, want);
}

#define PING	"{\"cmd\":\"ping\"}\n"
#define OK	"{\"ok\":true}"
#define TOO_LONG "{\"ok\":false,\"error\":\"line too long\"}"
#define NOT_JSON "{\"ok\":false,\"error\":\"not JSON\"}"

static void test_lines(void **state)
{
	struct stage *s = *state;
	int fd = connect_to(s);

	say(fd, PING PING "\r\n\n" PING);
	for (int i = 0; i < 3; i++)
		expect_line(fd, OK);
	for (const char *c = PING; *c; c++)
		say(fd, (char[2]) { *c });
	expect_line(fd, OK);
	say(fd, "\x1b[2J garbage of a boot\r\n" PING);
	expect_line(fd, NOT_JSON);
	expect_line(fd, OK);
	close(fd);
}

static void test_clients_are_apart(void **state)
{
	struct stage *s = *state;
	int a = connect_to(s), b = connect_to(s);

	say(a, "{\"cmd\":");
	say(b, PING);
	expect_line(b, OK);
	close(b);
	say(a, "\"ping\"}\n");
	expect_line(a, OK);
	b = connect_to(s);
	say(b, "{\"cmd\":\"pi");
	close(b);			/* in the middle of a line */
	say(a, PING);
	expect_line(a, OK);
	close(a);
}

static void test_overlong_lines(void **state)
{
	static char line[3 * CTL_MAX_LINE];
	struct stage *s = *state;
	int fd = connect_to(s);

	memset(line, 'x', sizeof(line) - 1);
	say(fd, line);
	say(fd, "\n" PING);
	expect_line(fd, TOO_LONG);
	expect_line(fd, OK);
	line[CTL_MAX_LINE - 1] = '\0';	/* the longest that fits */
	say(fd, line);
	say(fd, "\n");
	expect_line(fd, NOT_JSON);
	say(fd, line);
	say(fd, "x\n" PING);
	expect_line(fd, TOO_LONG);
	expect_line(fd, OK);
	close(fd);
}

/* Ask until the device's answers fill the socket, and read none of them. */
static unsigned int ask_without_reading(int fd)
{
	const char ask[] = "{\"cmd\":\"stats\"}\n";
	struct pollfd set = { .fd = fd, .events = POLLOUT };
	unsigned int asked = 0;

	while (poll(&set, 1, 300) == 1 && asked < 1000000) {
		ssize_t n = send(fd, ask, sizeof(ask) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			break;
		assert_int_equal(n, sizeof(ask) - 1);
		asked++;
	}
	return asked;
}

static void test_client_that_does_not_read(void **state)
{
	static char report[1 << 20];
	struct stage *s = *state;
	int deaf = connect_to(s), other = connect_to(s);
	unsigned int asked = ask_without_reading(deaf);

	assert_in_range(asked, 10, 999999);	/* the device stopped reading at some point */
	say(other, PING);
	expect_line(other, OK);
	for (unsigned int i = 0; i < asked; i++) {	/* and nothing was lost */
		hear(deaf, report, sizeof(report));
		assert_non_null(strstr(report, "\"stray\""));
	}
	close(deaf);
	say(other, PING);
	expect_line(other, OK);
	close(other);
}

static void test_too_many_clients(void **state)
{
	struct stage *s = *state;
	int fd[CTL_MAX_CLIENTS + 1];

	for (unsigned int i = 0; i < CTL_MAX_CLIENTS + 1; i++)
		fd[i] = connect_to(s);
	say(fd[CTL_MAX_CLIENTS], PING);
	for (unsigned int i = 0; i < CTL_MAX_CLIENTS; i++) {
		say(fd[i], PING);
		expect_line(fd[i], OK);
	}
	close(fd[0]);			/* makes room for the client that waits */
	expect_line(fd[CTL_MAX_CLIENTS], OK);
	for (unsigned int i = 1; i < CTL_MAX_CLIENTS + 1; i++)
		close(fd[i]);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)
#define STAGE_TEST(t) cmocka_unit_test_setup_teardown(t, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ping),
		TEST(test_nonsense),
		TEST(test_stats),
		TEST(test_fault),
		TEST(test_clear),
		driver_test(test_stalled_queue_resumes),
		STAGE_TEST(test_lines),
		STAGE_TEST(test_clients_are_apart),
		STAGE_TEST(test_overlong_lines),
		STAGE_TEST(test_client_that_does_not_read),
		STAGE_TEST(test_too_many_clients),
	};

	return cmocka_run_group_tests_name("ctl", tests, NULL, NULL);
}
