// The native runtime's verbs on the real kernel: create, start, state, kill, delete, exec, pause, and what is left when they fail.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { readCgroupLayout } from '../../src/runc/host/cgroups.ts';
import { binaries } from '../helpers/binaries.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import { run } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const place = new RuntimePlace();
after(() => place.remove());

const isGone = (pid: number): boolean =>
  !existsSync(`/proc/${pid}`) || /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

function assertNothingIsLeft(container: TestContainer): void {
  assert.equal(existsSync(`${place.root}/${container.id}`), false, 'the state directory is gone');
  assert.deepEqual(place.cgroups(container), [], 'its cgroups are gone');
}

test('a container is created, runs only after start, stops, and is deleted without a trace', root(), async () => {
  const container = await place.bundle(['sh', '-c', 'echo started; exec sleep 1000']);
  assert.equal((await place.create(container, '--pid-file', `${container.bundle}/pid`)).status, 0);
  const created = await place.state(container);
  assert.equal(created.status, 'created');
  assert.equal(String(created.pid), readFileSync(`${container.bundle}/pid`, 'utf8'));
  assert.equal(created.bundle, container.bundle);
  assert.equal(container.output(), '');
  assert.ok(place.cgroups(container).length > 0);

  assert.equal((await place.runc(['start', container.id])).status, 0);
  await waitUntil(() => container.output() === 'started\n', { what: 'the program to start' });
  assert.equal((await place.state(container)).status, 'running');

  assert.equal((await place.runc(['kill', container.id, 'SIGKILL'])).status, 0);
  await place.reaches(container, 'stopped');
  assert.equal((await place.state(container)).pid, 0);
  assert.equal((await place.runc(['delete', container.id])).status, 0);
  assertNothingIsLeft(container);
});

test('below a frozen cgroup nothing is created: the first process would stand still for ever', root(), async () => {
  const [freezer] = readCgroupLayout().v1.filter(({ controllers }) => controllers.includes('freezer'));
  const parent = `/tlab-test-frozen-${process.pid}`;
  const frozen = `${freezer?.mountpoint ?? readCgroupLayout().v2}${parent}`;
  mkdirSync(frozen);
  try {
    const [file, word] = freezer === undefined ? ['cgroup.freeze', '1'] : ['freezer.state', 'FROZEN'];
    writeFileSync(`${frozen}/${file}`, word);
    const container = await place.bundle(['true'], {
      edit: ({ linux }) => Object.assign(linux, { cgroupsPath: `${parent}/below` }),
    });
    const { status, stderr } = await place.create(container);
    assert.equal(status, 1);
    assert.ok(stderr.includes(`container's cgroup unexpectedly frozen: "${frozen}"`), stderr);
    assertNothingIsLeft(container);
  } finally {
    rmdirSync(frozen);
  }
});

test('run gives the exit status of the program, and 128+n for a signal', root(), async () => {
  const seven = await place.bundle(['sh', '-c', 'echo out; exit 7']);
  const ran = await place.run(seven);
  assert.deepEqual({ status: ran.status, stdout: ran.stdout }, { status: 7, stdout: 'out\n' });
  assertNothingIsLeft(seven);
  // The first process of a PID namespace ignores signals without a handler that come from inside.
  const killed = await place.bundle(['sh', '-c', 'trap "exit 130" TERM; kill -TERM $$; sleep 5']);
  assert.equal((await place.run(killed)).status, 130);
});

test('state refusals say what the container is and what it must be', root(), async () => {
  const container = await place.bundle(['sleep', '1000']);
  await place.start(container);
  const again = await place.runc(['start', container.id]);
  assert.equal(again.status, 1);
  assert.match(again.stderr, /cannot start container "c\d+": it is running, must be created/);
  const early = await place.runc(['delete', container.id]);
  assert.match(early.stderr, /cannot delete container "c\d+": it is running, must be stopped/);
  const taken = await place.create(container);
  assert.match(taken.stderr, /container with id exists: c\d+/);
  assert.equal((await place.state(container)).status, 'running', 'the refused create has not touched it');
  assert.equal((await place.runc(['delete', '--force', container.id])).status, 0);
  assertNothingIsLeft(container);
  assert.equal((await place.runc(['delete', '--force', container.id])).status, 0, 'a second time is no error');
  assert.match((await place.runc(['delete', container.id])).stderr, /container "c\d+" does not exist/);
  assert.match((await place.runc(['state', '../x'])).stderr, /container id "\.\.\/x": expected letters/);
});

test('pause freezes every process and resume lets them go on', root(), async () => {
  const container = await place.bundle(['sh', '-c', 'while :; do echo tick; sleep 0.02; done']);
  await place.start(container);
  await waitUntil(() => container.output().length > 0, { what: 'output' });
  assert.equal((await place.runc(['pause', container.id])).status, 0);
  assert.equal((await place.state(container)).status, 'paused');
  assert.match((await place.runc(['pause', container.id])).stderr, /it is paused, must be running/);
  const frozen = container.output();
  assert.match((await place.exec(container, { args: ['true'] })).stderr, /it is paused, must be running/);
  assert.equal(container.output(), frozen, 'the frozen writer appends nothing');
  assert.equal((await place.runc(['resume', container.id])).status, 0);
  await waitUntil(() => container.output().length > frozen.length, { what: 'output again' });
  await place.runc(['pause', container.id]);
  assert.equal((await place.runc(['delete', '--force', container.id])).status, 0, 'a frozen container can be removed');
  assertNothingIsLeft(container);
});

