/*
 * The container's first process is made. Where namespaces have to be joined before its birth (a pid namespace takes only children; a
 * user namespace has to own what is made in it; an exec must not be seen before it is inside), a process of its own joins them, by
 * operations of init, and clones it as the runtime's child:
 *
 *     runtime ── fork ──▶ joiner: setns … ── clone(CLONE_PARENT) ──▶ child of the runtime
 *
 * Rule: the runtime itself never leaves a namespace. It has the host's hooks still to run, maps to write and a failure to undo.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/control.h"
#include "cgroup.h"
#include "executor.h"
#include "id-map.h"
#include "syscalls.h"

/* In a user namespace the child has every capability but is nobody until it takes id 0. */
int become_root_of_user_namespace(struct executor *executor)
{
	executor->in_new_user_namespace = true;
	prctl(PR_SET_DUMPABLE, 0);
	if (setgroups(0, NULL) < 0 && errno != EPERM) /* EPERM: /proc/<pid>/setgroups says deny */
		return FAIL_CALL(executor, "setgroups(2)", "dropping groups in the user namespace");
	if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0)
		return FAIL_CALL(executor, "setresuid(2)", "becoming root of the user namespace");
	die_with_runtime(executor);
	return 0;
}

/* What is true of every process that acts as init. The kernel kills it when the runtime dies before its first GO. @source man clone(2) */
static void begin_as_init(struct executor *executor, uint64_t flags)
{
	prctl(PR_SET_NAME, "tlab-runc:init");
	if (executor->peer >= 0) {
		close(executor->socket);
		executor->socket = executor->peer;
		executor->peer = -1;
	}
	die_with_runtime(executor);
	if (flags & CLONE_NEWUSER)
		executor->in_new_user_namespace = executor->awaits_maps = true;
}

/* Refused: cgroup_join will write cgroup.procs, and say what is wrong. */
static int clone_into_cgroup(struct executor *executor, const struct clone_args *args)
{
	struct clone_args into = *args;
	into.flags |= CLONE_INTO_CGROUP;
	into.cgroup = (uint64_t)executor->clone_into;
	executor->shared->cloned_into_cgroup = true;
	int pid = sys_clone3(&into);
	if (pid < 0)
		executor->shared->cloned_into_cgroup = false;
	return pid;
}

/*
 * The joiner of an exec has the container's seccomp filter already, and one that lets programs fork need not know clone3(2): it calls
 * clone(2), whose first three arguments are the same everywhere.
 */
static int clone_anew(const struct clone_args *args)
{
	if (args->flags & CLONE_PARENT)
		return (int)syscall(SYS_clone, args->flags | args->exit_signal, 0, args->parent_tid, 0, 0);
	struct clone_args copy = *args;
	return sys_clone3(&copy);
}

/* 0 in the new process. */
static int make_process(struct executor *executor, const struct clone_args *args)
{
	int pid = executor->clone_into >= 0 ? clone_into_cgroup(executor, args) : -1;
	if (pid < 0)
		pid = clone_anew(args);
	if (pid < 0)
		return args->flags & CLONE_NEWUSER ? fail_user_namespace(executor)
		                                   : FAIL_CALL(executor, "clone(2)", "cloning the container's first process");
	return pid;
}

/*
 * Of an ordinary user the child can be dumped until its first GO: else its id maps belong to root. Nobody can use that: who looks
 * into a process in a user namespace needs capabilities there. @source man PR_SET_DUMPABLE(2const), ptrace(2)
 */
static int make_ready_for_maps(struct executor *executor, const struct clone_args *args)
{
	bool opens = args->flags & CLONE_NEWUSER && geteuid() != 0;
	if (opens)
		prctl(PR_SET_DUMPABLE, 1);
	int pid = make_process(executor, args);
	if (opens && pid != 0)
		prctl(PR_SET_DUMPABLE, 0);
	return pid;
}

