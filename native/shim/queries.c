/* The verbs that are answered from what the shim knows: State, Wait, Pids, Connect, ResizePty, CloseIO, Shutdown. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "metrics.h"
#include "shim.h"

static enum status shown_status(const struct process *process)
{
	bool paused = is_init(process) && process->container->paused;
	return paused ? STATUS_PAUSED : process->status;
}

void verb_state(struct request *request)
{
	struct writer state = { 0 };
	struct process *process = find_process(request);
	if (!process)
		return;
	char *const *paths = process->stdio.paths;
	put_string(&state, 1, is_init(process) ? process->container->id : process->exec_id);
	put_string(&state, 2, process->container->bundle);
	put_number(&state, 3, (uint64_t)process->pid);
	put_number(&state, 4, shown_status(process));
	put_string(&state, 5, paths[0]);
	put_string(&state, 6, paths[1]);
	put_string(&state, 7, paths[2]);
	put_number(&state, 8, process->stdio.terminal);
	put_exit(&state, 9, process);
	put_string(&state, 11, process->exec_id);
	answer(request, &state);
	writer_free(&state);
}

void verb_wait(struct request *request)
{
	struct writer response = { 0 };
	struct process *process = find_process(request);
	if (!process)
		return;
	if (process->status != STATUS_STOPPED || process->exit_held) {
		append_request(&process->waiters, request);
		return;
	}
	put_exit(&response, 1, process);
	answer(request, &response);
	writer_free(&response);
}

struct pids {
	const struct container *container;
	struct writer response;
};

/* Which exec a process is, where it is the first one of an exec. */
static void put_details(struct writer *info, const struct container *container, pid_t pid)
{
	struct writer details = { 0 };
	const struct process *exec = container->execs;
	while (exec && (exec->pid != pid || exec->status == STATUS_STOPPED))
		exec = exec->next;
	if (!exec)
		return;
	put_string(&details, 1, exec->exec_id);
	put_any(info, 2, "containerd.runc.v1.ProcessDetails", &details);
	writer_free(&details);
}

static void put_pid(pid_t pid, void *data)
{
	struct pids *pids = data;
	struct writer info = { 0 };
	put_number(&info, 1, (uint64_t)pid);
	put_details(&info, pids->container, pid);
	put_part(&pids->response, 1, &info);
}

void verb_pids(struct request *request)
{
	struct pids pids = { .container = find_container(request) };
	if (!pids.container)
		return;
	if (pids.container->cgroups)
		cgroup_processes(pids.container->cgroups, put_pid, &pids);
	answer(request, &pids.response);
	writer_free(&pids.response);
}

void verb_stats(struct request *request)
{
	struct writer response = { 0 };
	const struct container *container = find_container(request);
	if (!container)
		return;
	if (!container->cgroups)
		refuse(request, CODE_NOT_FOUND, "cgroup: the container has none yet");
	else if (!put_metrics(&response, 1, container->cgroups))
		refuse(request, CODE_NOT_FOUND, "cgroup of \"%s\": %s", container->id, strerror(errno));
	else
		answer(request, &response);
	writer_free(&response);
}

void verb_connect(struct request *request)
{
	struct writer response = { 0 };
	const struct container *container = container_named(request_id(request));
	put_number(&response, 1, (uint64_t)getpid());
	put_number(&response, 2, container ? (uint64_t)container->init.pid : 0);
	put_string(&response, 3, "tlab");
	answer(request, &response);
	writer_free(&response);
}

void verb_resize_pty(struct request *request)
{
	struct reader reader;
	unsigned short width = 0, height = 0;
	struct process *process = find_process(request);
	if (!process)
		return;
	proto_read(&reader, request->payload);
	while (proto_next(&reader)) {
		if (proto_is_number(&reader, 3))
			width = (unsigned short)reader.number;
		else if (proto_is_number(&reader, 4))
			height = (unsigned short)reader.number;
	}
	/* Without a terminal there is nothing to resize, and nothing wrong either. */
	if (process->stdio.console >= 0 && !stdio_resize(&process->stdio, width, height))
		refuse(request, CODE_UNKNOWN, "ioctl(TIOCSWINSZ): %s", strerror(errno));
	else
		answer(request, NULL);
}

void verb_close_io(struct request *request)
{
	struct reader reader;
	struct process *process = find_process(request);
	if (!process)
		return;
	proto_read(&reader, request->payload);
	while (proto_next(&reader))
		if (proto_is_number(&reader, 3) && reader.number)
			stdio_close_stdin(&process->stdio);
	answer(request, NULL);
}

void verb_shutdown(struct request *request)
{
	/* A shim with a container stays: the caller deletes the task first, and others of a group may still be there. */
	answer(request, NULL);
	if (!shim.containers)
		server_shutdown();
}
