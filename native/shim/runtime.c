#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hold.h"
#include "tracing.h"

extern char **environ;

static struct call *calls;

void arguments_add(struct arguments *arguments, const char *argument)
{
	if (arguments->count < ARGUMENTS_MAX)
		arguments->list[arguments->count++] = argument;
	arguments->list[arguments->count] = NULL;
}

void runtime_arguments(struct arguments *arguments, const struct runtime *runtime, const char *verb, const char *log)
{
	arguments->count = 0;
	arguments_add(arguments, runtime->binary);
	arguments_add(arguments, "--root");
	arguments_add(arguments, runtime->root);
	if (log) {
		arguments_add(arguments, "--log");
		arguments_add(arguments, log);
		arguments_add(arguments, "--log-format");
		arguments_add(arguments, "json");
	}
	if (runtime->systemd_cgroup)
		arguments_add(arguments, "--systemd-cgroup");
	arguments_add(arguments, verb);
}

struct spawn {
	const struct arguments *arguments;
	char **environment;
	const int *stdio;
	const char *folder; /* its working directory; NULL: ours */
	pid_t parent;
	volatile int error;
};

/*
 * The child of vfork shares our memory, so it makes system calls only. The runtime dies with us (PDEATHSIG): a runtime that
 * outlived its shim would make a container that nobody holds.
 */
static _Noreturn void exec_runtime(struct spawn *spawn)
{
	sigset_t none;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != spawn->parent)
		_exit(127);
	/* That of the shim may be a bundle that is gone by now: the first of its group. */
	if (spawn->folder)
		(void)!chdir(spawn->folder); /* nor need this one be there: a container whose bundle was taken away can be deleted */
	if (shim.descriptors.rlim_max > 0)
		setrlimit(RLIMIT_NOFILE, &shim.descriptors);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	for (int i = 0; i < 3; i++)
		if (dup2(spawn->stdio[i], i) < 0)
			_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvpe(spawn->arguments->list[0], (char *const *)(const void *)spawn->arguments->list, spawn->environment);
	spawn->error = errno;
	_exit(127);
}

static pid_t spawn_runtime(const struct arguments *arguments, char **environment, const int *stdio, const char *folder)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -1;
	const int nothing[3] = { null, null, null };
	struct spawn spawn = { arguments, environment, stdio ? stdio : nothing, folder, getpid(), 0 };
	pid_t pid = vfork();
	if (pid == 0)
		exec_runtime(&spawn);
	int error = pid < 0 ? errno : spawn.error;
	close(null);
	if (error == 0)
		return pid;
	if (pid > 0)
		waitpid(pid, NULL, 0);
	errno = error;
	return -1;
}

/* Our environment with the trace's context in it. The array is freed by the caller, its strings are borrowed. */
static char **environment_with(char *traceparent)
{
	size_t count = 0;
	while (environ[count])
		count++;
	char **copy = calloc(count + 2, sizeof *copy);
	size_t used = 0;
	for (size_t i = 0; copy && i < count; i++)
		if (strncmp(environ[i], "TRACEPARENT=", 12) != 0)
			copy[used++] = environ[i];
	if (copy && traceparent)
		copy[used] = traceparent;
	return copy;
}

static void call_free(struct call *call)
{
	struct call **link = &calls;
	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
	free(call);
}

static struct call *call_new(const struct command *command)
{
	struct call *call = calloc(1, sizeof *call);
	if (!call)
		return NULL;
	const char *exec_id = command->process->exec_id;
	int n = snprintf(call->log, sizeof call->log, "%s/%s%slog.json", command->process->container->bundle, exec_id, exec_id[0] ? "-" : "");
	if (n < 0 || (size_t)n >= sizeof call->log) {
		free(call);
		return NULL;
	}
	call->verb = command->verb;
	call->process = command->process;
	call->request = command->request;
	call->done = command->done;
	call->next = calls;
	calls = call;
	return call;
}

bool runtime_call(const struct command *command, const struct arguments *after_verb, char error[512])
{
	struct arguments arguments;
	char traceparent[12 + 56] = "TRACEPARENT=";
	char name[32];
	snprintf(name, sizeof name, "runtime-%s", command->verb);
	const struct step step = { .request = command->request, .verb = "reap", .process = command->process, .name = name };
	if (!hold_or_say(&step, error, 512))
		return false;
	const struct container *container = command->process->container;
	struct call *call = call_new(command);
	if (!call) {
		snprintf(error, 512, "no memory, or the bundle's path is too long");
		return false;
	}
	unlink(call->log);
	runtime_arguments(&arguments, &container->runtime, command->verb, call->log);
	for (int i = 0; i < after_verb->count; i++)
		arguments_add(&arguments, after_verb->list[i]);

	struct trace *trace = command->request ? &command->request->trace : NULL;
	bool traced = trace && trace->fd >= 0;
	if (traced) {
		trace_child(trace, call->span, traceparent + 12);
		trace_runtime_request(trace, call);
	}
	char **environment = environment_with(traced ? traceparent : NULL);
	call->pid = environment ? spawn_runtime(&arguments, environment, command->stdio, container->bundle) : -1;
	free(environment);
	if (call->pid < 0) {
		snprintf(error, 512, "runtime \"%.200s\": %s", arguments.list[0], strerror(errno));
		call_free(call);
		return false;
	}
	if (traced)
		trace_executed(trace, call->span, arguments.list, call->pid);
	reaper_expect(1);
	command->process->call = call;
	return true;
}

static char *failure_of(const struct call *call, int wait_status)
{
	char text[128];
	char *said = runtime_log_error(call->log);
	if (said && said[0])
		return said;
	free(said);
	if (WIFSIGNALED(wait_status))
		snprintf(text, sizeof text, "the runtime was killed by signal %d during %s", WTERMSIG(wait_status), call->verb);
	else
		snprintf(text, sizeof text, "the runtime's %s exited with %d and left no error in its log", call->verb, WEXITSTATUS(wait_status));
	return strdup(text);
}

bool runtime_reaped(pid_t pid, int wait_status)
{
	struct call *call = calls;
	while (call && call->pid != pid)
		call = call->next;
	if (!call)
		return false;
	struct process *process = call->process;
	call->killed = WIFSIGNALED(wait_status);
	char *error = wait_status == 0 ? NULL : failure_of(call, wait_status);
	if (call->request && call->request->trace.fd >= 0)
		trace_runtime_response(&call->request->trace, call, wait_status, error);
	unlink(call->log);
	process->call = NULL;
	call->done(call, wait_status == 0 ? NULL : error ? error : "no memory");
	free(error);
	call_free(call);
	reaper_expect(-1);
	return true;
}

int runtime_run(const struct arguments *arguments)
{
	int wait_status;
	pid_t pid = spawn_runtime(arguments, environ, NULL, NULL);
	if (pid < 0 || waitpid(pid, &wait_status, 0) < 0)
		return -1;
	return wait_status;
}
