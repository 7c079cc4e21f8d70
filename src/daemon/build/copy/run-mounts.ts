// RUN --mount: the flag's text as data, variables replaced, defaults filled in. Nothing is mounted here.
// @source dockerfile reference: RUN --mount
import { LabError } from '../../../base/errors.ts';
import { cleanPath } from '../../../dockerfile/match.ts';
import type { Instruction } from '../../../dockerfile/syntax.ts';
import { expandWord } from '../../../dockerfile/words.ts';
import type { Scope } from './request.ts';

/** One --mount. `target` is absolute and clean. */
export type RunMount =
  | { type: 'bind'; target: string; from: string | undefined; source: string; isWritable: boolean }
  | {
      type: 'cache';
      target: string;
      /** Default: the target. */
      id: string;
      sharing: 'shared' | 'private' | 'locked';
      from: string | undefined;
      /** What `from` names, by its layers, once that is known. */
      tree?: string;
      source: string;
      isReadOnly: boolean;
      mode: number;
      uid: number;
      gid: number;
    }
  | { type: 'tmpfs'; target: string; sizeBytes: number | undefined }
  | {
      type: 'secret';
      id: string;
      /** Undefined when it is given by environment variable only. */
      target: string | undefined;
      env: string | undefined;
      isRequired: boolean;
      mode: number;
      uid: number;
      gid: number;
    };

/** Errors: invalidArgument with the flag; notImplemented for type=ssh. `workdir` is where relative targets start. */
export function runMountsOf(instruction: Instruction, scope: Scope, workdir: string): RunMount[] {
  return (instruction.flags.mount ?? []).map((flag) => {
    const fields = fieldsOf(flag, scope);
    const type = fields.get('type') ?? 'bind';
    const read = readers[type];
    if (type === 'ssh')
      throw new LabError('notImplemented', `--mount=${flag}: ssh agents are not forwarded`, {
        hint: 'give the key with type=secret',
      });
    if (read === undefined)
      throw wrong(flag, `unsupported mount type "${type}"`, 'types are bind, cache, tmpfs and secret');
    const unknown = [...fields.keys()].find((key) => key !== 'type' && !keysOf[type]?.includes(key));
    if (unknown !== undefined)
      throw wrong(flag, `unexpected key '${unknown}'`, `keys of ${type} are ${keysOf[type]?.join(', ')}`);
    return read({ fields, flag, workdir });
  });
}

interface Reading {
  fields: ReadonlyMap<string, string>;
  flag: string;
  workdir: string;
}

const wrong = (flag: string, message: string, hint?: string): LabError =>
  new LabError('invalidArgument', `--mount=${flag}: ${message}`, hint === undefined ? {} : { hint });

const aliases: Record<string, string> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  readonly: 'ro',
  readwrite: 'rw',
};

const keysOf: Record<string, readonly string[]> = {
  bind: ['target', 'source', 'from', 'rw', 'ro'],
  cache: ['target', 'id', 'sharing', 'from', 'source', 'ro', 'rw', 'mode', 'uid', 'gid'],
  tmpfs: ['target', 'size'],
  secret: ['target', 'id', 'env', 'required', 'mode', 'uid', 'gid'],
};

const switches = ['ro', 'rw', 'required'];

/** Comma-separated, as CSV has it: a field in double quotes may hold commas. */
function fieldsOf(flag: string, { lookup, escapeToken }: Scope): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [, quoted, plain = ''] of flag.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    const field = quoted?.replaceAll('""', '"') ?? plain;
    const equals = field.indexOf('=');
    const written = (equals < 0 ? field : field.slice(0, equals)).trim().toLowerCase();
    const key = aliases[written] ?? written;
    if (equals < 0 && !switches.includes(key)) throw wrong(flag, `invalid field '${field}', expected key=value`);
    fields.set(key, equals < 0 ? 'true' : expandWord(field.slice(equals + 1), lookup, escapeToken).value);
  }
  return fields;
}

type Read = (reading: Reading) => RunMount;

