/*
 * Maps of the child's user namespace, written from outside while it waits: by the runtime itself, or by the set-uid programs that
 * give an ordinary user the ranges of /etc/subuid and /etc/subgid. A map can be written once.
 * @source man user_namespaces(7), newuidmap(1)
 */
#include "id-map.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "syscalls.h"

#define MOST_ENTRIES 340 /* lines of a map. @source man user_namespaces(7) */

static long read_sysctl(struct executor *executor, const char *path)
{
	char text[32] = "";
	int fd = openat(executor->host_proc, path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	return got > 0 ? strtol(text, NULL, 10) : -1;
}

static const char *what_to_do(struct executor *executor, int number)
{
	if (number == ENOSPC || number == EUSERS)
		return "user.max_user_namespaces is reached, or namespaces are nested too deep: sysctl -w user.max_user_namespaces=15000";
	if (read_sysctl(executor, "sys/kernel/unprivileged_userns_clone") == 0)
		return "this host keeps them for root: sysctl -w kernel.unprivileged_userns_clone=1";
	return "a seccomp filter, a security module or a chroot of the caller keeps it from making one";
}

int fail_user_namespace(struct executor *executor)
{
	int number = errno;
	FAIL_CALL(executor, "clone3(2)", "making the container's first process in a user namespace");
	size_t used = strlen(executor->failure->text);
	if (number == EPERM || number == ENOSPC || number == EUSERS)
		snprintf(executor->failure->text + used, sizeof executor->failure->text - used, ": %s", what_to_do(executor, number));
	return -1;
}

/* Ubuntu lets everybody make the namespace, but takes all capabilities in it from programs without a profile. */
static void add_apparmor_hint(struct executor *executor)
{
	size_t used = strlen(executor->failure->text);
	if ((executor->failure->number != EPERM && executor->failure->number != EACCES) ||
	    read_sysctl(executor, "sys/kernel/apparmor_restrict_unprivileged_userns") != 1)
		return;
	snprintf(executor->failure->text + used, sizeof executor->failure->text - used,
	         ": AppArmor restricts user namespaces here: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, "
	         "or give tlab-runc a profile with userns");
}

int op_id_map(struct executor *executor, const struct operation *operation)
{
	const char *file = operation->arguments[ID_MAP_FILE].string, *value = operation->arguments[ID_MAP_VALUE].string;
	char path[64];
	if (strcmp(file, "setgroups") != 0 && strcmp(file, "uid_map") != 0 && strcmp(file, "gid_map") != 0)
		return FAIL(executor, "writing \"%s\": expected setgroups, uid_map or gid_map", file);
	snprintf(path, sizeof path, "%d/%s", executor->child, file);
	int fd = openat(executor->host_proc, path, O_WRONLY | O_CLOEXEC);
	int result = 0;
	if (fd < 0 || write(fd, value, strlen(value)) < 0) {
		result = FAIL_CALL(executor, fd < 0 ? "open(2)" : "write(2)", "writing \"%s\" to %s", value, file);
		add_apparmor_hint(executor);
	}
	if (fd >= 0)
		close(fd);
	return result;
}

/* Two maps are the same when their numbers are: the kernel pads its own. */
static bool same_numbers(const char *one, const char *other)
{
	for (;;) {
		char *one_end, *other_end;
		unsigned long a = strtoul(one, &one_end, 10), b = strtoul(other, &other_end, 10);
		if (one_end == one || other_end == other)
			return one_end == one && other_end == other;
		if (a != b)
			return false;
		one = one_end;
		other = other_end;
	}
}

/* A read gives a page of lines at most, and a map may have more. Its length, or -1 with errno. */
static ssize_t read_map(int fd, char *map, size_t size)
{
	size_t length = 0;
	ssize_t got;
	while (length < size - 1 && (got = read(fd, map + length, size - 1 - length)) != 0) {
		if (got < 0)
			return -1;
		length += (size_t)got;
	}
	map[length] = '\0';
	return (ssize_t)length;
}

int op_id_map_check(struct executor *executor, const struct operation *operation)
{
	const char *file = operation->arguments[ID_MAP_CHECK_FILE].string, *wanted = operation->arguments[ID_MAP_CHECK_VALUE].string;
	char path[64], map[16384];
	if (strcmp(file, "uid_map") != 0 && strcmp(file, "gid_map") != 0)
		return FAIL(executor, "reading \"%s\": expected uid_map or gid_map", file);
	snprintf(path, sizeof path, "%d/%s", executor->child, file);
	int fd = openat(executor->host_proc, path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read_map(fd, map, sizeof map);
	if (got < 0)
		FAIL_CALL(executor, fd < 0 ? "open(2)" : "read(2)", "reading %s of the joined user namespace", file);
	if (fd >= 0)
		close(fd);
	if (got < 0)
		return -1;
	return same_numbers(map, wanted) ? 0 : FAIL(executor, "joining the user namespace: its %s is not the map that config.json says", file);
}

/* Numbers of `value`, split in place, after the program and the pid. */
static void fill_arguments(char **arguments, char *program, char *pid, char *value)
{
	size_t count = 0;
	arguments[count++] = program;
	arguments[count++] = pid;
	for (char *rest = value, *word; count < 2 + 3 * MOST_ENTRIES && (word = strtok_r(rest, " \n", &rest));)
		arguments[count++] = word;
	arguments[count] = NULL;
}

static _Noreturn void helper_child(char **arguments, int output)
{
	static char *environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };
	if (dup2(output, 1) < 0 || dup2(output, 2) < 0)
		_exit(127);
	sys_close_range(3, ~0u, 0);
	execve(arguments[0], arguments, environment);
	dprintf(2, "%s", strerror(errno));
	_exit(127);
}

/* Its exit status; what it said, on one line, is in `said`. -1 with errno. */
static int run_helper(char **arguments, char *said, size_t size)
{
	int pipe[2], status = 0;
	size_t length = 0;
	ssize_t got;
	if (pipe2(pipe, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0)
		helper_child(arguments, pipe[1]);
	close(pipe[1]);
	while (pid > 0 && length < size - 1 && (got = read(pipe[0], said + length, size - 1 - length)) > 0)
		length += (size_t)got;
	close(pipe[0]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	said[length] = '\0';
	for (size_t i = 0; i < length; i++)
		said[i] = (unsigned char)said[i] < ' ' ? ' ' : said[i];
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int op_id_map_helper(struct executor *executor, const struct operation *operation)
{
	char pid[16], said[512] = "", *arguments[3 + 3 * MOST_ENTRIES];
	char *program = (char *)(uintptr_t)operation->arguments[ID_MAP_HELPER_PROGRAM].string;
	const char *map = operation->arguments[ID_MAP_HELPER_VALUE].string;
	char *value = strdup(map);
	if (program[0] != '/' || !value)
		return FAIL(executor, "mapping ids with \"%s\": expected an absolute path", program);
	snprintf(pid, sizeof pid, "%d", executor->child);
	fill_arguments(arguments, program, pid, value);
	int status = run_helper(arguments, said, sizeof said);
	free(value);
	if (status < 0)
		return FAIL_CALL(executor, "fork(2)", "mapping ids with \"%s\"", program);
	if (status == 0)
		return 0;
	return FAIL(executor, "mapping ids \"%s\": %s ended with %d: %s: expected ranges that /etc/subuid and /etc/subgid give this user",
	            map, program, status, said);
}

int op_oom_score_adj(struct executor *executor, const struct operation *operation)
{
	const char *value = operation->arguments[OOM_SCORE_ADJ_VALUE].string;
	char path[64];
	/* Before the clone, for the child to inherit: an ordinary user's exec. Files of a process that cannot be dumped are root's. */
	pid_t target = executor->child > 0 ? executor->child : getpid();
	snprintf(path, sizeof path, "%d/oom_score_adj", target);
	bool opens = target == getpid();
	if (opens)
		prctl(PR_SET_DUMPABLE, 1);
	int fd = openat(executor->host_proc, path, O_WRONLY | O_CLOEXEC);
	if (opens)
		prctl(PR_SET_DUMPABLE, 0);
	int result = 0;
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		result = FAIL_CALL(executor, fd < 0 ? "open(2)" : "write(2)", "writing %s to oom_score_adj", value);
	if (fd >= 0)
		close(fd);
	return result;
}
