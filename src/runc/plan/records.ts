// What the executor wrote, joined with the plan that it executed: each 32-byte record becomes an event of the kernel.
// Layout (native/runc/records.h): u32 index, u32 actor, u64 start ns, u64 end ns, i32 result, i32 errno. A record with no start
// was not reached; one with a start and no end is exec, which does not come back, or where a kill -9 struck.
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import * as v from 'valibot';
import type { Cause } from '../../trace/cause.ts';
import type { EventData, EventType, PartEvent } from '../../trace/events.ts';
import { redactVariable } from '../../trace/redact.ts';
import { decodePlan } from './decode.ts';
import type { Plan } from './format.ts';
import type { Operation } from './operations.ts';
import { capabilityWords, mountOptions, namespaceNames, twinOf } from './twins.ts';

const recordBytes = 32;

export interface PlanRecord {
  index: number;
  startNs: bigint;
  /** 0n: it did not come back. */
  endNs: bigint;
  result: number;
  /** With a result of 0 or more: met and ignored. */
  errno: number;
}

const executed = v.object({
  planFile: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}\.plan$/)),
  recordsFile: v.pipe(v.string(), v.regex(/^runc-\d+\.records$/)),
  rootfs: v.string(),
  runtimePid: v.number(),
  initPid: v.number(),
  joinerPid: v.optional(v.number()),
});
export type Execution = v.InferOutput<typeof executed>;

/** For the trace's merge: the kernel events of a `runc.plan-executed`, none for every other event or where the files are gone. */
export function operationEvents(partsFolder: string, event: PartEvent): PartEvent[] {
  if (event.type !== 'runc.plan-executed') return [];
  const parsed = v.safeParse(executed, event.data);
  if (!parsed.success) return [];
  try {
    const plan = decodePlan(readFileSync(`${partsFolder}/${parsed.output.planFile}`));
    const records = readRecords(readFileSync(`${partsFolder}/${parsed.output.recordsFile}`));
    return joinRecords({ plan, records, execution: parsed.output, span: event.span });
  } catch {
    return []; // a part that is damaged or gone: the event itself stays and says what was executed
  }
}

function readRecords(bytes: Uint8Array): PlanRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: PlanRecord[] = [];
  for (let at = 0; at + recordBytes <= bytes.byteLength; at += recordBytes) {
    const startNs = view.getBigUint64(at + 8, true);
    if (startNs === 0n) continue;
    records.push({
      index: view.getUint32(at, true),
      startNs,
      endNs: view.getBigUint64(at + 16, true),
      result: view.getInt32(at + 24, true),
      errno: view.getInt32(at + 28, true),
    });
  }
  return records;
}

interface Join {
  plan: Plan;
  records: readonly PlanRecord[];
  execution: Execution;
  span: string;
}

/** Who did it: up to the clone that init itself does, init is the joiner. */
function actorPid(plan: Plan, index: number, { runtimePid, initPid, joinerPid = initPid }: Execution): number {
  const { actor } = plan.operations[index] as Operation;
  const rebirth = plan.operations.findIndex((operation) => operation.name === 'clone' && operation.actor === 'init');
  if (actor === 'runtime') return runtimePid;
  return index <= rebirth ? joinerPid : initPid;
}

function joinRecords({ plan, records, execution, span }: Join): PartEvent[] {
  return records.flatMap((record) => {
    const operation = plan.operations[record.index];
    if (operation === undefined) return [];
    const pid = actorPid(plan, record.index, execution);
    const { type, data } = describe(operation, record, execution);
    const place = { rootfs: execution.rootfs, initPid: execution.initPid, result: record.result };
    const twin = twinOf(operation, { ...place, prepared: preparedFor(plan, record.index) });
    const event: PartEvent = {
      t: String(record.startNs),
      stage: 'kernel',
      pid,
      tid: pid,
      type,
      span,
      truth: 'reported',
      data,
    };
    event.cause = causeOf(operation, plan);
    if (twin !== undefined && record.result >= 0 && record.errno === 0) event.twin = twin;
    return [event];
  });
}

