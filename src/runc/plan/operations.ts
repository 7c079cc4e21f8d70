// The plan's operations: what the compiler may emit and the native executor can do. One row an operation;
// native/runc/operations.h is generated from this table, so that a row added here does not compile in C until it is done there.
// A plan is a flat list in execution order. Each operation has an actor: `runtime` (tlab-runc on the host) or `init`
// (the cloned child). Where the actor changes, the two hand over through their socket, so list order is execution order.

export type ArgumentType =
  /** Unsigned 64-bit integer. */
  | 'number'
  /** UTF-8 without NUL. */
  | 'string'
  /** Strings, e.g. argv. */
  | 'strings'
  /** Raw bytes, e.g. a BPF program. */
  | 'bytes';

export interface OperationRow {
  code: number;
  /** In order; the encoding is positional. */
  arguments: Readonly<Record<string, ArgumentType>>;
  /** What it does, one sentence. */
  says: string;
  source: string;
}

/**
 * Targets (`target`, `path` of mounts, devices, masks) are paths inside the container's root and are resolved beneath it by the executor
 * (openat2 with RESOLVE_IN_ROOT), missing ones are made; `source` paths are on the host.
 */
export const operations = {
  // ── runtime, before the clone
  cgroup_make: {
    code: 1,
    arguments: { path: 'string' },
    says: 'make a cgroup directory, with its parents',
    source: 'man cgroups(7)',
  },
  cgroup_write: {
    code: 2,
    arguments: { path: 'string', value: 'string' },
    says: 'write a value to a cgroup file',
    source: 'man cgroups(7)',
  },
  cgroup_devices: {
    code: 3,
    arguments: { path: 'string', program: 'bytes' },
    says: 'attach a device program to a version 2 cgroup',
    source: 'man bpf(2)',
  },
  /**
   * `message` is a whole D-Bus message of the call; the child's pid is set at the offset `pidAt` of it, 0 for none. Behind `exec` it is
   * for `delete`, and to undo. `tolerates` is the name of an error that does not matter.
   */
  systemd_call: {
    code: 90,
    arguments: {
      member: 'string',
      unit: 'string',
      message: 'bytes',
      pidAt: 'number',
      awaitsJob: 'number',
      tolerates: 'string',
    },
    says: "call systemd's manager for the container's unit, and await the end of the job that this starts",
    source: 'man org.freedesktop.systemd1(5)',
  },
  // ── clone: what follows with actor init runs in the child
  /** Where something has to be joined before the clone. From here on init acts: this process until its `clone`, then that one's child. */
  fork: {
    code: 15,
    arguments: {},
    says: 'fork the process that joins namespaces and clones the child in them',
    source: 'man fork(2)',
  },
  /** By the runtime; after a `fork` by init, as a child of the runtime. */
  clone: {
    code: 10,
    arguments: { flags: 'number' },
    says: "clone the container's first process into new namespaces",
    source: 'man clone(2)',
  },
  // ── runtime, with the child waiting
  id_map: {
    code: 11,
    arguments: { file: 'string', value: 'string' },
    says: 'write uid_map, gid_map or setgroups of the child',
    source: 'man user_namespaces(7)',
  },
  /** By init: version 1, the child for itself. By the runtime: version 2, at the clone. */
  cgroup_join: {
    code: 12,
    arguments: { path: 'string' },
    says: 'put the child into a cgroup',
    source: 'man cgroups(7)',
  },
  oom_score_adj: {
    code: 13,
    arguments: { value: 'string' },
    says: "write the child's oom_score_adj",
    source: 'man proc(5)',
  },
  hook: {
    code: 14,
    arguments: { phase: 'string', path: 'string', argv: 'strings', env: 'strings', timeoutSeconds: 'number' },
    says: "run a hook with the container's state on its standard input",
    source: 'oci-runtime config#posix-platform-hooks',
  },
  // ── init
  setns: {
    code: 20,
    arguments: { path: 'string', type: 'number' },
    says: 'join a namespace by path',
    source: 'man setns(2)',
  },
  unshare: {
    code: 21,
    arguments: { flags: 'number' },
    says: 'leave a namespace shared so far',
    source: 'man unshare(2)',
  },
  /** Between the child's unshare and time_enter: once somebody is in it, its clocks stand. */
  time_offsets: {
    code: 72,
    arguments: { value: 'string' },
    says: "set the clocks of the child's new time namespace",
    source: 'man time_namespaces(7)',
  },
  time_enter: {
    code: 73,
    arguments: {},
    says: 'enter the new time namespace, which unshare makes for children only',
    source: 'man time_namespaces(7)',
  },
  setsid: { code: 22, arguments: {}, says: 'start a new session', source: 'man setsid(2)' },
  session_keyring: {
    code: 23,
    arguments: { name: 'string' },
    says: 'join a session keyring of its own',
    source: 'man keyctl(2)',
  },
  sethostname: { code: 24, arguments: { name: 'string' }, says: 'set the host name', source: 'man sethostname(2)' },
  setdomainname: {
    code: 25,
    arguments: { name: 'string' },
    says: 'set the NIS domain name',
    source: 'man setdomainname(2)',
  },
  sysctl: {
    code: 26,
    arguments: { key: 'string', value: 'string' },
    says: 'write a namespaced sysctl',
    source: 'man proc(5)',
  },
  loopback_up: { code: 27, arguments: {}, says: 'bring lo up', source: 'man netdevice(7)' },
  net_device: {
    code: 76,
    arguments: { device: 'string', name: 'string' },
    says: "move a network device into the container's network namespace, with its addresses, and bring it up",
    source: 'oci-runtime config-linux#network-devices',
  },
  root_propagation: {
    code: 30,
    arguments: { flags: 'number' },
    says: 'set the propagation of every mount',
    source: 'man mount(2)',
  },
  root_bind: {
    code: 31,
    arguments: { path: 'string', /** MS_PRIVATE or MS_SLAVE with MS_REC, of the copy. */ propagation: 'number' },
    says: 'bind the root filesystem on itself, so that it is a mount',
    source: 'man pivot_root(2)',
  },
  mount: {
    code: 32,
    arguments: {
      source: 'string',
      target: 'string',
      fstype: 'string',
      /** MS_* of the mount. */ flags: 'number',
      data: 'string',
      /** MS_SHARED, MS_SLAVE, … with MS_REC, applied after; 0 for none. */ propagation: 'number',
      /** MOUNT_ATTR_* to set recursively with mount_setattr; 0 for none. */ recursiveAttributes: 'number',
    },
    says: 'mount a filesystem or bind a path',
    source: 'man mount(2)',
  },
  /**
   * Before the clone, with the host's rights: `recursive` 1 for a bind with what is mounted below. Maps are lines of uid_map and gid_map;
   * where they are '', `userNamespace` is the path of one that has them. `idMapping`: 0 for none, 1 for the one mount, 2 for all of the tree.
   */
  mount_source: {
    code: 70,
    arguments: {
      source: 'string',
      target: 'string',
      recursive: 'number',
      /** MS_* of the tree, as the container's root will have it. */ propagation: 'number',
      uidMap: 'string',
      gidMap: 'string',
      userNamespace: 'string',
      idMapping: 'number',
    },
    says: 'prepare a detached bind mount, with mapped ids where they are asked for',
    source: 'man mount_setattr(2)',
  },
  /** The trees of the plan's mount_source operations, in their order. Propagation and recursive attributes as of `mount`. */
  mount_attach: {
    code: 71,
    arguments: { source: 'string', target: 'string', propagation: 'number', recursiveAttributes: 'number' },
    says: 'attach a prepared mount',
    source: 'man move_mount(2)',
  },
  /** The arguments of `mount`, without its type and without a remount. */
  tmpfs_copy_up: {
    code: 75,
    arguments: { source: 'string', target: 'string', flags: 'number', data: 'string', propagation: 'number' },
    says: 'mount a tmpfs that begins with what it covers',
    source: 'oci-runtime config#linux-mount-options',
  },
  /** cgroup mount inside the container: `binds` are `source target` pairs for version 1 hierarchies, made by several mount operations. */
  device_make: {
    code: 33,
    arguments: { path: 'string', mode: 'number', major: 'number', minor: 'number', uid: 'number', gid: 'number' },
    says: 'make a device node',
    source: 'man mknod(2)',
  },
  symlink: {
    code: 34,
    arguments: { target: 'string', path: 'string' },
    says: 'make a symbolic link',
    source: 'man symlink(2)',
  },
  /** Window size 0 × 0: left as it is. An exec plan has path '': nothing is bound. */
  console: {
    code: 35,
    arguments: { path: 'string', rows: 'number', columns: 'number' },
    says: 'make a pseudo-terminal, send its master to the console socket, bind it on /dev/console',
    source: 'man pts(4)',
  },
  controlling_terminal: {
    code: 28,
    arguments: {},
    says: 'make the terminal on the standard streams the controlling one of the session',
    source: 'man TIOCSCTTY(2const)',
  },
  pivot_root: {
    code: 36,
    arguments: {},
    says: 'make the root filesystem the root and detach the old one',
    source: 'man pivot_root(2)',
  },
  /** In a mount namespace that others use: nothing in it is changed. An exec plan has path '': the root of the container's first process. */
  root_enter: {
    code: 74,
    arguments: { path: 'string' },
    says: 'change to the root filesystem with chroot',
    source: 'man chroot(2)',
  },
  root_readonly: { code: 37, arguments: {}, says: 'remount the root read-only', source: 'man mount(2)' },
  mask_path: {
    code: 38,
    arguments: { path: 'string' },
    says: 'hide a path behind /dev/null or an empty tmpfs',
    source: 'oci-runtime config-linux#masked-paths',
  },
  readonly_path: {
    code: 39,
    arguments: { path: 'string' },
    says: 'bind a path on itself read-only',
    source: 'oci-runtime config-linux#readonly-paths',
  },
  rlimit: {
    code: 40,
    arguments: { resource: 'number', soft: 'number', hard: 'number' },
    says: 'set a resource limit',
    source: 'man setrlimit(2)',
  },
  umask: { code: 41, arguments: { mask: 'number' }, says: 'set the file mode creation mask', source: 'man umask(2)' },
  no_new_privs: {
    code: 42,
    arguments: {},
    says: 'forbid new privileges through execve',
    source: 'man PR_SET_NO_NEW_PRIVS(2const)',
  },
  capability_bounding: {
    code: 43,
    arguments: { keep: 'number' },
    says: 'drop every capability outside the mask from the bounding set',
    source: 'man capabilities(7)',
  },
  setgroups: {
    code: 44,
    arguments: { gids: 'string' },
    says: 'set the supplementary groups',
    source: 'man setgroups(2)',
  },
  setgid: { code: 45, arguments: { gid: 'number' }, says: 'set the group id', source: 'man setgid(2)' },
  setuid: {
    code: 46,
    arguments: { uid: 'number' },
    says: 'set the user id, keeping capabilities',
    source: 'man setuid(2)',
  },
  capset: {
    code: 47,
    arguments: { effective: 'number', permitted: 'number', inheritable: 'number' },
    says: 'set the capability sets',
    source: 'man capset(2)',
  },
  capability_ambient: {
    code: 48,
    arguments: { mask: 'number' },
    says: 'raise the ambient capabilities',
    source: 'man capabilities(7)',
  },
  seccomp: {
    code: 49,
    arguments: { program: 'bytes', flags: 'number' },
    says: 'install the seccomp filter',
    source: 'man seccomp(2)',
  },
  chdir: { code: 50, arguments: { path: 'string' }, says: 'change to the working directory', source: 'man chdir(2)' },
  apparmor_profile: {
    code: 85,
    arguments: { profile: 'string' },
    says: 'have AppArmor change the profile at execve',
    source: 'kernel admin-guide/LSM/apparmor.rst',
  },
  /** Stands before the `seccomp` that makes the listener: that operation hands it over by itself. */
  seccomp_listener: {
    code: 87,
    arguments: { path: 'string', metadata: 'string' },
    says: "connect to the agent that is to answer for the filter; it gets the filter's listener",
    source: 'oci-runtime config-linux#containerprocessstate',
  },
  // ── how the process is scheduled, and which kernel it believes to run on
  scheduler: {
    code: 80,
    arguments: {
      policy: 'number',
      flags: 'number',
      /** Decimal, -20 to 19. */ nice: 'string',
      priority: 'number',
      /** Nanoseconds, as the two that follow. */ runtime: 'number',
      deadline: 'number',
      period: 'number',
    },
    says: "set the child's scheduling policy",
    source: 'man sched_setattr(2)',
  },
  io_priority: {
    code: 81,
    arguments: { class: 'number', level: 'number' },
    says: "set the child's I/O scheduling class and priority",
    source: 'man ioprio_set(2)',
  },
  personality: {
    code: 82,
    arguments: { persona: 'number' },
    says: 'set the execution domain',
    source: 'man personality(2)',
  },
  /** Of the actor itself: what the runtime sets, its child inherits. */
  cpu_affinity: {
    code: 83,
    arguments: { cpus: 'string' },
    says: 'bind the own process to CPUs',
    source: 'man sched_setaffinity(2)',
  },
  memory_policy: {
    code: 84,
    arguments: { mode: 'number', flags: 'number', nodes: 'string' },
    says: 'set the NUMA memory policy',
    source: 'man set_mempolicy(2)',
  },
  /** Of an exec, before its clone: no process that the container can see has a descriptor of the host. */
  close_descriptors: {
    code: 88,
    arguments: {},
    says: 'close all descriptors but the standard streams, what the caller keeps, and the hand-over',
    source: 'man close_range(2)',
  },
  /** The barrier of `created`: the executor reports ready and blocks until `start`. */
  await_start: {
    code: 60,
    arguments: {},
    says: 'report created and wait for start',
    source: 'oci-runtime runtime#lifecycle',
  },
  /** Looks argv[0] up along PATH of env when it has no slash. Also checked before await_start, so that a missing program fails create. */
  exec: {
    code: 61,
    arguments: { argv: 'strings', env: 'strings' },
    says: 'execute the program',
    source: 'man execve(2)',
  },
  // ── user namespaces
  /** By the runtime, with the child waiting: `value` as in id_map; the program checks it against /etc/subuid or /etc/subgid. */
  id_map_helper: {
    code: 100,
    arguments: { program: 'string', value: 'string' },
    says: 'have newuidmap or newgidmap write a map of the child',
    source: 'man newuidmap(1)',
  },
  /** By the runtime, with the child waiting: a joined user namespace must have the map that config.json says. */
  id_map_check: {
    code: 101,
    arguments: { file: 'string', value: 'string' },
    says: 'compare a map of the joined user namespace',
    source: 'man user_namespaces(7)',
  },
} as const satisfies Record<string, OperationRow>;

export type OperationName = keyof typeof operations;

interface ArgumentValues {
  number: bigint | number;
  string: string;
  strings: readonly string[];
  bytes: Uint8Array;
}

/** One operation of a plan. `cause` is a JSON pointer into config.json. */
export type Operation = {
  [Name in OperationName]: {
    name: Name;
    actor: 'runtime' | 'init';
    cause: string;
    arguments: {
      -readonly [A in keyof (typeof operations)[Name]['arguments']]: ArgumentValues[(typeof operations)[Name]['arguments'][A] &
        ArgumentType];
    };
  };
}[OperationName];
