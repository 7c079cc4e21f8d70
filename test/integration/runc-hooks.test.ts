// Hooks run in their places with the state that the specification promises, and a second container joins the namespaces of a first.
// Needs root, runc (for its default config.json), busybox-static and dist/bin/tlab-runc.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { makeBundle, type RuntimeConfig } from '../helpers/bundle.ts';
import { root } from '../helpers/root.ts';
import { must, run, start } from '../helpers/shell.ts';

const program = new URL('../../dist/bin/tlab-runc', import.meta.url).pathname;
const folder = process.getuid?.() === 0 ? mkdtempSync('/var/tmp/tlab-hooks-') : '';
const env = { TLAB_RUN_ROOT: `${folder}/run`, TLAB_DATA_ROOT: `${folder}/data` };
const parent = `/tlab-hooks-${process.pid}`;
const tlab = (...args: string[]): Promise<string> => must(program, ['--root', `${folder}/state`, ...args], { env });

after(async () => {
  if (folder === '') return;
  const cgroups = await must('sh', [
    '-c',
    `ls -d /sys/fs/cgroup/*${parent} /sys/fs/cgroup${parent} 2>/dev/null || true`,
  ]);
  for (const path of cgroups.split('\n').filter(Boolean)) await run('rmdir', [path]);
  rmSync(folder, { recursive: true, force: true });
});

async function bundle(name: string, args: string[], edit: (config: RuntimeConfig) => void): Promise<string> {
  await makeBundle(`${folder}/${name}`, {
    args,
    edit: (config) => {
      config.linux.cgroupsPath = `${parent}/${name}`;
      edit(config);
    },
  });
  return `${folder}/${name}`;
}

/** Appends `<phase> <status in the state on its standard input> <mount namespace is the host's>` to a file that all can see. */
const hookScript = `#!/bin/sh
state=$(cat)
status=$(echo "$state" | tr -d '\\n' | sed 's/.*"status": *"\\([a-z]*\\)".*/\\1/')
same=$([ "$(readlink /proc/self/ns/mnt)" = "$HOST" ] && echo host || echo container)
echo "$1 $status $same" >> "$OUT"
`;

test('hooks run in order, with the status and in the namespaces of the specification', root(), async () => {
  const out = `${folder}/out`;
  mkdirSync(out);
  writeFileSync(`${out}/hook`, hookScript, { mode: 0o755 });
  const host = await must('readlink', ['/proc/self/ns/mnt']);
  const hook = (phase: string) => [
    {
      path: `${out}/hook`,
      args: ['hook', phase],
      env: ['PATH=/usr/bin:/bin', `OUT=${out}/log`, `HOST=${host}`],
      timeout: 5,
    },
  ];
  const path = await bundle('hooks', ['true'], (config) => {
    (config.mounts as unknown[]).push({ destination: out, source: out, type: 'bind', options: ['rbind'] });
    config.root.readonly = false;
    config.hooks = Object.fromEntries(
      ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'].map((phase) => [
        phase,
        hook(phase),
      ]),
    );
  });
  await tlab('run', '--bundle', path, `hooks-${process.pid}`);
  const lines = readFileSync(`${out}/log`, 'utf8').trim().split('\n');
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('poststart')),
    [
      'prestart creating host',
      'createRuntime creating host',
      'createContainer creating container',
      'startContainer created container',
      'poststop stopped host',
    ],
  );
  // The program may end before its poststart hooks have asked.
  assert.match(lines.find((line) => line.startsWith('poststart')) ?? '', /^poststart (running|stopped) host$/);
});

test('a hook that fails ends the container and leaves nothing', root(), async () => {
  const path = await bundle('failing', ['true'], (config) => {
    config.hooks = { createRuntime: [{ path: '/bin/false' }] };
  });
  const id = `failing-${process.pid}`;
  const ran = await run(program, ['--root', `${folder}/state`, 'run', '--bundle', path, id], { env });
  assert.notEqual(ran.status, 0);
  assert.match(ran.stderr, /\/bin\/false/);
  assert.equal(await tlab('list', '-q'), '');
});

test(
  'a poststart hook that fails stops the program, later ones do not run, and the poststop hooks do',
  root(),
  async () => {
    const out = `${folder}/late`;
    const touch = (name: string) => ({ path: '/usr/bin/touch', args: ['touch', `${out}-${name}`] });
    const path = await bundle('late', ['sleep', '1000'], (config) => {
      config.hooks = {
        poststart: [{ path: '/bin/false' }, touch('poststart')],
        poststop: [{ path: '/bin/false' }, touch('poststop')],
      };
    });
    const id = `late-${process.pid}`;
    const runtime = ['--root', `${folder}/state`];
    await start(program, [...runtime, 'create', '--bundle', path, id], { env }).ended;
    const started = await run(program, [...runtime, 'start', id], { env });
    assert.equal(started.status, 1);
    assert.match(started.stderr, /running poststart hook "\/bin\/false": exit status 1.*\/hooks\/poststart\/0/);
    assert.equal((JSON.parse(await tlab('state', id)) as { status: string }).status, 'stopped');
    const deleted = await run(program, [...runtime, 'delete', id], { env });
    assert.match(deleted.stderr, /warning: running poststop hook "\/bin\/false"/);
    assert.deepEqual([deleted.status, existsSync(`${out}-poststart`), existsSync(`${out}-poststop`)], [0, false, true]);
  },
);

test('a hook that is not done in its time is killed and fails', root(), async () => {
  const path = await bundle('slow', ['true'], (config) => {
    config.hooks = { createContainer: [{ path: '/bin/sleep', args: ['sleep', '1000'], timeout: 1 }] };
  });
  const ran = await run(program, ['--root', `${folder}/state`, 'run', '--bundle', path, `slow-${process.pid}`], {
    env,
  });
  assert.match(ran.stderr, /running createContainer hook "\/bin\/sleep": not done in 1 s/);
  assert.equal(await tlab('list', '-q'), '');
});

test('a container joins the pid, network, ipc and uts namespaces of another', root(), async () => {
  const first = `first-${process.pid}`;
  const path = await bundle('first', ['sleep', '1000'], (config) => {
    config.hostname = 'the-first';
  });
  await start(program, ['--root', `${folder}/state`, 'create', '--bundle', path, first], { env }).ended;
  try {
    await tlab('start', first);
    const { pid } = JSON.parse(await tlab('state', first)) as { pid: number };
    const second = await bundle(
      'second',
      ['sh', '-c', 'hostname; ps -o pid,args | grep [s]leep; ls -l /proc/self/ns | tail -n +2'],
      (config) => {
        delete config.hostname;
        const joined = { pid: 'pid', network: 'net', ipc: 'ipc', uts: 'uts' };
        config.linux.namespaces = [
          { type: 'mount' },
          ...Object.entries(joined).map(([type, file]) => ({ type, path: `/proc/${pid}/ns/${file}` })),
        ];
      },
    );
    const output = await tlab('run', '--bundle', second, `second-${process.pid}`);
    assert.match(output, /^the-first\n +1 sleep 1000\n/);
    const namespaces = await must('sh', ['-c', `ls -l /proc/${pid}/ns`]);
    for (const name of ['pid', 'net', 'ipc', 'uts']) {
      const link = new RegExp(`${name}:\\[\\d+\\]`);
      assert.equal(link.exec(output)?.[0], link.exec(namespaces)?.[0]);
    }
  } finally {
    await tlab('delete', '--force', first);
  }
});