/** The sources of prepared mounts are attached in the order in which they were prepared. */
function preparedFor(
  { operations }: Plan,
  index: number,
): Extract<Operation, { name: 'mount_source' }>['arguments'] | undefined {
  if (operations[index]?.name !== 'mount_attach') return undefined;
  const place = operations.slice(0, index).filter(({ name }) => name === 'mount_attach').length;
  return operations.flatMap((one) => (one.name === 'mount_source' ? [one.arguments] : []))[place];
}

const causeOf = (operation: Operation, plan: Plan): Cause =>
  (operation.cause.startsWith('/') || operation.cause === ''
    ? `config:${operation.cause || '/'}`
    : operation.cause || `config:/${plan.kind}`) as Cause;

type Described = { [T in EventType]: { type: T; data: EventData<T> } }[
  | 'kernel.mount-attached'
  | 'kernel.cgroup-made'
  | 'kernel.cgroup-written'
  | 'kernel.operation-executed'];

function describe(operation: Operation, record: PlanRecord, execution: Execution): Described {
  const durationNs = record.endNs === 0n ? 0 : Number(record.endNs - record.startNs);
  const how = { durationNs, ...(record.errno === 0 ? {} : { errno: errnoName(record.errno) }) };
  switch (operation.name) {
    case 'mount': {
      const { source, target, fstype } = operation.arguments;
      const data = { source, target, fstype, options: mountOptions(operation.arguments), ...how };
      return { type: 'kernel.mount-attached', data };
    }
    case 'mount_attach': {
      const { source, target } = operation.arguments;
      return { type: 'kernel.mount-attached', data: { source, target, fstype: '', options: '', ...how } };
    }
    case 'cgroup_make':
      return { type: 'kernel.cgroup-made', data: { path: operation.arguments.path, ...how } };
    case 'cgroup_write':
      return { type: 'kernel.cgroup-written', data: { ...operation.arguments, ...how } };
    case 'cgroup_join': {
      const { path, value } = cgroupJoin(operation, execution.initPid);
      return { type: 'kernel.cgroup-written', data: { path, value, ...how } };
    }
    default: {
      const { name, actor } = operation;
      const data = {
        index: record.index,
        operation: name,
        arguments: readable(operation),
        actor,
        result: record.result,
      };
      return { type: 'kernel.operation-executed', data: { ...data, ...how } };
    }
  }
}

/** The child writes 0, itself, to the `tasks` of version 1; for version 2 the clone does what this write would. */
const cgroupJoin = ({ actor, arguments: { path } }: Extract<Operation, { name: 'cgroup_join' }>, initPid: number) =>
  actor === 'init' ? { path: `${path}/tasks`, value: '0' } : { path: `${path}/cgroup.procs`, value: String(initPid) };

/** Arguments for people: flags and capabilities by name, modes in octal, programs by length, environment without values. */
function readable(operation: Operation): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(operation.arguments).map(([name, value]) => [name, readableValue(operation.name, name, value)]),
  );
}

function readableValue(operation: string, name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length / 8} instructions`;
  if (Array.isArray(value)) return name === 'env' ? value.map((variable) => redactVariable(String(variable))) : value;
  if (typeof value === 'string') return value;
  const number = BigInt(value as bigint | number);
  if (operation.startsWith('cap')) return capabilityWords(number).join(',') || 'none';
  if (operation === 'clone' || operation === 'unshare' || name === 'type')
    return namespaceNames(Number(number)).join(',');
  if (name === 'mode' || name === 'mask') return `0${number.toString(8)}`;
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : number.toString();
}

const errnoNames = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));
const errnoName = (number: number): string => errnoNames.get(number) ?? `errno ${number}`;
