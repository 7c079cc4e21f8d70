// compile --bundle B [--id ID] [--process FILE]: writes <bundle>/plans/<sha256>.plan and prints nothing.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LabError } from '../../base/errors.ts';
import { type CompiledPlan, compileBundle, compileProcessDocument } from '../compile.ts';
import { warn } from '../log.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = (argv, options) => {
  const { values } = parseArgs({
    args: argv,
    options: {
      bundle: { type: 'string', short: 'b' },
      id: { type: 'string' },
      process: { type: 'string', short: 'p' },
    },
  });
  const bundle = resolve(values.bundle ?? '.');
  const compiled = compileFrom(bundle, { id: values.id, process: values.process });
  for (const warning of compiled.warnings) warn(warning, options);
  writePlan(bundle, compiled);
};

/** The plan of the bundle's config.json, or of a process document in its container. */
export function compileFrom(
  bundle: string,
  asked: { id?: string | undefined; process?: string | undefined },
): CompiledPlan {
  const source = { id: asked.id ?? basename(bundle), bundle, config: readDocument(`${bundle}/config.json`) };
  if (asked.process === undefined) return compileBundle(source);
  return compileProcessDocument({ ...source, process: readDocument(asked.process) });
}

/** Whole or not at all: the executor may look for the file at any moment. */
function writePlan(bundle: string, { sha256, bytes }: CompiledPlan): void {
  const path = `${bundle}/plans/${sha256}.plan`;
  mkdirSync(`${bundle}/plans`, { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.${process.pid}`, bytes, { mode: 0o600 });
  renameSync(`${path}.${process.pid}`, path);
}

function readDocument(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException;
    throw new LabError('notFound', `reading "${path}": ${code}`, { cause: error });
  }
  try {
    // Exactly: the plan is named after these bytes, so nothing may be repaired on the way.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new LabError('invalidArgument', `reading "${path}": expected UTF-8`);
  }
}
