// The shapes that cross the Docker Engine API, as clients see them. Requests that carry a body have a schema in
// schema/; here are the answers and the few requests that the CLI builds. Field names are Docker's, so they are PascalCase.
import type { ErrorKind } from '../base/errors.ts';

/** The newest API version that the daemon speaks, and the oldest. @source docker-api version history */
export const apiVersion = '1.47';
export const minApiVersion = '1.24';

/** Docker's error body, with the three fields that tlab adds and docker ignores. */
export interface ErrorBody {
  message: string;
  kind?: ErrorKind;
  hint?: string;
  data?: Record<string, unknown>;
}

export interface PortBinding {
  HostIp?: string;
  HostPort?: string;
}

export interface RestartPolicy {
  Name: '' | 'no' | 'always' | 'unless-stopped' | 'on-failure';
  MaximumRetryCount?: number;
}

export interface MountRequest {
  Type: 'bind' | 'volume' | 'tmpfs';
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  BindOptions?: { Propagation?: string; NonRecursive?: boolean; CreateMountpoint?: boolean };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
}

/** What a container may use and how it is kept apart. @source docker-api HostConfig */
export interface HostConfigRequest {
  Binds?: string[] | null;
  Mounts?: MountRequest[] | null;
  Memory?: number;
  MemorySwap?: number;
  MemoryReservation?: number;
  NanoCpus?: number;
  CpuQuota?: number;
  CpuPeriod?: number;
  CpuShares?: number;
  CpusetCpus?: string;
  CpusetMems?: string;
  PidsLimit?: number | null;
  CapAdd?: string[] | null;
  CapDrop?: string[] | null;
  ReadonlyRootfs?: boolean;
  Tmpfs?: Record<string, string> | null;
  NetworkMode?: string;
  PortBindings?: Record<string, PortBinding[] | null> | null;
  PublishAllPorts?: boolean;
  Init?: boolean | null;
  Privileged?: boolean;
  RestartPolicy?: RestartPolicy;
  Runtime?: string;
  AutoRemove?: boolean;
  SecurityOpt?: string[] | null;
  Ulimits?: Array<{ Name: string; Soft: number; Hard: number }> | null;
  OomScoreAdj?: number;
  ShmSize?: number;
  Dns?: string[] | null;
  DnsOptions?: string[] | null;
  DnsSearch?: string[] | null;
  ExtraHosts?: string[] | null;
  PidMode?: string;
  IpcMode?: string;
  UTSMode?: string;
  CgroupParent?: string;
  CgroupnsMode?: string;
  LogConfig?: { Type?: string; Config?: Record<string, string> | null };
  Sysctls?: Record<string, string> | null;
  Devices?: Array<{ PathOnHost: string; PathInContainer: string; CgroupPermissions: string }> | null;
  GroupAdd?: string[] | null;
  MaskedPaths?: string[] | null;
  ReadonlyPaths?: string[] | null;
}

/** POST /containers/create. @source docker-api POST /containers/create */
export interface CreateRequest {
  Image: string;
  Cmd?: string[] | null;
  Entrypoint?: string[] | null;
  Env?: string[] | null;
  WorkingDir?: string;
  User?: string;
  Labels?: Record<string, string> | null;
  Hostname?: string;
  Domainname?: string;
  Tty?: boolean;
  OpenStdin?: boolean;
  StdinOnce?: boolean;
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  ExposedPorts?: Record<string, Record<string, never>> | null;
  Volumes?: Record<string, Record<string, never>> | null;
  StopSignal?: string;
  StopTimeout?: number | null;
  HostConfig?: HostConfigRequest;
}

export interface CreateResponse {
  Id: string;
  Warnings: string[];
}

/** POST /containers/{id}/wait: the body comes when the condition holds. */
export interface WaitResponse {
  StatusCode: number;
  Error?: { Message: string } | null;
}

/** POST /containers/{id}/exec. */
export interface ExecRequest {
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  DetachKeys?: string;
  Tty?: boolean;
  Cmd: string[];
  Env?: string[] | null;
  User?: string;
  WorkingDir?: string;
  Privileged?: boolean;
  ConsoleSize?: [number, number] | null;
}

/** GET /exec/{id}/json. */
export interface ExecInspect {
  ID: string;
  Running: boolean;
  ExitCode: number | null;
  Pid: number;
  ContainerID: string;
  OpenStdin: boolean;
  OpenStdout: boolean;
  OpenStderr: boolean;
  CanRemove: boolean;
  DetachKeys: string;
  ProcessConfig: { tty: boolean; entrypoint: string; arguments: string[]; privileged: boolean; user?: string };
}

export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface ContainerPort {
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: 'tcp' | 'udp' | 'sctp';
}

/** One element of GET /containers/json. */
export interface ContainerSummary {
  Id: string;
  Names: string[];
  Image: string;
  ImageID: string;
  Command: string;
  /** Seconds since 1970. */
  Created: number;
  Ports: ContainerPort[];
  Labels: Record<string, string>;
  State: ContainerStatus;
  /** `Up 3 minutes`, `Exited (0) 2 hours ago`. */
  Status: string;
  SizeRw?: number;
  SizeRootFs?: number;
  HostConfig: { NetworkMode: string };
  NetworkSettings: { Networks: Record<string, EndpointSettings> };
  Mounts: MountPoint[];
}

export interface EndpointSettings {
  IPAMConfig: null;
  Links: null;
  Aliases: string[] | null;
  MacAddress: string;
  NetworkID: string;
  EndpointID: string;
  Gateway: string;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  DriverOpts: null;
  DNSNames?: string[] | null;
}

