// The default seccomp profile: what a container may ask of the kernel. An allow list, as strict as Docker's: all else is EPERM.
// Left out on purpose although old profiles had it: io_uring (operations that no filter sees).
// @source docker profiles/seccomp, recorded from dockerd 20.10 and brought up to 28; man syscalls(2)

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Allowed to everybody, with any arguments. */
export const allowed: readonly string[] = words(
  // files and folders
  'access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 ' +
    'fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 ' +
    'fdatasync flock fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd ' +
    'getdents getdents64 ioctl lchown lchown32 link linkat _llseek lseek lstat lstat64 mkdir mkdirat mknod ' +
    'mknodat newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead ' +
    'readlink readlinkat readv rename renameat renameat2 rmdir sendfile sendfile64 splice stat stat64 statfs ' +
    'statfs64 statmount listmount statx symlink symlinkat sync sync_file_range syncfs tee truncate truncate64 ' +
    'umask unlink unlinkat utime utimensat utimensat_time64 utimes vmsplice write writev cachestat pipe pipe2 ' +
    // extended attributes
    'fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat llistxattr ' +
    'lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat ' +
    // watching
    'epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old ' +
    'eventfd eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch _newselect poll ' +
    'ppoll ppoll_time64 pselect6 pselect6_time64 select signalfd signalfd4 ' +
    // asynchronous input and output
    'io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioprio_get ' +
    'ioprio_set ' +
    // memory
    'brk madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 ' +
    'mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages ' +
    // sockets
    'accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 ' +
    'recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketpair ' +
    // communication between processes
    'ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 ' +
    'mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt ' +
    'shmget ' +
    // users and groups
    'capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid ' +
    'getresgid32 getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 ' +
    'setgroups setgroups32 setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 ' +
    'setuid setuid32 ' +
    // signals
    'alarm kill pause pidfd_send_signal restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo ' +
    'rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack sigprocmask ' +
    'sigreturn tgkill tkill ' +
    // clocks and timers
    'adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 ' +
    'clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create ' +
    'timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create ' +
    'timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 ' +
    // scheduling
    'getcpu getpriority sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr ' +
    'sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity ' +
    'sched_setattr sched_setparam sched_setscheduler sched_yield setpriority ' +
    // threads and locks
    'futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake get_robust_list get_thread_area gettid ' +
    'rseq set_robust_list set_thread_area set_tid_address ' +
    // processes and the rest
    'execve execveat exit exit_group fork getpgid getpgrp getpid getppid getrandom getrlimit getrusage getsid ' +
    'landlock_add_rule landlock_create_ruleset landlock_restrict_self pidfd_open prctl prlimit64 process_mrelease ' +
    'ptrace seccomp setpgid setrlimit setsid sysinfo times ugetrlimit uname uretprobe vfork wait4 waitid waitpid',
);

/** Allowed on one architecture only: Node's name of it → system calls. */
export const allowedOn: Readonly<Record<string, readonly string[]>> = {
  x64: words('arch_prctl modify_ldt'),
  arm64: words('arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls'),
};

/** Allowed to who holds a capability. Many of these check it themselves: the filter keeps their bugs out of reach. */
export const allowedWith: Readonly<Record<string, readonly string[]>> = {
  CAP_DAC_READ_SEARCH: words('open_by_handle_at'),
  CAP_SYS_ADMIN: words(
    'bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules ' +
      'lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname ' +
      'sethostname setns syslog umount umount2 unshare',
  ),
  CAP_SYS_BOOT: words('reboot'),
  CAP_SYS_CHROOT: words('chroot'),
  CAP_SYS_MODULE: words('delete_module init_module finit_module'),
  CAP_SYS_PACCT: words('acct'),
  CAP_SYS_PTRACE: words('kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev'),
  CAP_SYS_RAWIO: words('iopl ioperm'),
  CAP_SYS_TIME: words('settimeofday stime clock_settime clock_settime64'),
  CAP_SYS_TTY_CONFIG: words('vhangup'),
  CAP_SYS_NICE: words('get_mempolicy mbind set_mempolicy set_mempolicy_home_node'),
  CAP_SYSLOG: words('syslog'),
  CAP_BPF: words('bpf'),
  CAP_PERFMON: words('perf_event_open'),
};

/** Execution domains that programs really ask for: Linux, Linux32, each with UNAME26, and "tell me". @source man personality(2) */
export const allowedPersonalities: readonly number[] = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

/**
 * clone flags that make namespaces: NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. Not NEWTIME: clone reads those bits
 * as the exit signal. @source uapi linux/sched.h
 */
export const namespaceFlags = 0x7e020000;

/**
 * Socket families that are refused: AF_ALG (38), a door to the kernel's cryptography that had a hole (CVE-2026-31431), and AF_VSOCK
 * (40), which reaches the hypervisor past every network namespace. Said by what is left. @source man vsock(7), uapi linux/socket.h
 */
export const allowedFamilies = [
  { value: 38, op: 'SCMP_CMP_LT' },
  { value: 39, op: 'SCMP_CMP_EQ' },
  { value: 40, op: 'SCMP_CMP_GT' },
] as const;

/**
 * ENOSYS, for clone3 and socketcall: their arguments are in memory, where a filter cannot look; C libraries fall back to clone and
 * socket. Not the default's EPERM: libseccomp by itself lets socketcall through where it allows socket, unless told otherwise.
 */
export const unseenErrno = 38;
