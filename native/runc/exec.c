/*
 * exec: a further process in a container. Its process document has a plan of its own. A joiner (clone.c), which the container does not
 * see, enters the cgroups and namespaces of the container's first process, becomes the user, gives up what the program must not
 * have, and clones the process: it has nothing of the host, for the container may hold CAP_SYS_PTRACE and take it over.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "create.h"
#include "document.h"
#include "exec-cgroup.h"
#include "executor.h"
#include "hold.h"
#include "state-json.h"
#include "terminal.h"
#include "verbs.h"

static int check_container(const struct container *container, const struct options *options, struct failure *failure)
{
	enum status status = container_status(container);
	if (status == STATUS_PAUSED && !options->ignore_paused)
		return fail_plain(failure, "cannot exec in container \"%s\": it is paused, must be running; --ignore-paused waits until it is", container->id);
	if (status == STATUS_STOPPED || status == STATUS_CREATING)
		return fail_plain(failure, "cannot exec in container \"%s\": it is %s, must be running", container->id,
		                  status_names[status]);
	return 0;
}

/* Not reaped yet: the number is still its own. */
static int report(struct call *call, pid_t child)
{
	const struct options *options = &call->options;
	if (options->pidfd_socket && (hold_step(call, "send-pidfd") < 0 ||
	                              send_pidfd(options->pidfd_socket, child, "setns", &call->failure) < 0))
		return -1;
	if (options->pid_file && (hold_step(call, "write-pid-file") < 0 ||
	                          write_pid_file(options->pid_file, child, &call->failure) < 0))
		return -1;
	return 0;
}

static int run_plan(struct call *call, const struct container *container, struct plan *plan)
{
	const struct options *options = &call->options;
	struct executor *executor = calloc(1, sizeof *executor);
	struct shared *shared = shared_make(&call->failure);
	if (!executor || !shared)
		return -1;
	*executor = (struct executor){
		.verb = options->verb,
		.id = options->id,
		.bundle = container->saved.bundle,
		.oci_version = container->plan.facts[FACT_OCI_VERSION].string,
		.preserve_fds = options->preserve_fds,
		.joined = container->saved.pid,
		.plan = plan,
		.shared = shared,
		.failure = &shared->failure,
		.fifo = -1,
		.console = -1,
	};
	/* For the agent of a seccomp listener, which is told of the container too. */
	container_state_json(container, container_status(container), shared->state_json, STATE_JSON_BYTES);
	int ends[2];
	if (plan->facts[FACT_TERMINAL].number != 0 && hold_step(call, "open-console") < 0)
		return -1;
	if (open_console(executor, options, ends, &call->failure) < 0)
		return -1;
	executor->console = ends[1];
	prctl(PR_SET_DUMPABLE, 0);
	events_plan_begin(&call->events, plan, &executor->records);
	int result = execute(executor);
	event_plan_executed(&call->events, plan,
	                    (struct execution){ options->id, container->saved.rootfs, executor->child, executor->joiner });
	if (result < 0) {
		call->failure = shared->failure;
		return -1;
	}
	if (report(call, executor->child) < 0) {
		kill(executor->child, SIGKILL);
		waitpid(executor->child, NULL, 0);
		return -1;
	}
	if (options->detach)
		return 0;
	return ends[0] >= 0 ? terminal_relay(ends[0], executor->child) : wait_foreground(executor->child);
}

/* That of --process, or one that is made of the command. */
static int find_document(struct call *call, char document[PATH_MAX])
{
	const struct options *options = &call->options;
	if (options->process)
		return realpath(options->process, document)
		               ? 0
		               : fail_call(&call->failure, "realpath(3)", "--process \"%s\"", options->process);
	if (!options->has_command)
		return fail_plain(&call->failure, "expected a command behind the container id \"%s\", or --process", options->id);
	return document_make(document, call->argv, options->verb_at, &call->failure) < 0 ? -1 : 0;
}

int verb_exec(struct call *call)
{
	struct container container;
	struct plan plan = { 0 };
	char document[PATH_MAX];
	if (check_preserved(&call->options, &call->failure) < 0 || find_document(call, document) < 0)
		return -1;
	int result = container_open(&container, call->options.root, call->options.id, &call->failure);
	if (result == 0)
		result = check_container(&container, &call->options, &call->failure);
	/* Its cgroups are where the container's are, whatever this command line says. */
	if (result == 0)
		call->options.systemd_cgroup = plan_find(&container.plan, OP_SYSTEMD_CALL, 0) != NULL;
	if (result == 0)
		result = document_plan(&plan, container.saved.bundle, document, &call->options, &call->failure);
	if (result == 0)
		result = check_terminal(&call->options, &plan, &call->failure);
	if (result == 0)
		result = exec_cgroups(&plan, &call->options.cgroups, &call->failure);
	if (result == 0)
		result = run_plan(call, &container, &plan);
	plan_free(&plan);
	container_close(&container);
	return result;
}