export interface MountPoint {
  Type: 'bind' | 'volume' | 'tmpfs';
  Name?: string;
  Source: string;
  Destination: string;
  Driver?: string;
  Mode: string;
  RW: boolean;
  Propagation: string;
}

export interface ContainerState {
  Status: ContainerStatus;
  Running: boolean;
  Paused: boolean;
  Restarting: boolean;
  OOMKilled: boolean;
  Dead: boolean;
  Pid: number;
  ExitCode: number;
  Error: string;
  /** RFC 3339 with nanoseconds; `0001-01-01T00:00:00Z` when it never happened. */
  StartedAt: string;
  FinishedAt: string;
}

/** GET /containers/{id}/json. */
export interface ContainerInspect {
  Id: string;
  Created: string;
  Path: string;
  Args: string[];
  State: ContainerState;
  Image: string;
  ResolvConfPath: string;
  HostnamePath: string;
  HostsPath: string;
  LogPath: string;
  Name: string;
  RestartCount: number;
  Driver: string;
  Platform: string;
  MountLabel: string;
  ProcessLabel: string;
  AppArmorProfile: string;
  ExecIDs: string[] | null;
  HostConfig: HostConfigRequest & Record<string, unknown>;
  GraphDriver: { Name: string; Data: Record<string, string> | null };
  SizeRw?: number;
  SizeRootFs?: number;
  Mounts: MountPoint[];
  Config: CreateRequest & Record<string, unknown>;
  NetworkSettings: {
    SandboxID: string;
    SandboxKey: string;
    Ports: Record<string, PortBinding[] | null>;
    IPAddress: string;
    IPPrefixLen: number;
    Gateway: string;
    MacAddress: string;
    EndpointID: string;
    Networks: Record<string, EndpointSettings>;
  } & Record<string, unknown>;
}

/** One line of POST /images/create. */
export interface PullProgress {
  status?: string;
  id?: string;
  progress?: string;
  progressDetail?: { current?: number; total?: number };
  error?: string;
  errorDetail?: { message: string; code?: number };
  /** Ours beside Docker's: what kind of error it is, and what to do about it. */
  errorKind?: ErrorKind;
  hint?: string;
  /** What a machine wants to know: the digest of a push. */
  aux?: unknown;
}

/** One line of GET /events. */
export interface EventMessage {
  status?: string;
  id?: string;
  from?: string;
  Type: 'container' | 'image' | 'network' | 'volume' | 'daemon';
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: 'local';
  /** Seconds since 1970, and the same in nanoseconds. */
  time: number;
  timeNano: number;
}

/** GET /version. */
export interface VersionResponse {
  Platform: { Name: string };
  Components: Array<{ Name: string; Version: string; Details: Record<string, string> }>;
  Version: string;
  ApiVersion: string;
  MinAPIVersion: string;
  GitCommit: string;
  GoVersion: string;
  Os: string;
  Arch: string;
  KernelVersion: string;
  BuildTime: string;
}

/** GET /containers/{id}/top. */
export interface TopResponse {
  Titles: string[];
  Processes: string[][];
}

/** POST /volumes/prune. */
export interface VolumesPruneResponse {
  VolumesDeleted: string[];
  /** Bytes. */
  SpaceReclaimed: number;
}

/** POST /containers/prune. */
export interface PruneResponse {
  ContainersDeleted: string[];
  SpaceReclaimed: number;
}

/** GET /tlab/system/activity: ours. A learner who typed something that was refused has left nothing else. */
export interface ActivityResponse {
  /** When a request other than GET and HEAD last came: milliseconds since 1970, 0 for never since the daemon started. */
  LastDeedAt: number;
}

/** POST /tlab/system/reset: every container, image, volume, network object of the engine is gone. */
export interface ResetResponse {
  Containers: number;
  Images: number;
  Volumes: number;
}

/** What changed between the key of a step and the nearest earlier one of that step. */
export interface KeyChange {
  /** `parent`, `instruction`, `environment`, `arguments`, `sources`, `platform` … */
  part: string;
  before: string;
  now: string;
  /** Of `sources`, when the files of the earlier one are known. */
  files?: FileChange[];
}

export interface FileChange {
  /** In the context, or in the stage that it is copied from. */
  path: string;
  how: 'added' | 'changed' | 'removed';
}

/** One line of POST /build for tlab's own client (`events=1`); docker's gets sentences made of these. */
export type BuildEvent =
  | { kind: 'queued'; position: number; running: number }
  | { kind: 'started'; waitedMs: number }
  | { kind: 'context'; sentBytes: number; entries: number }
  | { kind: 'planned'; total: number; stages: Array<{ index: number; name: string; steps: number; isNeeded: boolean }> }
  | { kind: 'step-started'; step: number; stage: string; text: string; line: number }
  | { kind: 'cache'; step: number; hit: boolean; key: string; reason: string; changes: KeyChange[] }
  | { kind: 'container'; step: number; id: string }
  | { kind: 'container-removed'; step: number; id: string }
  | { kind: 'output'; step: number; stream: 'stdout' | 'stderr'; text: string }
  | { kind: 'pull'; step: number; line: PullProgress }
  | { kind: 'step-finished'; step: number; id: string; durationMs: number; sizeBytes: number }
  | { kind: 'warning'; text: string }
  | { kind: 'built'; id: string; digest: string }
  | { kind: 'tagged'; name: string }
  | {
      kind: 'error';
      message: string;
      code: number;
      errorKind: ErrorKind;
      hint?: string;
      data?: Record<string, unknown>;
    };

/** POST /build/prune. */
export interface BuildPruneResponse {
  CachesDeleted: string[] | null;
  SpaceReclaimed: number;
}
