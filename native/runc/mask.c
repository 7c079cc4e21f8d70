/*
 * Masked and read-only paths. Each is opened once and covered by that descriptor; what covers it is checked to be what it
 * should be (CVE-2025-31133: a container's own /dev/null may be anything). A path that does not exist needs no cover.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "executor.h"
#include "root.h"
#include "syscalls.h"

/* @source oci-runtime config-linux#readonly-paths */
int op_readonly_path(struct executor *executor, const struct operation *operation)
{
	const char *path = operation->arguments[READONLY_PATH_PATH].string;
	struct kernel_mount_attr attr = { .attr_set = KERNEL_ATTR_RDONLY };
	int target = root_open(executor, path, O_PATH);
	if (target < 0) {
		executor->tolerated = errno;
		return errno == ENOENT || errno == ENOTDIR ? 0 : FAIL_CALL(executor, "openat2(2)", "making \"%s\" read-only", path);
	}
	int tree = sys_open_tree(target, "", AT_EMPTY_PATH | KERNEL_OPEN_TREE_CLONE | KERNEL_AT_RECURSIVE | O_CLOEXEC);
	int result = 0;
	if (tree < 0)
		result = FAIL_CALL(executor, "open_tree(2)", "making \"%s\" read-only", path);
	else if (sys_mount_setattr(tree, 0, &attr) < 0)
		result = FAIL_CALL(executor, "mount_setattr(2)", "making \"%s\" read-only", path);
	else if (sys_move_mount(tree, target) < 0)
		result = FAIL_CALL(executor, "move_mount(2)", "making \"%s\" read-only", path);
	close(target);
	if (tree >= 0)
		close(tree);
	return result;
}

static bool is_null_device(int fd)
{
	struct stat status;
	return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

/* A detached mount of the null device: the host's while its mounts are there, then the container's. */
static int null_tree(struct executor *executor)
{
	int null = executor->pivoted ? root_open(executor, "/dev/null", O_PATH) : open("/dev/null", O_PATH | O_CLOEXEC);
	if (null < 0)
		return -1;
	int tree = -1;
	if (is_null_device(null))
		tree = sys_open_tree(null, "", AT_EMPTY_PATH | KERNEL_OPEN_TREE_CLONE | O_CLOEXEC);
	else
		errno = ENODEV;
	int number = errno;
	close(null);
	errno = number;
	return tree;
}

static int mask_directory(int target)
{
	int saved = enter(target);
	if (saved < 0)
		return -1;
	int result = mount("tmpfs", ".", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "nr_blocks=1,nr_inodes=1");
	leave(saved);
	return result;
}

/* @source oci-runtime config-linux#masked-paths */
int op_mask_path(struct executor *executor, const struct operation *operation)
{
	const char *path = operation->arguments[MASK_PATH_PATH].string;
	struct stat status;
	int target = root_open(executor, path, O_PATH), result = 0;
	if (target < 0) {
		executor->tolerated = errno;
		return errno == ENOENT || errno == ENOTDIR ? 0 : FAIL_CALL(executor, "openat2(2)", "masking \"%s\"", path);
	}
	if (fstat(target, &status) < 0) {
		result = FAIL_CALL(executor, "fstat(2)", "masking \"%s\"", path);
	} else if (S_ISDIR(status.st_mode)) {
		/* 1: by a tmpfs, for the record */
		result = mask_directory(target) < 0 ? FAIL_CALL(executor, "mount(2)", "masking \"%s\"", path) : 1;
	} else {
		int tree = null_tree(executor);
		if (tree < 0)
			result = FAIL_CALL(executor, "open_tree(2)", "masking \"%s\" with the null device", path);
		else if (sys_move_mount(tree, target) < 0)
			result = FAIL_CALL(executor, "move_mount(2)", "masking \"%s\"", path);
		if (tree >= 0)
			close(tree);
	}
	close(target);
	return result;
}
