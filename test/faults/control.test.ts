// Hold and inject by itself: what a stage asks, what the answers do, and that no answer is ever needed. Needs root.
import assert from 'node:assert/strict';
import { chownSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, test } from 'node:test';
import { type Answer, control, parseQuestion, type Question } from '../../src/engine/control.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';
import { start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';

const place = new RuntimePlace();
after(() => place.remove());

const socket = `${place.folder}/control`;
const env = { TLAB_CONTROL: socket };
const create = (container: TestContainer, more: string[] = []) =>
  place.runc(['create', '--bundle', container.bundle, ...more, container.id], { bundle: container.bundle, env });

/** A plain server at the controller's place that answers each line with `words`; undefined: it hangs up instead. */
async function answering(words: string | undefined): Promise<{ lines: string[]; close(): void }> {
  const lines: string[] = [];
  const server = createServer((stream) => {
    stream.on('error', () => undefined);
    stream.on('data', (data) => {
      lines.push(data.toString());
      if (words === undefined) stream.destroy();
      else stream.write(words);
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return { lines, close: () => server.close() };
}

test('a question is one line of words with the cause at its end, which may hold spaces', () => {
  assert.deepEqual(parseQuestion('ask runc 12 create web 42 mount init /mounts/a b'), {
    stage: 'runc',
    pid: 12,
    verb: 'create',
    id: 'web',
    index: 42,
    name: 'mount',
    actor: 'init',
    cause: '/mounts/a b',
  } satisfies Question);
  assert.equal(parseQuestion('ask shim 1 Create web - open-streams shim')?.index, undefined);
  assert.equal(parseQuestion('go'), undefined);
});

test(
  'every operation of both actors is asked for in the order of the plan, then the steps of start and delete',
  root(),
  async () => {
    const asked: Question[] = [];
    const controller = await control(socket, (question) => {
      asked.push(question);
      return 'go';
    });
    const container = await place.bundle(['true']);
    assert.equal((await create(container)).status, 0);
    const indices = asked.flatMap(({ index }) => (index === undefined ? [] : [index]));
    assert.deepEqual(
      indices,
      indices.map((_, at) => at),
    );
    assert.deepEqual(new Set(asked.map(({ actor }) => actor)), new Set(['runtime', 'init']));
    assert.equal(new Set(asked.map(({ pid }) => pid)).size, 1, 'the child asks in the name of its runtime');
    assert.equal(asked.at(-1)?.name, 'save-state');
    asked.length = 0;
    await place.runc(['start', container.id], { env });
    await waitUntil(() => asked.some(({ name }) => name === 'exec'), { what: 'the program to be asked for' });
    assert.deepEqual(
      asked.filter(({ verb }) => verb === 'start').map(({ name }) => name),
      ['release', 'record-start'],
    );
    await place.reaches(container, 'stopped');
    asked.length = 0;
    await place.runc(['delete', container.id], { env });
    assert.deepEqual(
      asked.map(({ name }) => name),
      ['remove-cgroups', 'remove-state'],
    );
    await controller.close();
  },
);

test(
  'a held operation waits until it is answered, and a failed one says errno, operation and cause',
  root(),
  async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<Answer>();
    let held = '';
    const controller = await control(socket, ({ name, cause }) => {
      if (name !== 'sethostname') return 'go';
      held = cause;
      return released;
    });
    const container = await place.bundle(['true']);
    const creating = create(container);
    await waitUntil(() => held === '/hostname', { what: 'the operation to be asked for' });
    assert.equal((await place.state(container)).status, 'creating');
    release('ENOSPC');
    const ran = await creating;
    assert.equal(ran.status, 1);
    assert.equal(
      ran.stderr,
      'tlab-runc: operation "sethostname": injected: ENOSPC no space left on device (config.json /hostname)\n',
    );
    await controller.close();
  },
);

test('nobody there, somebody who hangs up or talks nonsense: the container is made all the same', root(), async () => {
  const alone = await place.bundle(['true']);
  assert.equal((await create(alone)).status, 0);
  for (const words of [undefined, 'what?\n', 'fail\n', 'fail ENOTHING\n', 'x'.repeat(100)]) {
    const server = await answering(words);
    const container = await place.bundle(['true']);
    assert.equal((await create(container)).status, 0, `answered ${words}`);
    assert.equal(server.lines.length, 1, 'it is asked once and not again');
    server.close();
  }
});

test("another user's controller is not asked", root(), async () => {
  chownSync(place.folder, 65534, 65534);
  const program = `require('net').createServer((s) => { console.log('asked'); s.on('data', () => s.write('fail EIO\\n')); s.on('error', () => 0); })
    .listen(${JSON.stringify(socket)})`;
  const server = start('setpriv', [
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    process.execPath,
    '-e',
    program,
  ]);
  await waitUntil(() => readdirSync(place.folder).includes('control'), { what: 'the socket of the other user' });
  const container = await place.bundle(['true']);
  assert.equal((await create(container)).status, 0);
  await server.stop();
  rmSync(socket);
  chownSync(place.folder, 0, 0);
});

test('neither program nor hook gets the socket or its name, also when descriptors are kept', root(), async () => {
  let pid = 0;
  const seen = `${place.folder}/hook`;
  const controller = await control(socket, () => 'go');
  const container = await place.bundle(['sleep', '1000'], {
    edit: (config) => {
      const words = `ls -l /proc/self/fd >${seen}; cat /proc/self/environ >>${seen}`;
      config.hooks = { createRuntime: [{ path: '/bin/sh', args: ['sh', '-c', words] }] };
    },
  });
  assert.equal((await create(container, ['--pid-file', `${container.bundle}/pid`])).status, 0);
  await place.runc(['start', container.id], { env });
  pid = Number((await place.state(container)).pid);
  await waitUntil(() => !readlinkSync(`/proc/${pid}/exe`).includes('memfd'), { what: 'the program' });
  assert.deepEqual(readdirSync(`/proc/${pid}/fd`), ['0', '1', '2']);
  assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, 'utf8'), /TLAB_CONTROL/);
  assert.doesNotMatch(readFileSync(seen, 'utf8'), /TLAB_CONTROL|socket:/);
  const promised = await place.bundle(['true']);
  assert.match((await create(promised, ['--preserve-fds', '1'])).stderr, /descriptor 3 is not open/);
  await controller.close();
});
