/* System calls that musl does not wrap, with the kernel's own structures. Constants are the kernel's. */
#ifndef TLAB_SYSCALLS_H
#define TLAB_SYSCALLS_H
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* @source uapi linux/mount.h: not included, because it clashes with the C library's sys/mount.h. */
struct kernel_mount_attr {
	uint64_t attr_set, attr_clr, propagation, userns_fd;
};
#define KERNEL_OPEN_TREE_CLONE 1u
#define KERNEL_MOVE_MOUNT_F_EMPTY_PATH 0x04u
#define KERNEL_MOVE_MOUNT_T_EMPTY_PATH 0x40u
#define KERNEL_ATTR_RDONLY 0x01u
#define KERNEL_ATTR_NOSUID 0x02u
#define KERNEL_ATTR_NODEV 0x04u
#define KERNEL_ATTR_NOEXEC 0x08u
#define KERNEL_ATTR_ATIME 0x70u
#define KERNEL_ATTR_NOATIME 0x10u
#define KERNEL_ATTR_STRICTATIME 0x20u
#define KERNEL_ATTR_NODIRATIME 0x80u
#define KERNEL_ATTR_NOSYMFOLLOW 0x200000u /* since Linux 5.14 */
#define KERNEL_ATTR_IDMAP 0x100000u
#define KERNEL_AT_RECURSIVE 0x8000u

/*
 * EAGAIN: something on the host was renamed or mounted while ".." was looked up beneath a root, so the kernel cannot tell whether
 * that left it. Tried again, but not for ever: an attacker in a shared volume can make it last. @source man openat2(2)
 */
static inline int sys_openat2(int dir, const char *path, struct open_how *how)
{
	int fd = -1;
	for (int tries = 0; tries < 128 && fd < 0 && (tries == 0 || errno == EAGAIN); tries++)
		fd = (int)syscall(SYS_openat2, dir, path, how, sizeof *how);
	return fd;
}

static inline int sys_open_tree(int dir, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dir, path, flags);
}

static inline int sys_move_mount(int from, int to)
{
	return (int)syscall(SYS_move_mount, from, "", to, "",
	                    KERNEL_MOVE_MOUNT_F_EMPTY_PATH | KERNEL_MOVE_MOUNT_T_EMPTY_PATH);
}

#define KERNEL_FSCONFIG_SET_FLAG 0u
#define KERNEL_FSCONFIG_SET_STRING 1u
#define KERNEL_FSCONFIG_CMD_CREATE 6u

static inline int sys_fsopen(const char *type)
{
	return (int)syscall(SYS_fsopen, type, 1u /* FSOPEN_CLOEXEC */);
}

static inline int sys_fsconfig(int context, unsigned command, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, context, command, key, value, 0);
}

static inline int sys_fsmount(int context, uint64_t attributes)
{
	return (int)syscall(SYS_fsmount, context, 1u /* FSMOUNT_CLOEXEC */, (unsigned)attributes);
}

static inline int sys_mount_setattr(int fd, unsigned flags, struct kernel_mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | flags, attr, sizeof *attr);
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static inline int sys_pidfd_open(int pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

static inline int sys_pidfd_getfd(int pidfd, int fd)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

static inline int sys_clone3(struct clone_args *args)
{
	return (int)syscall(SYS_clone3, args, sizeof *args);
}

#endif
