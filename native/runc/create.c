/*
 * create: makes the state directory, executes the plan up to the barrier, writes the state, leaves the container waiting.
 * run: the same, then start, then (unless detached) waits and removes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "console.h"
#include "create.h"
#include "descriptor.h"
#include "document.h"
#include "executor.h"
#include "hold.h"
#include "syscalls.h"
#include "terminal.h"
#include "verbs.h"

int write_pid_file(const char *path, int pid, struct failure *failure)
{
	char text[16], temporary[PATH_MAX];
	int length = snprintf(text, sizeof text, "%d", pid);
	int n = snprintf(temporary, sizeof temporary, "%s.new", path);
	if (n < 0 || (size_t)n >= sizeof temporary)
		return fail_plain(failure, "--pid-file \"%s\": its path is too long", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || write(fd, text, (size_t)length) != length || rename(temporary, path) < 0) {
		fail_call(failure, "write(2)", "writing the pid file \"%s\"", path);
		if (fd >= 0)
			close(fd);
		unlink(temporary);
		return -1;
	}
	return close(fd);
}

/* @source runc libcontainer setupPidfd: the text beside it says whose it is */
int send_pidfd(const char *path, int pid, const char *whose, struct failure *failure)
{
	int connection = unix_connect(path, "the pidfd socket", 0, failure);
	int pidfd = connection < 0 ? -1 : sys_pidfd_open(pid);
	int result = 0;
	if (pidfd < 0 || send_descriptor(connection, pidfd, whose, strlen(whose)) < 0)
		result = connection < 0 ? -1 : fail_call(failure, pidfd < 0 ? "pidfd_open(2)" : "sendmsg(2)", "sending the pidfd to \"%s\"", path);
	if (pidfd >= 0)
		close(pidfd);
	if (connection >= 0)
		close(connection);
	return result;
}

struct shared *shared_make(struct failure *failure)
{
	void *memory = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		fail_call(failure, "mmap(2)", "making shared memory");
		return NULL;
	}
	return memory;
}

/* Descriptors promised with --preserve-fds must be open, or one of ours would take their place and reach the container. */
int check_preserved(const struct options *options, struct failure *failure)
{
	for (unsigned fd = 3; fd < 3 + options->preserve_fds; fd++)
		if (fcntl((int)fd, F_GETFD) < 0)
			return fail_plain(failure, "--preserve-fds %u: descriptor %u is not open", options->preserve_fds, fd);
	return 0;
}

/* Only a verb that stays may keep the terminal itself; the others hand it to the caller's socket. */
int check_terminal(const struct options *options, const struct plan *plan, struct failure *failure)
{
	bool terminal = plan->facts[FACT_TERMINAL].number != 0;
	bool stays = strcmp(options->verb, "create") != 0 && !options->detach;
	if (terminal && !options->console_socket && !stays)
		return fail_plain(failure, "process.terminal is set: --console-socket must be given");
	if (!terminal && options->console_socket)
		return fail_plain(failure, "--console-socket is given but process.terminal is not set");
	return 0;
}

int open_console(const struct executor *executor, const struct options *options, int ends[2], struct failure *failure)
{
	ends[0] = ends[1] = -1;
	if (executor->plan->facts[FACT_TERMINAL].number == 0)
		return 0;
	if (!options->console_socket)
		return terminal_pair(ends, failure);
	ends[1] = console_connect(options->console_socket, failure);
	return ends[1] < 0 ? -1 : 0;
}

/* ── the container's facts ── */

struct creation {
	struct executor executor; /* first: on_ready gets its address */
	struct container container;
	struct call *call;
	int terminal; /* own end of what stands for a console socket; -1 */
};

static int set_paths(struct saved *saved, const struct options *options, struct failure *failure)
{
	if (!realpath(options->bundle, saved->bundle))
		return fail_call(failure, "realpath(3)", "--bundle \"%s\"", options->bundle);
	if (chdir(saved->bundle) < 0)
		return fail_call(failure, "chdir(2)", "--bundle \"%s\"", options->bundle);
	return 0;
}

