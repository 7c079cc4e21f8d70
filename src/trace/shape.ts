// Whether an event's data is what its type's row says: everybody who reads traces may then trust the data of the types that he knows.
// Types without a row pass: a newer tlab wrote them, and viewers print them as they are.
import * as v from 'valibot';
import { events as rows } from './events.ts';
import type { TraceEvent } from './file.ts';

const schemas = new Map<string, v.GenericSchema>(Object.entries(rows).map(([type, row]) => [type, row.data]));

const isOptional = (value: unknown, type: 'string' | 'number' | 'boolean'): boolean =>
  value === undefined || typeof value === type;

/** By hand: there may be a million of them. */
function isCallData({
  name,
  args,
  result,
  errno,
  durationNs,
  answeredBy,
  process,
  operation,
  noise,
}: TraceEvent['data']): boolean {
  return (
    typeof name === 'string' &&
    typeof process === 'string' &&
    Array.isArray(args) &&
    args.every((one) => typeof one === 'string') &&
    (isOptional(result, 'number') || typeof result === 'string') &&
    isOptional(errno, 'string') &&
    isOptional(durationNs, 'number') &&
    isOptional(answeredBy, 'string') &&
    isOptional(operation, 'number') &&
    isOptional(noise, 'boolean')
  );
}

export function hasItsShape({ type, data }: Pick<TraceEvent, 'type' | 'data'>): boolean {
  if (type === 'kernel.syscall-made') return isCallData(data);
  const schema = schemas.get(type);
  return schema === undefined || v.is(schema, data);
}
