// `--volume`, `--mount` and `--tmpfs`. @source docker-run --volume, --mount, --tmpfs
import { resolve } from 'node:path';
import type { MountRequest } from '../../daemon/protocol.ts';
import { sizeBytes } from '../flags/readers.ts';
import { booleanWord, Expected } from '../flags/spec.ts';

export type Volume = { kind: 'anonymous'; target: string } | { kind: 'bind'; text: string };

/** `/data` is an anonymous volume; `name:/data` a named one, `./here:/data:ro` a bind, its source made absolute. */
export function volume(text: string): Volume {
  const parts = text.split(':');
  const [source = '', target, options] = parts;
  if (parts.length > 3 || source === '') throw new Expected('[SOURCE:]TARGET[:OPTIONS]');
  if (target === undefined) {
    if (!source.startsWith('/')) throw new Expected('an absolute path in the container');
    return { kind: 'anonymous', target: source };
  }
  if (!target.startsWith('/')) throw new Expected('an absolute path in the container after the colon');
  const from = source.startsWith('.') ? resolve(source) : source;
  return { kind: 'bind', text: [from, target, ...(options === undefined ? [] : [options])].join(':') };
}

/** `/run` or `/run:size=64m,noexec` as a path and its options. */
export function tmpfs(text: string): [path: string, options: string] {
  const at = text.indexOf(':');
  const path = at < 0 ? text : text.slice(0, at);
  if (!path.startsWith('/')) throw new Expected('an absolute path in the container');
  return [path, at < 0 ? '' : text.slice(at + 1)];
}

const kinds = ['bind', 'volume', 'tmpfs'] as const;
const readOnlyKeys = new Set(['readonly', 'ro']);
const wanted = 'type=bind|volume|tmpfs,source=…,target=…';

/** `type=bind,source=/here,target=/there,readonly`. */
export function mount(text: string): MountRequest {
  const fields = new Map(text.split(',').map(field));
  const type = kinds.find((kind) => kind === (fields.get('type') ?? 'volume'));
  const target = fields.get('target') ?? fields.get('destination') ?? fields.get('dst');
  const source = fields.get('source') ?? fields.get('src');
  if (type === undefined || target === undefined) throw new Expected(wanted);
  const request: MountRequest = { Type: type, Target: target };
  if (source !== undefined) request.Source = type === 'bind' ? resolve(source) : source;
  if (type === 'bind' && source === undefined) throw new Expected('source=… for a bind mount');
  if ([...readOnlyKeys].some((key) => fields.has(key) && booleanWord(fields.get(key) || 'true'))) {
    request.ReadOnly = true;
  }
  addOptions(request, fields);
  return request;
}

const known = new Set([
  ...['type', 'target', 'destination', 'dst', 'source', 'src', 'readonly', 'ro'],
  ...['bind-propagation', 'bind-recursive', 'bind-create-src', 'tmpfs-size', 'tmpfs-mode'],
]);

function field(text: string): [string, string] {
  const at = text.indexOf('=');
  const key = (at < 0 ? text : text.slice(0, at)).trim().toLowerCase();
  if (!known.has(key)) throw new Expected(`${wanted}; "${key}" is none of its keys`);
  return [key, at < 0 ? '' : text.slice(at + 1)];
}

function addOptions(request: MountRequest, fields: Map<string, string>): void {
  const propagation = fields.get('bind-propagation');
  if (propagation !== undefined) request.BindOptions = { Propagation: propagation };
  if (fields.get('bind-recursive') === 'disabled') {
    request.BindOptions = { ...request.BindOptions, NonRecursive: true };
  }
  const size = fields.get('tmpfs-size');
  const mode = fields.get('tmpfs-mode');
  if (size !== undefined) request.TmpfsOptions = { SizeBytes: sizeBytes(size) };
  if (mode !== undefined) request.TmpfsOptions = { ...request.TmpfsOptions, Mode: octal(mode) };
}

function octal(text: string): number {
  if (!/^[0-7]{1,4}$/.test(text)) throw new Expected('an octal mode such as 1777');
  return Number.parseInt(text, 8);
}
