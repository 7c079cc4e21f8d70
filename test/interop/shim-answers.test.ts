// Our shim and the real one, asked the same in the same order: what they answer, what they refuse and how, which events they publish.
// Rule: a difference is a row of `differences` with its reason, and the row is checked on both sides. runc is below both.
// Needs root, containerd-shim-runc-v2, runc, busybox-static. Leaves nothing.
import assert from 'node:assert/strict';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { asLabError } from '../../src/base/errors.ts';
import { Events as ShimEvents } from '../../src/shim/proto/gen/forward_pb.ts';
import { serveTtrpc } from '../../src/shim/server.ts';
import { type BareShim, execSpec, ourShim, ShimPlace } from '../helpers/bare-shim.ts';
import { missing } from '../helpers/real-containerd.ts';
import { waitUntil } from '../helpers/wait.ts';
import { decodeWire, type WireTree } from '../helpers/wire.ts';

const realShim = '/usr/bin/containerd-shim-runc-v2';
const skip = missing(realShim, '/usr/sbin/runc');
const loop = ['/bin/sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.1; done'];

type Step = (shim: BareShim, place: ShimPlace) => Promise<unknown>;

const id = 'c';
const exec = (execId: string, ...args: string[]): Step => {
  return (shim) => shim.client.task.exec({ id, execId, spec: execSpec(shim, args) });
};
const limits = (json: string) => ({
  typeUrl: 'types.containerd.io/opencontainers/runtime-spec/1/LinuxResources',
  value: Buffer.from(json),
});

