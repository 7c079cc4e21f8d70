// Each verb of the native runtime in each state: allowed or refused exactly as the state machine says, with its words.
// Needs root, runc (for its default config.json), busybox-static and dist/bin/tlab-runc.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { nextStatus, type OciEvent, type OciStatus, statusesThatAllow } from '../../src/runc/state.machine.ts';
import { makeBundle } from '../helpers/bundle.ts';
import { root } from '../helpers/root.ts';
import { must, type Ran, run, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const program = new URL('../../dist/bin/tlab-runc', import.meta.url).pathname;
const folder = process.getuid?.() === 0 ? mkdtempSync('/var/tmp/tlab-states-') : '';
const env = { TLAB_RUN_ROOT: `${folder}/run`, TLAB_DATA_ROOT: `${folder}/data` };
const parent = `/tlab-states-${process.pid}`;
let made = 0;

before(async () => {
  if (folder === '') return;
  await makeBundle(`${folder}/bundle`, {
    args: ['sleep', '1000'],
    edit: (config) => {
      config.linux.cgroupsPath = `${parent}/c`;
    },
  });
});
after(async () => {
  if (folder === '') return;
  const hierarchies = (await must('sh', ['-c', `ls -d /sys/fs/cgroup/*${parent} 2>/dev/null || true`]))
    .split('\n')
    .filter(Boolean);
  for (const path of hierarchies) await run('rmdir', [path]);
  rmSync(folder, { recursive: true, force: true });
});

const call = (...args: string[]): Promise<Ran> =>
  run(program, ['--root', `${folder}/state`, ...args], { env, timeoutMs: 10_000 });

const statusOf = async (id: string): Promise<string> =>
  (JSON.parse((await call('state', id)).stdout) as { status: string }).status;

/** How to bring a new container into a status. */
const ways: Readonly<Record<Exclude<OciStatus, 'creating'>, readonly string[][]>> = {
  created: [],
  running: [['start']],
  paused: [['start'], ['pause']],
  stopped: [['kill', 'KILL']],
};

async function containerThatIs(status: keyof typeof ways): Promise<string> {
  const id = `states-${process.pid}-${made++}`;
  await start(program, ['--root', `${folder}/state`, 'create', '--bundle', `${folder}/bundle`, id], { env }).ended;
  for (const [verb = '', ...rest] of ways[status])
    assert.equal((await call(verb, id, ...rest)).status, 0, `${verb} ${id}`);
  await waitUntil(async () => (await statusOf(id)) === status, { what: `${id} to be ${status}` });
  return id;
}

const verbs: Readonly<Record<Exclude<OciEvent, 'created' | 'exit'>, (id: string) => string[]>> = {
  start: (id) => ['start', id],
  exec: (id) => ['exec', id, 'true'],
  update: (id) => ['update', '--pids-limit', '50', id],
  kill: (id) => ['kill', id, 'WINCH'],
  pause: (id) => ['pause', id],
  resume: (id) => ['resume', id],
  delete: (id) => ['delete', id],
};

/** containerd's shims know a dead container by runc's own words, so `kill` says those. @source containerd pkg/process/utils.go */
const refusalOf = (verb: OciEvent, status: OciStatus): RegExp =>
  verb === 'kill'
    ? /container not running/
    : new RegExp(`it is ${status}, must be .*${statusesThatAllow(verb).at(-1)}`);

for (const status of Object.keys(ways) as (keyof typeof ways)[]) {
  for (const verb of Object.keys(verbs) as (keyof typeof verbs)[]) {
    const next = nextStatus(status, verb);
    test(
      `${verb} of a container that is ${status} ${next === undefined ? 'is refused' : `leaves it ${next}`}`,
      root(),
      async () => {
        const id = await containerThatIs(status);
        try {
          const ran = await call(...verbs[verb](id));
          if (next === undefined) {
            assert.notEqual(ran.status, 0);
            assert.match(ran.stderr, refusalOf(verb, status));
            assert.equal(await statusOf(id), status);
          } else {
            assert.equal(ran.status, 0, ran.stderr);
            if (next === 'deleted') assert.match((await call('state', id)).stderr, /does not exist/);
            else assert.equal(await statusOf(id), next);
          }
        } finally {
          await call('delete', '--force', id);
        }
      },
    );
  }
}
