// update [flags | --resources FILE] ID: new values for the cgroup files of a container that exists.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { inContext, LabError } from '../../base/errors.ts';
import { checkDocument, parseRuntimeJson } from '../../oci/runtime.ts';
import { type Resources, resourcesSchema } from '../../oci/runtime-resources.ts';
import { emit } from '../../trace/recorder.ts';
import type { CgroupWrite } from '../compile/cgroup-directories.ts';
import { resourceWrites } from '../compile/cgroups.ts';
import { deviceChanges } from '../compile/cgroups-v1.ts';
import type { CompileContext } from '../compile/context.ts';
import { deviceProgram } from '../compile/device-program.ts';
import { devicePolicy } from '../compile/device-rules.ts';
import { checkBeforeUpdate } from '../compile/memory-rules.ts';
import { hasDeviceRules } from '../compile/rootless-cgroups.ts';
import { deviceProperties, type Property, resourceProperties } from '../compile/systemd-properties.ts';
import { isUnified, mustBeCgroup } from '../host/cgroups.ts';
import { replaceDevicePrograms } from '../host/device-programs.ts';
import { readHostFacts } from '../host/facts.ts';
import { warn } from '../log.ts';
import { mustAllow } from '../state.machine.ts';
import { type ContainerState, cgroupsPathOf, readContainer, readOptional } from '../state-directory.ts';
import { callManager } from '../systemd/client.ts';
import type { GlobalOptions, Verb } from './verb.ts';

const numbers = {
  'blkio-weight': ['blockIO', 'weight'],
  'cpu-period': ['cpu', 'period'],
  'cpu-quota': ['cpu', 'quota'],
  'cpu-burst': ['cpu', 'burst'],
  'cpu-share': ['cpu', 'shares'],
  'cpu-rt-period': ['cpu', 'realtimePeriod'],
  'cpu-rt-runtime': ['cpu', 'realtimeRuntime'],
  'cpu-idle': ['cpu', 'idle'],
  memory: ['memory', 'limit'],
  'memory-reservation': ['memory', 'reservation'],
  'memory-swap': ['memory', 'swap'],
  'pids-limit': ['pids', 'limit'],
} as const;
const texts = { 'cpuset-cpus': ['cpu', 'cpus'], 'cpuset-mems': ['cpu', 'mems'] } as const;
/** runc's, for Intel RDT. */
const refusedFlags = ['l3-cache-schema', 'mem-bw-schema'] as const;

export const verb: Verb = (argv, options) => {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      ...Object.fromEntries(
        [...Object.keys(numbers), ...Object.keys(texts)].map((name) => [name, { type: 'string' as const }]),
      ),
      ...Object.fromEntries(refusedFlags.map((name) => [name, { type: 'string' as const }])),
      resources: { type: 'string', short: 'r' },
    },
  });
  const [id] = positionals;
  if (id === undefined || positionals.length > 1) throw new LabError('usage', 'update: expected one container id');
  for (const name of refusedFlags) {
    if (Object.hasOwn(values, name))
      throw new LabError('notImplemented', `update --${name}: Intel RDT is not supported by tlab-runc`);
  }
  const file = values.resources;
  return update(id, typeof file === 'string' ? readResources(file) : resourcesOfFlags(values), options);
};

async function update(id: string, resources: Resources, options: GlobalOptions): Promise<void> {
  const { root } = options;
  const container = readContainer(root, id);
  mustAllow('update', container);
  const context = contextFor(container, resources);
  const wanted = withLimitBesideSwap(container, resources);
  const devices = devicesFor(container, context, resources);
  const writes = [...devices.writes, ...inSafeOrder(writesFor(context, wanted))];
  for (const warning of context.warnings) warn(warning, options);
  if (wanted.memory?.checkBeforeUpdate === true) checkUse(container, wanted.memory);
  // systemd first: what it does not know it would undo with its next word about this unit.
  if (container.unit !== undefined)
    await setProperties(container.unit, [...resourceProperties(context, wanted), ...devices.properties]);
  for (const write of writes) writeOne(id, write);
  if (devices.program !== undefined) replaceDevicePrograms(devices.program.path, devices.program.bytes);
}

function writeOne(id: string, { path, value }: CgroupWrite): void {
  try {
    mustBeCgroup(path);
    writeFileSync(path, value);
  } catch (error) {
    throw inContext(
      `updating container "${id}"`,
      new LabError('invalidArgument', `writing "${value}" to ${path}: ${(error as NodeJS.ErrnoException).code}`),
    );
  }
  emit('kernel.file-written', { data: { path, value }, twin: `echo ${value} > ${path}` });
}

const contextFor = (container: ContainerState, resources: Resources): CompileContext => ({
  id: container.id,
  bundle: container.bundle,
  config: { ociVersion: container.ociVersion, linux: { cgroupsPath: cgroupsPathOf(container), resources } },
  host: readHostFacts(),
  warnings: [],
});

