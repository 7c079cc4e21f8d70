// HostConfig: what a container may use and how it is kept apart from the host.
// Rule: a field that is not listed here is refused by name when it is set, never silently ignored.
import * as v from 'valibot';
import { command, flag, integer, maybe, text, textMap, texts } from './fields.ts';

const portBinding = v.object({ HostIp: maybe(text), HostPort: maybe(text) });

const restartPolicy = v.object({
  Name: v.picklist(
    ['', 'no', 'always', 'unless-stopped', 'on-failure'],
    'expected no, always, unless-stopped or on-failure',
  ),
  MaximumRetryCount: maybe(v.pipe(integer, v.minValue(0, 'expected a count of 0 or more'))),
});

const mountRequest = v.object({
  Type: v.picklist(['bind', 'volume', 'tmpfs'], 'expected bind, volume or tmpfs'),
  Source: maybe(text),
  Target: text,
  ReadOnly: maybe(flag),
  Consistency: maybe(text),
  BindOptions: maybe(v.object({ Propagation: maybe(text), NonRecursive: maybe(flag), CreateMountpoint: maybe(flag) })),
  VolumeOptions: maybe(v.looseObject({ NoCopy: maybe(flag) })),
  TmpfsOptions: maybe(v.object({ SizeBytes: maybe(integer), Mode: maybe(integer) })),
});

/** @source docker-api HostConfig */
export const hostConfigFields = {
  Binds: maybe(texts),
  Mounts: maybe(v.array(mountRequest)),
  Memory: maybe(integer),
  MemorySwap: maybe(integer),
  MemoryReservation: maybe(integer),
  NanoCpus: maybe(integer),
  CpuQuota: maybe(integer),
  CpuPeriod: maybe(integer),
  CpuShares: maybe(integer),
  CpusetCpus: maybe(text),
  CpusetMems: maybe(text),
  PidsLimit: maybe(integer),
  CapAdd: maybe(command),
  CapDrop: maybe(command),
  ReadonlyRootfs: maybe(flag),
  Tmpfs: maybe(textMap),
  NetworkMode: maybe(text),
  PortBindings: maybe(v.record(text, maybe(v.array(portBinding)))),
  PublishAllPorts: maybe(flag),
  Init: maybe(flag),
  Privileged: maybe(flag),
  RestartPolicy: maybe(restartPolicy),
  Runtime: maybe(text),
  AutoRemove: maybe(flag),
  SecurityOpt: maybe(texts),
  Ulimits: maybe(v.array(v.object({ Name: text, Soft: integer, Hard: integer }))),
  OomScoreAdj: maybe(
    v.pipe(integer, v.minValue(-1000, 'expected -1000 to 1000'), v.maxValue(1000, 'expected -1000 to 1000')),
  ),
  ShmSize: maybe(v.pipe(integer, v.minValue(0, 'SHM size can not be less than 0'))),
  Dns: maybe(texts),
  DnsOptions: maybe(texts),
  DnsSearch: maybe(texts),
  ExtraHosts: maybe(texts),
  PidMode: maybe(v.picklist(['', 'host', 'private'], 'expected "" or host')),
  IpcMode: maybe(v.picklist(['', 'host', 'private', 'shareable', 'none'], 'expected private, none or host')),
  UTSMode: maybe(v.picklist(['', 'host'], 'expected "" or host')),
  UsernsMode: maybe(v.picklist(['', 'host'], 'expected "" or host')),
  CgroupParent: maybe(text),
  CgroupnsMode: maybe(v.picklist(['', 'host', 'private'], 'expected host or private')),
  LogConfig: maybe(
    v.object({
      Type: maybe(v.picklist(['', 'json-file', 'none'], 'expected json-file or none')),
      Config: maybe(textMap),
    }),
  ),
  Sysctls: maybe(textMap),
  Devices: maybe(v.array(v.object({ PathOnHost: text, PathInContainer: text, CgroupPermissions: maybe(text) }))),
  GroupAdd: maybe(texts),
  MaskedPaths: maybe(texts),
  ReadonlyPaths: maybe(texts),
  Isolation: maybe(v.picklist(['', 'default'], 'expected default')),
  // Told to the daemon, of no effect here: where the CLI writes the id, and the size of its window.
  ContainerIDFile: maybe(text),
  ConsoleSize: maybe(v.array(integer)),
} as const;

export const hostConfigSchema = v.object(hostConfigFields);
export type HostConfig = v.InferOutput<typeof hostConfigSchema>;
export type MountSpec = v.InferOutput<typeof mountRequest>;