/* Opened while the child of an ordinary user can still be dumped, written when it has its time namespace: the kernel looks at the opener. */
static int open_time_offsets(struct executor *executor)
{
	char path[64];
	if (!plan_find(executor->plan, OP_TIME_OFFSETS, 0))
		return 0;
	snprintf(path, sizeof path, "%d/timens_offsets", executor->child);
	executor->time_offsets = openat(executor->host_proc, path, O_WRONLY | O_CLOEXEC);
	return executor->time_offsets < 0 ? FAIL_CALL(executor, "open(2)", "opening the clocks of the child's time namespace") : 0;
}

/* The runtime's: the process that acts as init from now on. */
static void take_child(struct executor *executor, int pid)
{
	executor->child = pid;
	executor->cloned_into = executor->shared->cloned_into_cgroup ? executor->clone_into_path : NULL;
	if (executor->peer >= 0)
		close(executor->peer);
	executor->peer = -1;
}

static void forget_cgroup(struct executor *executor)
{
	if (executor->clone_into >= 0)
		close(executor->clone_into);
	executor->clone_into = -1;
}

static int child_is_there(struct executor *executor)
{
	forget_cgroup(executor);
	if (open_time_offsets(executor) < 0)
		return -1;
	return executor->after_clone ? executor->after_clone(executor) : 0;
}

static bool joins_before_clone(const struct executor *executor)
{
	const struct operation *join = plan_find(executor->plan, OP_CGROUP_JOIN, executor->current);
	return join && join < plan_find(executor->plan, OP_CLONE, executor->current);
}

/* That of an exec is in the container's version 2 cgroup, which its child inherits; of a new container the child alone is. */
static int fork_joiner(struct executor *executor)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int later = executor->clone_into;
	if (joins_before_clone(executor)) {
		int pid = make_process(executor, &args);
		forget_cgroup(executor);
		return pid;
	}
	executor->clone_into = -1;
	int pid = make_process(executor, &args);
	executor->clone_into = later;
	return pid;
}

int op_fork(struct executor *executor, const struct operation *operation)
{
	(void)operation;
	control_before_clone();
	int pid = cgroups_open_joins(executor) < 0 ? -1 : fork_joiner(executor);
	control_after_clone(pid == 0);
	if (pid == 0) {
		begin_as_init(executor, 0);
		umask(0);
		child_main(executor);
	}
	if (pid < 0)
		return -1;
	executor->joiner = pid;
	take_child(executor, pid);
	return 0;
}

/* Goes on in the child: the joiner is done. What it was, its child is: who acts as init is who holds the hand-over. */
static int clone_by_joiner(struct executor *executor, struct clone_args *args)
{
	args->flags |= CLONE_PARENT | CLONE_PARENT_SETTID;
	args->exit_signal = 0; /* the joiner's own */
	args->parent_tid = (uint64_t)(uintptr_t)&executor->shared->cloned;
	int pid = make_ready_for_maps(executor, args);
	if (pid > 0)
		_exit(0);
	if (pid == 0)
		begin_as_init(executor, args->flags);
	return pid;
}

int op_clone(struct executor *executor, const struct operation *operation)
{
	struct clone_args args = { .flags = operation->arguments[CLONE_FLAGS].number, .exit_signal = SIGCHLD };
	if (operation->actor == ACTOR_INIT)
		return clone_by_joiner(executor, &args);
	if (cgroups_open_joins(executor) < 0)
		return -1;
	control_before_clone();
	int pid = make_ready_for_maps(executor, &args);
	control_after_clone(pid == 0);
	if (pid == 0) {
		begin_as_init(executor, args.flags);
		umask(0);
		child_main(executor);
	}
	if (pid < 0)
		return -1;
	take_child(executor, pid);
	return child_is_there(executor);
}

/* Shared memory is the child's too, which a container may have taken over: only a child of the runtime's own is believed. */
static bool is_own_child(pid_t pid)
{
	siginfo_t info;
	return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

int child_of_joiner(struct executor *executor)
{
	pid_t pid = executor->shared->cloned;
	if (executor->child != executor->joiner || pid == 0)
		return 0;
	if (pid == executor->joiner || !is_own_child(pid))
		return FAIL(executor, "cloning the container's first process: %d is no child of tlab-runc", (int)pid);
	waitpid(executor->joiner, NULL, 0);
	take_child(executor, pid);
	return child_is_there(executor);
}
