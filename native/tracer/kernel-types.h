/*
 * The few kernel types and members that the programs read. The loader finds the real offsets in the running kernel's type
 * information (BTF), so members stand in any order and the rest is left out. Rule: names and types as the kernel has them.
 */
#ifndef TLAB_TRACER_KERNEL_TYPES_H
#define TLAB_TRACER_KERNEL_TYPES_H

#define __KERNEL_TYPE __attribute__((preserve_access_index))

typedef struct { int counter; } __KERNEL_TYPE atomic_t;

struct ns_common { unsigned int inum; } __KERNEL_TYPE;
struct pid_namespace { struct ns_common ns; } __KERNEL_TYPE;
struct upid { int nr; struct pid_namespace *ns; } __KERNEL_TYPE;
struct pid { unsigned int level; struct upid numbers[1]; } __KERNEL_TYPE;

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID };

struct signal_struct {
	atomic_t live;
	struct pid *pids[4];
	int group_exit_code;
} __KERNEL_TYPE;

struct super_block { unsigned long s_magic; } __KERNEL_TYPE;
struct inode { struct super_block *i_sb; } __KERNEL_TYPE;
struct qstr { const unsigned char *name; } __KERNEL_TYPE;
struct dentry { struct qstr d_name; } __KERNEL_TYPE;
struct path { struct dentry *dentry; } __KERNEL_TYPE;
struct file { struct inode *f_inode; struct path f_path; void *private_data; } __KERNEL_TYPE;
struct fdtable { unsigned int max_fds; struct file **fd; } __KERNEL_TYPE;
struct files_struct { struct fdtable *fdt; } __KERNEL_TYPE;

struct sock_common { unsigned short skc_family; } __KERNEL_TYPE;
struct sock { struct sock_common __sk_common; unsigned short sk_protocol; } __KERNEL_TYPE;
struct socket { struct sock *sk; } __KERNEL_TYPE;

struct mm_struct { unsigned long arg_start, arg_end; } __KERNEL_TYPE;

struct thread_info {
#ifdef __TARGET_ARCH_x86
	unsigned int status;
#else
	unsigned long flags;
#endif
} __KERNEL_TYPE;

struct task_struct {
	struct thread_info thread_info;
	int pid, tgid;
	int exit_code;
	struct pid *thread_pid;
	struct signal_struct *signal;
	struct files_struct *files;
	struct mm_struct *mm;
	char comm[16];
} __KERNEL_TYPE;

struct linux_binprm { const char *filename; } __KERNEL_TYPE;

/* What a program on iter/task is given, in the kernel's own layout. */
struct bpf_iter_meta;
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

/* uapi: as the traced process lays them out, so not relocated. */
struct user_vector { __u64 base, length; };
struct user_message {
	__u64 name;
	__u32 name_length, padding;
	__u64 vector, vectors;
	__u64 control, control_length;
	__u32 flags, padding_too;
};

#endif