/** What a refusal is called for a shim that has no such container, then each verb in each state that it may meet. */
const steps: Record<string, Step> = {
  'state before': ({ client }) => client.task.state({ id }),
  'start before': ({ client }) => client.task.start({ id }),
  'delete before': ({ client }) => client.task.delete({ id }),
  'kill before': ({ client }) => client.task.kill({ id, signal: 9 }),
  'pids before': ({ client }) => client.task.pids({ id }),
  'stats before': ({ client }) => client.task.stats({ id }),
  'wait before': ({ client }) => client.task.wait({ id }),
  'update before': ({ client }) => client.task.update({ id }),
  'checkpoint before': ({ client }) => client.task.checkpoint({ id }),
  'exec before': ({ client }) => client.task.exec({ id, execId: 'e' }),
  'pause before': ({ client }) => client.task.pause({ id }),
  'resume before': ({ client }) => client.task.resume({ id }),
  'connect before': ({ client }) => client.task.connect({ id }),
  create: ({ client, bundle, fifo }, place) =>
    client.task.create({ id, bundle, rootfs: place.rootfs(), stdout: fifo('out'), stderr: fifo('err') }),
  'create again': ({ client, bundle }, place) => client.task.create({ id, bundle, rootfs: place.rootfs() }),
  'state created': ({ client }) => client.task.state({ id }),
  'connect created': ({ client }) => client.task.connect({ id }),
  'pids created': ({ client }) => client.task.pids({ id }),
  'pause created': ({ client }) => client.task.pause({ id }),
  'resume created': ({ client }) => client.task.resume({ id }),
  'resize created': ({ client }) => client.task.resizePty({ id, width: 10, height: 10 }),
  'close input created': ({ client }) => client.task.closeIO({ id, stdin: true }),
  'exec created': exec('e0', '/bin/true'),
  'delete an exec of a created task': ({ client }) => client.task.delete({ id, execId: 'e0' }),
  start: ({ client }) => client.task.start({ id }),
  'start again': ({ client }) => client.task.start({ id }),
  'delete running': ({ client }) => client.task.delete({ id }),
  'kill with 0': ({ client }) => client.task.kill({ id, signal: 0 }),
  'kill with 999': ({ client }) => client.task.kill({ id, signal: 999 }),
  'kill an unknown exec': ({ client }) => client.task.kill({ id, execId: 'nope', signal: 9 }),
  'state of an unknown exec': ({ client }) => client.task.state({ id, execId: 'nope' }),
  'start an unknown exec': ({ client }) => client.task.start({ id, execId: 'nope' }),
  'delete an unknown exec': ({ client }) => client.task.delete({ id, execId: 'nope' }),
  'wait for an unknown exec': ({ client }) => client.task.wait({ id, execId: 'nope' }),
  'resize an unknown exec': ({ client }) => client.task.resizePty({ id, execId: 'nope' }),
  'close input of an unknown exec': ({ client }) => client.task.closeIO({ id, execId: 'nope' }),
  exec: (shim) => {
    const spec = execSpec(shim, ['/bin/sleep', '1000']);
    return shim.client.task.exec({ id, execId: 'e1', spec, stdout: shim.fifo('eo'), stderr: shim.fifo('ee') });
  },
  'exec with a taken id': exec('e1', '/bin/true'),
  'state of a new exec': ({ client }) => client.task.state({ id, execId: 'e1' }),
  'kill a new exec': ({ client }) => client.task.kill({ id, execId: 'e1', signal: 9 }),
  'start exec': ({ client }) => client.task.start({ id, execId: 'e1' }),
  'start exec again': ({ client }) => client.task.start({ id, execId: 'e1' }),
  'state of a running exec': ({ client }) => client.task.state({ id, execId: 'e1' }),
  'delete a running exec': ({ client }) => client.task.delete({ id, execId: 'e1' }),
  'exec of what is not there': exec('e2', '/bin/nowhere'),
  'start what is not there': ({ client }) => client.task.start({ id, execId: 'e2' }),
  'state of what was not there': ({ client }) => client.task.state({ id, execId: 'e2' }),
  'wait for what was not there': ({ client }) => client.task.wait({ id, execId: 'e2' }),
  'kill what was not there': ({ client }) => client.task.kill({ id, execId: 'e2', signal: 9 }),
  'delete what was not there': ({ client }) => client.task.delete({ id, execId: 'e2' }),
  'a quick exec': exec('e3', '/bin/sh', '-c', 'exit 7'),
  'start it': ({ client }) => client.task.start({ id, execId: 'e3' }),
  'wait for it': ({ client }) => client.task.wait({ id, execId: 'e3' }),
  'state of it': ({ client }) => client.task.state({ id, execId: 'e3' }),
  'kill it': ({ client }) => client.task.kill({ id, execId: 'e3', signal: 9 }),
  'delete it': ({ client }) => client.task.delete({ id, execId: 'e3' }),
  pause: ({ client }) => client.task.pause({ id }),
  'pause again': ({ client }) => client.task.pause({ id }),
  'state paused': ({ client }) => client.task.state({ id }),
  'exec paused': exec('e5', '/bin/true'),
  'update paused': ({ client }) => client.task.update({ id, resources: limits('{"pids":{"limit":44}}') }),
  'start paused': ({ client }) => client.task.start({ id }),
  'delete paused': ({ client }) => client.task.delete({ id }),
  resume: ({ client }) => client.task.resume({ id }),
  'resume again': ({ client }) => client.task.resume({ id }),
  update: ({ client }) =>
    client.task.update({ id, resources: limits('{"pids":{"limit":33}}'), annotations: { a: 'b' } }),
  'update with half a document': ({ client }) => client.task.update({ id, resources: limits('{"pids"') }),
  checkpoint: ({ client }) => client.task.checkpoint({ id }),
  'shutdown with a task': ({ client }) => client.task.shutdown({ id }),
  'state after it': ({ client }) => client.task.state({ id }),
  'kill exec': ({ client }) => client.task.kill({ id, execId: 'e1', signal: 15 }),
  'wait for exec': ({ client }) => client.task.wait({ id, execId: 'e1' }),
  'delete exec': ({ client }) => client.task.delete({ id, execId: 'e1' }),
  kill: ({ client }) => client.task.kill({ id, signal: 15 }),
  wait: ({ client }) => client.task.wait({ id }),
  'state stopped': ({ client }) => client.task.state({ id }),
  'start stopped': ({ client }) => client.task.start({ id }),
  'kill stopped': ({ client }) => client.task.kill({ id, signal: 15 }),
  'kill all of a stopped': ({ client }) => client.task.kill({ id, signal: 15, all: true }),
  'pause stopped': ({ client }) => client.task.pause({ id }),
  'resume stopped': ({ client }) => client.task.resume({ id }),
  'exec stopped': exec('e9', '/bin/true'),
  'pids stopped': ({ client }) => client.task.pids({ id }),
  'update stopped': ({ client }) => client.task.update({ id, resources: limits('{"pids":{"limit":33}}') }),
  'connect stopped': ({ client }) => client.task.connect({ id }),
  delete: ({ client }) => client.task.delete({ id }),
  'delete again': ({ client }) => client.task.delete({ id }),
};

interface Difference {
  ours: unknown;
  real: unknown;
  reason: string;
}

/** The real shim says UNKNOWN, which HTTP makes a 500; that the state forbids it is the caller's business, 409. */
const stateForbids = { ours: 'conflict', real: 'internal', reason: 'a refusal by state says so' };
const failedExec = 'an exec that could not be started has ended, with 255; the real shim shows it as created';
const stdio = { stdin: '', stdout: '', stderr: '', terminal: false };

