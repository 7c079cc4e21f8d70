/*
 * Who the program is and what it may do: ids, capabilities, limits, seccomp. Raw system calls for ids: the C library would
 * signal threads that do not exist.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "executor.h"
#include "listener.h"
#include "process.h"
#include "program.h"

#define MAX_GROUPS 4096

int op_rlimit(struct executor *executor, const struct operation *operation)
{
	const union value *arguments = operation->arguments;
	struct rlimit limit = { (rlim_t)arguments[RLIMIT_SOFT].number, (rlim_t)arguments[RLIMIT_HARD].number };
	int resource = (int)arguments[RLIMIT_RESOURCE].number;
	if (setrlimit(resource, &limit) < 0)
		return FAIL_CALL(executor, "setrlimit(2)", "setting resource limit %d to %llu:%llu", resource,
		                 (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
	return 0;
}

int op_umask(struct executor *executor, const struct operation *operation)
{
	(void)executor;
	umask((mode_t)operation->arguments[UMASK_MASK].number & 0777);
	return 0;
}

int op_no_new_privs(struct executor *executor, const struct operation *operation)
{
	(void)operation;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return FAIL_CALL(executor, "prctl(2)", "forbidding new privileges");
	return 0;
}

int op_capability_bounding(struct executor *executor, const struct operation *operation)
{
	uint64_t keep = operation->arguments[CAPABILITY_BOUNDING_KEEP].number;
	for (int capability = 0; capability < 64; capability++) {
		int has = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
		if (has < 0)
			break; /* the kernel knows no further one */
		if (has && !(keep >> capability & 1) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			return FAIL_CALL(executor, "prctl(2)", "dropping capability %d from the bounding set", capability);
	}
	return 0;
}

int op_setgroups(struct executor *executor, const struct operation *operation)
{
	static gid_t groups[MAX_GROUPS];
	const char *text = operation->arguments[SETGROUPS_GIDS].string;
	size_t count = 0;
	while (*text != '\0') {
		char *end;
		unsigned long gid = strtoul(text, &end, 10);
		if (end == text || gid > 0xfffffffeul || count == MAX_GROUPS)
			return FAIL(executor, "setting groups \"%s\": expected at most %d numbers", text, MAX_GROUPS);
		groups[count++] = (gid_t)gid;
		text = *end == ' ' || *end == ',' ? end + 1 : end;
	}
	if (syscall(SYS_setgroups, count, groups) < 0) {
		if (errno != EPERM || count > 0 || !executor->in_new_user_namespace)
			return FAIL_CALL(executor, "setgroups(2)", "setting groups");
		executor->tolerated = EPERM; /* setgroups is denied in this user namespace: there are none to drop */
	}
	return 0;
}

int op_setgid(struct executor *executor, const struct operation *operation)
{
	uint64_t gid = operation->arguments[SETGID_GID].number;
	if (syscall(SYS_setresgid, gid, gid, gid) < 0)
		return FAIL_CALL(executor, "setresgid(2)", "setting group %llu", (unsigned long long)gid);
	die_with_runtime(executor);
	return 0;
}

/* The program must be able to reopen its own streams through /proc/self/fd. Pipes and terminals, never a device of all. */
static void own_standard_streams(uid_t uid)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat status;
		if (fstat(fd, &status) < 0 || status.st_uid == uid)
			continue;
		if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) ||
		    (S_ISCHR(status.st_mode) && major(status.st_rdev) >= 136 && major(status.st_rdev) < 144))
			if (fchown(fd, uid, (gid_t)-1) < 0)
				continue; /* EPERM for an unmapped id, EROFS: it works without */
	}
}

/* The permitted set survives the change of ids until capset. @source man capabilities(7) */
int op_setuid(struct executor *executor, const struct operation *operation)
{
	uid_t uid = (uid_t)operation->arguments[SETUID_UID].number;
	own_standard_streams(uid);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return FAIL_CALL(executor, "prctl(2)", "keeping capabilities");
	if (syscall(SYS_setresuid, uid, uid, uid) < 0)
		return FAIL_CALL(executor, "setresuid(2)", "setting user %u", uid);
	prctl(PR_SET_DUMPABLE, 0); /* fs.suid_dumpable says what it is now */
	die_with_runtime(executor);
	return executor->postponed_chdir ? enter_working_directory(executor, executor->postponed_chdir) : 0;
}

int op_capset(struct executor *executor, const struct operation *operation)
{
	const union value *arguments = operation->arguments;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	for (int half = 0; half < 2; half++) {
		data[half].effective = (uint32_t)(arguments[CAPSET_EFFECTIVE].number >> (32 * half));
		data[half].permitted = (uint32_t)(arguments[CAPSET_PERMITTED].number >> (32 * half));
		data[half].inheritable = (uint32_t)(arguments[CAPSET_INHERITABLE].number >> (32 * half));
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return FAIL_CALL(executor, "capset(2)", "setting the capability sets");
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	return 0;
}

int op_capability_ambient(struct executor *executor, const struct operation *operation)
{
	uint64_t mask = operation->arguments[CAPABILITY_AMBIENT_MASK].number;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return FAIL_CALL(executor, "prctl(2)", "clearing the ambient capabilities");
	for (int capability = 0; capability < 64; capability++)
		if ((mask >> capability & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0)
			return FAIL_CALL(executor, "prctl(2)", "raising ambient capability %d", capability);
	return 0;
}

/* @source man seccomp(2) */
int op_seccomp(struct executor *executor, const struct operation *operation)
{
	union value program = operation->arguments[SECCOMP_PROGRAM];
	struct sock_fprog filter = {
		.len = (unsigned short)(program.bytes.size / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)(uintptr_t)program.bytes.data,
	};
	if (program.bytes.size % sizeof(struct sock_filter) != 0 || program.bytes.size / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return FAIL(executor, "installing the seccomp filter: %u bytes are not a program", program.bytes.size);
	unsigned long flags = (unsigned long)operation->arguments[SECCOMP_FLAGS].number;
	bool listens = flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (program_before_filter(executor, listens) < 0)
		return -1;
	long result = listens ? listener_install(executor, &filter, flags)
	                      : syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
	if (result < 0)
		return FAIL_CALL(executor, "seccomp(2)", "installing the seccomp filter");
	executor->filtered = true;
	return 0;
}
