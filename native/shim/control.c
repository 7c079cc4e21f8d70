/* Kill, Pause, Resume, Update, Checkpoint: what is done to a running process. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime.h"
#include "tracing.h"

static bool names_a_gone_process(const char *error)
{
	return strstr(error, "process already finished") || strstr(error, "container not running") || strstr(error, "no such process") ||
	       strstr(error, "does not exist") || strstr(error, "not running");
}

static void killed(struct call *call, const char *error)
{
	struct process *process = call->process;
	if (!error)
		answer(call->request, NULL);
	else if (process->status == STATUS_STOPPED || names_a_gone_process(error))
		refuse(call->request, CODE_NOT_FOUND, "process already finished: %s", error);
	else
		refuse(call->request, CODE_UNKNOWN, "OCI runtime kill failed: %s", error);
	process_settle(process);
}

static void kill_init(struct request *request, struct process *init, uint32_t signal, bool all)
{
	char number[16], error[512];
	struct arguments arguments = { .count = 0 };
	snprintf(number, sizeof number, "%u", signal);
	if (all)
		arguments_add(&arguments, "--all");
	arguments_add(&arguments, init->container->id);
	arguments_add(&arguments, number);
	if (!runtime_call(&(struct command){ "kill", init, request, NULL, killed }, &arguments, error))
		refuse(request, CODE_UNKNOWN, "OCI runtime kill failed: %s", error);
}

/* An exec is our own child and not reaped yet, so its pid is still its own. */
static void kill_exec(struct request *request, const struct process *process, uint32_t signal)
{
	if (kill(process->pid, (int)signal) == 0)
		answer(request, NULL);
	else
		refuse(request, errno == ESRCH ? CODE_NOT_FOUND : CODE_UNKNOWN, "kill(2): %s", strerror(errno));
}

void verb_kill(struct request *request)
{
	struct reader reader;
	uint32_t signal = 0;
	bool all = false;
	struct process *process = find_process(request);
	if (!process || defer_if_busy(request, process))
		return;
	proto_read(&reader, request->payload);
	while (proto_next(&reader)) {
		if (proto_is_number(&reader, 3))
			signal = (uint32_t)reader.number;
		else if (proto_is_number(&reader, 4))
			all = reader.number != 0;
	}
	if (signal > 64)
		refuse(request, CODE_INVALID_ARGUMENT, "signal %u: expected 0 to 64", signal);
	else if (process->status == STATUS_STOPPED && !(is_init(process) && all)) /* others may have outlived it */
		refuse(request, CODE_NOT_FOUND, "process already finished: not found");
	else if (process->pid == 0)
		refuse(request, CODE_FAILED_PRECONDITION, "process not created");
	else if (is_init(process))
		kill_init(request, process, signal, all);
	else
		kill_exec(request, process, signal);
}

static void publish_simple(const char *topic, const char *type, const struct call *call)
{
	struct writer event = { 0 };
	put_string(&event, 1, call->process->container->id);
	publish(&(struct news){ topic, type, call->process->container->id, call->request->traceparent, false }, &event);
	writer_free(&event);
}

static void paused(struct call *call, const char *error)
{
	if (error) {
		refuse(call->request, CODE_UNKNOWN, "OCI runtime pause failed: %s", error);
	} else {
		call->process->container->paused = call->process->status == STATUS_RUNNING;
		publish_simple("/tasks/paused", "containerd.events.TaskPaused", call);
		answer(call->request, NULL);
	}
	process_settle(call->process);
}

static void resumed(struct call *call, const char *error)
{
	if (error) {
		refuse(call->request, CODE_UNKNOWN, "OCI runtime resume failed: %s", error);
	} else {
		call->process->container->paused = false;
		publish_simple("/tasks/resumed", "containerd.events.TaskResumed", call);
		answer(call->request, NULL);
	}
	process_settle(call->process);
}

static void freeze(struct request *request, const char *verb, void (*done)(struct call *, const char *))
{
	char error[512];
	struct arguments arguments = { .count = 0 };
	bool pausing = done == paused;
	struct process *init = find_process(request);
	if (!init || defer_if_busy(request, init))
		return;
	const struct container *container = init->container;
	if (init->status != STATUS_RUNNING || container->paused == pausing) {
		const char *state = container->paused ? "paused" : init->status == STATUS_RUNNING ? "running"
		                    : init->status == STATUS_CREATED                              ? "created"
		                                                                                  : "stopped";
		refuse(request, CODE_FAILED_PRECONDITION, "cannot %s container: it is %s, must be %s", verb, state, pausing ? "running" : "paused");
		return;
	}
	arguments_add(&arguments, container->id);
	if (!runtime_call(&(struct command){ verb, init, request, NULL, done }, &arguments, error))
		refuse(request, CODE_UNKNOWN, "OCI runtime %s failed: %s", verb, error);
}

void verb_pause(struct request *request)
{
	freeze(request, "pause", paused);
}

void verb_resume(struct request *request)
{
	freeze(request, "resume", resumed);
}

static void updated(struct call *call, const char *error)
{
	if (error)
		refuse(call->request, CODE_UNKNOWN, "OCI runtime update failed: %s", error);
	else
		answer(call->request, NULL);
	process_settle(call->process);
}

/* The resources are LinuxResources in JSON inside an Any; the runtime reads them from its stdin. */
static int resources_file(struct bytes payload)
{
	struct reader request, any;
	struct bytes json = { 0 };
	proto_read(&request, payload);
	while (proto_next(&request)) {
		if (!proto_is_bytes(&request, 2))
			continue;
		proto_read(&any, request.value);
		while (proto_next(&any))
			if (proto_is_bytes(&any, 2))
				json = any.value;
	}
	int fd = json.length > 0 ? memfd_create("resources", MFD_CLOEXEC) : -1;
	if (fd < 0)
		return -1;
	if (write(fd, json.at, json.length) == (ssize_t)json.length && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -1;
}

void verb_update(struct request *request)
{
	char error[512];
	struct arguments arguments = { .count = 0 };
	struct container *container = find_container(request); /* not find_process: field 2 is not an exec's id here */
	if (!container || defer_if_busy(request, &container->init))
		return;
	if (container->init.status == STATUS_STOPPED) {
		refuse(request, CODE_FAILED_PRECONDITION, "cannot update a stopped container");
		return;
	}
	int resources = resources_file(request->payload);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int stdio[3] = { resources, null, null };
	arguments_add(&arguments, "--resources");
	arguments_add(&arguments, "-");
	arguments_add(&arguments, container->id);
	if (resources < 0)
		refuse(request, CODE_INVALID_ARGUMENT, "malformed Update request: expected resources in JSON");
	else if (!runtime_call(&(struct command){ "update", &container->init, request, stdio, updated }, &arguments, error))
		refuse(request, CODE_UNKNOWN, "OCI runtime update failed: %s", error);
	close(null);
	if (resources >= 0)
		close(resources);
}

void verb_checkpoint(struct request *request)
{
	if (find_container(request))
		refuse(request, CODE_UNIMPLEMENTED, "checkpoint is not supported by this shim");
}
