// /mounts of config.json, in order: what every container has, then the daemon's files over /etc, then the person's own.
// Order matters: a mount hides what lies beneath, so parents come before children.
import type { Cause } from '../../trace/cause.ts';
import type { Draft } from './draft.ts';
import type { ResolvedMount, SpecInput } from './input.ts';
import { initTarget } from './process.ts';

export const defaultShmBytes = 64 * 1024 * 1024;

interface DefaultMount {
  destination: string;
  type: string;
  source: string;
  options: string[];
  cause?: Cause;
}

/** @source docker oci/defaults.go; recorded from dockerd 20.10 */
function defaultMounts({ host }: SpecInput): DefaultMount[] {
  const privileged = host.Privileged ? { cause: 'api:/HostConfig/Privileged' as const } : {};
  const readOnly = host.Privileged ? [] : ['ro'];
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    {
      destination: '/sys',
      type: 'sysfs',
      source: 'sysfs',
      options: ['nosuid', 'noexec', 'nodev', ...readOnly],
      ...privileged,
    },
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: [...readOnly, 'nosuid', 'noexec', 'nodev'],
      ...privileged,
    },
    ...ipcMounts(host.IpcMode, host.ShmSize),
  ];
}

function ipcMounts(mode: string | undefined, shmBytes: number | undefined): DefaultMount[] {
  if (mode === 'host') {
    const cause: Cause = 'api:/HostConfig/IpcMode';
    return [
      {
        destination: '/dev/mqueue',
        type: 'bind',
        source: '/dev/mqueue',
        options: ['rbind', 'nosuid', 'noexec', 'nodev'],
        cause,
      },
      {
        destination: '/dev/shm',
        type: 'bind',
        source: '/dev/shm',
        options: ['rbind', 'nosuid', 'noexec', 'nodev'],
        cause,
      },
    ];
  }
  const mqueue = {
    destination: '/dev/mqueue',
    type: 'mqueue',
    source: 'mqueue',
    options: ['nosuid', 'noexec', 'nodev'],
  };
  if (mode === 'none') return [mqueue];
  const size = shmBytes ? shmBytes : defaultShmBytes;
  const shm = {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${size}`],
    cause: (shmBytes ? 'api:/HostConfig/ShmSize' : 'default:shm-size') as Cause,
  };
  return [mqueue, shm];
}

/** On version 2 Docker gives even privileged ones a cgroup namespace of their own, on version 1 none. @source docker-api HostConfig#CgroupnsMode */
export function cgroupNamespaceOf(asked: string | undefined, cgroupVersion: 1 | 2): 'host' | 'private' {
  if (asked === 'host' || asked === 'private') return asked;
  return cgroupVersion === 2 ? 'private' : 'host';
}

export function putMounts(draft: Draft, input: SpecInput): void {
  const own = new Set(input.mounts.map((mount) => mount.destination));
  for (const { cause, ...mount } of defaultMounts(input)) {
    if (!own.has(mount.destination)) draft.append('/mounts', mount, cause ?? 'default:default-mounts');
  }
  for (const [destination, source, cause] of filesOf(input)) {
    if (own.has(destination)) continue;
    draft.append('/mounts', { destination, type: 'bind', source, options: ['rbind', 'rprivate'] }, cause);
  }
  // Shallow before deep: /a is mounted before /a/b.
  const ordered = [...input.mounts].sort((a, b) => depth(a.destination) - depth(b.destination));
  for (const mount of ordered) draft.append('/mounts', specOf(mount), mount.from);
  if (input.initProgram === undefined) return;
  const init = {
    destination: initTarget,
    type: 'bind',
    source: input.initProgram,
    options: ['bind', 'ro', 'rprivate'],
  };
  draft.append(
    '/mounts',
    init,
    input.host.Init === undefined ? 'default:init-by-configuration' : 'api:/HostConfig/Init',
  );
}

function filesOf({ files, config, host }: SpecInput): Array<[string, string, Cause]> {
  const dns = (['Dns', 'DnsOptions', 'DnsSearch'] as const).find((field) => (host[field] ?? []).length > 0);
  return [
    ['/etc/resolv.conf', files.resolvConf, dns === undefined ? 'default:resolv-conf-file' : `api:/HostConfig/${dns}`],
    ['/etc/hostname', files.hostname, config.Hostname ? 'api:/Hostname' : 'default:hostname-file'],
    [
      '/etc/hosts',
      files.hosts,
      (host.ExtraHosts ?? []).length > 0 ? 'api:/HostConfig/ExtraHosts' : 'default:hosts-file',
    ],
  ];
}

const depth = (path: string): number => path.split('/').length;

function specOf(mount: ResolvedMount) {
  if (mount.type === 'tmpfs') {
    return { destination: mount.destination, type: 'tmpfs', source: 'tmpfs', options: mount.options };
  }
  const access = mount.readOnly ? ['ro'] : [];
  return {
    destination: mount.destination,
    type: 'bind',
    source: mount.source,
    options: ['rbind', ...access, ...mount.options],
  };
}
