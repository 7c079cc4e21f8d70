/* Version 2 cgroups have no devices controller: a small BPF program on the cgroup decides. @source man bpf(2) */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup.h"
#include "executor.h"

int op_cgroup_devices(struct executor *executor, const struct operation *operation)
{
	const char *path = operation->arguments[CGROUP_DEVICES_PATH].string;
	union value program = operation->arguments[CGROUP_DEVICES_PROGRAM];
	union bpf_attr attr;
	memset(&attr, 0, sizeof attr);
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)program.bytes.data;
	attr.insn_cnt = program.bytes.size / 8;
	attr.license = (uintptr_t) "Apache";
	int loaded = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
	if (loaded < 0)
		return FAIL_CALL(executor, "bpf(2)", "loading the device program of \"%s\"", path);
	int cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = 0;
	memset(&attr, 0, sizeof attr);
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)loaded;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (cgroup < 0 || !is_cgroup_fd(cgroup))
		result = FAIL(executor, "attaching the device program to \"%s\": it is not a cgroup", path);
	else if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof attr) < 0)
		result = FAIL_CALL(executor, "bpf(2)", "attaching the device program to \"%s\"", path);
	if (cgroup >= 0)
		close(cgroup);
	close(loaded); /* the cgroup holds it now */
	return result;
}
