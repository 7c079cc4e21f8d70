// Plan → bytes; the form is described in format.ts. What cannot be written exactly is refused, never cut.
import { LabError } from '../../base/errors.ts';
import { type FactName, facts } from './facts.ts';
import { type Plan, planHeaderBytes, planMagic, planMaxBytes, planMaxOperations, planVersion } from './format.ts';
import { type ArgumentType, type Operation, operations } from './operations.ts';

type Value = bigint | number | string | readonly string[] | Uint8Array;

export function encodePlan(plan: Plan): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(plan.sha256))
    throw new LabError('invalidArgument', `plan of "${plan.sha256}": expected a sha256 in hex`);
  if (plan.operations.length > planMaxOperations) {
    throw new LabError(
      'invalidArgument',
      `plan has ${plan.operations.length} operations, at most ${planMaxOperations} are allowed`,
    );
  }
  const parts = [encodeFacts(plan), ...plan.operations.map(encodeOperation)];
  const body = Buffer.concat(parts);
  const total = planHeaderBytes + body.length;
  if (total > planMaxBytes)
    throw new LabError('invalidArgument', `plan has ${total} bytes, at most ${planMaxBytes} are allowed`);

  const header = Buffer.alloc(planHeaderBytes);
  header.write(planMagic, 'latin1');
  header.writeUInt32LE(planVersion, 8);
  header.writeUInt32LE(total, 12);
  header.write(plan.sha256, 16, 'hex');
  header.writeUInt32LE(Object.keys(facts).length, 48);
  header.writeUInt32LE(plan.operations.length, 52);
  return Buffer.concat([header, body]);
}

function encodeFacts(plan: Plan): Buffer {
  const values: Record<FactName, Value> = {
    containerId: plan.containerId,
    kind: plan.kind,
    ociVersion: plan.ociVersion,
    rootfs: plan.rootfs,
    terminal: plan.terminal ? 1 : 0,
    annotations: JSON.stringify(plan.annotations),
  };
  const names = Object.keys(facts) as FactName[];
  return Buffer.concat(names.map((name) => encodeValue(facts[name], values[name])));
}

function encodeOperation(operation: Operation): Buffer {
  const row = operations[operation.name];
  const values = operation.arguments as Record<string, Value>;
  const encoded = Object.entries(row.arguments).map(([name, type]) => {
    const value = values[name];
    if (value === undefined) throw new LabError('invalidArgument', `operation ${operation.name} lacks "${name}"`);
    return encodeValue(type, value);
  });
  const body = Buffer.concat([encodeString(operation.cause), ...encoded]);
  const head = Buffer.alloc(8);
  head.writeUInt16LE(row.code, 0);
  head.writeUInt8(operation.actor === 'init' ? 1 : 0, 2);
  head.writeUInt32LE(8 + body.length, 4);
  return Buffer.concat([head, body]);
}

function encodeValue(type: ArgumentType, value: Value): Buffer {
  if (type === 'number') return encodeNumber(value as bigint | number);
  if (type === 'string') return encodeString(value as string);
  if (type === 'bytes') return encodeBytes(value as Uint8Array, 0);
  const items = value as readonly string[];
  return Buffer.concat([uint32(items.length), ...items.map(encodeString)]);
}

function encodeNumber(value: bigint | number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return buffer;
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.includes(0))
    throw new LabError('invalidArgument', `${JSON.stringify(text)}: a NUL cannot be in an argument`);
  return encodeBytes(bytes, 1);
}

function encodeBytes(bytes: Uint8Array, atLeastZeros: number): Buffer {
  const padded = Math.ceil((bytes.length + atLeastZeros) / 4) * 4;
  const buffer = Buffer.alloc(4 + padded);
  buffer.writeUInt32LE(bytes.length);
  buffer.set(bytes, 4);
  return buffer;
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}
