/* Made by src/runc/plan/generate-header.ts from operations.ts and facts.ts. Do not edit. */
#ifndef TLAB_OPERATIONS_H
#define TLAB_OPERATIONS_H

#define PLAN_MAGIC "TLABPLAN"
#define PLAN_VERSION 1
#define PLAN_HEADER_BYTES 56
#define PLAN_MAX_BYTES 16777216
#define PLAN_MAX_OPERATIONS 16384
#define PLAN_MAX_ARGUMENTS 8

enum fact {
	FACT_CONTAINER_ID,
	FACT_KIND,
	FACT_OCI_VERSION,
	FACT_ROOTFS,
	FACT_TERMINAL,
	FACT_ANNOTATIONS,
	FACT_COUNT
};
#define FACT_TYPES "ssssns"

/* X(name, code, types): n number, s string, v strings, b bytes. */
#define OPERATIONS(X) \
	X(cgroup_make, 1, "s") \
	X(cgroup_write, 2, "ss") \
	X(cgroup_devices, 3, "sb") \
	X(systemd_call, 90, "ssbnns") \
	X(fork, 15, "") \
	X(clone, 10, "n") \
	X(id_map, 11, "ss") \
	X(cgroup_join, 12, "s") \
	X(oom_score_adj, 13, "s") \
	X(hook, 14, "ssvvn") \
	X(setns, 20, "sn") \
	X(unshare, 21, "n") \
	X(time_offsets, 72, "s") \
	X(time_enter, 73, "") \
	X(setsid, 22, "") \
	X(session_keyring, 23, "s") \
	X(sethostname, 24, "s") \
	X(setdomainname, 25, "s") \
	X(sysctl, 26, "ss") \
	X(loopback_up, 27, "") \
	X(net_device, 76, "ss") \
	X(root_propagation, 30, "n") \
	X(root_bind, 31, "sn") \
	X(mount, 32, "sssnsnn") \
	X(mount_source, 70, "ssnnsssn") \
	X(mount_attach, 71, "ssnn") \
	X(tmpfs_copy_up, 75, "ssnsn") \
	X(device_make, 33, "snnnnn") \
	X(symlink, 34, "ss") \
	X(console, 35, "snn") \
	X(controlling_terminal, 28, "") \
	X(pivot_root, 36, "") \
	X(root_enter, 74, "s") \
	X(root_readonly, 37, "") \
	X(mask_path, 38, "s") \
	X(readonly_path, 39, "s") \
	X(rlimit, 40, "nnn") \
	X(umask, 41, "n") \
	X(no_new_privs, 42, "") \
	X(capability_bounding, 43, "n") \
	X(setgroups, 44, "s") \
	X(setgid, 45, "n") \
	X(setuid, 46, "n") \
	X(capset, 47, "nnn") \
	X(capability_ambient, 48, "n") \
	X(seccomp, 49, "bn") \
	X(chdir, 50, "s") \
	X(apparmor_profile, 85, "s") \
	X(seccomp_listener, 87, "ss") \
	X(scheduler, 80, "nnsnnnn") \
	X(io_priority, 81, "nn") \
	X(personality, 82, "n") \
	X(cpu_affinity, 83, "s") \
	X(memory_policy, 84, "nns") \
	X(close_descriptors, 88, "") \
	X(await_start, 60, "") \
	X(exec, 61, "vv") \
	X(id_map_helper, 100, "ss") \
	X(id_map_check, 101, "ss")

