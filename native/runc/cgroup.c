/* The plan's operations on control groups. All paths are absolute host paths made by the compiler. */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "executor.h"

bool is_cgroup_fd(int fd)
{
	struct statfs status;
	return fstatfs(fd, &status) == 0 && (status.f_type == CGROUP_SUPER_MAGIC || status.f_type == CGROUP2_SUPER_MAGIC);
}

static bool is_cgroup(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool is = fd >= 0 && is_cgroup_fd(fd);
	if (fd >= 0)
		close(fd);
	return is;
}

static int make(struct executor *executor, char *path)
{
	if (mkdir(path, 0755) == 0) {
		if (!is_cgroup(path)) {
			rmdir(path);
			return FAIL(executor, "making cgroup \"%s\": its parent is not a cgroup", path);
		}
		if (executor->cgroups_made_count < MAX_CGROUPS_MADE)
			executor->cgroups_made[executor->cgroups_made_count++] = strdup(path);
		return 0;
	}
	if (errno == EEXIST)
		return is_cgroup(path) ? 0 : FAIL(executor, "making cgroup \"%s\": it exists and is not a cgroup", path);
	char *slash = strrchr(path, '/');
	if (errno != ENOENT || !slash || slash == path)
		return FAIL_CALL(executor, "mkdir(2)", "making cgroup \"%s\"", path);
	*slash = '\0';
	int result = make(executor, path);
	*slash = '/';
	return result < 0 ? -1 : make(executor, path);
}

/* @source man cgroups(7) */
int op_cgroup_make(struct executor *executor, const struct operation *operation)
{
	char path[PATH_MAX];
	const char *given = operation->arguments[CGROUP_MAKE_PATH].string;
	size_t length = strlen(given);
	bool climbs = strstr(given, "/../") || (length >= 3 && strcmp(given + length - 3, "/..") == 0);
	if (given[0] != '/' || length >= sizeof path || climbs)
		return FAIL(executor, "making cgroup \"%s\": expected an absolute path without \"..\"", given);
	strcpy(path, given);
	if (length > 1 && path[length - 1] == '/')
		path[length - 1] = '\0';
	return make(executor, path);
}

static int write_file(struct executor *executor, const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return FAIL_CALL(executor, "open(2)", "writing \"%s\" to \"%s\"", value, path);
	int result = 0;
	if (!is_cgroup_fd(fd))
		result = FAIL(executor, "writing \"%s\": it is not in a cgroup file system", path);
	else if (write(fd, value, strlen(value)) < 0)
		result = FAIL_CALL(executor, "write(2)", "writing \"%s\" to \"%s\"", value, path);
	close(fd);
	return result;
}

/*
 * Controllers are handed down as far as they can be: what is still missing matters only to a limit that needs it, and writing
 * that limit says so. One that the kernel cannot hand down must not keep the others back. But where the parent holds processes
 * (EBUSY), as in a container of another engine, none may be: with some of them the children could hold no processes at all.
 * @source kernel cgroup-v2.rst, No Internal Process Constraint, Threads
 */
static void hand_down_each(const char *path, const char *value)
{
	char words[PATH_MAX];
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	snprintf(words, sizeof words, "%s", value);
	for (char *rest = words, *word; fd >= 0 && (word = strtok_r(rest, " ", &rest));) {
		ssize_t unanswered = write(fd, word, strlen(word));
		(void)unanswered;
	}
	if (fd >= 0)
		close(fd);
}

int op_cgroup_write(struct executor *executor, const struct operation *operation)
{
	const char *path = operation->arguments[CGROUP_WRITE_PATH].string;
	const char *value = operation->arguments[CGROUP_WRITE_VALUE].string;
	const char *name = strrchr(path, '/');
	if (write_file(executor, path, value) == 0)
		return 0;
	if (!name || strcmp(name, "/cgroup.subtree_control") != 0)
		return -1;
	if (executor->failure->number != EBUSY)
		hand_down_each(path, value);
	executor->tolerated = executor->failure->number;
	*executor->failure = (struct failure){ 0 };
	return 0;
}

/*
 * Writing another process's pid makes the kernel take its lock over all thread groups, and wait for a grace period (15 ms
 * where nothing else runs). Two ways spare that: version 2, the child is cloned into the cgroup; version 1, the child, which
 * has one thread, writes 0 to `tasks`. The runtime opens these files before the clone: the kernel checks the opener's rights,
 * so it also works from a user namespace.
 * @source linux kernel/cgroup/cgroup.c cgroup_procs_write_start
 */
static int open_join_of_init(struct executor *executor, const char *cgroup, unsigned place)
{
	char path[PATH_MAX];
	if (place == MAX_CGROUPS_JOINED)
		return FAIL(executor, "joining cgroups: more than %d", MAX_CGROUPS_JOINED);
	snprintf(path, sizeof path, "%s/tasks", cgroup);
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return FAIL_CALL(executor, "open(2)", "joining cgroup \"%s\"", cgroup);
	executor->joins[place] = fd;
	return is_cgroup_fd(fd) ? 0 : FAIL(executor, "joining cgroup \"%s\": it is not one", cgroup);
}

int cgroups_open_joins(struct executor *executor)
{
	unsigned count = 0;
	for (uint32_t i = 0; i < executor->plan->count; i++) {
		const struct operation *operation = &executor->plan->operations[i];
		const char *cgroup = operation->arguments[CGROUP_JOIN_PATH].string;
		if (operation->code != OP_CGROUP_JOIN)
			continue;
		if (operation->actor == ACTOR_INIT && open_join_of_init(executor, cgroup, count++) < 0)
			return -1;
		if (operation->actor == ACTOR_RUNTIME && executor->clone_into < 0) {
			executor->clone_into = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			executor->clone_into_path = cgroup;
		}
	}
	return 0;
}

static int join_by_child(struct executor *executor, const struct operation *operation)
{
	unsigned place = 0;
	for (uint32_t i = 0; i < executor->current; i++)
		if (executor->plan->operations[i].code == OP_CGROUP_JOIN && executor->plan->operations[i].actor == ACTOR_INIT)
			place++;
	int result = write(executor->joins[place], "0", 1) == 1 ? 0 : -1;
	if (result < 0)
		FAIL_CALL(executor, "write(2)", "joining cgroup \"%s\"", operation->arguments[CGROUP_JOIN_PATH].string);
	close(executor->joins[place]);
	return result;
}

int op_cgroup_join(struct executor *executor, const struct operation *operation)
{
	char path[PATH_MAX], pid[16];
	const char *cgroup = operation->arguments[CGROUP_JOIN_PATH].string;
	if (operation->actor == ACTOR_INIT)
		return join_by_child(executor, operation);
	if (executor->cloned_into && strcmp(executor->cloned_into, cgroup) == 0)
		return 0;
	snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
	snprintf(pid, sizeof pid, "%d", executor->child);
	return write_file(executor, path, pid);
}
