// The plan of a bundle, compiled in the test's process: in a machine, a Node.js that starts for it takes five seconds.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type BundleSource, compileBundle } from '../../src/runc/compile.ts';

export function writePlan(source: Omit<BundleSource, 'config'>): void {
  const { fileName, bytes } = compileBundle({
    ...source,
    config: readFileSync(`${source.bundle}/config.json`, 'utf8'),
  });
  mkdirSync(`${source.bundle}/plans`);
  writeFileSync(`${source.bundle}/plans/${fileName}`, bytes);
}
