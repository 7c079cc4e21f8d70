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
struct wanted {
	const char *source, *target, *fstype, *data;
	unsigned long flags, propagation;
	uint64_t recursive_attributes;
};

/* Attaches a detached tree on the target, beneath the container's root, with the flags of `wanted`; the tree stays the caller's. */
int mount_tree(struct executor *executor, const struct wanted *wanted, int tree);

/* Mounts a file system on the target; without the directory it is made. */
int mount_filesystem(struct executor *executor, const struct wanted *wanted);

/* Refuses a target that a link has led into procfs; `name` is what the plan calls it. */
int check_procfs_target(struct executor *executor, int target, const char *name);

#endif
