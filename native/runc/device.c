/* Device nodes and symbolic links in the container's root. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "executor.h"
#include "mount.h"
#include "root.h"
#include "syscalls.h"

struct node {
	const char *path;
	mode_t mode;
	dev_t device;
	uid_t uid;
	gid_t gid;
};

/* A user namespace may not make device nodes: the host's node is bound instead, if it is the same device. */
static int bind_host_node(struct executor *executor, const struct node *node)
{
	struct stat status;
	int tree = sys_open_tree(AT_FDCWD, node->path, KERNEL_OPEN_TREE_CLONE | O_CLOEXEC);
	if (tree < 0 || fstat(tree, &status) < 0 || status.st_rdev != node->device) {
		if (tree >= 0)
			close(tree);
		errno = EPERM;
		return FAIL_CALL(executor, "mknod(2)", "making device \"%s\"", node->path);
	}
	int target = root_make(executor, node->path, false), result = -1;
	if (target >= 0) {
		result = check_procfs_target(executor, target, node->path);
		if (result == 0 && (result = sys_move_mount(tree, target)) < 0)
			FAIL_CALL(executor, "move_mount(2)", "binding device \"%s\"", node->path);
		close(target);
	}
	close(tree);
	return result;
}

static int make_node(struct executor *executor, int parent, const char *base, const struct node *node)
{
	struct stat status;
	if (mknodat(parent, base, node->mode, node->device) < 0) {
		if (errno == EPERM && executor->in_new_user_namespace && !executor->pivoted)
			return bind_host_node(executor, node);
		if (errno != EEXIST)
			return FAIL_CALL(executor, "mknod(2)", "making device \"%s\"", node->path);
		errno = EEXIST;
		if (fstatat(parent, base, &status, AT_SYMLINK_NOFOLLOW) < 0 || status.st_rdev != node->device ||
		    (status.st_mode & S_IFMT) != (node->mode & S_IFMT))
			return FAIL_CALL(executor, "mknod(2)", "making device \"%s\": another file is there", node->path);
		executor->tolerated = EEXIST;
	}
	if ((node->uid != 0 || node->gid != 0 || executor->tolerated) &&
	    fchownat(parent, base, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return FAIL_CALL(executor, "fchownat(2)", "making device \"%s\"", node->path);
	return 0;
}

/* @source man mknod(2) */
int op_device_make(struct executor *executor, const struct operation *operation)
{
	const union value *arguments = operation->arguments;
	struct node node = {
		.path = arguments[DEVICE_MAKE_PATH].string,
		.mode = (mode_t)arguments[DEVICE_MAKE_MODE].number,
		.device = makedev((unsigned)arguments[DEVICE_MAKE_MAJOR].number, (unsigned)arguments[DEVICE_MAKE_MINOR].number),
		.uid = (uid_t)arguments[DEVICE_MAKE_UID].number,
		.gid = (gid_t)arguments[DEVICE_MAKE_GID].number,
	};
	const char *base;
	int parent = root_parent(executor, node.path, &base);
	if (parent < 0)
		return -1;
	mode_t before = umask(0);
	int result = make_node(executor, parent, base, &node);
	umask(before);
	close(parent);
	return result;
}

/* @source man symlink(2) */
int op_symlink(struct executor *executor, const struct operation *operation)
{
	const char *path = operation->arguments[SYMLINK_PATH].string, *base;
	int parent = root_parent(executor, path, &base), result = 0;
	if (parent < 0)
		return -1;
	if (symlinkat(operation->arguments[SYMLINK_TARGET].string, parent, base) < 0) {
		executor->tolerated = errno;
		if (errno != EEXIST)
			result = FAIL_CALL(executor, "symlinkat(2)", "linking \"%s\"", path);
	}
	close(parent);
	return result;
}
