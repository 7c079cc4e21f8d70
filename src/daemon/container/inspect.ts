// GET /containers/{id}/json: everything about one container in Docker's form.

import type { ContainerInspect, ContainerState, EndpointSettings, MountPoint } from '../protocol.ts';
import { appArmorProfile } from '../spec/apparmor.ts';
import type { HostFacts } from '../spec/input.ts';
import { defaultMaskedPaths, defaultReadonlyPaths } from '../spec/linux.ts';
import { defaultShmBytes } from '../spec/mounts.ts';
import { hostnameOf } from '../spec/process.ts';
import type { Container } from './container.ts';
import { filesOf } from './files.ts';
import { hasLog } from './logging.ts';
import { snapshotOf } from './record.ts';

export function inspectContainer(container: Container, facts: HostFacts): ContainerInspect {
  const { record } = container;
  const files = filesOf(container);
  return {
    Id: record.id,
    Created: record.created,
    Path: record.path,
    Args: record.args,
    State: stateOf(container),
    Image: record.image.id,
    ResolvConfPath: files.resolvConf,
    HostnamePath: files.hostname,
    HostsPath: files.hosts,
    LogPath: hasLog(container) ? container.logPath : '',
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: snapshotOf(record).snapshotter,
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: profileOf(container, facts),
    ExecIDs: container.execIds.size === 0 ? null : [...container.execIds],
    HostConfig: hostConfigOf(container),
    GraphDriver: { Name: snapshotOf(record).snapshotter, Data: null },
    Mounts: record.mounts.map(mountPointOf),
    Config: configOf(container),
    NetworkSettings: networkSettingsOf(container),
  };
}

/** '' too when the profile that the container asks for is gone: starting it will say so. */
function profileOf({ record: { host } }: Container, facts: HostFacts): string {
  try {
    return appArmorProfile(host, facts)?.profile ?? '';
  } catch {
    return '';
  }
}

function stateOf({ status, record: { lifecycle } }: Container): ContainerState {
  return {
    Status: status,
    Running: status === 'running' || status === 'paused' || status === 'restarting',
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: lifecycle.isOomKilled,
    Dead: status === 'dead',
    Pid: lifecycle.pid,
    ExitCode: lifecycle.exitCode,
    Error: lifecycle.error,
    StartedAt: lifecycle.startedAt,
    FinishedAt: lifecycle.finishedAt,
  };
}

/** With what the daemon filled in, so that clients see the values that hold. */
function hostConfigOf({ record: { host } }: Container): ContainerInspect['HostConfig'] {
  const isOpen = host.Privileged ?? false;
  return {
    ...(host as ContainerInspect['HostConfig']),
    Binds: host.Binds ?? null,
    NetworkMode: host.NetworkMode || 'default',
    PortBindings: (host.PortBindings ?? {}) as NonNullable<ContainerInspect['HostConfig']['PortBindings']>,
    RestartPolicy: {
      Name: host.RestartPolicy?.Name || 'no',
      MaximumRetryCount: host.RestartPolicy?.MaximumRetryCount ?? 0,
    },
    AutoRemove: host.AutoRemove ?? false,
    Privileged: isOpen,
    ReadonlyRootfs: host.ReadonlyRootfs ?? false,
    Memory: host.Memory ?? 0,
    MemorySwap: host.MemorySwap || (host.Memory ?? 0) * 2,
    NanoCpus: host.NanoCpus ?? 0,
    PidsLimit: host.PidsLimit ?? null,
    ShmSize: host.ShmSize || defaultShmBytes,
    IpcMode: host.IpcMode || 'private',
    LogConfig: { Type: host.LogConfig?.Type || 'json-file', Config: host.LogConfig?.Config ?? {} },
    MaskedPaths: host.MaskedPaths ?? (isOpen ? null : [...defaultMaskedPaths]),
    ReadonlyPaths: host.ReadonlyPaths ?? (isOpen ? null : [...defaultReadonlyPaths]),
    CapAdd: host.CapAdd ?? null,
    CapDrop: host.CapDrop ?? null,
    ConsoleSize: host.ConsoleSize ?? [0, 0],
  };
}

function configOf({ record: { id, config, host, image } }: Container): ContainerInspect['Config'] {
  const own = image.config;
  const imageVariables = (own.Env ?? []).filter(
    (variable) => !(config.Env ?? []).some((mine) => mine.split('=', 1)[0] === variable.split('=', 1)[0]),
  );
  return {
    ...(config as ContainerInspect['Config']),
    Hostname: hostnameOf({ id, config, host }),
    Domainname: config.Domainname ?? '',
    User: config.User || own.User || '',
    AttachStdin: config.AttachStdin ?? false,
    AttachStdout: config.AttachStdout ?? false,
    AttachStderr: config.AttachStderr ?? false,
    Tty: config.Tty ?? false,
    OpenStdin: config.OpenStdin ?? false,
    StdinOnce: config.StdinOnce ?? false,
    Env: [...(config.Env ?? []), ...imageVariables],
    Cmd: config.Cmd?.length ? config.Cmd : config.Entrypoint === undefined ? (own.Cmd ?? null) : null,
    Entrypoint: config.Entrypoint ?? own.Entrypoint ?? null,
    WorkingDir: config.WorkingDir || own.WorkingDir || '',
    Labels: { ...own.Labels, ...config.Labels },
    ExposedPorts: { ...own.ExposedPorts, ...config.ExposedPorts } as Record<string, Record<string, never>>,
    Volumes: null,
    StopSignal: config.StopSignal || own.StopSignal || '',
  };
}

export function mountPointOf(mount: Container['record']['mounts'][number]): MountPoint {
  return {
    Type: mount.type,
    ...(mount.name === undefined ? {} : { Name: mount.name }),
    Source: mount.source,
    Destination: mount.destination,
    ...(mount.type === 'volume' ? { Driver: 'local' } : {}),
    Mode: mount.mode,
    RW: !mount.readOnly,
    Propagation: mount.propagation,
  };
}

export function endpointsOf(container: Container): Record<string, EndpointSettings> {
  const { sandbox, host } = container.record;
  const mode = host.NetworkMode || 'default';
  const network = sandbox?.network ?? (mode === 'default' ? 'bridge' : mode);
  return {
    [network]: {
      IPAMConfig: null,
      Links: null,
      Aliases: null,
      MacAddress: sandbox?.macAddress ?? '',
      NetworkID: sandbox?.networkId ?? '',
      EndpointID: sandbox?.endpointId ?? '',
      Gateway: sandbox?.gateway ?? '',
      IPAddress: sandbox?.ipAddress ?? '',
      IPPrefixLen: sandbox?.prefixLength ?? 0,
      IPv6Gateway: '',
      GlobalIPv6Address: '',
      GlobalIPv6PrefixLen: 0,
      DriverOpts: null,
    },
  };
}

function networkSettingsOf(container: Container): ContainerInspect['NetworkSettings'] {
  const { sandbox } = container.record;
  return {
    Bridge: '',
    SandboxID: sandbox?.sandboxId ?? '',
    SandboxKey: sandbox?.path ?? '',
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    Ports: sandbox?.ports ?? {},
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: sandbox?.endpointId ?? '',
    Gateway: sandbox?.gateway ?? '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: sandbox?.ipAddress ?? '',
    IPPrefixLen: sandbox?.prefixLength ?? 0,
    IPv6Gateway: '',
    MacAddress: sandbox?.macAddress ?? '',
    Networks: endpointsOf(container),
  };
}
