// spec [-b DIR] [--rootless]: writes a config.json to start from, the same as runc's. Never overwrites one.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LabError } from '../../base/errors.ts';
import { emit } from '../../trace/recorder.ts';
import { defaultSpec, rootlessSpec } from '../default-spec.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = (argv) => {
  const { values } = parseArgs({
    args: argv,
    options: { bundle: { type: 'string', short: 'b' }, rootless: { type: 'boolean' } },
  });
  const path = join(values.bundle ?? '', 'config.json');
  const spec =
    values.rootless === true ? rootlessSpec(process.geteuid?.() ?? 0, process.getegid?.() ?? 0) : defaultSpec();
  const text = `${JSON.stringify(spec, undefined, '\t')}\n`;
  try {
    writeFileSync(path, text, { mode: 0o666, flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new LabError('alreadyExists', `writing "${path}": it exists already`, { hint: 'remove it first' });
    throw new LabError('notFound', `writing "${path}": ${code}`, { cause: error });
  }
  const sha256 = createHash('sha256').update(text).digest('hex');
  // Somebody typed it: no stage asks for this.
  emit('runc.config-written', { cause: 'command:spec', data: { path, sizeBytes: text.length, sha256 } });
};
