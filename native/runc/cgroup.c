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
	if (given[0] != '/' || strlen(given) >= sizeof path || strstr(given, "/../"))
		return FAIL(executor, "making cgroup \"%s\": expected an absolute path without \"..\"", given);
	strcpy(path, given);
	size_t length = strlen(path);
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

int op_cgroup_write(struct executor *executor, const struct operation *operation)
{
	return write_file(executor, operation->arguments[CGROUP_WRITE_PATH].string,
	                  operation->arguments[CGROUP_WRITE_VALUE].string);
}

int op_cgroup_join(struct executor *executor, const struct operation *operation)
{
	char path[PATH_MAX], pid[16];
	snprintf(path, sizeof path, "%s/cgroup.procs", operation->arguments[CGROUP_JOIN_PATH].string);
	snprintf(pid, sizeof pid, "%d", executor->child);
	return write_file(executor, path, pid);
}
