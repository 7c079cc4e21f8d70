/*
 * Which descriptors may show their data: files on the kernel's own file systems, and netlink sockets of protocols that carry no keys
 * (generic netlink does: WireGuard, MACsec, wireless; xfrm and crypto do). What a process writes to ordinary files, pipes and other
 * sockets is its own affair.
 */
#ifndef TLAB_TRACER_DESCRIPTOR_BPF_H
#define TLAB_TRACER_DESCRIPTOR_BPF_H

/* uapi linux/magic.h; linux/socket.h */
#define CGROUP_SUPER_MAGIC 0x27e0eb
#define CGROUP2_SUPER_MAGIC 0x63677270
#define PROC_SUPER_MAGIC 0x9fa0
#define SYSFS_MAGIC 0x62656572
#define SOCKFS_MAGIC 0x534F434B
#define AF_NETLINK 16
/* uapi linux/netlink.h: route, sock_diag, audit, netfilter, kobject_uevent */
#define SHOWN_PROTOCOLS (1u << 0 | 1u << 4 | 1u << 9 | 1u << 12 | 1u << 15)

static __always_inline struct file *file_of(__u32 descriptor)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file *file = 0;
	if (descriptor >= BPF_CORE_READ(table, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof file, BPF_CORE_READ(table, fd) + descriptor);
	return file;
}

static __always_inline int is_shown_socket(struct file *file)
{
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sock = BPF_CORE_READ(socket, sk);
	__u32 protocol = BPF_CORE_READ(sock, sk_protocol);
	return BPF_CORE_READ(sock, __sk_common.skc_family) == AF_NETLINK && protocol < 32 && (SHOWN_PROTOCOLS >> protocol & 1);
}

__noinline int may_show_messages(__u32 descriptor)
{
	struct file *file = file_of(descriptor);
	if (!file || BPF_CORE_READ(file, f_inode, i_sb, s_magic) != SOCKFS_MAGIC)
		return 0;
	return is_shown_socket(file);
}

/*
 * Files of /proc that show what a process was given (its environment, its arguments, its memory), and what is made to be a secret:
 * stable_secret of IPv6, tcp_fastopen_key, and the random uuid that scripts like to make passwords of. By the first seven bytes.
 */
static __always_inline int is_private(struct file *file)
{
	char name[8] = {};
	bpf_probe_read_kernel_str(name, sizeof name, BPF_CORE_READ(file, f_path.dentry, d_name.name));
	switch (*(__u64 *)name) {
	case 0x6e6f7269766e65ULL: /* environ */
	case 0x656e696c646d63ULL: /* cmdline */
	case 0x6d656dULL:         /* mem */
	case 0x65726f636bULL:     /* kcore */
	case 0x5f656c62617473ULL: /* stable_ */
	case 0x7361665f706374ULL: /* tcp_fas */
	case 0x64697575ULL:       /* uuid */
		return 1;
	default:
		return 0;
	}
}

__noinline int may_show(__u32 descriptor)
{
	struct file *file = file_of(descriptor);
	if (!file)
		return 0;
	switch (BPF_CORE_READ(file, f_inode, i_sb, s_magic)) {
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
	case SYSFS_MAGIC:
		return 1;
	case PROC_SUPER_MAGIC:
		return !is_private(file);
	case SOCKFS_MAGIC:
		return is_shown_socket(file);
	default:
		return 0;
	}
}

#endif
