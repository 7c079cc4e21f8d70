// Runs the tests in rounds: those that only compute, side by side; then those that use the real kernel, in two lanes. The first takes, one
// at a time, the files that share this host's links, rules and mounts; the second the virtual machines and the lessons. Files that start an
// engine of their own have a network of their own: whichever lane is free takes the next. Arguments narrow the run: `npm test -- network`
// takes files with that word.
import { chownSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec, type TestEvent } from 'node:test/reporters';
import { setTimeout as delay } from 'node:timers/promises';
import { guestCommand, guestRounds } from '../test/vm/guests.ts';
import { missingForMachines, runInMachine } from '../test/vm/machine.ts';
import { count, type Tally } from '../test/vm/tally.ts';

const realKernel = /^test\/(contract|faults|integration|interop|native|security)\//;
const words = process.argv.slice(2);
const isWanted = (file: string): boolean => words.length === 0 || words.some((word) => file.includes(word));
const files = globSync('test/**/*.test.ts').filter(isWanted).sort();

/** The longest file goes first. */
const isLessons = (file: string): boolean => file === 'test/integration/lessons.test.ts';
const startsEngine = (file: string): boolean => /\bstartEngine\(/.test(readFileSync(file, 'utf8'));

const computing = files.filter((file) => !realKernel.test(file));
const onTheKernel = files.filter((file) => realKernel.test(file) && !isLessons(file));
const onThisHost = onTheKernel.filter((file) => !startsEngine(file));
const withAnEngine = onTheKernel.filter(startsEngine);

/** Reasons for which a test may skip as root; any other skip is a failure in continuous integration. */
const expectedSkips = [
  /^needs (a kernel with NUMA|a mounted version 2 hierarchy|hugetlb on version 2)/,
  /^(this kernel has no 32-bit calls|x86-64 has these doors)/,
  /^this kernel made none: /, // an RDMA device, in a machine
];

const total: Tally = { passed: 0, failed: 0, skipped: [] };

/** What each file took, in seconds: the slowest are told at the end, so that the whole stays quick. */
const secondsOf = new Map<string, number>();
const slowest = 24;

/** What each part took, set-up and checks (scripts/test.sh) apart. */
const parts: string[] = [];

async function timed<T>(part: string, work: Promise<T>): Promise<T> {
  const beginMs = performance.now();
  const result = await work;
  parts.push(`${part} ${((performance.now() - beginMs) / 1000).toFixed(0)} s`);
  return result;
}

/** A test file that failed and passed the second time: told at the end. More of them than this are a failure. */
const unsteadyLimit = 3;
const unsteady: string[] = [];
/** On an emulated processor Node.js itself ends by SIGSEGV now and then: one of five starts of a test file was seen to. */
const machineTries = 3;
const unsteadyMachines: string[] = [];

/** What has failed so far, by its path. */
const failedFiles = new Map<string, number>();

type Print = (text: string) => void;
const toScreen: Print = (text) => void process.stdout.write(text);

async function runFile(file: string, print: Print = toScreen): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0, skipped: [] };
  const stream = run({ files: [file], timeout: 300_000 });
  stream.on('test:pass', (data) => count(tally, { type: 'test:pass', data } as TestEvent));
  stream.on('test:fail', (data) => count(tally, { type: 'test:fail', data } as TestEvent));
  const beginMs = performance.now();
  for await (const text of stream.compose(new spec())) print(text as string);
  secondsOf.set(file, (performance.now() - beginMs) / 1000);
  failedFiles.delete(file);
  if (tally.failed > 0) failedFiles.set(file, tally.failed);
  return tally;
}

function add({ passed, failed, skipped }: Tally): void {
  total.passed += passed;
  total.failed += failed;
  total.skipped.push(...skipped);
}

/** What fails is run once more, alone: on a busy machine a test that waits too briefly must not hide what the others say. */
async function runAgain(): Promise<void> {
  const again = [...failedFiles];
  if (again.length === 0 || again.length > unsteadyLimit) return;
  console.log(`\nonce more, alone: ${again.map(([file]) => file).join(', ')}`);
  for (const [file, failed] of again) {
    const once = await runFile(file);
    if (once.failed > 0 || once.passed === 0) continue;
    unsteady.push(file);
    total.failed -= failed;
    total.passed += failed;
  }
}