test('a terminal in the foreground takes more input than it holds, while its output fills', root(), async () => {
  const lines = 6000;
  const container = await place.bundle(['cat'], {
    edit: (config) => Object.assign(config.process, { terminal: true }),
  });
  const words = ['--root', place.root, 'run', '--bundle', container.bundle, container.id];
  // What the runtime holds when it ends is the kernel's to take.
  const env = { ASAN_OPTIONS: 'detect_leaks=0' };
  const input = `${`${'x'.repeat(70)}\n`.repeat(lines)}\x04`;
  const ran = await run(`${binaries}/tlab-runc`, words, { env, input });
  assert.equal(ran.status, 0, ran.stderr);
  assert.ok(ran.stdout.split('\r\n').length > lines, `${ran.stdout.length} bytes`);
  assertNothingIsLeft(container);
});

test('a create that is asked to end comes to its own end, and leaves a whole container', root(), async () => {
  const begun = `${place.folder}/begun`;
  const container = await place.bundle(['sleep', '1000'], {
    edit: (config) => {
      config.hooks = { createRuntime: [{ path: '/bin/sh', args: ['sh', '-c', `: > ${begun}; sleep 0.3`] }] };
    },
  });
  const { child } = place.spawn(['create', '--bundle', container.bundle, container.id], container);
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  await waitUntil(() => existsSync(begun), { what: 'the hook' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) child.kill(signal);
  assert.equal(await ended, 0);
  assert.equal((await place.state(container)).status, 'created');
  assert.equal((await place.runc(['delete', '--force', container.id])).status, 0);
  assertNothingIsLeft(container);
});

test('SIGKILL ends a paused container, by its first process and by all of them', root(), async () => {
  for (const words of [[], ['--all']]) {
    const container = await place.bundle(['sleep', '1000']);
    await place.start(container);
    await place.runc(['pause', container.id]);
    await place.runc(['kill', ...words, container.id, 'TERM']);
    assert.equal((await place.state(container)).status, 'paused', 'any other signal waits');
    assert.equal((await place.runc(['kill', ...words, container.id, 'KILL'])).status, 0);
    await place.reaches(container, 'stopped');
    assert.equal((await place.runc(['delete', container.id])).status, 0);
    assertNothingIsLeft(container);
  }
});

test('exec joins namespaces, cgroups and identity, and gives the exit status', root(), async () => {
  const container = await place.bundle(['sleep', '1000']);
  const pid = await place.start(container);
  const script =
    'readlink /proc/self/ns/pid; readlink /proc/self/ns/net; id -u; id -G; pwd; echo $HOME; cat /proc/self/cgroup; exit 9';
  const ran = await place.exec(container, {
    args: ['sh', '-c', script],
    user: { uid: 1000, gid: 1000, additionalGids: [5] },
    cwd: '/bin',
  });
  assert.equal(ran.status, 9);
  const [pidNamespace, network, uid, gids, cwd, home, ...cgroups] = ran.stdout.trim().split('\n');
  assert.equal(pidNamespace, readlinkSync(`/proc/${pid}/ns/pid`));
  assert.equal(network, readlinkSync(`/proc/${pid}/ns/net`));
  assert.deepEqual([uid, gids, cwd, home], ['1000', '1000 5', '/bin', '/']);
  // On a version 2 host the container has a cgroup namespace, whose root is its own cgroup.
  const isOwn = (line: string): boolean => line === '0::/' || line.endsWith(`/${container.id}`);
  assert.ok(cgroups.length > 0 && cgroups.every(isOwn), cgroups.join());

  const missing = await place.exec(container, { args: ['nope'] });
  assert.equal(missing.status, 255);
  assert.match(missing.stderr, /exec: "nope": executable file not found in \$PATH/);
});

test('a detached exec is left to its caller, its pid in the file', root(), async () => {
  const container = await place.bundle(['sleep', '1000']);
  await place.start(container);
  const ran = await place.exec(
    container,
    { args: ['sleep', '999'] },
    '--detach',
    '--pid-file',
    `${container.bundle}/exec.pid`,
  );
  assert.equal(ran.status, 0, ran.stderr);
  const pid = Number(readFileSync(`${container.bundle}/exec.pid`, 'utf8'));
  await waitUntil(() => safeCommand(String(pid)) === 'sleep\u0000999\u0000', { what: 'the program' });
  await place.state(container); // by then a signal that the runtime's end sends would have arrived
  assert.equal(isGone(pid), false);
  await place.runc(['kill', '--all', container.id, 'KILL']);
  await waitUntil(() => isGone(pid), { what: 'every process of the container to be killed' });
});

test('a program that is missing or not executable fails create, with the words that engines know', root(), async () => {
  const cases = [
    { args: ['nope'], words: /unable to start container process: exec: "nope": executable file not found in \$PATH/ },
    { args: ['/nope'], words: /exec: "\/nope": stat \/nope: no such file or directory/ },
    { args: ['/etc/text'], words: /exec: "\/etc\/text": permission denied/ },
    { args: ['/etc'], words: /exec: "\/etc": is a directory: permission denied/ },
  ];
  for (const { args, words } of cases) {
    const container = await place.bundle(args, {
      prepare: (rootfs) => writeFileSync(`${rootfs}/etc/text`, 'no program'),
    });
    const log = `${container.bundle}/log.json`;
    const ran = await place.runc(
      ['--log', log, '--log-format', 'json', 'create', '--bundle', container.bundle, container.id],
      container,
    );
    assert.equal(ran.status, 1);
    assert.equal(ran.stderr, '', "standard error is the container's: the log has the reason");
    const line = JSON.parse(readFileSync(log, 'utf8')) as Record<string, string>;
    assert.equal(line.level, 'error');
    assert.match(line.msg ?? '', words);
    assertNothingIsLeft(container);
  }
});

test(
  'a failing operation names call, errno and line of config.json, and everything made is undone',
  root(),
  async () => {
    const container = await place.bundle(['true'], {
      edit: (config) => {
        (config.mounts as unknown[]).push({
          destination: '/data',
          type: 'bind',
          source: '/nonexistent',
          options: ['rbind'],
        });
      },
    });
    const ran = await place.create(container);
    assert.equal(ran.status, 1);
    assert.match(
      ran.stderr,
      /mounting "\/nonexistent" on "\/data": open_tree\(2\): ENOENT no such file or directory \(config\.json \/mounts\/\d+\)/,
    );
    assertNothingIsLeft(container);
  },
);

test('hooks run in their phases with the state on standard input, and a failing one fails create', root(), async () => {
  const log = `${place.folder}/hooks`;
  const hook = (phase: string) => [{ path: '/bin/sh', args: ['sh', '-c', `echo "${phase} $(cat)" >> ${log}`] }];
  const phases = ['prestart', 'createRuntime', 'poststart', 'poststop'];
  const container = await place.bundle(['true'], {
    edit: (config) => {
      config.hooks = Object.fromEntries(phases.map((phase) => [phase, hook(phase)]));
    },
  });
  assert.equal((await place.run(container)).status, 0);
  const lines = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => ({ phase: line.split(' ')[0], state: JSON.parse(line.slice(line.indexOf(' '))) }));
  assert.deepEqual(
    lines.map(({ phase }) => phase),
    phases,
  );
  assert.deepEqual(
    lines.map(({ state }) => state.status),
    ['creating', 'creating', 'running', 'stopped'],
  );
  assert.ok(lines.slice(0, 3).every(({ state }) => state.pid > 0 && state.id === container.id));

  const failing = await place.bundle(['true'], {
    edit: (config) => {
      config.hooks = { createRuntime: [{ path: '/bin/sh', args: ['sh', '-c', 'echo broken >&2; exit 3'] }] };
    },
  });
  const ran = await place.create(failing);
  assert.match(ran.stderr, /running createRuntime hook "\/bin\/sh": exit status 3: broken/);
  assertNothingIsLeft(failing);

  const slow = await place.bundle(['true'], {
    edit: (config) => {
      config.hooks = { createRuntime: [{ path: '/bin/sleep', args: ['sleep', '100'], timeout: 1 }] };
    },
  });
  assert.match((await place.create(slow)).stderr, /not done in 1 s/);
  assertNothingIsLeft(slow);
});

