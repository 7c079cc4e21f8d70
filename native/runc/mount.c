/*
 * The mount operation. Targets are resolved beneath the container's root and used by descriptor, so that a link in an image
 * cannot move a mount to the host. Binds use the mount API of Linux 5.2 (a detached copy, its attributes, then attached);
 * file systems use mount(2) on the target as working directory, or where more is to be done with them that API too (new-filesystem.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "executor.h"
#include "mount.h"
#include "root.h"
#include "syscalls.h"

static struct wanted wanted_of(const struct operation *operation)
{
	const union value *arguments = operation->arguments;
	return (struct wanted){
		.source = arguments[MOUNT_SOURCE].string,
		.target = arguments[MOUNT_TARGET].string,
		.fstype = arguments[MOUNT_FSTYPE].string,
		.data = arguments[MOUNT_DATA].string,
		.flags = (unsigned long)arguments[MOUNT_FLAGS].number,
		.propagation = (unsigned long)arguments[MOUNT_PROPAGATION].number,
		.recursive_attributes = arguments[MOUNT_RECURSIVE_ATTRIBUTES].number,
	};
}

struct kernel_mount_attr mount_attributes(unsigned long flags)
{
	struct kernel_mount_attr attr = { 0 };
	attr.attr_set |= flags & MS_RDONLY ? KERNEL_ATTR_RDONLY : 0;
	attr.attr_set |= flags & MS_NOSUID ? KERNEL_ATTR_NOSUID : 0;
	attr.attr_set |= flags & MS_NODEV ? KERNEL_ATTR_NODEV : 0;
	attr.attr_set |= flags & MS_NOEXEC ? KERNEL_ATTR_NOEXEC : 0;
	attr.attr_set |= flags & MS_NODIRATIME ? KERNEL_ATTR_NODIRATIME : 0;
	attr.attr_set |= flags & MS_NOSYMFOLLOW ? KERNEL_ATTR_NOSYMFOLLOW : 0;
	if (flags & (MS_NOATIME | MS_STRICTATIME | MS_RELATIME))
		attr.attr_clr |= KERNEL_ATTR_ATIME;
	attr.attr_set |= flags & MS_NOATIME ? KERNEL_ATTR_NOATIME : flags & MS_STRICTATIME ? KERNEL_ATTR_STRICTATIME : 0;
	return attr;
}

/* A link in an image or a volume must not turn a mount into one over a file of procfs (CVE-2019-16884, CVE-2025-52881). */
int check_procfs_target(struct executor *executor, int target, const char *name)
{
	struct statfs status;
	if (fstatfs(target, &status) < 0)
		return FAIL_CALL(executor, "fstatfs(2)", "mounting \"%s\"", name);
	if (status.f_type == PROC_SUPER_MAGIC && strncmp(name, "/proc/", 6) != 0 && strcmp(name, "/proc") != 0)
		return FAIL(executor, "mounting \"%s\": the path leads into procfs", name);
	return 0;
}

/* A volume in the place of procfs would take the masks, and leave what they hide beneath it. @source runc checkProcMount */
static int check_procfs_source(struct executor *executor, int tree, const struct wanted *wanted)
{
	struct statfs status;
	if (strcmp(wanted->target, "/proc") != 0)
		return 0;
	if (fstatfs(tree, &status) < 0)
		return FAIL_CALL(executor, "fstatfs(2)", "mounting \"%s\"", wanted->source);
	return status.f_type == PROC_SUPER_MAGIC ? 0 : FAIL(executor, "mounting \"%s\" on \"/proc\": it is not a procfs", wanted->source);
}

/*
 * The mount that stands on the target. One that was made there is held, never looked up again: a part of the path may lie in a
 * volume where another container exchanges names, and its flags would fall on some other mount (CVE-2021-30465).
 */
static int open_mount(struct executor *executor, const struct wanted *wanted)
{
	for (unsigned i = executor->held_count; i > 0; i--)
		if (strcmp(executor->held[i - 1].target, wanted->target) == 0)
			return fcntl(executor->held[i - 1].mount, F_DUPFD_CLOEXEC, 3);
	return root_open(executor, wanted->target, O_PATH);
}