enum operation_code {
	OP_CGROUP_MAKE = 1,
	OP_CGROUP_WRITE = 2,
	OP_CGROUP_DEVICES = 3,
	OP_SYSTEMD_CALL = 90,
	OP_FORK = 15,
	OP_CLONE = 10,
	OP_ID_MAP = 11,
	OP_CGROUP_JOIN = 12,
	OP_OOM_SCORE_ADJ = 13,
	OP_HOOK = 14,
	OP_SETNS = 20,
	OP_UNSHARE = 21,
	OP_TIME_OFFSETS = 72,
	OP_TIME_ENTER = 73,
	OP_SETSID = 22,
	OP_SESSION_KEYRING = 23,
	OP_SETHOSTNAME = 24,
	OP_SETDOMAINNAME = 25,
	OP_SYSCTL = 26,
	OP_LOOPBACK_UP = 27,
	OP_NET_DEVICE = 76,
	OP_ROOT_PROPAGATION = 30,
	OP_ROOT_BIND = 31,
	OP_MOUNT = 32,
	OP_MOUNT_SOURCE = 70,
	OP_MOUNT_ATTACH = 71,
	OP_TMPFS_COPY_UP = 75,
	OP_DEVICE_MAKE = 33,
	OP_SYMLINK = 34,
	OP_CONSOLE = 35,
	OP_CONTROLLING_TERMINAL = 28,
	OP_PIVOT_ROOT = 36,
	OP_ROOT_ENTER = 74,
	OP_ROOT_READONLY = 37,
	OP_MASK_PATH = 38,
	OP_READONLY_PATH = 39,
	OP_RLIMIT = 40,
	OP_UMASK = 41,
	OP_NO_NEW_PRIVS = 42,
	OP_CAPABILITY_BOUNDING = 43,
	OP_SETGROUPS = 44,
	OP_SETGID = 45,
	OP_SETUID = 46,
	OP_CAPSET = 47,
	OP_CAPABILITY_AMBIENT = 48,
	OP_SECCOMP = 49,
	OP_CHDIR = 50,
	OP_APPARMOR_PROFILE = 85,
	OP_SECCOMP_LISTENER = 87,
	OP_SCHEDULER = 80,
	OP_IO_PRIORITY = 81,
	OP_PERSONALITY = 82,
	OP_CPU_AFFINITY = 83,
	OP_MEMORY_POLICY = 84,
	OP_CLOSE_DESCRIPTORS = 88,
	OP_AWAIT_START = 60,
	OP_EXEC = 61,
	OP_ID_MAP_HELPER = 100,
	OP_ID_MAP_CHECK = 101,
};

