// --secret: where a secret comes from. It is read when it is sent, and kept nowhere.
import { readFileSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { Expected } from '../flags/spec.ts';

export interface BuildSecret {
  id: string;
  /** Errors: notFound. */
  value(): Buffer;
}

const keys = new Set(['id', 'src', 'source', 'env', 'type']);

/** `id=NAME[,src=FILE|env=VARIABLE]`; without a place the variable NAME, else the file NAME. @source docker-build --secret */
export function secretOf(text: string): BuildSecret {
  const fields = new Map(
    text.split(',').map((field): [string, string] => {
      const equals = field.indexOf('=');
      const key = equals < 0 ? '' : field.slice(0, equals).trim().toLowerCase();
      if (!keys.has(key)) throw new Expected('id=NAME,src=FILE or id=NAME,env=VARIABLE');
      return [key === 'source' ? 'src' : key, field.slice(equals + 1)];
    }),
  );
  const id = fields.get('id') ?? fields.get('src')?.split('/').at(-1) ?? fields.get('env') ?? '';
  if (!/^[\w.-]{1,128}$/.test(id)) throw new Expected('id= with a name of letters, digits and _.-');
  return { id, value: () => secretValue(id, fields) };
}

function secretValue(id: string, fields: ReadonlyMap<string, string>): Buffer {
  const isFile = fields.has('src') || fields.get('type') === 'file';
  const variable = fields.get('env') ?? (isFile ? undefined : id);
  const fromEnvironment = variable === undefined || isFile ? undefined : process.env[variable];
  if (fromEnvironment !== undefined) return Buffer.from(fromEnvironment);
  if (fields.has('env')) throw new LabError('notFound', `secret ${id}: the variable ${variable} is not set`);
  const path = fields.get('src') ?? id;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new LabError('notFound', `secret ${id}: reading "${path}": ${(error as NodeJS.ErrnoException).code}`, {
      cause: error,
      hint: `give it a file or a variable: --secret id=${id},src=FILE`,
    });
  }
}