/* A later operation of the plan remounts what is made on the target, or gives it a propagation. */
static bool is_changed_later(const struct executor *executor, const char *target)
{
	for (uint32_t i = executor->current + 1; i < executor->plan->count; i++) {
		const struct operation *later = &executor->plan->operations[i];
		if (later->code != OP_MOUNT || strcmp(later->arguments[MOUNT_TARGET].string, target) != 0)
			continue;
		unsigned long flags = (unsigned long)later->arguments[MOUNT_FLAGS].number;
		if (flags & MS_REMOUNT || (!(flags & MS_BIND) && later->arguments[MOUNT_FSTYPE].string[0] == '\0'))
			return true;
	}
	return false;
}

static int hold_mount(struct executor *executor, const struct wanted *wanted, int tree)
{
	if (!is_changed_later(executor, wanted->target))
		return 0;
	if (executor->held_count == MAX_HELD_MOUNTS)
		return FAIL(executor, "mounting \"%s\": more than %d mounts that are changed later", wanted->target, MAX_HELD_MOUNTS);
	int fd = fcntl(tree, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return FAIL_CALL(executor, "fcntl(2)", "mounting \"%s\"", wanted->target);
	executor->held[executor->held_count].target = wanted->target;
	executor->held[executor->held_count++].mount = fd;
	return 0;
}

/* What a mount gets after it has its place. */
static int finish(struct executor *executor, const struct wanted *wanted, int fd)
{
	if (wanted->propagation == 0 && wanted->recursive_attributes == 0)
		return 0;
	int result = 0;
	struct kernel_mount_attr propagation = { .propagation = wanted->propagation & MOUNT_PROPAGATION_TYPES };
	struct kernel_mount_attr recursive = {
		.attr_set = wanted->recursive_attributes & 0xffffffffu,
		.attr_clr = wanted->recursive_attributes >> 32,
	};
	if (wanted->propagation &&
	    sys_mount_setattr(fd, wanted->propagation & MS_REC ? KERNEL_AT_RECURSIVE : 0, &propagation) < 0)
		result = FAIL_CALL(executor, "mount_setattr(2)", "setting the propagation of \"%s\"", wanted->target);
	if (result == 0 && wanted->recursive_attributes && sys_mount_setattr(fd, KERNEL_AT_RECURSIVE, &recursive) < 0)
		result = FAIL_CALL(executor, "mount_setattr(2)", "setting recursive options of \"%s\"", wanted->target);
	return result;
}

/* The detached tree gets its place. */
static int attach(struct executor *executor, const struct wanted *wanted, int tree, int target)
{
	if (sys_move_mount(tree, target) < 0)
		return FAIL_CALL(executor, "move_mount(2)", "mounting \"%s\" on \"%s\"", wanted->source, wanted->target);
	return hold_mount(executor, wanted, tree) < 0 ? -1 : finish(executor, wanted, tree);
}

/* The kernel says EINVAL, of which there are many. */
static int check_kind(struct executor *executor, int target, const struct stat *source, const struct wanted *wanted)
{
	struct stat place;
	if (fstat(target, &place) < 0)
		return FAIL_CALL(executor, "fstat(2)", "mounting \"%s\"", wanted->target);
	if (S_ISDIR(place.st_mode) == S_ISDIR(source->st_mode))
		return 0;
	errno = S_ISDIR(place.st_mode) ? EISDIR : ENOTDIR;
	return FAIL_CALL(executor, "move_mount(2)", "mounting \"%s\" on \"%s\": only one of them is a directory", wanted->source, wanted->target);
}

int mount_tree(struct executor *executor, const struct wanted *wanted, int tree)
{
	struct kernel_mount_attr attr = mount_attributes(wanted->flags);
	struct stat status;
	if (fstat(tree, &status) < 0)
		return FAIL_CALL(executor, "fstat(2)", "mounting \"%s\"", wanted->source);
	int target = root_make(executor, wanted->target, S_ISDIR(status.st_mode));
	if (target < 0)
		return -1;
	int result = check_procfs_target(executor, target, wanted->target);
	if (result == 0)
		result = check_kind(executor, target, &status, wanted);
	if (result == 0)
		result = check_procfs_source(executor, tree, wanted);
	if (result == 0 && (attr.attr_set || attr.attr_clr) && (result = sys_mount_setattr(tree, 0, &attr)) < 0)
		FAIL_CALL(executor, "mount_setattr(2)", "mounting \"%s\" on \"%s\"", wanted->source, wanted->target);
	if (result == 0)
		result = attach(executor, wanted, tree, target);
	close(target);
	return result;
}

static int bind(struct executor *executor, const struct wanted *wanted)
{
	unsigned recursive = wanted->flags & MS_REC ? KERNEL_AT_RECURSIVE : 0;
	int tree = sys_open_tree(AT_FDCWD, wanted->source, KERNEL_OPEN_TREE_CLONE | O_CLOEXEC | recursive);
	if (tree < 0)
		return FAIL_CALL(executor, "open_tree(2)", "mounting \"%s\" on \"%s\"", wanted->source, wanted->target);
	int result = mount_tree(executor, wanted, tree);
	close(tree);
	return result;
}

/* MS_REMOUNT|MS_BIND: exactly these flags; in a user namespace, flags that are locked stay as they are. */
static int remount_bind(struct executor *executor, const struct wanted *wanted, int fd)
{
	struct kernel_mount_attr attr = mount_attributes(wanted->flags);
	uint64_t all = KERNEL_ATTR_RDONLY | KERNEL_ATTR_NOSUID | KERNEL_ATTR_NODEV | KERNEL_ATTR_NOEXEC | KERNEL_ATTR_NOSYMFOLLOW;
	struct kernel_mount_attr exact = attr;
	exact.attr_clr |= all & ~attr.attr_set;
	if (sys_mount_setattr(fd, 0, &exact) == 0)
		return 0;
	if (errno == EPERM && sys_mount_setattr(fd, 0, &attr) == 0)
		return 0;
	return FAIL_CALL(executor, "mount_setattr(2)", "remounting \"%s\"", wanted->target);
}

static int remount(struct executor *executor, const struct wanted *wanted)
{
	int fd = open_mount(executor, wanted);
	int result;
	if (fd < 0)
		return FAIL_CALL(executor, "openat2(2)", "remounting \"%s\"", wanted->target);
	if (wanted->flags & MS_BIND) {
		result = remount_bind(executor, wanted, fd);
	} else {
		int saved = enter(fd);
		result = saved < 0 ? -1 : mount(wanted->source, ".", wanted->fstype, wanted->flags, wanted->data);
		if (saved >= 0)
			leave(saved);
		if (result < 0)
			FAIL_CALL(executor, "mount(2)", "remounting \"%s\"", wanted->target);
	}
	if (result == 0)
		result = finish(executor, wanted, fd);
	close(fd);
	return result;
}

/*
 * procfs and sysfs go on a real directory of the root only: a link there is an attack (CVE-2019-19921). It is opened as such, not
 * checked and then opened, or another container could exchange it in between.
 */
static int open_target(struct executor *executor, const struct wanted *wanted, bool *was_there)
{
	bool real = strcmp(wanted->fstype, "proc") == 0 || strcmp(wanted->fstype, "sysfs") == 0;
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | (real ? RESOLVE_NO_SYMLINKS : RESOLVE_NO_MAGICLINKS),
	};
	int fd = sys_openat2(executor->root, wanted->target, &how);
	*was_there = fd >= 0;
	if (fd < 0 && errno == ENOENT) {
		fd = root_make(executor, wanted->target, true);
		if (fd < 0 || !real)
			return fd;
		close(fd);
		fd = sys_openat2(executor->root, wanted->target, &how);
	}
	if (fd < 0)
		FAIL_CALL(executor, "openat2(2)", real ? "mounting \"%s\": it must be a real directory" : "mounting \"%s\"", wanted->target);
	return fd;
}