test('kill -9 of create takes the child along, and delete --force cleans up', root(), async () => {
  const container = await place.bundle(['sleep', '1000'], {
    edit: (config) => {
      config.hooks = { createRuntime: [{ path: '/bin/sleep', args: ['sleep', '777'] }] };
    },
  });
  const { child } = place.spawn(['create', '--bundle', container.bundle, container.id], container);
  const inCgroup = (): number[] =>
    place
      .cgroups(container)
      .flatMap((directory) =>
        readFileSync(`${directory}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number),
      );
  const pid = await waitUntil<number | false>(
    () => {
      const pids = inCgroup();
      const hookRuns = readdirSync('/proc').some(
        (name) => /^\d+$/.test(name) && safeCommand(name) === 'sleep\u0000777\u0000',
      );
      return hookRuns && (pids[0] ?? false);
    },
    { what: 'create to run its hook' },
  );
  child.kill('SIGKILL');
  await waitUntil(() => isGone(Number(pid)), { what: 'the half-made container to die with its runtime' });
  assert.equal((await place.runc(['delete', '--force', container.id])).status, 0);
  assertNothingIsLeft(container);
  for (const name of readdirSync('/proc'))
    if (/^\d+$/.test(name) && safeCommand(name) === 'sleep\u0000777\u0000') process.kill(Number(name), 'SIGKILL');
});

function safeCommand(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