const differences: Record<string, Difference> = Object.fromEntries(
  [
    ...[
      'pause created',
      'resume created',
      'start again',
      'delete running',
      'start exec again',
      'delete a running exec',
    ],
    ...[
      'pause again',
      'exec paused',
      'start paused',
      'delete paused',
      'resume again',
      'start stopped',
      'pause stopped',
    ],
    ...['resume stopped', 'exec stopped', 'update stopped'],
  ].map((name) => [name, stateForbids]),
);
Object.assign(differences, {
  'create again': { ours: 'alreadyExists', real: 'internal', reason: 'the real shim lets runc find out' },
  'kill with 999': { ours: 'invalidArgument', real: 'internal', reason: 'the real shim lets runc find out' },
  'close input of an unknown exec': { ours: 'notFound', real: 'internal', reason: 'as every other verb says it' },
  checkpoint: {
    ours: 'notImplemented',
    real: 'internal',
    reason: 'ours has no checkpoint; the real one lacks criu here',
  },
  'state of what was not there': {
    ours: { id: 'e2', bundle: 'ROOT/c', pid: 0, status: 3, ...stdio, exitStatus: 255, execId: 'e2' },
    real: { id: 'e2', bundle: 'ROOT/c', pid: 0, status: 1, ...stdio, exitStatus: 0, execId: 'e2' },
    reason: failedExec,
  },
  'wait for what was not there': { ours: { exitStatus: 255 }, real: { exitStatus: 0 }, reason: failedExec },
  'kill what was not there': { ours: 'notFound', real: 'conflict', reason: failedExec },
  'delete what was not there': {
    ours: { pid: 0, exitStatus: 255 },
    real: { pid: 0, exitStatus: 0 },
    reason: failedExec,
  },
} satisfies Record<string, Difference>);

/**
 * Without what differs between any two runs (pids, times, folders), and without three fields that mean nothing: the name of our API
 * in Connect, the time of an end that has not been, and a second copy of an exec's id, which only ours fills in.
 */
function normalise(answer: unknown, root: string): unknown {
  const text = JSON.stringify(answer, (key, value) => {
    if (['$typeName', '$unknown', 'exitedAt', 'version'].includes(key)) return undefined;
    if (value instanceof Uint8Array || value?.type === 'Buffer')
      return decodeWire(Uint8Array.from(value.data ?? Object.values(value)));
    if (key.toLowerCase().endsWith('pid') && typeof value === 'number' && value > 0) return 'PID';
    return typeof value === 'bigint' ? String(value) : value;
  });
  const plain = JSON.parse((text ?? 'null').replaceAll(root, 'ROOT'));
  if (plain?.execId === '' && /^e\d/.test(plain.id)) plain.execId = plain.id;
  return plain;
}

/** Pids and times of an event, by the number of their fields, are not compared. */
function normaliseEvent(topic: string, value: Uint8Array, root: string): string {
  const fields = decodeWire(value);
  const pid: Record<string, number> = {
    '/tasks/create': 6,
    '/tasks/start': 2,
    '/tasks/exec-started': 3,
    '/tasks/exit': 3,
    '/tasks/delete': 2,
  };
  const at: Record<string, number> = { '/tasks/exit': 5, '/tasks/delete': 4 };
  for (const number of [pid[topic], at[topic]]) {
    if (number === undefined) continue;
    assert.ok(fields[number], `${topic} has no field ${number}`);
    delete fields[number];
  }
  return `${topic} ${JSON.stringify(fields).replaceAll(root, 'ROOT')}`;
}

interface Transcript {
  answers: Record<string, unknown>;
  events: string[];
}

async function ask(binary: string): Promise<Transcript> {
  const place = new ShimPlace(binary);
  const answers: Record<string, unknown> = {};
  const events: string[] = [];
  const door = await serveTtrpc(place.door, ShimEvents, {
    forward({ envelope }) {
      events.push(normaliseEvent(envelope?.topic ?? '', envelope?.event?.value ?? new Uint8Array(), place.root));
      return {};
    },
  });
  const shim = await place.start(id, loop);
  // The real shim waits for a reader before it goes on.
  const readers = ['out', 'err', 'eo', 'ee'].map((name) =>
    openSync(shim.fifo(name), constants.O_RDONLY | constants.O_NONBLOCK),
  );
  try {
    for (const [name, step] of Object.entries(steps)) {
      answers[name] = await step(shim, place).then(
        (answer) => normalise(answer, place.root),
        (thrown) => asLabError(thrown).kind,
      );
    }
    await waitUntil(() => events.some((event) => event.startsWith('/tasks/delete')), { what: 'the last event' });
    await shim.client.task.shutdown({ id });
  } finally {
    shim.client.close();
    door.close();
    readers.forEach(closeSync);
    place.dispose();
  }
  return { answers, events };
}

