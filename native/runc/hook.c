#include "hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "executor.h"
#include "hold.h"
#include "syscalls.h"

struct running {
	pid_t pid;
	int pidfd;
	int output; /* what it prints, for the error; -1 at its end */
	char last[512];
	size_t length;
};

static _Noreturn void hook_child(const struct operation *operation, int input, int output)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
		_exit(127);
	sys_close_range(3, ~0u, 0);
	execve(operation->arguments[HOOK_PATH].string, operation->arguments[HOOK_ARGV].strings.items,
	       operation->arguments[HOOK_ENV].strings.items);
	const char *words = strerror(errno);
	ssize_t ignored = write(2, words, strlen(words));
	(void)ignored;
	_exit(127);
}

static int start(const struct operation *operation, const char *state_json, struct running *running, struct failure *failure)
{
	int input[2] = { -1, -1 }, output[2] = { -1, -1 };
	if (pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0)
		return fail_call(failure, "pipe2(2)", "running hook");
	/* A pipe holds 64 KiB, more than a state ever has: this cannot block. */
	if (write(input[1], state_json, strlen(state_json)) < 0)
		return fail_call(failure, "write(2)", "running hook");
	running->pid = fork();
	if (running->pid == 0)
		hook_child(operation, input[0], output[1]);
	close(input[0]);
	close(input[1]);
	close(output[1]);
	running->output = output[0];
	running->pidfd = running->pid < 0 ? -1 : sys_pidfd_open(running->pid);
	return running->pidfd < 0 ? fail_call(failure, "fork(2)", "running hook") : 0;
}

static void keep_output(struct running *running)
{
	char text[512];
	ssize_t got = read(running->output, text, sizeof text);
	if (got <= 0) {
		close(running->output);
		running->output = -1;
		return;
	}
	size_t room = sizeof running->last - 1 - running->length;
	size_t size = (size_t)got < room ? (size_t)got : room;
	memcpy(running->last + running->length, text, size);
	running->length += size;
}

/* True once it has ended; false at the deadline. */
static bool wait_for(struct running *running, uint64_t timeout_seconds)
{
	struct timespec begin, now;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (;;) {
		int left = -1;
		if (timeout_seconds > 0) {
			clock_gettime(CLOCK_MONOTONIC, &now);
			long long passed = (long long)(now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000;
			long long rest = (long long)timeout_seconds * 1000 - passed;
			left = rest < 0 ? 0 : rest > 3600000 ? 3600000 : (int)rest;
		}
		struct pollfd fds[2] = { { running->pidfd, POLLIN, 0 }, { running->output, POLLIN, 0 } };
		int ready = poll(fds, 2, left);
		if (ready > 0 && fds[1].revents)
			keep_output(running);
		if (ready > 0 && fds[0].revents)
			return true;
		if (left == 0) /* also while it prints without end */
			return false;
	}
}

int hook_run(const struct operation *operation, const char *state_json, struct failure *failure)
{
	const char *phase = operation->arguments[HOOK_PHASE].string, *path = operation->arguments[HOOK_PATH].string;
	struct running running = { .pid = -1, .pidfd = -1, .output = -1 };
	int status = 0;
	if (start(operation, state_json, &running, failure) < 0)
		return -1;
	bool ended = wait_for(&running, operation->arguments[HOOK_TIMEOUT_SECONDS].number);
	if (!ended)
		kill(running.pid, SIGKILL);
	waitpid(running.pid, &status, 0);
	close(running.pidfd);
	if (running.output >= 0)
		close(running.output);
	for (size_t i = 0; i < running.length; i++)
		if ((unsigned char)running.last[i] < ' ')
			running.last[i] = ' ';
	if (!ended)
		return fail_plain(failure, "running %s hook \"%s\": not done in %llu s", phase, path,
		                  (unsigned long long)operation->arguments[HOOK_TIMEOUT_SECONDS].number);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return fail_plain(failure, "running %s hook \"%s\": killed by signal %d: %s", phase, path, WTERMSIG(status), running.last);
	return fail_plain(failure, "running %s hook \"%s\": exit status %d: %s", phase, path, WEXITSTATUS(status), running.last);
}

/* @source oci-runtime config#posix-platform-hooks */
int op_hook(struct executor *executor, const struct operation *operation)
{
	if (plan_find(executor->plan, OP_EXEC, executor->current) == NULL)
		return 0; /* after exec: start and delete run it */
	return hook_run(operation, executor->shared->state_json, executor->failure);
}

int hooks_run_late(const struct call *call, const struct plan *plan, const char *phase, const char *state_json, struct failure *failure)
{
	const struct operation *exec = plan_find(plan, OP_EXEC, 0);
	int result = 0;
	bool goes_on = strcmp(phase, "poststop") == 0;
	if (!exec)
		return 0;
	for (uint32_t i = (uint32_t)(exec - plan->operations); i < plan->count && (result == 0 || goes_on); i++) {
		const struct operation *operation = &plan->operations[i];
		if (operation->code != OP_HOOK || strcmp(operation->arguments[HOOK_PHASE].string, phase) != 0)
			continue;
		if (hold_hook(call, i, operation, failure) == 0 && hook_run(operation, state_json, failure) == 0)
			continue;
		failure_cause(failure, "config.json", operation->cause);
		result = -1;
	}
	return result;
}
