// `tlab trace diff` over real runs: the same command twice has no difference, whatever else goes on; a flag's whole effect fits a screen.
// Needs root, cgroups, overlayfs, iptables and apt (for the offline images); against a real runtime also runc and the tracer (eBPF).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../helpers/engine.ts';
import { root } from '../helpers/root.ts';

let engine: TestEngine;
/** The trace of `run --rm busybox true`. */
let plain: string;

/** Records a run; the trace's id. */
async function record(...args: string[]): Promise<string> {
  await engine.must('trace', 'run', '--rm', ...args, 'busybox', 'true');
  return ((await engine.must('trace', 'ls', '--quiet')).split('\n')[0] ?? '').trim();
}

interface Compared {
  status: number;
  lines: string[];
  text: string;
}

async function diff(...args: string[]): Promise<Compared> {
  const { status, stdout, stderr } = await engine.tlab(['trace', 'diff', ...args], { env: { COLUMNS: '80' } });
  assert.equal(stderr, '');
  return { status, lines: stdout.trimEnd().split('\n'), text: stdout.replace(/\n {4}/g, ' ') };
}

/** What differs from a plain run: one cause, one screen. */
async function causedBy(flag: string, ...args: string[]): Promise<string> {
  const { status, lines, text } = await diff(plain, await record(...args));
  assert.equal(status, 1);
  assert.ok(lines.length <= 24, `${lines.length} lines:\n${text}`);
  assert.deepEqual(
    lines.filter((line) => [...line].length > 80),
    [],
  );
  assert.deepEqual(
    lines.filter((line) => line.startsWith('because of ')),
    [`because of ${flag} (B)`],
    text,
  );
  assert.deepEqual(
    lines.filter((line) => /^(default|note|of unknown)/.test(line)),
    [],
    text,
  );
  return text;
}

before(async () => {
  if (root().skip !== false) return;
  engine = await startEngine();
  await record(); // the first container makes the bridge
  plain = await record();
});
after(async () => {
  await engine?.stop();
});

test('the same command twice has no difference', root(), async () => {
  for (let i = 0; i < 3; i++) {
    const { status, lines, text } = await diff(plain, await record());
    assert.match(lines.at(-1) ?? '', /^no difference: \d+ operations alike$/, text);
    assert.equal(status, 0);
  }
});

test(
  'other containers at the same time make no difference, nor do the address and port that were free',
  root(),
  async () => {
    await engine.must('run', '-d', '--name', 'neighbour', 'busybox', 'sleep', '600');
    const alone = await record('-p', '80');
    const load = Array.from({ length: 3 }, () => engine.tlab(['run', '--rm', '-p', '80', 'busybox', 'sleep', '1']));
    const among = [await record('-p', '80'), await record('-p', '80')];
    await Promise.all(load);
    for (const one of among) {
      const { status, text } = await diff(alone, one);
      assert.equal(status, 0, text);
    }
    await engine.must('rm', '--force', 'neighbour');
  },
);

test('--privileged: what is no longer hidden, forbidden or filtered', root(), async () => {
  const text = await causedBy('--privileged', '--privileged');
  assert.match(text, / - \d+ masked paths/);
  assert.match(text, / - \d+ read-only paths/);
  assert.match(text, / - seccomp filter: \d+ instructions/);
  assert.match(text, / \+ \d+ devices/);
  assert.match(text, / ~ .*\/sys.*: ro → rw/);
  assert.match(text, / ~ 3 capability sets \(bounding, effective, permitted\): 14 → \d+, \+/);
});

test('--read-only: one thing', root(), async () => {
  const text = await causedBy('--read-only', '--read-only');
  assert.match(text, / {2}\+ root file system: read-only\n/);
  assert.match(text, /\d+ operations alike; 0 only in A \(-\), 1 only in B \(\+\), 0 changed \(~\)/);
});

test('--memory: the limit, and swap that follows it', root(), async () => {
  const text = await causedBy('--memory 64m', '--memory', '64m');
  assert.match(text, /\+ 2 cgroup values: memory\.\S+ = 67108864, memory\.\S+ = (134217728|67108864)/);
  assert.match(text, /0 only in A \(-\), 2 only in B \(\+\), 0 changed/);
});

