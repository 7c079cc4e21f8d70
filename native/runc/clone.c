/*
 * The container's first process is made. Where it has to join namespaces before its birth (a pid namespace takes only children; a
 * user namespace has to own what is made in it), an intermediate process joins them and clones it as the runtime's own child:
 *
 *     runtime ── fork ──▶ intermediate: setns … ── clone3(CLONE_PARENT) ──▶ child of the runtime
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

/* The kernel kills it when the runtime dies before its first GO. @source man clone(2) */
static _Noreturn void child(struct executor *executor, uint64_t flags)
{
	prctl(PR_SET_NAME, "tlab-runc:init");
	close(executor->socket);
	executor->socket = executor->peer;
	die_with_runtime(executor);
	if (flags & CLONE_NEWUSER)
		executor->in_new_user_namespace = true;
	umask(0);
	child_main(executor);
}

/* Refused: cgroup_join will write cgroup.procs, and say what is wrong. */
static int clone_into_cgroup(struct executor *executor, struct clone_args *args, const struct cgroup_joins *joins)
{
	if (joins->clone_into >= 0) {
		struct clone_args into = *args;
		into.flags |= CLONE_INTO_CGROUP;
		into.cgroup = (uint64_t)joins->clone_into;
		executor->shared->cloned_into_cgroup = true;
		int pid = sys_clone3(&into);
		if (pid >= 0)
			return pid;
		executor->shared->cloned_into_cgroup = false;
	}
	return sys_clone3(args);
}

/* Comes back in the parent only. */
static int clone_child(struct executor *executor, struct clone_args *args, const struct cgroup_joins *joins)
{
	int pid = clone_into_cgroup(executor, args, joins);
	if (pid == 0)
		child(executor, args->flags);
	if (pid < 0)
		return args->flags & CLONE_NEWUSER ? fail_user_namespace(executor)
		                                   : FAIL_CALL(executor, "clone3(2)", "cloning the container's first process");
	return pid;
}

static _Noreturn void intermediate(struct executor *executor, struct clone_args *args, const struct cgroup_joins *joins)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (uint32_t i = 0; i < executor->current; i++)
		if (executor->plan->operations[i].code == OP_SETNS && join_namespace(executor, i) < 0)
			_exit(1);
	args->flags |= CLONE_PARENT;
	args->exit_signal = 0; /* the intermediate's own */
	executor->shared->cloned = clone_child(executor, args, joins);
	_exit(executor->shared->cloned < 0);
}

static int clone_through_intermediate(struct executor *executor, struct clone_args *args, const struct cgroup_joins *joins)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0)
		intermediate(executor, args, joins);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return FAIL_CALL(executor, pid < 0 ? "fork(2)" : "waitpid(2)", "joining namespaces before the clone");
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == 0 ? executor->shared->cloned : -1;
	return FAIL(executor, "joining namespaces before the clone: killed by signal %d", WTERMSIG(status));
}

static bool joins_before_clone(const struct executor *executor)
{
	const struct operation *setns = plan_find(executor->plan, OP_SETNS, 0);
	return setns && setns < &executor->plan->operations[executor->current];
}

/*
 * Of an ordinary user the child can be dumped until its first GO: else its id maps belong to root. Nobody can use that: who looks
 * into a process in a user namespace needs capabilities there. @source man PR_SET_DUMPABLE(2const), ptrace(2)
 */
static int clone_ready_for_maps(struct executor *executor, struct clone_args *args, const struct cgroup_joins *joins)
{
	bool opens = args->flags & CLONE_NEWUSER && geteuid() != 0;
	if (opens)
		prctl(PR_SET_DUMPABLE, 1);
	int pid = joins_before_clone(executor) ? clone_through_intermediate(executor, args, joins)
	                                       : clone_child(executor, args, joins);
	if (opens)
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

int op_clone(struct executor *executor, const struct operation *operation)
{
	struct clone_args args = { .flags = operation->arguments[CLONE_FLAGS].number, .exit_signal = SIGCHLD };
	struct cgroup_joins joins;
	if (cgroups_open_joins(executor, &joins) < 0)
		return -1;
	int pid = clone_ready_for_maps(executor, &args, &joins);
	if (joins.clone_into >= 0)
		close(joins.clone_into);
	if (pid < 0)
		return -1;
	executor->child = pid;
	executor->cloned_into = executor->shared->cloned_into_cgroup ? joins.clone_into_path : NULL;
	close(executor->peer);
	executor->peer = -1;
	if (open_time_offsets(executor) < 0)
		return -1;
	return executor->after_clone ? executor->after_clone(executor) : 0;
}