/*
 * A tmpfs over a directory that was there before keeps its mode unless the options give one, as runc does; over one that was made
 * for it the kernel's default holds, 1777: everyone may write. @source man tmpfs(5)
 */
static int mount_data(struct executor *executor, const struct wanted *wanted, int target, char data[PATH_MAX])
{
	struct stat status;
	int n = snprintf(data, PATH_MAX, "%s", wanted->data);
	bool has_mode = strncmp(wanted->data, "mode=", 5) == 0 || strstr(wanted->data, ",mode=");
	if (target >= 0 && strcmp(wanted->fstype, "tmpfs") == 0 && !has_mode && fstat(target, &status) == 0 && n < PATH_MAX)
		n += snprintf(data + n, PATH_MAX - (size_t)n, "%smode=%o", n ? "," : "", status.st_mode & 07777);
	return n >= PATH_MAX ? FAIL(executor, "mounting \"%s\": its options are too long", wanted->target) : 0;
}

/*
 * A user namespace may mount sysfs only with a network namespace of its own beside it: where that is the host's, or one that was joined,
 * the host's sysfs is bound, as crun does it. @source linux fs/sysfs/mount.c sysfs_init_fs_context
 */
static int bind_host_sysfs(struct executor *executor, const struct wanted *wanted)
{
	struct wanted host = *wanted;
	host.source = "/sys";
	host.flags |= MS_BIND | MS_REC;
	executor->tolerated = EPERM;
	return bind(executor, &host);
}

