/* Containers and their processes: looking them up, their states, and what an exit sets off. */
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

bool is_init(const struct process *process)
{
	return process == &process->container->init;
}

/* A field of bytes at the top of a request; false when the request is malformed anywhere. */
static bool top_field(const struct request *request, uint32_t field, struct bytes *value)
{
	struct reader reader;
	*value = (struct bytes){ 0 };
	proto_read(&reader, request->payload);
	while (proto_next(&reader))
		if (proto_is_bytes(&reader, field))
			*value = reader.value;
	return !reader.bad;
}

struct bytes request_id(const struct request *request)
{
	struct bytes id;
	return top_field(request, 1, &id) ? id : (struct bytes){ 0 };
}

struct container *container_named(struct bytes id)
{
	struct container *container = shim.containers;
	while (container && !bytes_equal(id, container->id))
		container = container->next;
	return container;
}

static void refuse_unknown(struct request *request, const char *what, struct bytes name)
{
	refuse(request, CODE_NOT_FOUND, "%s \"%.*s\": not found", what, (int)(name.length < 128 ? name.length : 128), (const char *)name.at);
}

struct container *find_container(struct request *request)
{
	struct bytes id;
	if (!top_field(request, 1, &id)) {
		refuse(request, CODE_INVALID_ARGUMENT, "malformed %s request", request->verb->name);
		return NULL;
	}
	struct container *container = container_named(id);
	if (!container)
		refuse_unknown(request, "container", id);
	return container;
}

struct process *find_process(struct request *request)
{
	struct bytes exec_id;
	struct container *container = find_container(request);
	if (!container)
		return NULL;
	top_field(request, 2, &exec_id);
	if (exec_id.length == 0)
		return &container->init;
	for (struct process *process = container->execs; process; process = process->next)
		if (bytes_equal(exec_id, process->exec_id))
			return process;
	refuse_unknown(request, "exec", exec_id);
	return NULL;
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
	const char *id = process->container->id;
	process->exit_held = false;
	oom_check(process->container);
	put_string(&event, 1, id);
	put_string(&event, 2, process->exec_id[0] ? process->exec_id : id);
	put_number(&event, 3, (uint64_t)process->pid);
	put_exit(&event, 4, process);
	publish(&(struct news){ "/tasks/exit", "containerd.events.TaskExit", id, process->traceparent, !is_init(process) }, &event);
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
	arguments_add(&arguments, init->container->id);
	arguments_add(&arguments, "9");
	init->container->kill_all_on_exit = false;
	return runtime_call(&(struct command){ "kill", init, NULL, NULL, others_killed }, &arguments, error);
}

void process_settle(struct process *process)
{
	if (process->exit_held && !process->call) {
		if (is_init(process) && process->container->kill_all_on_exit && kill_others(process))
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
	if (is_init(process))
		process->container->paused = false;
	if (!process->call)
		process_settle(process);
}

struct request *process_free(struct process *process)
{
	struct request *left = process->deferred, **end = &left;
	while (*end)
		end = &(*end)->next;
	*end = process->waiters;
	if (process->deleting) /* an exec's, whose output drained while its container was deleted */
		append_request(&left, process->deleting);
	struct process **link = &process->container->execs;
	while (*link && *link != process)
		link = &(*link)->next;
	if (*link)
		*link = process->next;
	timer_stop(&process->drain);
	stdio_release(&process->stdio);
	for (int i = 0; i < 3; i++)
		free(process->stdio.paths[i]);
	free(process->exec_id);
	process->exec_id = NULL;
	if (!is_init(process)) /* that one is part of the container */
		free(process);
	return left;
}
