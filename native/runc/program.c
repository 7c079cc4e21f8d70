#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/control.h"
#include "syscalls.h"

static const char *environment_value(const struct operation *exec, const char *name)
{
	size_t length = strlen(name);
	for (char **item = exec->arguments[EXEC_ENV].strings.items; *item; item++)
		if (strncmp(*item, name, length) == 0 && (*item)[length] == '=')
			return *item + length + 1;
	return NULL;
}

/* 0 when `path` is a file that may be executed by the current identity; else errno. */
static int check_program(const char *path)
{
	struct stat status;
	if (stat(path, &status) < 0)
		return errno;
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? EISDIR : EACCES;
	/* The C library's faccessat(AT_EACCESS) would fork; the system call of Linux 5.8 does not. */
	if (syscall(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
		return 0;
	/* Neither is an answer about the file, but of a filter older than the call; all ids are the same here. */
	if (errno != ENOSYS && errno != EPERM)
		return errno;
	return access(path, X_OK) < 0 ? errno : 0;
}

static int search_path(struct executor *executor, const char *name, const char *path)
{
	int denied = 0;
	while (path) {
		const char *end = strchr(path, ':');
		int length = end ? (int)(end - path) : (int)strlen(path);
		int n = snprintf(executor->program, sizeof executor->program, "%.*s/%s", length, path, name);
		int problem = n > 0 && (size_t)n < sizeof executor->program && length > 0 ? check_program(executor->program) : ENOENT;
		if (problem == 0)
			return 0;
		if (problem == EACCES)
			denied = 1;
		path = end ? end + 1 : NULL;
	}
	if (denied) {
		FAIL(executor, "exec: \"%s\": permission denied", name);
		executor->failure->number = EACCES;
	} else {
		FAIL(executor, "exec: \"%s\": executable file not found in $PATH", name);
		executor->failure->number = ENOENT;
	}
	return -1;
}

/* Words that engines above know: they make 127 of the first two, 126 of the others. */
static int refuse_program(struct executor *executor, const char *name, int problem)
{
	if (problem == ENOENT)
		FAIL(executor, "exec: \"%s\": stat %s: no such file or directory", name, name);
	else if (problem == EISDIR)
		FAIL(executor, "exec: \"%s\": is a directory: permission denied", name);
	else if (problem == EACCES)
		FAIL(executor, "exec: \"%s\": permission denied", name);
	else
		FAIL(executor, "exec: \"%s\": stat %s: %s", name, name, strerror(problem));
	executor->failure->number = problem;
	return -1;
}

int program_find(struct executor *executor, const struct operation *exec)
{
	const char *name = exec->arguments[EXEC_ARGV].strings.items[0];
	if (executor->program[0] != '\0')
		return 0;
	if (name[0] == '\0')
		return FAIL(executor, "exec: \"\": executable file not found in $PATH");
	if (!strchr(name, '/')) {
		const char *path = environment_value(exec, "PATH");
		int result = search_path(executor, name, path ? path : "");
		if (result < 0)
			executor->program[0] = '\0';
		return result;
	}
	int problem = strlen(name) < sizeof executor->program ? check_program(name) : ENAMETOOLONG;
	if (problem != 0)
		return refuse_program(executor, name, problem);
	strcpy(executor->program, name);
	return 0;
}

/* ── HOME ── */

static char passwd[65536], home[PATH_MAX + 8];

/* The sixth field of `name:password:uid:gid:comment:home:shell` when the third is uid. */
static bool home_of_line(const char *line, const char *end, unsigned long uid)
{
	const char *fields[7] = { line };
	int count = 1;
	for (const char *at = line; at < end && count < 7; at++)
		if (*at == ':')
			fields[count++] = at + 1;
	char *number_end;
	if (count < 6 || strtoul(fields[2], &number_end, 10) != uid || number_end == fields[2] || *number_end != ':')
		return false;
	const char *stop = count == 7 ? fields[6] - 1 : end;
	if (stop <= fields[5])
		return false;
	snprintf(home, sizeof home, "HOME=%.*s", (int)(stop - fields[5]), fields[5]);
	return true;
}

/* @source runc 1.1 setupUser: HOME is that of the user in the container's /etc/passwd, else /; an empty one counts as none */
static void add_home(const struct operation *exec)
{
	char **items = exec->arguments[EXEC_ENV].strings.items;
	const char *given = environment_value(exec, "HOME");
	if (given && given[0])
		return;
	snprintf(home, sizeof home, "HOME=/");
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t size = fd < 0 ? 0 : read(fd, passwd, sizeof passwd - 1);
	if (fd >= 0)
		close(fd);
	if (size < 0)
		size = 0;
	passwd[size] = '\0';
	for (char *line = passwd; *line;) {
		char *end = strchrnul(line, '\n');
		if (home_of_line(line, end, (unsigned long)geteuid()))
			break;
		line = *end ? end + 1 : end;
	}
	size_t place = 0;
	while (items[place] && strcmp(items[place], "HOME=") != 0)
		place++; /* the NULL slot kept for it, where there is none */
	items[place] = home;
}

/* ── exec ── */

/* Node ignores SIGPIPE and blocks nothing; the program must find the defaults whoever called. */
static void reset_signals(void)
{
	sigset_t none;
	struct sigaction standard = { .sa_handler = SIG_DFL };
	for (int number = 1; number < 65; number++)
		sigaction(number, &standard, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* All from `first` on but the `kept` ones; -1 is none. */
static int close_from(struct executor *executor, unsigned first, const int *kept, size_t count)
{
	for (;;) {
		int next = -1;
		for (size_t i = 0; i < count; i++)
			if (kept[i] >= (int)first && (next < 0 || kept[i] < next))
				next = kept[i];
		unsigned last = next < 0 ? ~0u : (unsigned)next - 1;
		if (next != (int)first && sys_close_range(first, last, 0) < 0)
			return FAIL_CALL(executor, "close_range(2)", "closing descriptors");
		if (next < 0)
			return 0;
		first = (unsigned)next + 1;
	}
}

/*
 * Nothing above standard error but what the caller asked to keep reaches the program. Closed now, not by execve(2): that looks the
 * program and its interpreter up while close-on-exec descriptors are still open, and an image may name one as
 * /proc/self/fd/5/<pid>/root/bin/sh (CVE-2024-21626). Only the hand-over, which leads nowhere, stays to tell of a failure.
 */
static int close_descriptors(struct executor *executor, int kept)
{
	int first = 3 + (int)executor->preserve_fds;
	if (executor->socket >= 0) {
		if (executor->socket != first && dup3(executor->socket, first, O_CLOEXEC) < 0)
			return FAIL_CALL(executor, "dup3(2)", "keeping the hand-over");
		executor->socket = first++;
	}
	return close_from(executor, (unsigned)first, &kept, 1);
}

int op_close_descriptors(struct executor *executor, const struct operation *operation)
{
	(void)operation;
	executor->host_proc = executor->root = executor->console = executor->agent = -1;
	return close_descriptors(executor, control_descriptor());
}

/* Those that program_before_filter() has left, and the listener. */
static void close_behind_filter(struct executor *executor)
{
	const int left[] = { executor->root, control_descriptor(), atomic_load(&executor->shared->listener) - 1 };
	for (size_t i = 0; i < sizeof left / sizeof *left; i++)
		if (left[i] >= 0)
			close(left[i]);
}

int program_before_filter(struct executor *executor, bool listens)
{
	const struct operation *exec = plan_find(executor->plan, OP_EXEC, executor->current);
	bool is_last = exec && !plan_find(executor->plan, OP_SETUID, executor->current);
	bool barred = plan_find(executor->plan, OP_AWAIT_START, executor->current) != NULL;
	const int needed[] = { executor->socket, executor->fifo, executor->root, control_descriptor() };
	if (close_from(executor, 3 + executor->preserve_fds, needed, sizeof needed / sizeof *needed) < 0)
		return -1;
	executor->host_proc = -1;
	if (!is_last)
		return 0;
	if (program_find(executor, exec) < 0)
		return -1;
	add_home(exec);
	reset_signals();
	executor->prepared = true;
	if (!barred) /* for runtime_has_died() */
		fcntl(executor->socket, F_SETFL, O_NONBLOCK);
	return listens ? 0 : outlive_runtime(executor);
}

/* Asked where no signal tells it any more, on a socket that does not wait. */
static bool runtime_has_died(const struct executor *executor)
{
	char byte;
	return executor->prepared && executor->socket >= 0 && read(executor->socket, &byte, 1) == 0;
}

/* @source man execve(2) */
int op_exec(struct executor *executor, const struct operation *operation)
{
	if (program_find(executor, operation) < 0)
		return -1;
	if (!executor->prepared) {
		add_home(operation);
		reset_signals();
	}
	if (executor->filtered)
		close_behind_filter(executor);
	else if (close_descriptors(executor, -1) < 0)
		return -1;
	if (outlive_runtime(executor) < 0)
		return -1;
	if (runtime_has_died(executor))
		_exit(1);
	atomic_store(&executor->shared->executing, 1);
	execve(executor->program, operation->arguments[EXEC_ARGV].strings.items, operation->arguments[EXEC_ENV].strings.items);
	atomic_store(&executor->shared->executing, 0);
	int number = errno;
	char words[64];
	snprintf(words, sizeof words, "%s", strerror(number));
	words[0] = (char)(words[0] | 0x20);
	FAIL(executor, "exec %s: %s", executor->program, words);
	executor->failure->number = number;
	return -1;
}
