// An operation's arguments in words: flags by name, capabilities by name, programs by length.
import { CLONE_NEW, capabilityNames, MS } from './compile/flags.ts';
import type { Operation } from './plan/operations.ts';

/** `mount proc on /proc nosuid,nodev,noexec`. */
export function describeOperation(operation: Operation): string {
  if (operation.name === 'mount') return describeMount(operation.arguments);
  const words = Object.entries(operation.arguments).map(([name, value]) => describeValue(operation.name, name, value));
  return [operation.name, ...words.filter((word) => word !== '')].join(' ');
}

/** Arguments as JSON can carry them: numbers beyond 2^53 and programs as hex. */
export const plainArguments = (operation: Operation): Record<string, unknown> =>
  Object.fromEntries(Object.entries(operation.arguments).map(([name, value]) => [name, plain(value)]));

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value <= Number.MAX_SAFE_INTEGER ? Number(value) : `0x${value.toString(16)}`;
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

function describeMount(mount: Extract<Operation, { name: 'mount' }>['arguments']): string {
  const flags = Number(mount.flags);
  const words = [...bitNames(flags & ~(MS.BIND | MS.REMOUNT), MS), ...(mount.data === '' ? [] : [mount.data])];
  const propagation = bitNames(Number(mount.propagation), MS);
  const kind =
    (flags & MS.REMOUNT) !== 0
      ? 'remount'
      : (flags & MS.BIND) !== 0
        ? `bind ${mount.source} on`
        : `mount ${mount.fstype} ${mount.source} on`;
  return [kind, mount.target, words.join(','), ...(propagation.length > 0 ? [`then ${propagation.join(',')}`] : [])]
    .filter(Boolean)
    .join(' ');
}

function describeValue(operation: string, name: string, value: unknown): string {
  if (value instanceof Uint8Array) return `(${value.length / 8} instructions)`;
  if (Array.isArray(value))
    return name === 'env' ? `(${value.length} variables)` : value.map((word) => JSON.stringify(word)).join(' ');
  if (typeof value === 'string')
    return /^[\w./:=+*,-]+$/.test(value) ? value : value === '' ? '' : JSON.stringify(value);
  if (operation === 'clone' || operation === 'unshare' || name === 'type')
    return bitNames(Number(value), CLONE_NEW).join(',');
  if (operation === 'root_propagation' || name === 'propagation') return bitNames(Number(value), MS).join(',');
  if (operation.startsWith('cap')) return `${name}=${capabilityWords(BigInt(value as number | bigint))}`;
  if (name === 'mode' || name === 'mask') return `0${Number(value).toString(8)}`;
  return `${name}=${String(value)}`;
}

const bitNames = (bits: number, table: Readonly<Record<string, number>>): string[] =>
  Object.entries(table)
    .filter(([, bit]) => (bits & bit) !== 0)
    .map(([name]) => name.toLowerCase());

function capabilityWords(mask: bigint): string {
  const names = capabilityNames.filter((_, position) => ((mask >> BigInt(position)) & 1n) === 1n);
  return names.length === 0 ? 'none' : names.map((name) => name.slice(4).toLowerCase()).join(',');
}