describe('our shim beside the real one', { skip }, () => {
  let ours: Transcript;
  let real: Transcript;
  before(async () => {
    [ours, real] = [await ask(ourShim), await ask(realShim)];
  });

  for (const name of Object.keys(steps)) {
    const difference = differences[name];
    test(`${name}: ${difference === undefined ? 'the same' : `differs: ${difference.reason}`}`, () => {
      if (difference === undefined) assert.deepEqual(ours.answers[name], real.answers[name]);
      else {
        assert.deepEqual(ours.answers[name], difference.ours);
        assert.deepEqual(real.answers[name], difference.real);
      }
    });
  }

  test('the events of that life are the same, in the same order, with the same fields', () => {
    assert.deepEqual(ours.events, real.events);
  });
});

describe('the measurements of one cgroup', { skip }, () => {
  const [our, real] = [new ShimPlace(ourShim), new ShimPlace(realShim)];
  after(() => {
    our.dispose();
    real.dispose();
  });

  /** Numbers of the paths to every value. */
  const flat = (tree: WireTree, at = ''): [string, unknown][] =>
    Object.entries(tree).flatMap(([field, value]) =>
      (Array.isArray(value) ? value : [value]).flatMap((item, i): [string, unknown][] => {
        const path = `${at}${field}${Array.isArray(value) ? `[${i}]` : ''}`;
        return typeof item === 'object' ? flat(item, `${path}.`) : [[path, item]];
      }),
    );

  const measurements = async ({ client, id }: BareShim): Promise<Record<string, unknown>> => {
    const { stats } = await client.task.stats({ id });
    const fields = Object.fromEntries(flat(decodeWire(stats?.value ?? new Uint8Array())));
    // Ours reads usage_sys and usage_user in nanoseconds, the real one cpuacct.stat in hundredths of a second.
    for (const field of ['3.1.2', '3.1.3']) delete fields[field];
    return { type: stats?.typeUrl, ...fields };
  };

  test('are the same value for value, told by either shim, while it is frozen', async () => {
    // Two containers in one cgroup, both still: whoever reads it reads the same.
    const edit = (config: { linux: { cgroupsPath?: string } }): void => {
      config.linux.cgroupsPath = `/tlab-bare-${process.pid}/both`;
    };
    const args = [
      '/bin/sh',
      '-c',
      'dd if=/bin/busybox of=/dev/null bs=4k count=8 iflag=direct 2>/dev/null; sleep 1000',
    ];
    const shims = [await our.start('ours', args, { edit }), await real.start('real', args, { edit })];
    const [first, second] = shims as [BareShim, BareShim];
    try {
      for (const [shim, place] of [
        [first, our],
        [second, real],
      ] as const) {
        await shim.client.task.create({ id: shim.id, bundle: shim.bundle, rootfs: place.rootfs() });
        await shim.client.task.start({ id: shim.id });
      }
      const read = (): string =>
        readFileSync(`${our.cgroupFolder('both', 'blkio')}/blkio.throttle.io_serviced`, 'utf8');
      await waitUntil(() => /Total [1-9]/.test(read()), { what: 'the cgroup to have read from a disk' });
      await first.client.task.pause({ id: first.id });
      let [a, b]: Record<string, unknown>[] = [];
      const isSame = async (): Promise<boolean> => {
        [a, b] = await Promise.all(shims.map(measurements));
        return isDeepStrictEqual(a, b);
      };
      // Freed memory is given back a little later, also by a cgroup that stands still.
      await waitUntil(isSame, { what: 'both to tell the same' }).catch(() => undefined);
      await first.client.task.resume({ id: first.id });
      assert.deepEqual(a, b);
      assert.ok(Object.keys(a ?? {}).length > 30);
    } finally {
      for (const { client, id } of shims) await client.task.kill({ id, signal: 9 }).catch(() => undefined);
      for (const { client, id } of shims) await client.task.wait({ id });
      for (const { client, id } of shims) await client.task.delete({ id }).catch(() => undefined);
      for (const { client, id } of shims) {
        await client.task.shutdown({ id });
        client.close();
      }
    }
  });
});
