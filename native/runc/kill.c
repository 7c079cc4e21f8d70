/*
 * kill: a signal to the container's first process by pidfd, or to every process of its cgroups. Of a paused one SIGKILL ends the pause too:
 * in a frozen cgroup of version 1 nothing dies. @source runc libcontainer Container.Signal
 */
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "../common/names.h"
#include "cgroup.h"
#include "hold.h"
#include "syscalls.h"
#include "verbs.h"

static int kill_one(struct container *container, int sig, struct failure *failure)
{
	int pidfd = container_pidfd(container);
	if (pidfd < 0)
		return fail_plain(failure, "container not running");
	int result = sys_pidfd_send_signal(pidfd, sig);
	if (result < 0)
		fail_call(failure, "pidfd_send_signal(2)", "signalling container \"%s\"", container->id);
	close(pidfd);
	return result;
}

/* Without a cgroup (rootless) nobody knows the container's other processes; with its first one the kernel kills them all. */
static int kill_without_cgroup(struct container *container, int sig, struct failure *failure)
{
	const struct operation *clone = plan_find(&container->plan, OP_CLONE, 0);
	if (sig == SIGKILL && clone && clone->arguments[CLONE_FLAGS].number & CLONE_NEWPID)
		return kill_one(container, sig, failure);
	return fail_plain(failure, "kill --all: container \"%s\" has no cgroup, so only its first process is known: leave --all out",
	                  container->id);
}

int verb_kill(struct call *call)
{
	struct container container;
	const char *text = call->options.signal ? call->options.signal : "TERM";
	int sig = signal_number(text);
	if (sig < 0)
		return fail_plain(&call->failure, "kill: unknown signal \"%s\"", text);
	int result = container_open(&container, call->options.root, call->options.id, &call->failure);
	if (result == 0)
		result = hold_step(call, "signal");
	if (result == 0 && call->options.all && !plan_find(&container.plan, OP_CGROUP_JOIN, 0))
		result = kill_without_cgroup(&container, sig, &call->failure);
	else if (result == 0 && call->options.all)
		result = cgroups_signal(&container.plan, sig, NULL);
	else if (result == 0)
		result = kill_one(&container, sig, &call->failure);
	if (result == 0 && sig == SIGKILL)
		container_thaw(&container);
	container_close(&container);
	return result;
}
