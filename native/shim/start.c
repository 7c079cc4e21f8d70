/* Start: of init through `runtime start`, of an exec through `runtime exec --detach`. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hold.h"
#include "oom.h"
#include "runtime.h"
#include "tracing.h"

static void answer_started(struct request *request, const struct process *process)
{
	struct writer event = { 0 }, response = { 0 };
	put_string(&event, 1, process->container->id);
	if (process->exec_id[0]) {
		put_string(&event, 2, process->exec_id);
		put_number(&event, 3, (uint64_t)process->pid);
		publish(&(struct news){ "/tasks/exec-started", "containerd.events.TaskExecStarted", process->container->id, request->traceparent, true }, &event);
	} else {
		put_number(&event, 2, (uint64_t)process->pid);
		publish(&(struct news){ "/tasks/start", "containerd.events.TaskStart", process->container->id, request->traceparent, false }, &event);
	}
	put_number(&response, 1, (uint64_t)process->pid);
	answer(request, &response);
	writer_free(&response);
	writer_free(&event);
}

static void started(struct call *call, const char *error)
{
	struct process *init = call->process;
	if (error) {
		refuse(call->request, CODE_UNKNOWN, "OCI runtime start failed: %s", error);
	} else {
		/* Its exit may have come first; then it is stopped and its exit event, held until now, follows. */
		if (init->status == STATUS_CREATED)
			process_set_status(init, STATUS_RUNNING, &call->request->trace);
		oom_watch(init->container);
		answer_started(call->request, init);
	}
	process_settle(init);
}

static void start_init(struct request *request, struct process *init)
{
	char error[512];
	struct arguments arguments = { .count = 0 };
	arguments_add(&arguments, init->container->id);
	if (!runtime_call(&(struct command){ "start", init, request, NULL, started }, &arguments, error))
		refuse(request, CODE_UNKNOWN, "OCI runtime start failed: %s", error);
}

static bool exec_path(char path[PATH_MAX], const struct process *process, const char *suffix)
{
	int n = snprintf(path, PATH_MAX, "%s/%s%s", process->container->bundle, process->exec_id, suffix);
	return n > 0 && n < PATH_MAX;
}

static void exec_started(struct call *call, const char *error)
{
	char path[PATH_MAX], message[512];
	struct process *process = call->process;
	struct request *request = call->request;
	bool made = !error;
	if (!error && !hold_or_say(&(struct step){ .request = request, .process = process, .name = "read-pid" }, message, sizeof message))
		error = message;
	if (!error && (!exec_path(path, process, "-process.pid") || !read_pid(path, &process->pid)))
		error = "the runtime wrote no pid";
	if (!error && !stdio_console_arrived(&process->stdio))
		error = "the runtime sent no terminal";
	/* It runs, but we shall not hold it: it must not stay in the container unseen. */
	if (made && error && exec_path(path, process, "-process.pid") && read_pid(path, &process->pid))
		kill(process->pid, SIGKILL);
	if (exec_path(path, process, "-process.pid"))
		unlink(path);
	if (exec_path(path, process, "-process.json"))
		unlink(path);
	if (error) {
		/* As a process that could not be executed: stopped, 255 in the end, and no exit event. */
		process->status = STATUS_STOPPED;
		process->exit_status = 255;
		clock_gettime(CLOCK_REALTIME, &process->exited_at);
		stdio_release(&process->stdio);
		refuse(request, CODE_UNKNOWN, "OCI runtime exec failed: %s", error);
	} else {
		process_set_status(process, STATUS_RUNNING, &request->trace);
		answer_started(request, process);
		reaper_adopt(process);
	}
	process_settle(process);
}

static bool call_exec(struct request *request, struct process *process, char error[512])
{
	char document[PATH_MAX], pid_file[PATH_MAX];
	struct arguments arguments = { .count = 0 };
	if (!exec_path(document, process, "-process.json") || !exec_path(pid_file, process, "-process.pid")) {
		snprintf(error, 512, "the bundle's path is too long");
		return false;
	}
	arguments_add(&arguments, "--process");
	arguments_add(&arguments, document);
	arguments_add(&arguments, "--pid-file");
	arguments_add(&arguments, pid_file);
	arguments_add(&arguments, "--detach");
	if (process->stdio.terminal) {
		arguments_add(&arguments, "--tty");
		arguments_add(&arguments, "--console-socket");
		arguments_add(&arguments, process->stdio.console_path);
	}
	arguments_add(&arguments, process->container->id);
	return runtime_call(&(struct command){ "exec", process, request, process->stdio.child, exec_started }, &arguments, error);
}

static void start_exec(struct request *request, struct process *process)
{
	const struct runtime *runtime = &process->container->runtime;
	const unsigned owner[2] = { runtime->io_uid, runtime->io_gid };
	char error[512];
	if (!hold_or_say(&(struct step){ .request = request, .process = process, .name = "open-streams" }, error, sizeof error) ||
	    !stdio_open(&process->stdio, shim.sockets, owner, error)) {
		refuse(request, CODE_UNKNOWN, "OCI runtime exec failed: %s", error);
		return;
	}
	trace_stdio(&request->trace, process);
	if (!call_exec(request, process, error)) {
		stdio_release(&process->stdio);
		refuse(request, CODE_UNKNOWN, "OCI runtime exec failed: %s", error);
		return;
	}
	stdio_handed_over(&process->stdio);
}

void verb_start(struct request *request)
{
	struct process *process = find_process(request);
	if (!process || defer_if_busy(request, process))
		return;
	if (process->status != STATUS_CREATED)
		refuse(request, CODE_FAILED_PRECONDITION, "cannot start process: it is %s, must be created",
		       process->status == STATUS_RUNNING ? "running" : "stopped");
	else if (is_init(process))
		start_init(request, process);
	else
		start_exec(request, process);
}