const readers: Record<string, Read | undefined> = {
  bind: (reading) => ({
    type: 'bind',
    target: targetOf(reading),
    from: optional(reading, 'from'),
    source: reading.fields.get('source') ?? '',
    isWritable: isOn(reading, 'rw') || (reading.fields.has('ro') && !isOn(reading, 'ro')),
  }),
  cache: (reading) => ({
    type: 'cache',
    target: targetOf(reading),
    id: optional(reading, 'id') ?? targetOf(reading),
    sharing: sharingOf(reading),
    from: optional(reading, 'from'),
    source: reading.fields.get('source') ?? '',
    isReadOnly: isOn(reading, 'ro'),
    ...identityOf(reading, 0o755),
  }),
  tmpfs: (reading) => ({ type: 'tmpfs', target: targetOf(reading), sizeBytes: sizeOf(reading) }),
  secret: secretMount,
};

function secretMount(reading: Reading): RunMount {
  const { fields, flag } = reading;
  const target = optional(reading, 'target');
  const id = optional(reading, 'id') ?? target?.split('/').at(-1);
  const env = optional(reading, 'env');
  if (id === undefined || id === '') throw wrong(flag, 'expected id=NAME, or a target whose last part is the id');
  if (env !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(env))
    throw wrong(flag, `env=${env}: expected a variable's name`);
  const byDefault = env === undefined ? `/run/secrets/${id.split('/').at(-1) ?? id}` : undefined;
  return {
    type: 'secret',
    id,
    target: fields.has('target') ? targetOf(reading) : byDefault,
    env,
    isRequired: isOn(reading, 'required'),
    ...identityOf(reading, 0o400),
  };
}

function optional({ fields }: Reading, key: string): string | undefined {
  const value = fields.get(key);
  return value === '' ? undefined : value;
}

function targetOf(reading: Reading): string {
  const target = optional(reading, 'target');
  if (target === undefined) throw wrong(reading.flag, 'expected target=PATH');
  const clean = cleanPath(target.startsWith('/') ? target : `${reading.workdir || '/'}/${target}`);
  if (clean === '/') throw wrong(reading.flag, 'target=/: expected a path below the root');
  return clean;
}

function isOn({ fields, flag }: Reading, key: string): boolean {
  const value = fields.get(key) ?? 'false';
  if (/^(true|1|t)$/i.test(value)) return true;
  if (/^(false|0|f)$/i.test(value)) return false;
  throw wrong(flag, `invalid value for ${key}: ${value}, expected true or false`);
}

function sharingOf(reading: Reading): 'shared' | 'private' | 'locked' {
  const sharing = optional(reading, 'sharing') ?? 'shared';
  if (sharing === 'shared' || sharing === 'private' || sharing === 'locked') return sharing;
  throw wrong(reading.flag, `unsupported sharing value "${sharing}"`, 'expected shared, private or locked');
}

function identityOf(reading: Reading, modeDefault: number): { mode: number; uid: number; gid: number } {
  const number = (key: string, form: RegExp, base: number, byDefault: number): number => {
    const text = reading.fields.get(key);
    if (text === undefined) return byDefault;
    const value = form.test(text) ? Number.parseInt(text, base) : Number.NaN;
    if (value >= 0 && value < 2 ** 31) return value;
    throw wrong(reading.flag, `invalid value ${text} for ${key}`);
  };
  return {
    mode: number('mode', /^[0-7]{1,5}$/, 8, modeDefault),
    uid: number('uid', /^\d{1,10}$/, 10, 0),
    gid: number('gid', /^\d{1,10}$/, 10, 0),
  };
}

/** `100m`: bytes with suffix b, k, m, g or t, as --memory takes them. */
function sizeOf(reading: Reading): number | undefined {
  const text = optional(reading, 'size');
  if (text === undefined) return undefined;
  const [, digits, unit = 'b'] = /^(\d+(?:\.\d+)?) ?([bkmgt])?(?:i?b)?$/i.exec(text) ?? [];
  if (digits === undefined) throw wrong(reading.flag, `size=${text}: expected bytes with suffix b, k, m, g or t`);
  return Math.floor(Number(digits) * 1024 ** 'bkmgt'.indexOf(unit.toLowerCase()));
}
