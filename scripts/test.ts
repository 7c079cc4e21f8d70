// Runs the tests in two rounds: those that only compute, side by side; then those that use the real kernel, one file at a time,
// since they share its tables of links, rules and mounts. Arguments narrow the run: `npm test -- network` takes files with that word.
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const realKernel = /^test\/(contract|faults|integration|interop|native|security)\//;
const words = process.argv.slice(2);
const files = globSync('test/**/*.test.ts')
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();

const rounds = [
  { files: files.filter((file) => !realKernel.test(file)), concurrency: 2 },
  { files: files.filter((file) => realKernel.test(file)), concurrency: 1 },
];

/** Reasons for which a test may skip as root; any other skip is a failure in continuous integration. */
const expectedSkips = [
  /^needs (a kernel with NUMA|a mounted version 2 hierarchy|hugetlb on version 2)/,
  /^(this kernel has no 32-bit calls|x86-64 has these doors)/,
];

const totals = { passed: 0, failed: 0 };
const skipped: string[] = [];

async function runRound(round: { files: string[]; concurrency: number }): Promise<void> {
  if (round.files.length === 0) return;
  const stream = run({ files: round.files, concurrency: round.concurrency, timeout: 300_000 });
  stream.on('test:fail', (event) => {
    if (event.details.type !== 'suite') totals.failed++;
  });
  stream.on('test:pass', (event) => {
    if (event.details.type === 'suite') return;
    if (event.skip === undefined) totals.passed++;
    else skipped.push(`${event.name}: ${event.skip === true ? 'no reason given' : event.skip}`);
  });
  for await (const text of stream.compose(new spec())) process.stdout.write(text as string);
}

for (const round of rounds) await runRound(round);

for (const line of skipped) console.log(`skipped ${line}`);
const isRoot = process.getuid?.() === 0;
const unexpected = isRoot
  ? skipped.filter((line) => !expectedSkips.some((reason) => reason.test(line.split(': ').slice(1).join(': '))))
  : [];
if (unexpected.length > 0) console.log(`unexpected skips:\n${unexpected.join('\n')}`);
console.log(`${totals.passed} passed, ${totals.failed + unexpected.length} failed, ${skipped.length} skipped`);
process.exitCode = totals.failed + unexpected.length > 0 || totals.passed === 0 ? 1 : 0;
