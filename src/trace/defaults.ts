// Named defaults: what the engine decides when nobody asked. A cause `default:<name>` ends a chain here, unless the default
// itself comes with another field (`because`).
// Every stage adds its rows; `says` is one sentence for people, `source` where the value comes from.

export const defaults = {
  'api-version-negotiation': {
    says: 'A client asks the daemon for its API version before the first real request.',
    source: 'docker-api GET /_ping',
  },
  'engine-housekeeping': {
    says: 'The engine keeps its own state in order: leases, events, garbage.',
    source: 'tlab',
  },
  'cli-attached-output': {
    says: 'A container in the foreground shows its stdout and stderr.',
    source: 'docker-run foreground',
  },
  'cli-network': {
    says: 'Without --network a container joins the default bridge network.',
    source: 'docker-run --network',
  },
  'cli-restart-policy': {
    says: 'Without --restart a container that exits stays stopped.',
    source: 'docker-run --restart',
  },
  'default-capabilities': {
    says: "A container keeps fourteen of the kernel's capabilities.",
    source: 'docker oci/caps/defaults.go',
  },
  'engine-decision': {
    says: 'The engine decided it by itself: no field of the request that we know asks for it.',
    source: 'tlab',
  },
  'oci-version': {
    says: 'The version of the runtime spec that config.json is written in.',
    source: 'oci-runtime config#specification-version',
  },
  'bundle-root': {
    says: 'The root filesystem stands in the bundle, in the folder rootfs.',
    source: 'oci-runtime bundle',
  },
  'hostname-from-id': {
    says: 'A container without a host name is named after its id.',
    source: 'docker-run --hostname',
  },
  'cgroup-path': {
    says: "Every container has a control group of its own, below its engine's.",
    source: 'tlab',
  },
  'cgroup-parent': {
    says: 'daemon.json names the parent of the control groups of containers that ask for none.',
    source: 'docker docs engine/daemon, cgroup-parent',
  },
  'default-namespaces': {
    says: 'A container has its own mounts, host name, processes and IPC objects.',
    source: 'docker oci/defaults.go',
  },
  'default-network': {
    says: 'A container has a network namespace of its own, on the bridge.',
    source: 'docker-run --network',
  },
  'default-devices': {
    says: 'A container may use a handful of harmless devices and no other.',
    source: 'docker oci/defaults.go',
  },
  'default-mounts': {
    says: 'Every container has /proc, /dev, /sys and shared memory.',
    source: 'docker oci/defaults.go',
  },
  'shm-size': {
    says: '/dev/shm holds at most 64 MB.',
    source: 'docker-run --shm-size',
  },
  'cpu-period': {
    says: 'The period that CPU quotas are counted in is 100 ms.',
    source: 'kernel sched-bwc.rst',
  },
  'swap-twice-memory': {
    says: 'Memory and swap together are limited to twice the memory limit.',
    source: 'docker-run --memory-swap',
    because: 'api:/HostConfig/Memory',
  },
  'masked-paths': {
    says: 'Files of /proc and /sys that tell or change too much are hidden.',
    source: 'docker oci/defaults.go',
  },
  'read-only-paths': {
    says: 'Parts of /proc through which the kernel is changed are read-only.',
    source: 'docker oci/defaults.go',
  },
  'seccomp-profile': {
    says: 'System calls that containers rarely need are refused.',
    source: 'docker profiles/seccomp',
  },
  'apparmor-profile': {
    says: "Docker's AppArmor profile confines every container, where the host has it loaded.",
    source: 'docker profiles/apparmor',
  },
  'init-by-configuration': {
    says: 'daemon.json asks for an init process in every container.',
    source: 'dockerd daemon.json init',
  },
  'resolv-conf-file': {
    says: 'The container resolves names as its host does.',
    source: 'docker-run --dns',
  },
  'hostname-file': {
    says: "/etc/hostname holds the container's own name.",
    source: 'docker oci/defaults.go',
  },
  'hosts-file': {
    says: '/etc/hosts names the container itself.',
    source: 'docker-run --add-host',
  },
  'default-path': {
    says: 'PATH has a value even when the image sets none.',
    source: 'docker system/path.go',
  },
  'home-of-user': {
    says: "HOME is the user's folder in the image's /etc/passwd.",
    source: 'oci-runtime runc: HOME',
  },
  'oom-score': {
    says: 'The container counts like any process when memory runs out.',
    source: 'docker-run --oom-score-adj',
  },
  'root-user': {
    says: 'A program runs as root when neither person nor image names a user.',
    source: 'oci-image config#properties User',
  },
  'working-directory': {
    says: 'A program starts in / when neither person nor image names a folder.',
    source: 'oci-image config#properties WorkingDir',
  },
  'network-sysctls': {
    says: 'Low ports and ping need no privilege in a network namespace of its own.',
    source: 'docker oci/defaults.go',
  },
  'bridge-network': {
    says: 'Containers are on the network "bridge" unless they say otherwise; the first one makes it: tlab0, its address, forwarding, NAT.',
    source: 'docker-api POST /containers/create',
  },
  'sandbox-loopback': {
    says: 'A new network namespace has its loopback interface down; programs expect it up.',
    source: 'man network_namespaces(7)',
  },
  'container-without-ipv6': {
    says: 'The bridge has no IPv6 subnet, so IPv6 is switched off inside the container.',
    source: 'docker-api GET /networks/{id}',
  },
  'address-allocation': {
    says: 'A container gets the lowest free address of its network, and a MAC address derived from it.',
    source: 'docker-api POST /containers/create',
  },
  'network-removal': {
    says: 'When a container stops, its link, rules, address and namespace go.',
    source: 'tlab',
  },
  'spec-devices': {
    says: 'Every container has null, zero, full, random, urandom and tty in /dev.',
    source: 'oci-runtime config-linux#default-devices',
  },
  'dev-links': {
    says: 'Every container has /dev/fd, stdin, stdout, stderr and ptmx as links.',
    source: 'oci-runtime runtime-linux#dev-symbolic-links',
  },
  'session-keyring': {
    says: "A container has a session keyring of its own, so that it cannot see the host's keys.",
    source: 'man session-keyring(7)',
  },
  'own-session': {
    says: 'The first process of a container leads a session of its own.',
    source: 'man setsid(2)',
  },
  'root-propagation': {
    says: 'Mounts made in a container never show on the host.',
    source: 'oci-runtime config-linux#rootfs-mount-propagation',
  },
  umask: {
    says: 'Files that a container makes are not writable by others: umask 0022.',
    source: 'oci-runtime config#posix-platform-user',
  },
  lifecycle: {
    says: 'A created container waits for start before it runs its program.',
    source: 'oci-runtime runtime#lifecycle',
  },
  'exec-process': {
    says: 'An exec makes one more process, in the namespaces of the first.',
    source: 'oci-runtime runtime',
  },
  'userns-remap': {
    says: 'daemon.json maps the ids of containers: root in one is nobody on the host. Its user namespace is made with its network.',
    source: 'dockerd daemon.json userns-remap',
  },
  'setgroups-denied': {
    says: 'Who maps only their own group may not shed groups: setgroups is denied.',
    source: 'man user_namespaces(7)',
  },
  'cpuset-inherited': {
    says: "A new cpuset gets its parent's CPUs and memory nodes, since an empty one takes no process.",
    source: 'man cpuset(7)',
  },
  'cgroup-controllers': {
    says: 'A cgroup hands its controllers down, or its children would have none.',
    source: 'man cgroups(7)',
  },
} as const satisfies Record<string, { says: string; source: string; because?: `api:/${string}` }>;

export type DefaultName = keyof typeof defaults;
