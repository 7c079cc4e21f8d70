// The seccomp filter on the real kernel: its actions, its flags, and the agent that answers for a filter with a listener.
// Needs root and gcc (for the agent).
import assert from 'node:assert/strict';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { SeccompProfileInput } from '../../src/oci/runtime-seccomp.ts';
import type { RuntimeConfig } from '../helpers/bundle.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import { must, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const place = new RuntimePlace();
const agentProgram = `${place.folder}/seccomp-agent`;
const agents: ReturnType<typeof start>[] = [];

before(() => must('gcc', ['-o', agentProgram, new URL('seccomp-agent.c', import.meta.url).pathname]));
after(async () => {
  for (const agent of agents) await agent.stop('SIGKILL');
  await place.remove();
});

const nothing = (): void => undefined;

const filtered = (args: string[], seccomp: SeccompProfileInput, edit: (config: RuntimeConfig) => void = nothing) =>
  place.bundle(args, {
    edit: (config) => {
      config.linux.seccomp = seccomp;
      edit(config);
    },
  });

const onMkdir = (action: string, more: Partial<SeccompProfileInput> = {}): SeccompProfileInput => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action }],
  ...more,
});

const script = 'mkdir /tmp/made; echo "status $?"';

const actions: readonly [action: string, output: RegExp][] = [
  ['SCMP_ACT_ERRNO', /^status 1\n$/],
  ['SCMP_ACT_KILL', /^status 159\n$/],
  ['SCMP_ACT_KILL_THREAD', /^status 159\n$/],
  ['SCMP_ACT_KILL_PROCESS', /^status 159\n$/],
  ['SCMP_ACT_TRAP', /^status 159\n$/],
  // Without a tracer the call is not made: ENOSYS.
  ['SCMP_ACT_TRACE', /^status 1\n$/],
  ['SCMP_ACT_LOG', /^status 0\n$/],
];

for (const [action, output] of actions) {
  test(`${action} does what it says`, root(), async () => {
    const container = await filtered(['sh', '-c', script], onMkdir(action), (config) => {
      (config.mounts as object[]).push({ destination: '/tmp', type: 'tmpfs', source: 'tmpfs' });
    });
    assert.match((await place.run(container)).stdout, output);
  });
}

test('an error number is the one that the profile gives, for a rule and for the default', root(), async () => {
  const container = await filtered(['mkdir', '/made'], {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 28 }],
  });
  assert.match((await place.run(container)).stderr, /No space left on device/);
});

for (const flag of ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW']) {
  test(`the kernel takes ${flag}`, root(), async () => {
    const container = await filtered(['sh', '-c', script], onMkdir('SCMP_ACT_ERRNO', { flags: [flag] }));
    assert.equal((await place.run(container)).stdout, 'status 1\n');
  });
}

async function agentFor(container: string): Promise<{ path: string; heard: () => string[] }> {
  const path = `${place.folder}/${container}.agent`;
  const file = `${path}.log`;
  agents.push(start(agentProgram, [path], { log: openSync(file, 'w') }));
  await waitUntil(() => existsSync(path), { what: 'the agent' });
  return { path, heard: () => readFileSync(file, 'utf8').split('\n').filter(Boolean) };
}

const seccompOf = (path: string, names: string[], more: Partial<SeccompProfileInput> = {}): SeccompProfileInput => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  listenerPath: path,
  listenerMetadata: 'who asks',
  syscalls: [{ names, action: 'SCMP_ACT_NOTIFY' }],
  ...more,
});

function stateHeard(line: string | undefined): Record<string, unknown> & { state: Record<string, unknown> } {
  return JSON.parse(line ?? '{}');
}

for (const noNewPrivileges of [true, false]) {
  const when = noNewPrivileges ? 'last' : 'before capabilities are dropped';
  test(`an agent answers for a filter that is installed ${when}`, root(), async () => {
    const agent = await agentFor(`one-${noNewPrivileges}`);
    const container = await filtered(['sh', '-c', 'mkdir /x'], seccompOf(agent.path, ['mkdir', 'mkdirat']), (config) =>
      Object.assign(config.process, { noNewPrivileges }),
    );
    const ran = await place.run(container);
    assert.match(ran.stderr, /mkdir: can't create directory '\/x': Structure needs cleaning/);
    const told = stateHeard(agent.heard()[0]);
    assert.deepEqual(
      [told.fds, told.metadata, told.state.id, told.state.status, told.state.bundle],
      [['seccompFd'], 'who asks', container.id, 'creating', container.bundle],
    );
    assert.equal(told.pid, told.state.pid);
    assert.ok(Number(told.pid) > 1);
    assert.match(String(told.ociVersion), /^1\.\d+\.\d+/);
  });
}

test('calls that the child itself needs to get on are answered too: sendto, write, close, execve', root(), async () => {
  const agent = await agentFor('two');
  const names = [
    'sendto',
    'write',
    'close',
    'close_range',
    'read',
    'recvfrom',
    'execve',
    'prctl',
    'setresuid',
    'capset',
  ];
  const container = await filtered(
    ['echo', 'answered'],
    seccompOf(agent.path, names, { flags: ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'] }),
    (config) => Object.assign(config.process, { noNewPrivileges: false }),
  );
  const ran = await place.run(container);
  assert.deepEqual([ran.status, ran.stdout], [0, 'answered\n'], ran.stderr);
  assert.ok(agent.heard().filter((line) => line.startsWith('call ')).length >= 7, agent.heard().join());
});

test('an exec has a listener of its own, with its own pid and the container that runs', root(), async () => {
  const agent = await agentFor('three');
  const container = await filtered(['sleep', '1000'], seccompOf(agent.path, ['mkdir', 'mkdirat']));
  const pid = await place.start(container);
  const ran = await place.exec(container, { args: ['sh', '-c', 'mkdir /x'] });
  assert.match(ran.stderr, /Structure needs cleaning/);
  const told = stateHeard(agent.heard().filter((line) => line.startsWith('{'))[1]);
  assert.deepEqual([told.state.status, told.state.pid], ['running', pid]);
  assert.notEqual(told.pid, pid);
});

const assertNothingIsLeft = (container: TestContainer): void => {
  assert.equal(existsSync(`${place.root}/${container.id}`), false);
  assert.deepEqual(place.cgroups(container), []);
};

test('without its agent a container does not come to be', root(), async () => {
  const container = await filtered(['true'], seccompOf(`${place.folder}/nobody`, ['mkdir']));
  const created = await place.create(container);
  assert.equal(created.status, 1);
  assert.match(
    created.stderr,
    /connecting to the seccomp agent ".*nobody": connect\(2\): ENOENT .*\(config\.json \/linux\/seccomp\/listenerPath\)/,
  );
  assertNothingIsLeft(container);
});
