// POST /containers/create at the door: what the docker CLI sends passes, what is wrong is refused by name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { parseCreate } from '../../src/daemon/schema/create.ts';

const refuses = (body: unknown, kind: string, message: RegExp): void => {
  assert.throws(
    () => parseCreate(body),
    (error) => error instanceof LabError && error.kind === kind && message.test(error.message),
  );
};
const withHost = (host: Record<string, unknown>) => ({ Image: 'busybox', HostConfig: host });

/** Every zero field that docker 20.10 and 28 send. */
const zeroHostConfig = {
  Binds: null,
  ContainerIDFile: '',
  LogConfig: { Type: '', Config: {} },
  NetworkMode: 'default',
  PortBindings: {},
  RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
  AutoRemove: false,
  VolumeDriver: '',
  VolumesFrom: null,
  CapAdd: null,
  CapDrop: null,
  CgroupnsMode: '',
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: '',
  Cgroup: '',
  Links: null,
  OomScoreAdj: 0,
  PidMode: '',
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  UTSMode: '',
  UsernsMode: '',
  ShmSize: 0,
  ConsoleSize: [24, 80],
  Isolation: '',
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: '',
  BlkioWeight: 0,
  BlkioWeightDevice: [],
  BlkioDeviceReadBps: null,
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpusetCpus: '',
  Devices: [],
  DeviceCgroupRules: null,
  DeviceRequests: null,
  KernelMemory: 0,
  MemorySwap: 0,
  MemorySwappiness: -1,
  OomKillDisable: false,
  PidsLimit: 0,
  Ulimits: null,
  CpuCount: 0,
  IOMaximumIOps: 0,
  MaskedPaths: null,
  ReadonlyPaths: null,
};

test('the zero fields of the docker CLI are taken', () => {
  const body = parseCreate({
    Image: 'busybox',
    Cmd: null,
    Entrypoint: null,
    OnBuild: null,
    Volumes: {},
    HostConfig: zeroHostConfig,
    NetworkingConfig: { EndpointsConfig: { default: { IPAMConfig: null, GwPriority: 0, IPAddress: '' } } },
  });
  assert.equal(body.HostConfig?.NetworkMode, 'default');
});

test('an unsupported field is refused by name when it is set', () => {
  refuses(withHost({ BlkioWeight: 100 }), 'notImplemented', /HostConfig\.BlkioWeight/);
  refuses({ Image: 'x', Healthcheck: { Test: ['CMD', 'true'] } }, 'notImplemented', /Healthcheck/);
});

test('a value of the wrong type is refused with the name of its field', () => {
  refuses(withHost({ Memory: '64m' }), 'invalidArgument', /HostConfig\.Memory: expected a number/);
  refuses({ Cmd: ['true'] }, 'invalidArgument', /Image/);
  refuses('text', 'invalidArgument', /config cannot be empty/);
});

test('less than 6 MB of memory is refused in the words of Docker', () => {
  refuses(withHost({ Memory: 4 * 1024 * 1024 }), 'invalidArgument', /^Minimum memory limit allowed is 6MB$/);
});

test('values that contradict each other are refused', () => {
  refuses(withHost({ MemorySwap: 1e8 }), 'invalidArgument', /always set the Memory limit/);
  refuses(withHost({ NanoCpus: 1e9, CpuQuota: 5000 }), 'invalidArgument', /conflicting options/);
  refuses(withHost({ AutoRemove: true, RestartPolicy: { Name: 'always' } }), 'invalidArgument', /AutoRemove/);
  refuses(withHost({ NetworkMode: 'nowhere' }), 'notFound', /network nowhere not found/);
  refuses(withHost({ CapAdd: ['x'], SecurityOpt: ['what=ever'] }), 'invalidArgument', /invalid --security-opt/);
});

test('a NUL in a string is refused', () => {
  refuses({ Image: 'busybox', Env: ['A=b\0c'] }, 'invalidArgument', /NUL/);
});

test('a stop signal is one that there is', () => {
  for (const StopSignal of ['SIGRTMIN+3', 'quit', '9', ''])
    assert.equal(parseCreate({ Image: 'busybox', StopSignal }).StopSignal, StopSignal);
  refuses({ Image: 'busybox', StopSignal: 'SIGNOTHING' }, 'invalidArgument', /^Invalid signal: SIGNOTHING$/);
});
