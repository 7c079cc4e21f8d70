/*
 * Delete of a stopped process: its output drains first (a slow reader gets two seconds), then for init the runtime's
 * state and the root filesystem go; the answer carries the exit status, which until now was kept.
 */
#include <stddef.h>
#include <stdlib.h>

#include "runtime.h"
#include "tracing.h"

enum { DRAIN_MS = 2000, DRAIN_STEP_MS = 20 };

static void finish(struct request *request, struct process *process)
{
	struct writer event = { 0 }, response = { 0 };
	put_string(&event, 1, process->container->id);
	put_number(&event, 2, (uint64_t)process->pid);
	put_exit(&event, 3, process);
	if (!is_init(process))
		put_string(&event, 5, process->exec_id);
	put_number(&response, 1, (uint64_t)process->pid);
	put_exit(&response, 2, process);

	/* containerd's shims send this event for init alone: the end of an exec is its exit. */
	if (is_init(process))
		publish(&(struct news){ "/tasks/delete", "containerd.events.TaskDelete", process->container->id, request->traceparent, false }, &event);
	if (is_init(process)) {
		container_forget(process->container, &request->trace);
		answer(request, &response);
	} else {
		exec_remove_document(process); /* still there when it was never started */
		struct request *left = process_free(process);
		answer(request, &response);
		dispatch_all(left);
	}
	writer_free(&event);
	writer_free(&response);
}

static void deleted(struct call *call, const char *error)
{
	struct process *init = call->process;
	if (error && !call->killed) {
		refuse(call->request, CODE_UNKNOWN, "OCI runtime delete failed: %s", error);
		process_settle(init);
		return;
	}
	if (error) { /* the runtime was killed; once more settles it */
		init->deleting = NULL;
		dispatch(call->request);
		return;
	}
	if (init->exit_held) /* it was only created, and delete --force killed it */
		announce_exit(init);
	finish(call->request, init);
}

static void remove_process(struct request *request, struct process *process)
{
	char error[512];
	struct arguments arguments = { .count = 0 };
	stdio_release(&process->stdio);
	if (!is_init(process)) {
		finish(request, process);
		return;
	}
	if (process->status != STATUS_STOPPED)
		arguments_add(&arguments, "--force");
	arguments_add(&arguments, process->container->id);
	if (!runtime_call(&(struct command){ "delete", process, request, NULL, deleted }, &arguments, error))
		refuse(request, CODE_UNKNOWN, "OCI runtime delete failed: %s", error);
}

static void drain_again(struct timer *timer);

static void drain(struct process *process)
{
	if (!stdio_drained(&process->stdio) && monotonic_ms() < process->drain_until_ms) {
		timer_set(&process->drain, DRAIN_STEP_MS, drain_again);
		return;
	}
	struct request *request = process->deleting;
	process->deleting = NULL;
	remove_process(request, process);
}

static void drain_again(struct timer *timer)
{
	drain((struct process *)(void *)((char *)timer - offsetof(struct process, drain)));
}

void verb_delete(struct request *request)
{
	struct process *process = find_process(request);
	if (!process || defer_if_busy(request, process))
		return;
	if (process->status != STATUS_STOPPED && process->status != STATUS_CREATED) {
		refuse(request, CODE_FAILED_PRECONDITION, "cannot delete a running process");
		return;
	}
	if (process->deleting) {
		refuse(request, CODE_FAILED_PRECONDITION, "the process is being deleted already");
		return;
	}
	for (struct process *exec = process->container->execs; is_init(process) && exec; exec = exec->next)
		if (defer_if_busy(request, exec))
			return; /* a runtime call still needs the container's record */
	process->deleting = request;
	process->drain_until_ms = monotonic_ms() + DRAIN_MS;
	drain(process);
}
