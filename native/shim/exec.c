/* Exec adds a process to the container; Start, in start.c, is what runs it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hold.h"
#include "runtime.h"
#include "tracing.h"

static struct bytes any_value(struct bytes message)
{
	struct reader reader;
	struct bytes value = { 0 };
	proto_read(&reader, message);
	while (proto_next(&reader))
		if (proto_is_bytes(&reader, 2))
			value = reader.value;
	return reader.bad ? (struct bytes){ 0 } : value;
}

static bool decode(struct process *process, struct bytes *spec, struct bytes payload)
{
	struct reader reader;
	bool good = true;
	proto_read(&reader, payload);
	while (good && proto_next(&reader)) {
		bool is_path = reader.field >= 4 && reader.field <= 6 && reader.is_bytes;
		if (proto_is_bytes(&reader, 2) && !process->exec_id)
			good = (process->exec_id = bytes_string(reader.value)) != NULL;
		else if (proto_is_number(&reader, 3))
			process->stdio.terminal = reader.number != 0;
		else if (is_path && !process->stdio.paths[reader.field - 4])
			good = (process->stdio.paths[reader.field - 4] = bytes_string(reader.value)) != NULL;
		else if (proto_is_bytes(&reader, 7))
			*spec = any_value(reader.value);
	}
	return good && !reader.bad && process->exec_id && is_identifier(process->exec_id) && spec->length > 0;
}

/* The runtime reads it when the exec is started. It may hold secrets: 0600. */
static bool write_spec(const struct process *process, struct bytes spec)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s-process.json", process->container->bundle, process->exec_id);
	if (n < 0 || n >= PATH_MAX)
		return false;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	ssize_t written = write(fd, spec.at, spec.length);
	close(fd);
	if (written == (ssize_t)spec.length)
		return true;
	unlink(path);
	errno = written < 0 ? errno : ENOSPC;
	return false;
}

void exec_remove_document(const struct process *process)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s-process.json", process->container->bundle, process->exec_id);
	if (n > 0 && n < PATH_MAX)
		unlink(path);
}

static struct process *process_new(struct container *container)
{
	struct process *process = calloc(1, sizeof *process);
	if (!process)
		return NULL;
	stdio_init(&process->stdio);
	process->container = container;
	process->next = container->execs;
	container->execs = process;
	return process;
}

/* The new process is the first of the list. */
static bool is_taken(const struct process *process)
{
	for (const struct process *other = process->next; other; other = other->next)
		if (strcmp(other->exec_id, process->exec_id) == 0)
			return true;
	return false;
}

void verb_exec(struct request *request)
{
	struct process *process = NULL;
	struct bytes spec = { 0 };
	struct container *container = find_container(request);
	if (!container)
		return;
	if (container->paused || (container->init.status != STATUS_RUNNING && container->init.status != STATUS_CREATED)) {
		refuse(request, CODE_FAILED_PRECONDITION, "cannot exec: the container is %s, must be created or running",
		       container->paused ? "paused" : container->init.status == STATUS_STOPPED ? "stopped" : "not created");
		return;
	}
	process = process_new(container);
	if (!process || !decode(process, &spec, request->payload)) {
		refuse(request, CODE_INVALID_ARGUMENT, "malformed Exec request");
	} else if (is_taken(process)) {
		refuse(request, CODE_ALREADY_EXISTS, "exec \"%s\": already exists", process->exec_id);
	} else if (!hold_step(&(struct step){ .request = request, .process = process, .name = "write-process" }) ||
	           !write_spec(process, spec)) {
		refuse(request, CODE_UNKNOWN, "exec \"%s\": writing its process document: %s", process->exec_id, strerror(errno));
	} else {
		struct writer event = { 0 };
		snprintf(process->traceparent, sizeof process->traceparent, "%s", request->traceparent);
		process_set_status(process, STATUS_CREATED, &request->trace);
		put_string(&event, 1, container->id);
		put_string(&event, 2, process->exec_id);
		publish(&(struct news){ "/tasks/exec-added", "containerd.events.TaskExecAdded", container->id, request->traceparent, true }, &event);
		writer_free(&event);
		answer(request, NULL);
		return;
	}
	if (process)
		process_free(process); /* nobody knew of it, so nobody waits */
}
