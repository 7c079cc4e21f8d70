// The flags of run and create: one row reads a flag, explains it and says where in POST /containers/create its value goes.
// @source docker-run(1), docker-api POST /containers/create
import { cpuList, integer, nanoCpus, pair, sizeBytes, sizeBytesOrUnlimited } from '../flags/readers.ts';
import { boolean, type FlagSpec, list, many, one, oneOf, text } from '../flags/spec.ts';
import { type Draft, pointerStep } from './draft.ts';
import { mount, tmpfs, volume } from './mounts.ts';
import { exposedPorts, publishedPorts } from './ports.ts';
import {
  device,
  extraHost,
  ipAddress,
  oomScore,
  restartPolicy,
  securityOption,
  streamName,
  ulimit,
  variable,
  variablesOfFile,
} from './readers.ts';

/** A flag that writes into the request. Flags of one table write in the table's order. */
export interface CreateFlag<T> extends FlagSpec<T> {
  apply?(value: T, draft: Draft): void;
}

/** The value as it is, at one pointer; a list's elements one by one; a flag that was not given writes nothing. */
function at<T>(pointer: string, spec: FlagSpec<T>): CreateFlag<T> {
  return {
    ...spec,
    apply(value, draft) {
      if (Array.isArray(value)) for (const element of value) draft.append(pointer, element);
      else if (value !== undefined) draft.set(pointer, value);
    },
  };
}

/** Pairs become members of the object at `pointer`. */
const membersAt = (pointer: string, spec: FlagSpec<Array<[string, string]>>): CreateFlag<Array<[string, string]>> => ({
  ...spec,
  apply(value, draft) {
    for (const [key, member] of value) draft.set(`${pointer}/${pointerStep(key)}`, member);
  },
});

const host = (field: string): string => `/HostConfig/${field}`;

