/*
 * Bind mounts whose ids are mapped. Only the rights over the file system itself allow that, which the child may have given up for a user
 * namespace: so the runtime makes them before the clone, detached, and the child attaches them by descriptor, in the plan's order.
 * The kernel takes a map in the shape of a user namespace. One that no container has yet is held by a process that only waits.
 * @source man mount_setattr(2)
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor.h"
#include "mount.h"
#include "root.h"
#include "syscalls.h"

static int write_map(struct executor *executor, pid_t pid, const char *file, const char *map)
{
	char path[64];
	snprintf(path, sizeof path, "%d/%s", pid, file);
	int fd = openat(executor->host_proc, path, O_WRONLY | O_CLOEXEC);
	int result = fd < 0 ? -1 : write(fd, map, strlen(map)) < 0 ? -1 : 0;
	if (result < 0)
		FAIL_CALL(executor, fd < 0 ? "open(2)" : "write(2)", "writing \"%s\" to %s for a mount", map, file);
	if (fd >= 0)
		close(fd);
	return result;
}

/* A user namespace lives as long as a descriptor of it: the process may go. */
static int namespace_with_maps(struct executor *executor, const char *uid_map, const char *gid_map)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	char path[64];
	pid_t runtime = getpid();
	int fd = -1, pid = sys_clone3(&args);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == runtime)
			pause();
		_exit(1);
	}
	if (pid < 0)
		return FAIL_CALL(executor, "clone3(2)", "making a user namespace for a mount");
	if (write_map(executor, pid, "uid_map", uid_map) == 0 && write_map(executor, pid, "gid_map", gid_map) == 0) {
		snprintf(path, sizeof path, "%d/ns/user", pid);
		fd = openat(executor->host_proc, path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			FAIL_CALL(executor, "open(2)", "opening the user namespace for a mount");
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

static int map_ids(struct executor *executor, const struct operation *operation, int tree)
{
	const union value *arguments = operation->arguments;
	const char *path = arguments[MOUNT_SOURCE_USER_NAMESPACE].string, *source = arguments[MOUNT_SOURCE_SOURCE].string;
	int namespace = path[0] ? open(path, O_RDONLY | O_CLOEXEC)
	                        : namespace_with_maps(executor, arguments[MOUNT_SOURCE_UID_MAP].string,
	                                              arguments[MOUNT_SOURCE_GID_MAP].string);
	if (namespace < 0)
		return path[0] ? FAIL_CALL(executor, "open(2)", "opening the user namespace \"%s\" for a mount", path) : -1;
	struct kernel_mount_attr attr = { .attr_set = KERNEL_ATTR_IDMAP, .userns_fd = (uint64_t)namespace };
	unsigned recursive = arguments[MOUNT_SOURCE_ID_MAPPING].number == 2 ? KERNEL_AT_RECURSIVE : 0;
	int result = sys_mount_setattr(tree, recursive, &attr);
	if (result < 0)
		FAIL_CALL(executor, "mount_setattr(2)", "mounting \"%s\" on \"%s\" with mapped ids%s", source,
		          arguments[MOUNT_SOURCE_TARGET].string, errno == EINVAL ? ", which its file system may not know" : "");
	close(namespace);
	return result;
}

/* Who mounts below it on the host must not be seen to be mounted below by the container: as root_propagation has it. */
int op_mount_source(struct executor *executor, const struct operation *operation)
{
	const union value *arguments = operation->arguments;
	const char *source = arguments[MOUNT_SOURCE_SOURCE].string, *target = arguments[MOUNT_SOURCE_TARGET].string;
	unsigned recursive = arguments[MOUNT_SOURCE_RECURSIVE].number ? KERNEL_AT_RECURSIVE : 0;
	struct kernel_mount_attr attr = { .propagation = arguments[MOUNT_SOURCE_PROPAGATION].number & MOUNT_PROPAGATION_TYPES };
	if (executor->sources_count == MAX_MOUNT_SOURCES)
		return FAIL(executor, "mounting \"%s\" on \"%s\": more than %d prepared mounts", source, target, MAX_MOUNT_SOURCES);
	int tree = sys_open_tree(AT_FDCWD, source, KERNEL_OPEN_TREE_CLONE | O_CLOEXEC | recursive);
	if (tree < 0)
		return FAIL_CALL(executor, "open_tree(2)", "mounting \"%s\" on \"%s\"", source, target);
	executor->sources[executor->sources_count++] = tree;
	if (attr.propagation && sys_mount_setattr(tree, KERNEL_AT_RECURSIVE, &attr) < 0)
		return FAIL_CALL(executor, "mount_setattr(2)", "setting the propagation of \"%s\"", source);
	return arguments[MOUNT_SOURCE_ID_MAPPING].number ? map_ids(executor, operation, tree) : 0;
}

/* @source man move_mount(2) */
int op_mount_attach(struct executor *executor, const struct operation *operation)
{
	const union value *arguments = operation->arguments;
	struct wanted wanted = {
		.source = arguments[MOUNT_ATTACH_SOURCE].string,
		.target = arguments[MOUNT_ATTACH_TARGET].string,
		.propagation = (unsigned long)arguments[MOUNT_ATTACH_PROPAGATION].number,
		.recursive_attributes = arguments[MOUNT_ATTACH_RECURSIVE_ATTRIBUTES].number,
	};
	if (executor->sources_attached == executor->sources_count)
		return FAIL(executor, "mounting \"%s\": the plan has not prepared it", wanted.source);
	int tree = executor->sources[executor->sources_attached++];
	int result = mount_tree(executor, &wanted, tree);
	close(tree);
	return result;
}
