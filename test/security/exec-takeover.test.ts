// A container with CAP_SYS_PTRACE and no user namespace may trace whatever it sees, a process that `exec` adds too, and have it do what it
// likes. So that process has nothing of the host from its first moment: no mounts, no descriptors, no rights that its program lacks.
// The controller (TLAB_CONTROL) holds it at a chosen operation, so that the attacker has all the time that it wants.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Answer, control } from '../../src/engine/control.ts';
import { compileProcessDocument } from '../../src/runc/compile.ts';
import { encodePlan } from '../../src/runc/plan/encode.ts';
import type { Operation } from '../../src/runc/plan/operations.ts';
import { hostile, withCapabilities } from '../helpers/hostile.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import type { Ran } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const place = new RuntimePlace();
after(() => place.remove());

const marker = `${place.folder}/only-on-the-host`;
const socket = `${place.folder}/control`;
let program = '';

before(async () => {
  if (process.getuid?.() !== 0) return;
  writeFileSync(marker, '');
  program = await hostile('takeover', place.folder);
});

/** One that may trace, and prints what it gets. */
async function attacker(): Promise<TestContainer> {
  const container = await place.bundle(['/takeover', 'tlab-runc', marker], {
    edit: (config) => withCapabilities(config, 'SYS_PTRACE'),
    prepare: (rootfs) => copyFileSync(program, `${rootfs}/takeover`),
  });
  await place.start(container);
  await waitUntil(() => container.output().startsWith('ready'), { what: 'the attacker' });
  return container;
}

type Change = (operations: readonly Operation[]) => readonly Operation[];

/** An exec with a changed plan. */
async function execWith(container: TestContainer, { changes = {}, change = (all) => all }: Given): Promise<Ran> {
  const config = readFileSync(`${container.bundle}/config.json`, 'utf8');
  const text = JSON.stringify({ ...JSON.parse(config).process, args: ['true'], ...changes });
  writeFileSync(`${container.bundle}/process.json`, text);
  const { plan, sha256 } = compileProcessDocument({ ...container, config, process: text });
  const bytes = encodePlan({ ...plan, operations: change(plan.operations) });
  writeFileSync(`${container.bundle}/plans/${sha256}.plan`, bytes);
  mkdirSync(`${container.bundle}/exec`, { recursive: true });
  const words = ['exec', '--process', `${container.bundle}/process.json`, container.id];
  return place.runc(words, { bundle: `${container.bundle}/exec`, env: { TLAB_CONTROL: socket } });
}

interface Given {
  changes?: Record<string, unknown>;
  change?: Change;
}

/** What the attacker got from a process that was held before `operation` until it had tried everything. */
async function gains(operation: string, given: Given = {}): Promise<string[]> {
  const container = await attacker();
  const controller = await control(socket, async ({ name }): Promise<Answer> => {
    if (name === operation)
      await waitUntil(() => /^tried$/m.test(container.output()), { what: 'the attacks', deadlineMs: 60_000 });
    return 'go';
  });
  const ran = await execWith(container, given);
  await controller.close();
  assert.equal(ran.status, 0, ran.stderr);
  const lines = container.output().trim().split('\n').slice(1);
  await place.runc(['delete', '--force', container.id]);
  return [...new Set(lines)];
}

const nothing = process.arch === 'x64' ? ['took over', 'tried'] : ['tried'];

test('a process that joins is taken over at its first operation, and gives nothing of the host', root(), async () => {
  assert.deepEqual(await gains('setsid'), nothing);
});

test('so it is right before its program, and with a user, limits and a filter of its own', root(), async () => {
  const changes = {
    user: { uid: 1000, gid: 1000 },
    noNewPrivileges: true,
    rlimits: ['RLIMIT_NOFILE', 'RLIMIT_NPROC'].map((type) => ({ type, soft: 64, hard: 64 })),
  };
  assert.deepEqual(await gains('exec', { changes }), nothing);
});

test('in the order of runtimes that join last the same attacks get files, descriptors and rights', root(), async () => {
  const names = new Set<string>();
  const change: Change = (all) => {
    const clone = all.filter(({ name }) => name === 'clone');
    const pid = all.findIndex(
      ({ name, arguments: values }) => name === 'setns' && Object.values(values)[0] === 'ns/pid',
    );
    assert.ok(pid > 0 && clone.length === 1);
    const rest = all.slice(pid + 1).filter(({ name }) => name !== 'clone' && name !== 'close_descriptors');
    for (const { name } of rest) names.add(name);
    return [...all.slice(0, pid + 1), ...clone, ...rest];
  };
  const got = await gains('session_keyring', { change });
  assert.ok(names.has('capset'));
  for (const way of ['through fd', 'through capabilities']) assert.ok(got.includes(way), `${way}: ${got}`);
  const early: Change = (all) => {
    const changed = change(all);
    const joins = changed.filter(
      ({ name, arguments: values }) => name === 'setns' && Object.values(values)[0] === 'ns/mnt',
    );
    const others = changed.filter((operation) => !joins.includes(operation));
    const at = others.findIndex(({ name }) => name === 'session_keyring') + 1;
    return [...others.slice(0, at), ...joins, ...others.slice(at)];
  };
  const mounts = await gains('session_keyring', { change: early });
  for (const way of ['through root', ...(process.arch === 'x64' ? ['through open', 'through mount'] : [])])
    assert.ok(mounts.includes(way), `${way}: ${mounts}`);
});

test('an attacker that is not waited for gets nothing either', root(), async () => {
  const container = await attacker();
  for (let count = 0; count < 40; count++) await place.exec(container, { args: ['true'] });
  assert.doesNotMatch(container.output(), /through|holds/);
});
