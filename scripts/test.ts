// Runs the tests in rounds: those that only compute, side by side; then those that use the real kernel, one file at a time, since
// they share its tables of links, rules and mounts; beside these, those that need a machine of their own, in virtual machines.
// Arguments narrow the run: `npm test -- network` takes files with that word.
import { chownSync, globSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { run } from 'node:test';
import { spec, type TestEvent } from 'node:test/reporters';
import { guestCommand, guestRounds } from '../test/vm/guests.ts';
import { missingForMachines, runInMachine } from '../test/vm/machine.ts';
import { count, type Tally } from '../test/vm/tally.ts';

const realKernel = /^test\/(contract|faults|integration|interop|native|security)\//;
const words = process.argv.slice(2);
const isWanted = (file: string): boolean => words.length === 0 || words.some((word) => file.includes(word));
const files = globSync('test/**/*.test.ts').filter(isWanted).sort();

const rounds = [
  { files: files.filter((file) => !realKernel.test(file)), concurrency: 2 },
  { files: files.filter((file) => realKernel.test(file)), concurrency: 1 },
] as const;

/** Reasons for which a test may skip as root; any other skip is a failure in continuous integration. */
const expectedSkips = [
  /^needs (a kernel with NUMA|a mounted version 2 hierarchy|hugetlb on version 2)/,
  /^(this kernel has no 32-bit calls|x86-64 has these doors)/,
  /^this kernel made none: /, // an RDMA device, in a machine
];

const total: Tally = { passed: 0, failed: 0, skipped: [] };

/** What each file took, in seconds: the slowest are told at the end, so that the whole stays quick. */
const secondsOf = new Map<string, number>();
const slowest = 12;

/** A test file that failed beside others and passed alone: told at the end. More such files than this are a failure. */
const unsteadyLimit = 2;
const unsteady: string[] = [];

interface Outcome {
  tally: Tally;
  failedFiles: Set<string>;
}

async function runFiles(round: { files: string[]; concurrency: number }): Promise<Outcome> {
  const tally: Tally = { passed: 0, failed: 0, skipped: [] };
  const failedFiles = new Set<string>();
  const stream = run({ ...round, timeout: 300_000 });
  stream.on('test:pass', (data) => count(tally, { type: 'test:pass', data } as TestEvent));
  stream.on('test:fail', (data) => {
    count(tally, { type: 'test:fail', data } as TestEvent);
    failedFiles.add(data.file ?? data.name);
  });
  stream.on('test:summary', ({ file, duration_ms }) => {
    if (file !== undefined) secondsOf.set(relative('.', file), duration_ms / 1000);
  });
  for await (const text of stream.compose(new spec())) process.stdout.write(text as string);
  return { tally, failedFiles };
}

/** What fails is run once more, alone: on a busy machine a test that waits too briefly must not hide what the others say. */
async function runRound(round: { files: string[]; concurrency: number }): Promise<void> {
  if (round.files.length === 0) return;
  const { tally, failedFiles } = await runFiles(round);
  const again = [...failedFiles];
  if (again.length > 0 && again.length + unsteady.length <= unsteadyLimit) {
    console.log(`\nonce more, alone: ${again.join(', ')}`);
    const second = await runFiles({ files: again, concurrency: 1 });
    if (second.tally.failed === 0) {
      unsteady.push(...again.map((file) => relative('.', file)));
      tally.passed += tally.failed;
      tally.failed = 0;
    }
  }
  total.passed += tally.passed;
  total.failed += tally.failed;
  total.skipped.push(...tally.skipped);
}

/** One after the other. A machine that says nothing of its tests counts as one failure. */
async function runMachines(print: (line: string) => void): Promise<void> {
  const missing = missingForMachines();
  for (const { machine, files } of guestRounds) {
    const wanted = files.filter(isWanted);
    if (wanted.length === 0) continue;
    if (missing !== undefined) {
      total.skipped.push(`${wanted.join(', ')}: ${missing}`);
      continue;
    }
    print(`\nin a virtual machine, ${machine}: ${wanted.join(', ')}`);
    const { status, tally } = await runInMachine(machine, guestCommand(wanted), print);
    total.passed += tally?.passed ?? 0;
    total.failed += tally?.failed || (status === 0 && tally !== undefined ? 0 : 1);
    total.skipped.push(...(tally?.skipped ?? []));
  }
}

/** Runtimes under test have given the host's null device away before. */
function checkNullDevice(): void {
  const { rdev, mode, uid, gid } = statSync('/dev/null');
  const seen = `${(mode & 0o777).toString(8)} ${uid}:${gid} ${rdev >> 8},${rdev & 0xff}`;
  if (seen === '666 0:0 1,3') return;
  console.log(`/dev/null is ${seen}: expected 666 0:0 1,3; a runtime under test has changed it, and it is put right`);
  chownSync('/dev/null', 0, 0);
  total.failed++;
}

const [computing, onTheKernel] = rounds;
await runRound(computing);
// The machines have kernels of their own: beside the second round, which waits more than it computes. What they say comes in one piece.
const said: string[] = [];
const machines = runMachines((line) => said.push(line)).catch((error: Error) => {
  said.push(`in a virtual machine: ${error.message}`);
  total.failed++;
});
await runRound(onTheKernel);
await machines;
for (const line of said) console.log(line);
if (process.getuid?.() === 0) checkNullDevice();

const byTime = [...secondsOf].sort(([, a], [, b]) => b - a).slice(0, slowest);
console.log(`slowest files: ${byTime.map(([file, seconds]) => `${file} ${seconds.toFixed(0)} s`).join(', ')}`);
for (const file of unsteady) console.log(`unsteady ${file}: failed beside others, passed alone`);
for (const line of total.skipped) console.log(`skipped ${line}`);
const isRoot = process.getuid?.() === 0;
const unexpected = isRoot
  ? total.skipped.filter((line) => !expectedSkips.some((reason) => reason.test(line.split(': ').slice(1).join(': '))))
  : [];
if (unexpected.length > 0) console.log(`unexpected skips:\n${unexpected.join('\n')}`);
console.log(`${total.passed} passed, ${total.failed + unexpected.length} failed, ${total.skipped.length} skipped`);
process.exitCode = total.failed + unexpected.length > 0 || total.passed === 0 ? 1 : 0;
