// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * without_devices CMD...: run a command in a device control group, as container managers make
 * them, that admits only memory devices (/dev/null and the like) and terminals. Every other
 * device node is refused with EPERM, also for root.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#define ROOT "/tmp/without_devices.cgroup"
#define GROUP ROOT "/none"
#define MEMORY_MAJOR 1
#define TTY_MAJOR 5

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* r2 = context->major; return r2 == MEMORY_MAJOR || r2 == TTY_MAJOR */
static int load_program(void)
{
	static const struct bpf_insn program[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 1, .off = 4 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 1 },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 2, .off = 2, .imm = MEMORY_MAJOR },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 2, .off = 1, .imm = TTY_MAJOR },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)program,
		.insn_cnt = sizeof(program) / sizeof(program[0]),
		.license = (uintptr_t)"Dual BSD/GPL",
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

static void attach(int group, int program)
{
	union bpf_attr attr = {
		.target_fd = group, .attach_bpf_fd = program,
		.attach_type = BPF_CGROUP_DEVICE,
	};

	if (program < 0 || bpf(BPF_PROG_ATTACH, &attr))
		err(2, "device control group");
}

static void enter(void)
{
	FILE *file = fopen(GROUP "/cgroup.procs", "w");

	if (!file || fprintf(file, "%d", getpid()) < 0 || fclose(file))
		err(2, "enter " GROUP);
}

int main(int argc, char **argv)
{
	int group;

	if (argc < 2)
		errx(2, "usage: without_devices CMD...");
	mkdir(ROOT, 0755);
	if (access(ROOT "/cgroup.procs", F_OK) &&
	    mount("cgroup2", ROOT, "cgroup2", 0, NULL))
		err(2, "mount " ROOT);
	mkdir(GROUP, 0755);
	group = open(GROUP, O_RDONLY | O_DIRECTORY);
	if (group < 0)
		err(2, GROUP);
	attach(group, load_program());
	enter();
	execvp(argv[1], argv + 1);
	err(2, "%s", argv[1]);
}
