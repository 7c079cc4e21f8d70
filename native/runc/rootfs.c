/* The container's root: bound on itself, made the root of the mount namespace, made read-only. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor.h"
#include "mount.h"
#include "root.h"
#include "syscalls.h"

/* First of all mounts: otherwise the container's would appear on the host. @source man mount_namespaces(7) */
int op_root_propagation(struct executor *executor, const struct operation *operation)
{
	unsigned long flags = (unsigned long)operation->arguments[ROOT_PROPAGATION_FLAGS].number;
	if (mount("", "/", "", flags, NULL) < 0)
		return FAIL_CALL(executor, "mount(2)", "setting the propagation of \"/\"");
	return 0;
}

/* One step up; false at the root. */
static bool go_up(int *at)
{
	struct stat here, above;
	int parent = openat(*at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool moved = parent >= 0 && fstat(*at, &here) == 0 && fstat(parent, &above) == 0 &&
		     (here.st_ino != above.st_ino || here.st_dev != above.st_dev);
	close(*at);
	*at = parent;
	return moved;
}

/*
 * The mount that the root filesystem lies on: with a shared propagation of "/" it is a peer of the host's, so that the bind would
 * appear there too, and pivot_root refuses a new root whose parent is shared. As a slave it still takes from the host, as do binds of
 * it. Only the root of a mount can be changed (EINVAL), so that is looked for upwards. @source man pivot_root(2), man mount_setattr(2)
 */
static int make_parent_slave(struct executor *executor, int place)
{
	struct kernel_mount_attr attr = { .propagation = MS_SLAVE };
	int at = fcntl(place, F_DUPFD_CLOEXEC, 0);
	int result;
	do
		result = sys_mount_setattr(at, 0, &attr);
	while (result < 0 && errno == EINVAL && go_up(&at));
	if (result < 0)
		FAIL_CALL(executor, "mount_setattr(2)", "making the mount below the root filesystem a slave");
	if (at >= 0)
		close(at);
	return result;
}

/* Relative paths are relative to the bundle, where the runtime stands. Mounts in the copy must not travel to the host's. */
int op_root_bind(struct executor *executor, const struct operation *operation)
{
	const char *path = operation->arguments[ROOT_BIND_PATH].string;
	struct kernel_mount_attr attr = {
		.propagation = operation->arguments[ROOT_BIND_PROPAGATION].number & MOUNT_PROPAGATION_TYPES,
	};
	int place = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place < 0)
		return FAIL_CALL(executor, "open(2)", "opening the root filesystem \"%s\"", path);
	if (make_parent_slave(executor, place) < 0) {
		close(place);
		return -1;
	}
	int tree = sys_open_tree(place, "", AT_EMPTY_PATH | KERNEL_OPEN_TREE_CLONE | KERNEL_AT_RECURSIVE | O_CLOEXEC);
	int result = 0;
	if (tree < 0)
		result = FAIL_CALL(executor, "open_tree(2)", "binding the root filesystem \"%s\"", path);
	else if (sys_mount_setattr(tree, KERNEL_AT_RECURSIVE, &attr) < 0)
		result = FAIL_CALL(executor, "mount_setattr(2)", "binding the root filesystem \"%s\"", path);
	else if (sys_move_mount(tree, place) < 0)
		result = FAIL_CALL(executor, "move_mount(2)", "binding the root filesystem \"%s\"", path);
	close(place);
	if (result < 0 && tree >= 0)
		close(tree);
	else
		executor->root = tree;
	return result;
}

/* Without pivot_root(2) (a root on the initial ramfs): move the mount over / and chroot. The old root stays beneath. */
static int move_root(struct executor *executor)
{
	if (host_procfs_away(executor) < 0)
		return -1;
	if (fchdir(executor->root) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return FAIL_CALL(executor, "mount(2)", "moving the root filesystem to \"/\"");
	if (chroot(".") < 0 || chdir("/") < 0)
		return FAIL_CALL(executor, "chroot(2)", "changing to the root filesystem");
	return 0;
}

/*
 * pivot_root(".", ".") stacks the old root on the new one, so no directory has to be made in the image. The old root becomes
 * a slave before it is detached, or its unmounting would travel to the host.
 */
static int pivot(struct executor *executor)
{
	int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int result = 0;
	if (old < 0)
		return FAIL_CALL(executor, "open(2)", "opening the old root");
	if (fchdir(executor->root) < 0 || sys_pivot_root(".", ".") < 0)
		result = FAIL_CALL(executor, "pivot_root(2)", "making the root filesystem the root");
	else if (fchdir(old) < 0 || mount("", ".", "", MS_SLAVE | MS_REC, NULL) < 0)
		result = FAIL_CALL(executor, "mount(2)", "making the old root a slave");
	else if (umount2(".", MNT_DETACH) < 0)
		result = FAIL_CALL(executor, "umount2(2)", "detaching the old root");
	else if (chdir("/") < 0)
		result = FAIL_CALL(executor, "chdir(2)", "entering the new root");
	close(old);
	return result;
}

/* What is opened beneath the root is from now on what the container sees. */
static int entered(struct executor *executor)
{
	if (executor->root >= 0)
		close(executor->root);
	executor->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	executor->pivoted = true;
	umask(022); /* zero while the plan's modes were made; the program gets the usual one, or that of its umask operation */
	return executor->root < 0 ? FAIL_CALL(executor, "open(2)", "opening the new root") : 0;
}

/* @source man chroot(2) */
int op_root_enter(struct executor *executor, const struct operation *operation)
{
	const char *path = operation->arguments[ROOT_ENTER_PATH].string;
	char of_init[64];
	int root, result = 0;
	snprintf(of_init, sizeof of_init, "%d/root", executor->joined);
	if (path[0])
		root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	else
		root = openat(executor->host_proc, of_init, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return FAIL_CALL(executor, "open(2)", "opening the root filesystem \"%s\"", path);
	if (fchdir(root) < 0 || chroot(".") < 0 || chdir("/") < 0)
		result = FAIL_CALL(executor, "chroot(2)", "changing to the root filesystem \"%s\"", path);
	close(root);
	return result < 0 ? -1 : entered(executor);
}

int op_pivot_root(struct executor *executor, const struct operation *operation)
{
	(void)operation;
	if (executor->root < 0)
		return FAIL(executor, "making the root filesystem the root: the plan has not bound it");
	if ((executor->no_pivot ? move_root(executor) : pivot(executor)) < 0)
		return -1;
	return entered(executor);
}

int op_root_readonly(struct executor *executor, const struct operation *operation)
{
	(void)operation;
	struct kernel_mount_attr attr = { .attr_set = KERNEL_ATTR_RDONLY };
	if (sys_mount_setattr(executor->root, 0, &attr) < 0)
		return FAIL_CALL(executor, "mount_setattr(2)", "making the root read-only");
	return 0;
}