/** Until the unit ends: the container's limits are no configuration of the host. */
async function setProperties(unit: string, properties: readonly Property[]): Promise<void> {
  if (properties.length === 0) return;
  await callManager({ member: 'SetUnitProperties', signature: 'sba(sv)', values: [unit, true, properties] });
}

/** Without the rules of devices, which are not simply written again. */
function writesFor(context: CompileContext, resources: Resources): CgroupWrite[] {
  return resourceWrites(context, resources).filter(({ path }) => !/\/devices\.(allow|deny)$/.test(path));
}

interface DeviceUpdate {
  writes: CgroupWrite[];
  properties: readonly Property[];
  program?: { path: string; bytes: Uint8Array };
}

/** New rules take the place of the old ones, as if the container had been created with them; without any, the old ones stay. */
function devicesFor(container: ContainerState, context: CompileContext, resources: Resources): DeviceUpdate {
  const none: DeviceUpdate = { writes: [], properties: [] };
  if (resources.devices === undefined || !hasDeviceRules(context)) return none;
  const properties = deviceProperties(context);
  const { v2 } = context.host.cgroups;
  if (isUnified(context.host.cgroups)) {
    const path = container.cgroups.find((cgroup) => cgroup.startsWith(`${v2}/`));
    if (path === undefined) return none;
    return { writes: [], properties, program: { path, bytes: deviceProgram(devicePolicy(resources.devices)) } };
  }
  const list = container.cgroups.map((path) => readOptional(`${path}/devices.list`)).find((text) => text !== undefined);
  return { writes: deviceChanges(context, resources, list ?? ''), properties };
}

/** Version 2 only: version 1 refuses such a limit by itself. */
function checkUse(container: ContainerState, memory: NonNullable<Resources['memory']>): void {
  const path = container.cgroups.find((cgroup) => readOptional(`${cgroup}/memory.current`) !== undefined);
  if (path === undefined) return;
  const bytes = (file: string): bigint => BigInt(readOptional(`${path}/${file}`)?.trim() ?? 0);
  checkBeforeUpdate(memory, { memory: bytes('memory.current'), swap: bytes('memory.swap.current') });
}

/** `--memory-swap` alone means: beside the limit that is there. */
function withLimitBesideSwap(container: ContainerState, resources: Resources): Resources {
  const { memory } = resources;
  if (memory?.swap === undefined || memory.limit !== undefined) return resources;
  const now = container.cgroups
    .map((path) => readOptional(`${path}/memory.limit_in_bytes`) ?? readOptional(`${path}/memory.max`))
    .find(Boolean);
  return now === undefined || now === 'max' ? resources : { ...resources, memory: { ...memory, limit: BigInt(now) } };
}

/** Memory may never pass memory+swap, so when both rise, memory+swap goes first. @source kernel cgroup-v1/memory.rst */
export function inSafeOrder(writes: readonly CgroupWrite[], read = readOptional): CgroupWrite[] {
  const limit = writes.find(({ path }) => path.endsWith('/memory.limit_in_bytes'));
  const swap = writes.find(({ path }) => path.endsWith('/memory.memsw.limit_in_bytes'));
  if (limit === undefined || swap === undefined) return [...writes];
  const present = BigInt(read(swap.path) ?? 0);
  const isRising = limit.value === '-1' || BigInt(limit.value) > present;
  return isRising ? [swap, ...writes.filter((write) => write !== swap)] : [...writes];
}

function readResources(file: string): Resources {
  const text = readFileSync(file === '-' ? 0 : file, 'utf8');
  return checkDocument(resourcesSchema, parseRuntimeJson(text, 'resources'), 'resources');
}

function resourcesOfFlags(values: Readonly<Record<string, string | boolean | undefined>>): Resources {
  const resources: Record<string, Record<string, number | string>> = {};
  const put = ([group, field]: readonly [string, string], value: number | string): void => {
    resources[group] = { ...resources[group], [field]: value };
  };
  for (const [flag, place] of Object.entries(numbers)) {
    const text = values[flag];
    if (typeof text === 'string') put(place, numberOf(flag, text));
  }
  for (const [flag, place] of Object.entries(texts)) {
    const text = values[flag];
    if (typeof text === 'string') put(place, text);
  }
  if (Object.keys(resources).length === 0) throw new LabError('usage', 'update: expected at least one limit');
  return checkDocument(resourcesSchema, resources, 'resources');
}

/** Sizes may have a suffix, as in runc. */
function numberOf(flag: string, text: string): number {
  const match = /^(-?[0-9]+)([bkmgtp]?)b?$/i.exec(text);
  const isSize = flag.startsWith('memory');
  if (match === null || (match[2] !== '' && !isSize)) {
    throw new LabError(
      'usage',
      `--${flag} "${text}": expected ${isSize ? 'bytes with suffix b, k, m or g' : 'a whole number'}`,
    );
  }
  return Number(match[1]) * 1024 ** ' kmgtp'.indexOf((match[2] ?? '').toLowerCase().replace('b', '') || ' ');
}
