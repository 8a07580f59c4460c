// SPDX-License-Identifier: Apache-2.0
/*
 * devkey.c - Give a cgroup a device program that lets everything through
 *
 * Usage: devkey CGROUP
 *
 * While any cgroup has one, the kernel's checks of devices are on; it patches its own code to turn
 * them on and off, which QEMU's emulation of two processors does not always survive. So the VM's
 * guests begin with one that stays (with its cgroup), and no container's is the first or last.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int main(int argc, char **argv)
{
	struct bpf_insn allow[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)allow,
		.insn_cnt = sizeof(allow) / sizeof(*allow),
		.license = (uintptr_t) "Apache-2.0",
	};
	union bpf_attr attach = { .attach_type = BPF_CGROUP_DEVICE,
				  .attach_flags = BPF_F_ALLOW_MULTI };
	int cgroup, program;

	if (argc != 2)
		return 2;
	cgroup = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	program = cgroup < 0 ? -1 : bpf(BPF_PROG_LOAD, &load);
	if (program >= 0) {
		attach.target_fd = (unsigned int)cgroup;
		attach.attach_bpf_fd = (unsigned int)program;
		if (bpf(BPF_PROG_ATTACH, &attach) == 0)
			return 0;
	}
	fprintf(stderr, "devkey: %s: %s\n", argv[1], strerror(errno));
	return 1;
}