static int set_rootfs(struct container *container, struct failure *failure)
{
	const char *rootfs = container->plan.facts[FACT_ROOTFS].string;
	int n = rootfs[0] == '/' ? snprintf(container->saved.rootfs, PATH_MAX, "%s", rootfs)
	                         : snprintf(container->saved.rootfs, PATH_MAX, "%s/%s", container->saved.bundle, rootfs);
	return n < 0 || n >= PATH_MAX ? fail_plain(failure, "root path \"%s\": it is too long", rootfs) : 0;
}

/* Hooks see the container's first process; the runtime writes this while that process waits for its first turn. */
static void tell_state(struct creation *creation, enum status status)
{
	container_state_json(&creation->container, status, creation->executor.shared->state_json, STATE_JSON_BYTES);
}

static int after_clone(struct executor *executor)
{
	struct creation *creation = (struct creation *)(void *)executor;
	struct saved *saved = &creation->container.saved;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	saved->pid = executor->child;
	saved->start_time = process_start_time(executor->child);
	saved->created_s = (uint64_t)now.tv_sec;
	saved->created_ns = (uint32_t)now.tv_nsec;
	tell_state(creation, STATUS_CREATING);
	return 0;
}

/* While the plan is executed, what fails is said in the executor's failure. */
static int hold_ready(struct creation *creation, const char *step)
{
	if (hold_step(creation->call, step) == 0)
		return 0;
	*creation->executor.failure = creation->call->failure;
	return -1;
}

/* The child stands before its barrier: from here on the container exists. */
static int on_ready(struct executor *executor)
{
	struct creation *creation = (struct creation *)(void *)executor;
	const struct options *options = &creation->call->options;
	tell_state(creation, STATUS_CREATED);
	if (options->pidfd_socket && (hold_ready(creation, "send-pidfd") < 0 ||
	                              send_pidfd(options->pidfd_socket, executor->child, "standard", executor->failure) < 0))
		return -1;
	if (hold_ready(creation, "save-state") < 0 || container_save(&creation->container, executor->failure) < 0)
		return -1;
	if (!options->pid_file)
		return 0;
	return hold_ready(creation, "write-pid-file") < 0 ? -1 : write_pid_file(options->pid_file, executor->child, executor->failure);
}

/* ── the steps ── */

static int make_state(struct creation *creation)
{
	struct container *container = &creation->container;
	struct failure *failure = &creation->call->failure;
	struct saved paths = container->saved;
	struct plan plan = container->plan;
	const struct options *options = &creation->call->options;
	if (hold_step(creation->call, "make-state") < 0 || container_make(container, options->root, options->id, failure) < 0)
		return -1;
	memcpy(container->saved.bundle, paths.bundle, PATH_MAX);
	memcpy(container->saved.rootfs, paths.rootfs, PATH_MAX);
	container->plan = plan;
	if (hold_step(creation->call, "copy-plan") < 0)
		return -1;
	if (write_whole_at(container->dir, "plan", plan.data, plan.size) < 0 ||
	    write_whole_at(container->dir, "container", &container->saved, sizeof container->saved) < 0)
		return fail_call(failure, "write(2)", "writing the state of \"%s\"", container->id);
	return 0;
}

static int set_up_executor(struct creation *creation)
{
	const struct options *options = &creation->call->options;
	struct executor *executor = &creation->executor;
	struct failure *failure = &creation->call->failure;
	*executor = (struct executor){
		.verb = options->verb,
		.id = options->id,
		.bundle = creation->container.saved.bundle,
		.oci_version = creation->container.plan.facts[FACT_OCI_VERSION].string,
		.preserve_fds = options->preserve_fds,
		.no_pivot = options->no_pivot,
		.no_new_keyring = options->no_new_keyring,
		.plan = &creation->container.plan,
		.console = -1,
		.after_clone = after_clone,
		.on_ready = on_ready,
	};
	executor->shared = shared_make(failure);
	if (!executor->shared)
		return -1;
	executor->failure = &executor->shared->failure;
	executor->fifo = openat(creation->container.dir, "start.fifo", O_RDWR | O_CLOEXEC);
	if (executor->fifo < 0)
		return fail_call(failure, "open(2)", "opening the barrier");
	if (executor->plan->facts[FACT_TERMINAL].number != 0 && hold_step(creation->call, "open-console") < 0)
		return -1;
	int ends[2];
	int result = open_console(executor, options, ends, failure);
	creation->terminal = ends[0];
	executor->console = ends[1];
	return result;
}

