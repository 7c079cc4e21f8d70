// compile --bundle B [--id ID] [--process FILE] [--output PATH]: writes <bundle>/plans/<sha256>.plan, or PATH, and prints nothing.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LabError } from '../../base/errors.ts';
import type { CgroupDriver } from '../compile/context.ts';
import { type CompiledPlan, compileBundle, compileProcessDocument } from '../compile.ts';
import type { RootlessWord } from '../host/rootless.ts';
import { warn } from '../log.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = (argv, options) => {
  const { values } = parseArgs({
    args: argv,
    options: {
      bundle: { type: 'string', short: 'b' },
      id: { type: 'string' },
      process: { type: 'string', short: 'p' },
      output: { type: 'string' },
    },
  });
  const bundle = resolve(values.bundle ?? '.');
  const { rootless, cgroupDriver } = options;
  const compiled = compileFrom(bundle, { id: values.id, process: values.process, rootless, cgroupDriver });
  for (const warning of compiled.warnings) warn(warning, options);
  writePlan(values.output ?? `${bundle}/plans/${compiled.fileName}`, compiled);
};

/** The plan of the bundle's config.json, or of a process document in its container. */
export function compileFrom(
  bundle: string,
  asked: {
    id?: string | undefined;
    process?: string | undefined;
    rootless?: RootlessWord;
    cgroupDriver?: CgroupDriver;
  },
): CompiledPlan {
  const source = {
    id: asked.id ?? basename(bundle),
    bundle,
    config: readDocument(`${bundle}/config.json`),
    ...(asked.rootless && { rootless: asked.rootless }),
    cgroupDriver: asked.cgroupDriver,
  };
  if (asked.process === undefined) return compileBundle(source);
  return compileProcessDocument({ ...source, process: readDocument(asked.process) });
}

/** Whole or not at all: the executor may look for the file at any moment. */
function writePlan(path: string, { bytes }: CompiledPlan): void {
  // A descriptor of the caller's, for a bundle that this user may not write.
  if (path.startsWith('/proc/self/fd/')) {
    writeFileSync(path, bytes);
    return;
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
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
