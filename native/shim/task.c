/* The processes of the one container: looking them up, their states, and what an exit sets off. */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "oom.h"
#include "runtime.h"
#include "tracing.h"

/* containerd's identifiers; they become names of files here. @source containerd identifiers */
bool is_identifier(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t length = strlen(text);
	return length > 0 && length <= 128 && text[0] != '.' && text[0] != '-' && strspn(text, letters) == length;
}

struct process *find_exec(const char *exec_id)
{
	struct process *process = shim.container.execs;
	while (process && strcmp(process->exec_id, exec_id) != 0)
		process = process->next;
	return process;
}

struct process *find_process(struct request *request)
{
	struct reader reader;
	struct bytes id = { 0 }, exec_id = { 0 };
	proto_read(&reader, request->payload);
	while (proto_next(&reader)) {
		if (proto_is_bytes(&reader, 1))
			id = reader.value;
		else if (proto_is_bytes(&reader, 2))
			exec_id = reader.value;
	}
	if (reader.bad) {
		refuse(request, CODE_INVALID_ARGUMENT, "malformed %s request", request->verb->name);
		return NULL;
	}
	if (!shim.container.id || (id.length > 0 && !bytes_equal(id, shim.container.id))) {
		refuse(request, CODE_NOT_FOUND, "container \"%.*s\": not found", (int)(id.length < 128 ? id.length : 128), (const char *)id.at);
		return NULL;
	}
	if (exec_id.length == 0)
		return &shim.container.init;
	char *name = bytes_string(exec_id);
	struct process *process = name ? find_exec(name) : NULL;
	free(name);
	if (!process)
		refuse(request, CODE_NOT_FOUND, "exec \"%.*s\": not found", (int)(exec_id.length < 128 ? exec_id.length : 128),
		       (const char *)exec_id.at);
	return process;
}

bool defer_if_busy(struct request *request, struct process *process)
{
	if (!process->call)
		return false;
	append_request(&process->deferred, request);
	return true;
}

void process_set_status(struct process *process, enum status status, const struct trace *trace)
{
	trace_status(trace, process, process->status, status);
	process->status = status;
}

void put_exit(struct writer *writer, uint32_t status_field, const struct process *process)
{
	put_number(writer, status_field, process->exit_status);
	if (process->exited_at.tv_sec)
		put_time(writer, status_field + 1, process->exited_at.tv_sec, (int32_t)process->exited_at.tv_nsec);
}

void announce_exit(struct process *process)
{
	struct writer event = { 0 };
	process->exit_held = false;
	oom_check();
	put_string(&event, 1, shim.container.id);
	put_string(&event, 2, process->exec_id[0] ? process->exec_id : shim.container.id);
	put_number(&event, 3, (uint64_t)process->pid);
	put_exit(&event, 4, process);
	publish("/tasks/exit", "containerd.events.TaskExit", &event, process->traceparent);
	writer_free(&event);
	while (process->waiters) {
		struct request *request = process->waiters;
		struct writer response = { 0 };
		process->waiters = request->next;
		put_exit(&response, 1, process);
		answer(request, &response);
		writer_free(&response);
	}
}

static void others_killed(struct call *call, const char *error)
{
	(void)error; /* it fails when nobody was left */
	process_settle(call->process);
}

/* Init has gone without taking a pid namespace with it: the others must not outlive it. */
static bool kill_others(struct process *init)
{
	char error[512];
	struct arguments arguments = { .count = 0 };
	arguments_add(&arguments, "--all");
	arguments_add(&arguments, shim.container.id);
	arguments_add(&arguments, "9");
	shim.container.kill_all_on_exit = false;
	return runtime_call(&(struct command){ "kill", init, NULL, NULL, others_killed }, &arguments, error);
}

void process_settle(struct process *process)
{
	if (process->exit_held && !process->call) {
		if (process == &shim.container.init && shim.container.kill_all_on_exit && kill_others(process))
			return;
		announce_exit(process);
	}
	/* Handling one may free the process, so the list is taken off it first. */
	struct request *deferred = process->deferred;
	process->deferred = NULL;
	dispatch_all(deferred);
}

void dispatch_all(struct request *list)
{
	while (list) {
		struct request *request = list;
		list = request->next;
		dispatch(request);
	}
}

void process_exited(struct process *process, int wait_status, struct timespec at)
{
	process->exit_status = WIFSIGNALED(wait_status) ? 128 + (uint32_t)WTERMSIG(wait_status) : (uint32_t)WEXITSTATUS(wait_status);
	process->exited_at = at;
	process->exit_held = true;
	trace_reaped(process, wait_status);
	process->status = STATUS_STOPPED;
	if (process == &shim.container.init)
		shim.container.paused = false;
	if (!process->call)
		process_settle(process);
}

struct request *process_free(struct process *process)
{
	struct request *left = process->deferred, **end = &left;
	while (*end)
		end = &(*end)->next;
	*end = process->waiters;
	struct process **link = &shim.container.execs;
	while (*link && *link != process)
		link = &(*link)->next;
	if (*link)
		*link = process->next;
	timer_stop(&process->drain);
	stdio_release(&process->stdio);
	for (int i = 0; i < 3; i++)
		free(process->stdio.paths[i]);
	free(process->exec_id);
	if (process != &shim.container.init)
		free(process);
	else
		*process = (struct process){ 0 };
	return left;
}