static int execute_plan(struct creation *creation)
{
	struct call *call = creation->call;
	events_plan_begin(&call->events, &creation->container.plan, &creation->executor.records);
	int result = execute(&creation->executor);
	event_plan_executed(&call->events, &creation->container.plan,
	                    (struct execution){ call->options.id, creation->container.saved.rootfs, creation->container.saved.pid,
	                                        creation->executor.joiner });
	if (result < 0)
		call->failure = creation->executor.shared->failure;
	return result;
}

/* Who asks us to end waits until the container is whole or taken back: half of one would be left. run hands the signal on then. */
static void hold_back_signals(void)
{
	static const int asking[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	sigset_t held;
	sigemptyset(&held);
	for (size_t i = 0; i < sizeof asking / sizeof *asking; i++)
		sigaddset(&held, asking[i]);
	sigprocmask(SIG_BLOCK, &held, NULL);
}

/* Leaves creation->container open. On -1 nothing is left of it. */
static int create(struct creation *creation)
{
	struct call *call = creation->call;
	struct container *container = &creation->container;
	container->dir = -1;
	if (check_preserved(&call->options, &call->failure) < 0 || set_paths(&container->saved, &call->options, &call->failure) < 0 ||
	    document_plan(&container->plan, container->saved.bundle, NULL, &call->options, &call->failure) < 0 ||
	    set_rootfs(container, &call->failure) < 0 || check_terminal(&call->options, &container->plan, &call->failure) < 0)
		return -1;
	bool existed = false;
	hold_back_signals();
	if (make_state(creation) < 0) {
		existed = container->dir < 0;
	} else if (cgroups_check_free(&container->plan, &call->failure) == 0 && set_up_executor(creation) == 0 &&
	           execute_plan(creation) == 0) {
		event_state(&call->events, container->id, (struct change){ "create", "creating", "created" });
		return 0;
	}
	if (!existed) {
		struct failure ignored;
		if (container->saved.pid > 0) /* its createRuntime hooks may have made what these undo. @source oci-runtime runtime#lifecycle */
			run_poststop_hooks(container, call);
		container_forget(container, &ignored);
	}
	return -1;
}

int verb_create(struct call *call)
{
	struct creation *creation = calloc(1, sizeof *creation);
	if (!creation)
		return fail_call(&call->failure, "calloc", "creating");
	creation->call = call;
	prctl(PR_SET_DUMPABLE, 0); /* nothing in the container may look into the child while it is still ours */
	return create(creation);
}

/* ── run ── */

int wait_foreground(pid_t child)
{
	sigset_t all;
	siginfo_t info;
	int status;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (;;) {
		if (waitpid(child, &status, WNOHANG) == child)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		int number = sigwaitinfo(&all, &info);
		if (number > 0 && number != SIGCHLD && number != SIGURG)
			kill(child, number);
	}
}

int verb_run(struct call *call)
{
	struct creation *creation = calloc(1, sizeof *creation);
	if (!creation)
		return fail_call(&call->failure, "calloc", "running");
	creation->call = call;
	prctl(PR_SET_DUMPABLE, 0);
	if (create(creation) < 0)
		return VERB_FAILED;
	if (start_container(&creation->container, call) < 0) {
		kill(creation->executor.child, SIGKILL);
		waitpid(creation->executor.child, NULL, 0);
		remove_container(&creation->container, call);
		return VERB_FAILED;
	}
	if (call->options.detach)
		return 0;
	int status = creation->terminal >= 0 ? terminal_relay(creation->terminal, creation->executor.child)
	                                     : wait_foreground(creation->executor.child);
	if (!call->options.keep && remove_container(&creation->container, call) < 0)
		return VERB_FAILED;
	return status;
}
