/*
 * The plan's two loops. List order is execution order: where the actor changes, the runtime and its child hand over through
 * their socket, so never do two operations run at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor.h"
#include "handover.h"
#include "hold.h"
#include "listener.h"
#include "syscalls.h"
#include "systemd.h"

static int (*const handlers[])(struct executor *, const struct operation *) = {
#define X(name, code, types) [code] = op_##name,
	OPERATIONS(X)
#undef X
};

int run_operation(struct executor *executor, uint32_t index)
{
	const struct operation *operation = &executor->plan->operations[index];
	executor->current = index;
	executor->tolerated = 0;
	record_start(&executor->records, index, operation->actor);
	int result = hold_operation(executor, index);
	if (result == 0)
		result = handlers[operation->code](executor, operation);
	int number = result < 0 ? executor->failure->number : executor->tolerated;
	record_end(&executor->records, index, result, number);
	/* A missing program is said in runc's very words, which engines above compare. */
	if (result < 0 && strncmp(executor->failure->text, "exec: ", 6) != 0)
		failure_cause(executor->failure, executor->joined ? "process" : "config.json", operation->cause);
	return result;
}

/* ── the child ── */

static void child_failed(struct executor *executor)
{
	if (executor->socket >= 0) {
		message_tell(executor->socket, MESSAGE_FAILED, executor->current);
		_exit(1);
	}
	/* After the barrier nobody listens but the container's own standard error. */
	const char *text = executor->failure->text;
	ssize_t ignored = write(2, text, strlen(text));
	ignored += write(2, "\n", 1);
	(void)ignored;
	_exit(executor->failure->number == ENOENT ? 127 : 126);
}

void die_with_runtime(struct executor *executor)
{
	struct pollfd runtime = { .fd = executor->socket };
	executor->dies_with_runtime = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
	if (executor->socket >= 0 && poll(&runtime, 1, 0) > 0 && (runtime.revents & POLLHUP))
		_exit(1);
}

int outlive_runtime(struct executor *executor)
{
	if (executor->dies_with_runtime && prctl(PR_SET_PDEATHSIG, 0) < 0)
		return FAIL_CALL(executor, "prctl(2)", "living longer than the runtime");
	executor->dies_with_runtime = false;
	return 0;
}

_Noreturn void child_main(struct executor *executor)
{
	const struct plan *plan = executor->plan;
	struct message message;
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL); /* the runtime's is its own affair */
	while (message_receive(executor->socket, &message) == 1 && message.kind == MESSAGE_GO) {
		uint32_t index = message.index;
		if (executor->awaits_maps && become_root_of_user_namespace(executor) < 0)
			child_failed(executor);
		executor->awaits_maps = false;
		for (; index < plan->count && plan->operations[index].actor == ACTOR_INIT; index++)
			if (run_operation(executor, index) < 0)
				child_failed(executor);
		if (message_tell(executor->socket, MESSAGE_YIELD, index) < 0)
			break;
	}
	_exit(1); /* the runtime is gone: so is the container */
}

/* ── the runtime ── */

static int child_ended(struct executor *executor)
{
	int status = 0;
	if (child_of_joiner(executor) < 0)
		return -1;
	if (atomic_load(&executor->shared->executing))
		return 0; /* the socket was closed by execve(2) */
	if (waitpid(executor->child, &status, 0) == executor->child)
		executor->child = 0;
	if (WIFSIGNALED(status))
		return FAIL(executor, "the container's first process was killed by signal %d while it was set up", WTERMSIG(status));
	return FAIL(executor, "the container's first process ended with %d while it was set up", WEXITSTATUS(status));
}

/* A container may have taken the child over: the runtime goes on only with an operation of its own, behind what it has done. */
static int check_yield(struct executor *executor, uint32_t from, uint32_t to)
{
	const struct plan *plan = executor->plan;
	const struct operation *clone = plan_find(plan, OP_CLONE, 0);
	bool is_cloned = executor->child != executor->joiner || (clone && clone >= &plan->operations[to]);
	if (to > from && to < plan->count && plan->operations[to].actor == ACTOR_RUNTIME && is_cloned)
		return 0;
	return FAIL(executor, "the container's first process handed over at operation %u after %u: it is not its own", to, from);
}

