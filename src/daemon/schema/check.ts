// What a schema cannot say about HostConfig: limits, and fields that contradict each other. Wordings are Docker's.
// @source docker-api POST /containers/create
import { availableParallelism } from 'node:os';
import { LabError } from '../../base/errors.ts';
import { parseSecurityOptions } from '../spec/security-options.ts';
import type { HostConfig } from './host-config.ts';

const minimumMemoryBytes = 6 * 1024 * 1024;

const refuse = (message: string): never => {
  throw new LabError('invalidArgument', message);
};

/** Errors: invalidArgument. */
export function checkHostConfig(host: HostConfig): void {
  checkMemory(host);
  checkCpu(host);
  checkRestart(host);
  checkUlimits(host);
  checkNetwork(host);
  checkLog(host);
  parseSecurityOptions(host.SecurityOpt ?? []);
}

function checkMemory(host: HostConfig): void {
  const { Memory: memory = 0, MemorySwap: swap = 0, MemoryReservation: reservation = 0 } = host;
  if (memory !== 0 && memory < minimumMemoryBytes) refuse('Minimum memory limit allowed is 6MB');
  if (memory === 0 && swap > 0) refuse('You should always set the Memory limit when using Memoryswap limit, see usage');
  if (swap < -1) refuse(`MemorySwap: ${swap}: expected bytes, or -1 for no limit`);
  if (memory > 0 && swap > 0 && swap < memory) {
    refuse('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (reservation < 0 || (reservation > 0 && reservation < minimumMemoryBytes)) {
    refuse('Minimum memory reservation allowed is 6MB');
  }
  if (memory > 0 && reservation > memory) {
    refuse('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
}

function checkCpu(host: HostConfig): void {
  const { NanoCpus: nano = 0, CpuQuota: quota = 0, CpuPeriod: periodUs = 0 } = host;
  const cpus = availableParallelism();
  if (nano < 0 || nano > cpus * 1e9) {
    refuse(`range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`);
  }
  if (nano > 0 && (quota > 0 || periodUs > 0))
    refuse('conflicting options: Nano CPUs and CPU Period or Quota cannot both be set');
  if (periodUs !== 0 && (periodUs < 1000 || periodUs > 1_000_000)) {
    refuse('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (quota > 0 && quota < 1000) refuse('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  for (const [name, value] of [
    ['CpusetCpus', host.CpusetCpus],
    ['CpusetMems', host.CpusetMems],
  ] as const) {
    if (!/^(\d+(-\d+)?(,\d+(-\d+)?)*)?$/.test(value ?? '')) refuse(`Invalid value ${value} for ${name}`);
  }
}

function checkRestart(host: HostConfig): void {
  const { Name: name = '', MaximumRetryCount: retries = 0 } = host.RestartPolicy ?? {};
  if (retries > 0 && name !== 'on-failure') {
    refuse("invalid restart policy: maximum retry count can only be used with 'on-failure'");
  }
  if (host.AutoRemove && name !== '' && name !== 'no')
    refuse("can't create 'AutoRemove' container with restart policy");
}

/** @source man getrlimit(2) */
const ulimitNames = new Set(
  'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
);

function checkUlimits(host: HostConfig): void {
  for (const { Name: name, Soft: soft, Hard: hard } of host.Ulimits ?? []) {
    if (!ulimitNames.has(name)) refuse(`invalid ulimit type: ${name}`);
    if (hard !== -1 && (soft > hard || soft === -1)) {
      refuse(`ulimit ${name}: soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
    }
  }
}

function checkNetwork(host: HostConfig): void {
  const mode = host.NetworkMode ?? '';
  if (mode.startsWith('container:')) {
    throw new LabError('notImplemented', `HostConfig.NetworkMode "${mode}": expected bridge, none or host`);
  }
  if (!['', 'default', 'bridge', 'none', 'host'].includes(mode)) {
    throw new LabError('notFound', `network ${mode} not found`, { hint: 'the networks are bridge, none and host' });
  }
  for (const [port, bindings] of Object.entries(host.PortBindings ?? {})) {
    checkPort(port);
    for (const binding of bindings ?? []) checkHostPort(binding.HostPort ?? '');
  }
}

/** `80/tcp`. */
function checkPort(port: string): void {
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(port);
  if (match === null || Number(match[1]) < 1 || Number(match[1]) > 65535)
    refuse(`invalid port specification: "${port}"`);
}

function checkHostPort(port: string): void {
  const match = /^(\d{1,5})?(?:-(\d{1,5}))?$/.exec(port);
  if (match === null || Number(match[1] ?? 0) > 65535 || Number(match[2] ?? 0) > 65535) {
    refuse(`invalid port specification: "${port}"`);
  }
}

const logOptions = new Set(['max-size', 'max-file', 'mode', 'max-buffer-size', 'compress', 'labels', 'env', 'tag']);

function checkLog(host: HostConfig): void {
  const options = host.LogConfig?.Config ?? {};
  for (const name of Object.keys(options)) {
    if (!logOptions.has(name)) refuse(`unknown log opt '${name}' for json-file log driver`);
  }
  if (options['max-file'] !== undefined && options['max-size'] === undefined && Number(options['max-file']) > 1) {
    refuse('log opt max-file cannot be used without max-size');
  }
}
