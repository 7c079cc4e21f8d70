// Bytes → plan, as strict as the native reader: for `plan show`, tests, and joining a trace's records with their operations.
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { type FactName, facts } from './facts.ts';
import { type Plan, planHeaderBytes, planMagic, planMaxBytes, planMaxOperations, planVersion } from './format.ts';
import { type ArgumentType, type Operation, type OperationName, type OperationRow, operations } from './operations.ts';

const byCode = new Map<number, [OperationName, OperationRow]>(
  (Object.keys(operations) as OperationName[]).map((name) => [operations[name].code, [name, operations[name]]]),
);

export function decodePlan(bytes: Uint8Array): Plan {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length < planHeaderBytes || buffer.toString('latin1', 0, 8) !== planMagic)
    throw malformed('it does not begin as a plan');
  const version = buffer.readUInt32LE(8);
  if (version !== planVersion) throw malformed(`version ${version}, this tlab reads ${planVersion}`);
  if (buffer.length > planMaxBytes || buffer.readUInt32LE(12) !== buffer.length)
    throw malformed('its length is not the one it states');
  const count = buffer.readUInt32LE(52);
  if (count > planMaxOperations || buffer.readUInt32LE(48) !== Object.keys(facts).length)
    throw malformed('its counts are out of bounds');

  const reader = new Reader(buffer, planHeaderBytes, buffer.length);
  const known = readFacts(reader);
  const list: Operation[] = [];
  for (let i = 0; i < count; i++) list.push(readOperation(reader));
  if (!reader.atEnd) throw malformed('bytes follow the last operation');
  return { sha256: buffer.toString('hex', 16, 48), ...known, operations: list };
}

function readFacts(reader: Reader): Omit<Plan, 'sha256' | 'operations'> {
  const values = {} as Record<FactName, string>;
  for (const name of Object.keys(facts) as FactName[]) values[name] = String(reader.value(facts[name]));
  if (values.kind !== 'container' && values.kind !== 'process') throw malformed(`kind "${values.kind}" is not known`);
  return {
    containerId: values.containerId,
    kind: values.kind,
    ociVersion: values.ociVersion,
    rootfs: values.rootfs,
    terminal: values.terminal !== '0',
    annotations: parseAnnotations(values.annotations),
  };
}

function parseAnnotations(text: string): Record<string, string> {
  try {
    return v.parse(v.record(v.string(), v.string()), JSON.parse(text));
  } catch (cause) {
    throw new LabError('invalidArgument', 'reading the plan: its annotations are not an object of strings', { cause });
  }
}

function readOperation(reader: Reader): Operation {
  const head = reader.take(8);
  const code = head.readUInt16LE(0);
  const actor = head.readUInt8(2);
  const known = byCode.get(code);
  if (known === undefined) throw malformed(`operation ${code} is not known`);
  if (actor > 1 || head.readUInt8(3) !== 0) throw malformed(`operation ${known[0]} has no such actor`);
  const inner = reader.within(head.readUInt32LE(4) - 8);
  const cause = inner.string();
  const values: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(known[1].arguments)) values[name] = inner.value(type);
  if (!inner.atEnd) throw malformed(`operation ${known[0]} is longer than its arguments`);
  return { name: known[0], actor: actor === 1 ? 'init' : 'runtime', cause, arguments: values } as Operation;
}

class Reader {
  readonly #buffer: Buffer;
  readonly #end: number;
  #at: number;

  constructor(buffer: Buffer, at: number, end: number) {
    this.#buffer = buffer;
    this.#at = at;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.#at === this.#end;
  }

  take(size: number): Buffer {
    if (size < 0 || size > this.#end - this.#at) throw malformed('it ends within a value');
    this.#at += size;
    return this.#buffer.subarray(this.#at - size, this.#at);
  }

  within(size: number): Reader {
    const start = this.#at;
    this.take(size);
    return new Reader(this.#buffer, start, start + size);
  }

  value(type: ArgumentType): bigint | string | string[] | Uint8Array {
    if (type === 'number') return this.take(8).readBigUInt64LE();
    if (type === 'string') return this.string();
    if (type === 'bytes') return this.padded(0);
    const count = this.take(4).readUInt32LE();
    const items: string[] = [];
    for (let i = 0; i < count; i++) items.push(this.string());
    return items;
  }

  string(): string {
    const bytes = this.padded(1);
    if (bytes.includes(0)) throw malformed('a string holds a NUL');
    return bytes.toString('utf8');
  }

  padded(atLeastZeros: number): Buffer {
    const size = this.take(4).readUInt32LE();
    const whole = this.take(Math.ceil((size + atLeastZeros) / 4) * 4);
    if (whole.subarray(size).some((byte) => byte !== 0)) throw malformed('padding is not zero');
    return whole.subarray(0, size);
  }
}

const malformed = (what: string): LabError => new LabError('invalidArgument', `reading the plan: ${what}`);