/* Lets the child act from `index`; *next is where the runtime goes on, plan->count when the child is on its own. */
static int hand_over(struct executor *executor, uint32_t index, uint32_t *next)
{
	struct message message;
	*next = executor->plan->count;
	if (message_send(executor->socket, MESSAGE_GO, index) < 0)
		return child_ended(executor);
	int got = message_receive(executor->socket, &message);
	if (got == 1 && message.kind == MESSAGE_LISTENER) {
		if (listener_send(executor) < 0)
			return -1;
		got = message_receive(executor->socket, &message);
	}
	if (got < 0)
		return FAIL_CALL(executor, "read(2)", "waiting for the container's first process");
	if (got == 0)
		return child_ended(executor);
	if (child_of_joiner(executor) < 0)
		return -1;
	if (message.kind == MESSAGE_FAILED)
		return -1;
	if (message.kind == MESSAGE_READY) {
		if (executor->on_ready && executor->on_ready(executor) < 0)
			return -1;
		return message_send(executor->socket, MESSAGE_GO, message.index) < 0 ? child_ended(executor) : 0;
	}
	return check_yield(executor, index, *next = message.index);
}

/* Opened before any namespace is left, so that the paths mean what the caller meant. @source man setns(2) */
static int open_namespace(struct executor *executor, const struct operation *operation, int *fd)
{
	char path[PATH_MAX];
	const char *given = operation->arguments[SETNS_PATH].string;
	int type = (int)operation->arguments[SETNS_TYPE].number;
	if (given[0] == '/')
		snprintf(path, sizeof path, "%s", given);
	else
		snprintf(path, sizeof path, "/proc/%d/%s", executor->joined, given);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return FAIL_CALL(executor, "open(2)", "joining namespace \"%s\"", path);
	int actual = ioctl(*fd, NS_GET_NSTYPE);
	if (actual < 0 || (type != 0 && actual != type)) {
		errno = EINVAL;
		return FAIL_CALL(executor, "ioctl(2)", "joining namespace \"%s\": it is not a namespace of the wanted type", path);
	}
	struct stat theirs, ours;
	if (type == CLONE_NEWUSER && fstat(*fd, &theirs) == 0 && stat("/proc/self/ns/user", &ours) == 0 &&
	    theirs.st_ino == ours.st_ino) { /* the kernel refuses to join the user namespace that one is in */
		close(*fd);
		*fd = -1;
	}
	return 0;
}

static int prepare(struct executor *executor)
{
	int pair[2];
	unsigned namespaces = 0;
	executor->socket = executor->peer = executor->time_offsets = executor->root = executor->agent = executor->clone_into = -1;
	executor->host_proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (executor->host_proc < 0)
		return FAIL_CALL(executor, "open(2)", "opening the host's /proc");
	for (uint32_t i = 0; i < executor->plan->count; i++) {
		const struct operation *operation = &executor->plan->operations[i];
		if (operation->code != OP_SETNS)
			continue;
		if (namespaces == MAX_NAMESPACES)
			return FAIL(executor, "joining namespaces: more than %d", MAX_NAMESPACES);
		if (open_namespace(executor, operation, &executor->namespaces[namespaces++]) < 0) {
			failure_cause(executor->failure, "config.json", operation->cause);
			return -1;
		}
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return FAIL_CALL(executor, "socketpair(2)", "making the hand-over");
	executor->socket = pair[0];
	executor->peer = pair[1];
	return 0;
}

static int execute_list(struct executor *executor)
{
	const struct plan *plan = executor->plan;
	if (prepare(executor) < 0)
		return -1;
	for (uint32_t index = 0; index < plan->count;) {
		if (plan->operations[index].actor == ACTOR_INIT) {
			if (hand_over(executor, index, &index) < 0)
				return -1;
		} else if (run_operation(executor, index++) < 0) {
			return -1;
		}
	}
	return 0;
}

int execute(struct executor *executor)
{
	int result = execute_list(executor);
	if (result < 0)
		executor_undo(executor);
	return result;
}

/* In reverse order of making: the process, then the unit and the cgroups that only this call made. */
void executor_undo(struct executor *executor)
{
	if (executor->child > 0) {
		kill(executor->child, SIGKILL);
		waitpid(executor->child, NULL, 0);
		executor->child = 0;
	}
	struct failure ignored;
	if (executor->unit_started) /* never another's of that name */
		systemd_calls_late(executor->plan, &ignored);
	while (executor->cgroups_made_count > 0) {
		char *path = executor->cgroups_made[--executor->cgroups_made_count];
		rmdir(path);
		free(path);
	}
}