/** One after the other. A machine that says nothing of its tests counts as one failure. */
async function runMachines(print: Print): Promise<void> {
  const missing = missingForMachines();
  for (const { machine, files } of guestRounds) {
    const wanted = files.filter(isWanted);
    if (wanted.length === 0) continue;
    if (missing !== undefined) {
      total.skipped.push(`${wanted.join(', ')}: ${missing}`);
      continue;
    }
    print(`\nin a virtual machine, ${machine}: ${wanted.join(', ')}`);
    let { status, tally } = await runInMachine(machine, guestCommand(wanted), print);
    for (let tries = 1; status !== 0 && tries < machineTries; tries++) {
      print('\nonce more');
      ({ status, tally } = await runInMachine(machine, guestCommand(wanted), print));
      if (status === 0) unsteadyMachines.push(machine);
    }
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

/** An engine that a test has started and not stopped would answer, or disturb, what comes after. What was just told to end has a moment. */
async function checkNothingRuns(): Promise<void> {
  const programs = `${import.meta.dirname.replace(/scripts$/, '')}dist/`;
  const left = (): string[] =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => `${pid} ${commandLine(pid)}`)
      .filter((line) => line.includes(programs));
  for (let tries = 0; left().length > 0 && tries < 20; tries++) await delay(100);
  for (const line of left()) {
    console.log(`process ${line}: it still runs`);
    total.failed++;
  }
}

/** Empty when it has ended meanwhile. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** The reporter's counts of one file: the whole is told at the end. */
const counts = /^.*ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+\S*\n/gm;

/** Takes one file after the other; what each says comes in one piece, below its name. */
async function runLane(queue: string[]): Promise<void> {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const said = [`\n${file}\n`];
    add(await runFile(file, (text) => said.push(text)));
    toScreen(said.join('').replaceAll(counts, ''));
  }
}

async function runSecondLane(): Promise<void> {
  const said: string[] = [];
  await timed(
    'machines',
    runMachines((line) => said.push(`${line}\n`)),
  ).finally(() => toScreen(said.join('')));
  await timed('lessons', runLane(files.filter(isLessons)));
  await timed('engines, the rest', runLane(withAnEngine));
}

/** What the person at this machine has chosen for themselves (`tlab accessibility`, filters, bookmarks) is not of the tests. */
const nobodysSettings = mkdtempSync(join(tmpdir(), 'tlab-settings-'));
process.env.XDG_CONFIG_HOME = nobodysSettings;
process.env.XDG_STATE_HOME = nobodysSettings;

await timed('what only computes', Promise.all([runLane(computing), runLane(computing)]));
const lanes = await Promise.allSettled([
  timed("this host's own", runLane(onThisHost)).then(() => runLane(withAnEngine)),
  runSecondLane(),
]);
for (const lane of lanes)
  if (lane.status === 'rejected') {
    console.log(`a lane of the tests ended: ${lane.reason}`);
    total.failed++;
  }
await timed('once more', runAgain());
if (process.getuid?.() === 0) checkNullDevice();
await checkNothingRuns();
rmSync(nobodysSettings, { recursive: true, force: true });

const byTime = [...secondsOf].sort(([, a], [, b]) => b - a).slice(0, slowest);
console.log(`took: ${parts.join(', ')}`);
console.log(`slowest files: ${byTime.map(([file, seconds]) => `${file} ${seconds.toFixed(0)} s`).join(', ')}`);
for (const name of [...unsteady, ...unsteadyMachines])
  console.log(`unsteady ${name}: failed, and passed when it was run again`);
for (const line of total.skipped) console.log(`skipped ${line}`);
const isRoot = process.getuid?.() === 0;
const unexpected = isRoot
  ? total.skipped.filter((line) => !expectedSkips.some((reason) => reason.test(line.split(': ').slice(1).join(': '))))
  : [];
if (unexpected.length > 0) console.log(`unexpected skips:\n${unexpected.join('\n')}`);
console.log(`${total.passed} passed, ${total.failed + unexpected.length} failed, ${total.skipped.length} skipped`);
process.exitCode = total.failed + unexpected.length > 0 || total.passed === 0 ? 1 : 0;
