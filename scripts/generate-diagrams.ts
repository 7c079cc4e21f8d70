// Writes diagrams/<stage>-<machine>.mmd for every machine of every *.machine.ts of src/; `--check` only compares, for the test that holds them current.
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AnyStateMachine } from 'xstate';
import { machineToMermaid } from '../src/diagram/machine.ts';

const stale: string[] = [];
mkdirSync('diagrams', { recursive: true });
for (const file of globSync('src/**/*.machine.ts').sort()) {
  const exported = (await import(`../${file}`)) as Record<string, unknown>;
  for (const value of Object.values(exported)) {
    if (typeof value !== 'object' || value === null || !('root' in value) || !('transition' in value)) continue;
    const target = `diagrams/${file.split('/')[1]}-${(value as AnyStateMachine).id}.mmd`;
    const text = `%% Generated from ${file} by npm run generate; never edited.\n${machineToMermaid(value as AnyStateMachine)}`;
    if (!process.argv.includes('--check')) writeFileSync(target, text);
    else if (readFileSync(target, 'utf8') !== text) stale.push(target);
  }
}
if (stale.length > 0) console.error(`not current: ${stale.join(', ')}\ntry: npm run generate`);
process.exitCode = stale.length > 0 ? 1 : 0;
