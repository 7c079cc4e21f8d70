// Programs through tlab-launch are as if started directly: outputs, status, input that ends, refusals, and an end when nobody wants them any more.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { binaries } from '../helpers/binaries.ts';
import { root } from '../helpers/root.ts';
import { waitUntil } from '../helpers/wait.ts';

const folder = mkdtempSync(`${tmpdir()}/tlab-launcher-`);
process.env.TLAB_RUN_ROOT = folder;
const { closeLauncher, openLauncher, startProgram } = await import('../../src/daemon/launcher.ts');
const { listTree, readFiles, runNative } = await import('../../src/daemon/build/copy/native.ts');
const native = { binaryFolder: binaries };
const needsRoot = root();

before(async () => {
  if (needsRoot.skip === false) await openLauncher(binaries);
});
after(async () => {
  await closeLauncher();
  rmSync(folder, { recursive: true, force: true });
});

/** Processes of a name whose parent's parent is this one: the launcher's. */
const running = (name: string): string[] =>
  execFileSync('ps', ['-eo', 'pid,stat,comm,args'])
    .toString()
    .split('\n')
    .filter((line) => line.includes(`${name} list --root ${folder}`) && !/ Z/.test(line));

test('what a program reads and writes goes through, much of it too', needsRoot, async () => {
  const text = 'line of a file\n'.repeat(200_000);
  writeFileSync(`${folder}/large`, text);
  const [large, none] = await readFiles(native, folder, ['large', 'missing']);
  assert.equal(large?.toString(), text);
  assert.equal(none, undefined);
  const [listed] = await listTree(native, folder, [{ kind: 'summed', path: 'large' }]);
  assert.equal(`${listed?.entries[0]?.sum}  -\n`, execFileSync('sha256sum', { input: text }).toString());
});

test('a refusal has its status and its words, though its input is not read', needsRoot, async () => {
  const ended = await runNative(native, ['tlab-copy', 'nothing'], [Buffer.alloc(4_000_000)]);
  assert.equal(ended.status, 1);
  assert.match(ended.message, /^nothing: usage: tlab-copy/);
});

test('a program that is not there, or lies elsewhere, is not executed', needsRoot, async () => {
  assert.match((await runNative(native, ['tlab-missing'], [])).message, /executing .*tlab-missing: No such file/);
  await assert.rejects(runNative(native, ['../../../bin/true'], []), /its launcher went away/);
});

test('a program ends with whoever wanted it', needsRoot, async () => {
  const ending = new AbortController();
  const never = async function* () {
    yield Buffer.from('t\0large\0');
    await new Promise((resolve) => ending.signal.addEventListener('abort', resolve));
  };
  const asked = runNative({ ...native, signal: ending.signal }, ['tlab-copy', 'list', '--root', folder], never());
  await waitUntil(() => running('tlab-copy').length > 0, { what: 'the program' });
  ending.abort();
  await assert.rejects(asked, /tlab-copy list: cancelled/);
  await waitUntil(() => running('tlab-copy').length === 0, { what: 'its end' });
});

test('when the launcher is gone, programs are started directly', needsRoot, async () => {
  await closeLauncher();
  const chunks: Buffer[] = [];
  const started = startProgram({
    folder: binaries,
    name: 'tlab-copy',
    arguments: ['list', '--root', folder],
    stdout: (chunk) => chunks.push(chunk),
    stderr: () => {},
  });
  started.stdin.end('o\0large\0');
  assert.equal(await started.ended, 0);
  assert.match(Buffer.concat(chunks).toString(), /^R\0large\0E/);
  assert.ok(readFileSync(`${folder}/large`).length > 0);
});