/* The place of each argument. */
enum operation_argument {
	CGROUP_MAKE_PATH = 0,
	CGROUP_WRITE_PATH = 0,
	CGROUP_WRITE_VALUE = 1,
	CGROUP_DEVICES_PATH = 0,
	CGROUP_DEVICES_PROGRAM = 1,
	SYSTEMD_CALL_MEMBER = 0,
	SYSTEMD_CALL_UNIT = 1,
	SYSTEMD_CALL_MESSAGE = 2,
	SYSTEMD_CALL_PID_AT = 3,
	SYSTEMD_CALL_AWAITS_JOB = 4,
	SYSTEMD_CALL_TOLERATES = 5,
	CLONE_FLAGS = 0,
	ID_MAP_FILE = 0,
	ID_MAP_VALUE = 1,
	CGROUP_JOIN_PATH = 0,
	OOM_SCORE_ADJ_VALUE = 0,
	HOOK_PHASE = 0,
	HOOK_PATH = 1,
	HOOK_ARGV = 2,
	HOOK_ENV = 3,
	HOOK_TIMEOUT_SECONDS = 4,
	SETNS_PATH = 0,
	SETNS_TYPE = 1,
	UNSHARE_FLAGS = 0,
	TIME_OFFSETS_VALUE = 0,
	SESSION_KEYRING_NAME = 0,
	SETHOSTNAME_NAME = 0,
	SETDOMAINNAME_NAME = 0,
	SYSCTL_KEY = 0,
	SYSCTL_VALUE = 1,
	NET_DEVICE_DEVICE = 0,
	NET_DEVICE_NAME = 1,
	ROOT_PROPAGATION_FLAGS = 0,
	ROOT_BIND_PATH = 0,
	ROOT_BIND_PROPAGATION = 1,
	MOUNT_SOURCE = 0,
	MOUNT_TARGET = 1,
	MOUNT_FSTYPE = 2,
	MOUNT_FLAGS = 3,
	MOUNT_DATA = 4,
	MOUNT_PROPAGATION = 5,
	MOUNT_RECURSIVE_ATTRIBUTES = 6,
	MOUNT_SOURCE_SOURCE = 0,
	MOUNT_SOURCE_TARGET = 1,
	MOUNT_SOURCE_RECURSIVE = 2,
	MOUNT_SOURCE_PROPAGATION = 3,
	MOUNT_SOURCE_UID_MAP = 4,
	MOUNT_SOURCE_GID_MAP = 5,
	MOUNT_SOURCE_USER_NAMESPACE = 6,
	MOUNT_SOURCE_ID_MAPPING = 7,
	MOUNT_ATTACH_SOURCE = 0,
	MOUNT_ATTACH_TARGET = 1,
	MOUNT_ATTACH_PROPAGATION = 2,
	MOUNT_ATTACH_RECURSIVE_ATTRIBUTES = 3,
	TMPFS_COPY_UP_SOURCE = 0,
	TMPFS_COPY_UP_TARGET = 1,
	TMPFS_COPY_UP_FLAGS = 2,
	TMPFS_COPY_UP_DATA = 3,
	TMPFS_COPY_UP_PROPAGATION = 4,
	DEVICE_MAKE_PATH = 0,
	DEVICE_MAKE_MODE = 1,
	DEVICE_MAKE_MAJOR = 2,
	DEVICE_MAKE_MINOR = 3,
	DEVICE_MAKE_UID = 4,
	DEVICE_MAKE_GID = 5,
	SYMLINK_TARGET = 0,
	SYMLINK_PATH = 1,
	CONSOLE_PATH = 0,
	CONSOLE_ROWS = 1,
	CONSOLE_COLUMNS = 2,
	ROOT_ENTER_PATH = 0,
	MASK_PATH_PATH = 0,
	READONLY_PATH_PATH = 0,
	RLIMIT_RESOURCE = 0,
	RLIMIT_SOFT = 1,
	RLIMIT_HARD = 2,
	UMASK_MASK = 0,
	CAPABILITY_BOUNDING_KEEP = 0,
	SETGROUPS_GIDS = 0,
	SETGID_GID = 0,
	SETUID_UID = 0,
	CAPSET_EFFECTIVE = 0,
	CAPSET_PERMITTED = 1,
	CAPSET_INHERITABLE = 2,
	CAPABILITY_AMBIENT_MASK = 0,
	SECCOMP_PROGRAM = 0,
	SECCOMP_FLAGS = 1,
	CHDIR_PATH = 0,
	APPARMOR_PROFILE_PROFILE = 0,
	SECCOMP_LISTENER_PATH = 0,
	SECCOMP_LISTENER_METADATA = 1,
	SCHEDULER_POLICY = 0,
	SCHEDULER_FLAGS = 1,
	SCHEDULER_NICE = 2,
	SCHEDULER_PRIORITY = 3,
	SCHEDULER_RUNTIME = 4,
	SCHEDULER_DEADLINE = 5,
	SCHEDULER_PERIOD = 6,
	IO_PRIORITY_CLASS = 0,
	IO_PRIORITY_LEVEL = 1,
	PERSONALITY_PERSONA = 0,
	CPU_AFFINITY_CPUS = 0,
	MEMORY_POLICY_MODE = 0,
	MEMORY_POLICY_FLAGS = 1,
	MEMORY_POLICY_NODES = 2,
	EXEC_ARGV = 0,
	EXEC_ENV = 1,
	ID_MAP_HELPER_PROGRAM = 0,
	ID_MAP_HELPER_VALUE = 1,
	ID_MAP_CHECK_FILE = 0,
	ID_MAP_CHECK_VALUE = 1,
};

#endif