export const createFlags = {
  'add-host': at(host('ExtraHosts'), many('Add a line to /etc/hosts (HOST:ADDRESS)', extraHost)),
  attach: many('Attach to stdin, stdout or stderr', streamName, { short: 'a' }),
  'cap-add': at(host('CapAdd'), list('Add Linux capabilities')),
  'cap-drop': at(host('CapDrop'), list('Drop Linux capabilities')),
  'cgroup-parent': at(
    host('CgroupParent'),
    text('Parent of the container’s cgroup: a path, or x.slice', { value: 'string' }),
  ),
  cgroupns: at(
    host('CgroupnsMode'),
    one('Cgroup namespace to use', oneOf('host', 'private'), { value: 'host|private' }),
  ),
  cidfile: text('Write the container ID to this file', { value: 'file' }),
  'cpu-period': at(host('CpuPeriod'), one('CPU time: length of a period in microseconds', integer, { value: 'int' })),
  'cpu-quota': at(host('CpuQuota'), one('CPU time: share of a period in microseconds', integer, { value: 'int' })),
  'cpu-shares': at(
    host('CpuShares'),
    one('CPU weight against other containers', integer, { short: 'c', value: 'int' }),
  ),
  cpus: at(host('NanoCpus'), one('Number of CPUs', nanoCpus, { value: 'decimal' })),
  'cpuset-cpus': at(host('CpusetCpus'), one('CPUs that may be used (0-3, 0,1)', cpuList)),
  'cpuset-mems': at(host('CpusetMems'), one('Memory nodes that may be used (0-3, 0,1)', cpuList)),
  device: at(host('Devices'), many('Give a device of the host to the container', device)),
  dns: at(host('Dns'), many('DNS servers', ipAddress)),
  'dns-option': at(host('DnsOptions'), list('DNS options')),
  'dns-search': at(host('DnsSearch'), list('DNS search domains')),
  domainname: at('/Domainname', text('NIS domain name')),
  entrypoint: {
    ...text('Run this instead of the ENTRYPOINT of the image'),
    apply(value: string | undefined, draft: Draft) {
      if (value !== undefined) draft.set('/Entrypoint', [value]);
    },
  },
  'env-file': {
    ...many('Read environment variables from a file', variablesOfFile),
    apply: (files: string[][], draft: Draft) => {
      for (const entry of files.flat()) draft.append('/Env', entry);
    },
  },
  env: at(
    '/Env',
    many('Set an environment variable', (given) => variable(given), { short: 'e' }),
  ),
  expose: {
    ...many('Expose a port or a range of ports', exposedPorts),
    apply: (value: string[][], draft: Draft) => {
      for (const port of value.flat()) draft.set(`/ExposedPorts/${pointerStep(port)}`, {});
    },
  },
  'group-add': at(host('GroupAdd'), list('Add supplementary groups')),
  hostname: at('/Hostname', text('Host name in the container', { short: 'h' })),
  init: at(host('Init'), flagOrNothing('Run an init inside that forwards signals and reaps processes')),
  interactive: boolean('Keep stdin open', { short: 'i' }),
  ipc: at(host('IpcMode'), text('IPC namespace to use (private, shareable, host, container:ID)')),
  label: membersAt('/Labels', many('Set a label', pair, { short: 'l' })),
  'log-driver': at(host('LogConfig/Type'), text('Logging driver')),
  'log-opt': membersAt(host('LogConfig/Config'), many('Option of the logging driver', pair)),
  memory: at(host('Memory'), one('Memory limit', sizeBytes, { short: 'm', value: 'bytes' })),
  'memory-reservation': at(host('MemoryReservation'), one('Memory soft limit', sizeBytes, { value: 'bytes' })),
  'memory-swap': at(
    host('MemorySwap'),
    one('Limit of memory plus swap; -1 for no limit of swap', sizeBytesOrUnlimited, { value: 'bytes' }),
  ),
  mount: at(host('Mounts'), many('Mount a file system (type=…,source=…,target=…)', mount, { value: 'mount' })),
  name: text('Name of the container'),
  network: at(
    host('NetworkMode'),
    text('Network: bridge, none, host, container:ID or a name', { aliases: ['net'], value: 'network' }),
  ),
  'oom-score-adj': at(
    host('OomScoreAdj'),
    one('How soon to be killed when memory is short (-1000 to 1000)', oomScore, { value: 'int' }),
  ),
  pid: at(host('PidMode'), text('PID namespace to use (host, container:ID)')),
  'pids-limit': at(host('PidsLimit'), one('Number of processes; -1 for no limit', integer, { value: 'int' })),
  platform: text('Platform of the image, such as linux/arm64'),
  privileged: at(host('Privileged'), flagOrNothing('All capabilities, all devices, no seccomp filter')),
  publish: {
    ...many('Publish a port: [[IP:]HOST:]CONTAINER[/PROTOCOL]', publishedPorts, { short: 'p' }),
    apply: (value: ReturnType<typeof publishedPorts>[], draft: Draft) => {
      for (const { port, hostIp, hostPort } of value.flat()) {
        draft.set(`/ExposedPorts/${pointerStep(port)}`, {});
        draft.append(host(`PortBindings/${pointerStep(port)}`), { HostIp: hostIp, HostPort: hostPort });
      }
    },
  },
  'publish-all': at(host('PublishAllPorts'), flagOrNothing('Publish every exposed port on a free one', 'P')),
  pull: {
    ...one('Pull the image first', oneOf('always', 'missing', 'never'), { value: 'always|missing|never' }),
  },
  'read-only': at(host('ReadonlyRootfs'), flagOrNothing('Mount the root file system read-only')),
  restart: at(
    host('RestartPolicy'),
    one('What to do when it exits: no, always, unless-stopped, on-failure[:N]', restartPolicy),
  ),
  rm: at(host('AutoRemove'), flagOrNothing('Remove the container when it exits')),
  runtime: at(host('Runtime'), text('OCI runtime: tlab, runc, crun')),
  'security-opt': at(host('SecurityOpt'), many('Security option, such as seccomp=FILE', securityOption)),
  'shm-size': at(host('ShmSize'), one('Size of /dev/shm', sizeBytes, { value: 'bytes' })),
  'stop-signal': at('/StopSignal', text('Signal that stops the container')),
  'stop-timeout': at(
    '/StopTimeout',
    one('Seconds to wait for it to stop before it is killed', integer, { value: 'int' }),
  ),
  sysctl: membersAt(host('Sysctls'), many('Kernel parameter of a namespace (NAME=VALUE)', pair, { value: 'map' })),
  tmpfs: membersAt(host('Tmpfs'), many('Mount a tmpfs (PATH[:OPTIONS])', tmpfs)),
  tty: at('/Tty', flagOrNothing('Give the container a terminal', 't')),
  ulimit: at(host('Ulimits'), many('Limit of a resource (NAME=SOFT[:HARD])', ulimit, { value: 'ulimit' })),
  user: at('/User', text('User name or id, and group (USER[:GROUP])', { short: 'u' })),
  userns: at(host('UsernsMode'), one('User namespace to use: host for the ids of the host', oneOf('host', ''))),
  uts: at(host('UTSMode'), one('UTS namespace to use', oneOf('host', ''))),
  volume: {
    ...many('Mount a path of the host or a volume: [SOURCE:]TARGET[:OPTIONS]', volume, { short: 'v' }),
    apply: (value: ReturnType<typeof volume>[], draft: Draft) => {
      for (const each of value) {
        if (each.kind === 'bind') draft.append(host('Binds'), each.text);
        else draft.set(`/Volumes/${pointerStep(each.target)}`, {});
      }
    },
  },
  workdir: at('/WorkingDir', text('Working directory in the container', { short: 'w' })),
};

/** A boolean that writes nothing while it is false and was not given. */
function flagOrNothing(says: string, short?: string): FlagSpec<boolean | undefined> {
  const spec = boolean(says, short === undefined ? {} : { short });
  return { ...spec, initial: undefined, read: (given) => spec.read(given, false) };
}