test('--init: a program more, and the first process is another', root(), async () => {
  const text = await causedBy('--init', '--init');
  assert.match(text, / \+ mount: \/sbin\/docker-init \(bind:<tlab>\/tlab-init, ro\)/);
  assert.match(text, / ~ program: true → \/sbin\/docker-init -- true/);
});

test('--network host: no namespace, no link, no address, no route', root(), async () => {
  const text = await causedBy('--network host', '--network', 'host');
  for (const gone of ['new namespace: network', 'namespace joined: network', 'network address: ', 'route: default']) {
    assert.ok(text.includes(` - ${gone}`), text);
  }
  assert.match(text, / - \d+ network links: veth/);
  assert.match(text, / ~ host name: the container's id → /);
});

test('two flags: each change stands below its own', root(), async () => {
  const { lines } = await diff(plain, await record('--read-only', '--memory', '64m'));
  assert.deepEqual(lines.filter((line) => line.startsWith('because of ')).sort(), [
    'because of --memory 64m (B)',
    'because of --read-only (B)',
  ]);
});

test('ours and a real runc come to the same, by other calls', root(), async (t) => {
  const real = await record('--runtime', 'runc');
  const header = (await engine.must('trace', 'export', real)).split('\n')[0] ?? '';
  const { calls, blind } = JSON.parse(header) as { calls?: number; blind: string[] };
  if (calls === undefined) {
    const refused = await engine.tlab(['trace', 'diff', plain, real]);
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /B does not say what runc did/);
    return t.skip(`needs the tracer: ${blind.join('; ')}`);
  }
  const { lines, text } = await diff(plain, real);
  assert.ok(lines.length <= 24, text);
  const alike = Number(/(\d+) operations alike/.exec(text)?.[1]);
  const differing = (text.match(/^ {2}[-+~] /gm) ?? []).length;
  assert.ok(alike > 80, text);
  assert.ok(differing <= 4, text);
  assert.match(
    text,
    /how they did it, in system calls\n {2}runtime: \d+ by \d+ processes in A, \d+ by \d+ processes in B/,
  );
  assert.match(text, /only A: .*\n/);
  assert.match(text, /only B: .*\n/);

  const shown = await engine.must('trace', 'show', real, '--json');
  const events = shown
    .split('\n')
    .map((line) => JSON.parse(line) as { truth: string; type: string; cause?: string; data: { operation?: string } });
  const pivot = events.find(({ data }) => data.operation === 'pivot_root');
  assert.equal(pivot?.truth, 'derived');
  assert.equal(pivot?.cause, 'config:/root/path');
});

test('two exported files are compared without an engine, as text and as JSON', root(), async () => {
  const files = [`${engine.root}/a.jsonl`, `${engine.root}/b.jsonl`];
  for (const [i, id] of [plain, await record('--read-only')].entries()) {
    await engine.must('trace', 'export', id, '--output', files[i] ?? '');
  }
  const nowhere = { env: { TLAB_RUN_ROOT: '/nonexistent', TLAB_DATA_ROOT: '/nonexistent', COLUMNS: '80' } };
  const text = await engine.tlab(['trace', 'diff', ...files], nowhere);
  assert.equal(text.status, 1);
  assert.match(text.stdout, / {2}\+ root file system: read-only\n/);
  const json = await engine.tlab(['trace', 'diff', '--json', ...files], nowhere);
  const { differences } = JSON.parse(json.stdout) as { differences: { cause: string; kind: string }[] };
  assert.deepEqual(
    differences.map(({ cause, kind }) => [cause, kind]),
    [['flag:--read-only', 'root']],
  );
});

test('what cannot be compared is said', root(), async () => {
  const missing = await engine.tlab(['trace', 'diff', plain, '/nonexistent.jsonl']);
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /trace \/nonexistent\.jsonl: ENOENT/);
  const one = await engine.tlab(['trace', 'diff', plain]);
  assert.equal(one.status, 2);
  assert.match(one.stderr, /trace diff/);
});