static int mount_in_place(struct executor *executor, const struct wanted *wanted, int target, const char *data)
{
	unsigned long flags = wanted->flags & ~(unsigned long)(MOUNT_PROPAGATION_TYPES | MS_REC);
	int saved = enter(target);
	int result = saved < 0 ? -1 : mount(wanted->source, ".", wanted->fstype, flags, data);
	if (saved >= 0)
		leave(saved);
	return result < 0 ? FAIL_CALL(executor, "mount(2)", "mounting \"%s\"", wanted->target) : 0;
}

static int mount_detached(struct executor *executor, const struct wanted *wanted, int target, const char *data)
{
	int tree = make_filesystem(executor, wanted, data);
	if (tree >= 0 && attach(executor, wanted, tree, target) < 0) {
		close(tree);
		return -1;
	}
	return tree;
}

int mount_filesystem(struct executor *executor, const struct wanted *wanted, int *mounted)
{
	char data[PATH_MAX];
	bool was_there;
	bool is_used = mounted || wanted->propagation || wanted->recursive_attributes || is_changed_later(executor, wanted->target);
	int target = open_target(executor, wanted, &was_there), tree = -1, result = -1;
	if (target < 0)
		return -1;
	if (check_procfs_target(executor, target, wanted->target) == 0 &&
	    mount_data(executor, wanted, was_there ? target : -1, data) == 0) {
		if (is_used)
			result = (tree = mount_detached(executor, wanted, target, data)) < 0 ? -1 : 0;
		else
			result = mount_in_place(executor, wanted, target, data);
	}
	close(target);
	if (mounted)
		*mounted = tree;
	else if (tree >= 0)
		close(tree);
	if (result < 0 && executor->failure->number == EPERM && executor->in_new_user_namespace && strcmp(wanted->fstype, "sysfs") == 0)
		return bind_host_sysfs(executor, wanted);
	return result;
}

/* @source man mount(2) */
int op_mount(struct executor *executor, const struct operation *operation)
{
	struct wanted wanted = wanted_of(operation);
	if (wanted.flags & MS_REMOUNT)
		return remount(executor, &wanted);
	if (wanted.flags & MS_BIND)
		return bind(executor, &wanted);
	if (wanted.fstype[0] != '\0')
		return mount_filesystem(executor, &wanted, NULL);
	if (!(wanted.flags & MOUNT_PROPAGATION_TYPES))
		return FAIL(executor, "mounting \"%s\": neither a file system nor a bind", wanted.target);
	wanted.propagation = wanted.flags;
	int fd = open_mount(executor, &wanted);
	if (fd < 0)
		return FAIL_CALL(executor, "openat2(2)", "mounting \"%s\": opening it", wanted.target);
	int result = finish(executor, &wanted, fd);
	close(fd);
	return result;
}
