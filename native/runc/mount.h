/* What mount operations ask for, and how a detached tree gets to its place. */
#ifndef TLAB_MOUNT_H
#define TLAB_MOUNT_H
#include <stdint.h>
#include <sys/mount.h>

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 0x100
#endif
#define MOUNT_PROPAGATION_TYPES (MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE)

struct executor;
struct kernel_mount_attr;
struct wanted {
	const char *source, *target, *fstype, *data;
	unsigned long flags, propagation;
	uint64_t recursive_attributes;
};

/* MS_* of mount(2) as the attributes of mount_setattr(2) and fsmount(2). */
struct kernel_mount_attr mount_attributes(unsigned long flags);

/* Attaches a detached tree on the target, beneath the container's root, with the flags of `wanted`; the tree stays the caller's. */
int mount_tree(struct executor *executor, const struct wanted *wanted, int tree);

/* Mounts a file system on the target; without the directory it is made. With `mounted` the caller gets the mount, to close it. */
int mount_filesystem(struct executor *executor, const struct wanted *wanted, int *mounted);

/* Before the host's mounts are left beneath the container's root: every procfs and sysfs of theirs goes, or is covered. */
int host_procfs_away(struct executor *executor);

/* A file system of this type, source, flags and `data`, as a detached mount; -1. */
int make_filesystem(struct executor *executor, const struct wanted *wanted, const char *data);

/* Refuses a target that a link has led into procfs; `name` is what the plan calls it. */
int check_procfs_target(struct executor *executor, int target, const char *name);

#endif
