/* delete: removes what is left of a stopped container; with --force kills it first, and cleans a half-made one. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "executor.h"
#include "hold.h"
#include "hook.h"
#include "syscalls.h"
#include "systemd.h"
#include "verbs.h"

#define KILL_DEADLINE_MS 10000

static int tell_removed(const char *path, void *context)
{
	const struct call *call = context;
	event_cgroup_removed(&call->events, path);
	return 0;
}

void run_poststop_hooks(const struct container *container, struct call *call)
{
	static char state_json[STATE_JSON_BYTES];
	struct failure warning;
	container_state_json(container, STATUS_STOPPED, state_json, sizeof state_json);
	if (hooks_run_late(call, &container->plan, "poststop", state_json, &warning) < 0)
		fprintf(stderr, "tlab-runc: warning: %s\n", warning.text);
}

/* Asked to stop, systemd waits long for processes that are left: they are ended before. */
static int stop_unit(struct container *container, struct call *call)
{
	if (!plan_find(&container->plan, OP_SYSTEMD_CALL, 0))
		return 0;
	if (hold_step(call, "stop-unit") < 0)
		return -1;
	cgroups_signal(&container->plan, SIGKILL, NULL);
	return systemd_calls_late(&container->plan, &call->failure);
}

int remove_container(struct container *container, struct call *call)
{
	if (stop_unit(container, call) < 0 || hold_step(call, "remove-cgroups") < 0 || cgroups_remove(&container->plan, &call->failure) < 0)
		return -1;
	cgroups_each(&container->plan, tell_removed, call);
	run_poststop_hooks(container, call);
	return hold_step(call, "remove-state") < 0 ? -1 : container_forget(container, &call->failure);
}

void container_thaw(const struct container *container)
{
	struct failure ignored;
	if (cgroups_freezing(&container->plan))
		cgroups_freeze(&container->plan, false, &ignored);
}

/*
 * The first process by its pidfd, which turns readable when it has ended, whoever reaps it; and where the kernel can, all of the cgroup at
 * once: without a pid namespace the others would live on. In a frozen cgroup of version 1 nothing dies.
 */
int container_kill(struct container *container, struct failure *failure)
{
	int pidfd = container_pidfd(container);
	if (pidfd < 0)
		return 0;
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	sys_pidfd_send_signal(pidfd, SIGKILL);
	cgroups_kill(&container->plan);
	container_thaw(container);
	int ready = poll(&ended, 1, KILL_DEADLINE_MS);
	close(pidfd);
	return ready == 1 ? 0 : fail_plain(failure, "container \"%s\" does not end after SIGKILL", container->id);
}

/* create was killed before it could write anything of use: its child died with it, so only files are left. */
static int remove_damaged(struct container *container, struct call *call)
{
	struct failure ignored;
	if (container->plan.count == 0 && container_read_plan(container, &ignored) == 0)
		cgroups_remove(&container->plan, &ignored);
	return container_forget(container, &call->failure);
}

static int remove_opened(struct container *container, struct call *call)
{
	enum status status = container_status(container);
	if (status != STATUS_STOPPED && !call->options.force)
		return fail_plain(&call->failure, "cannot delete container \"%s\": it is %s, must be stopped", container->id,
		                  status_names[status]);
	if (status != STATUS_STOPPED && (hold_step(call, "kill") < 0 || container_kill(container, &call->failure) < 0))
		return -1;
	if (remove_container(container, call) < 0)
		return -1;
	event_state(&call->events, container->id, (struct change){ "delete", status_names[status], "deleted" });
	return 0;
}

int verb_delete(struct call *call)
{
	struct container container;
	int result = container_open(&container, call->options.root, call->options.id, &call->failure);
	bool exists = container.dir >= 0, absent = call->failure.number == ENOENT;
	if (result == 0)
		result = remove_opened(&container, call);
	else if (exists && (call->options.force || absent)) /* no plan: an earlier delete was killed on its last steps */
		result = remove_damaged(&container, call);
	else if (call->options.force && absent)
		result = 0;
	container_close(&container);
	return result;
}
