// What the native runtime tells a trace: its door, its state changes, and a record of every operation that survives a kill.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import * as v from 'valibot';
import { decodePlan } from '../../src/runc/plan/decode.ts';
import { operationEvents } from '../../src/runc/plan/records.ts';
import { events, type PartEvent } from '../../src/trace/events.ts';
import { root } from '../helpers/root.ts';
import { RuntimePlace, type TestContainer } from '../helpers/runtime.ts';

const place = new RuntimePlace();
after(() => place.remove());

const traces = `${place.folder}/traces`;
let count = 0;

/** A trace's folder and the environment that leads there. */
function newTrace(): { parts: string; env: Record<string, string> } {
  const id = String(++count).padStart(32, 'a');
  const parts = `${traces}/${id}/parts`;
  mkdirSync(parts, { recursive: true });
  return { parts, env: { TLAB_TRACES: traces, TRACEPARENT: `00-${id}-${'b'.repeat(16)}-01` } };
}

const partEvents = (parts: string): PartEvent[] =>
  readdirSync(parts)
    .filter((file) => file.endsWith('.jsonl'))
    .flatMap((file) => readFileSync(`${parts}/${file}`, 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as PartEvent);

const runIn = (container: TestContainer, env: Record<string, string>) =>
  place.runc(['run', '--bundle', container.bundle, container.id], { bundle: container.bundle, env });

test(
  'a traced run tells its door, its states and every operation of its plan, in shapes of the table',
  root(),
  async () => {
    const { parts, env } = newTrace();
    const container = await place.bundle(['true']);
    assert.equal((await runIn(container, env)).status, 0);
    const own = partEvents(parts);
    const all = [...own, ...own.flatMap((event) => operationEvents(parts, event))];
    for (const { type, data } of all) v.parse(events[type as keyof typeof events].data as v.GenericSchema, data);
    assert.deepEqual(
      own.map(({ type }) => type).filter((type) => type.startsWith('runc.')),
      ['runc.request-received', 'runc.plan-executed', 'runc.state-changed', 'runc.state-changed', 'runc.response-sent'],
    );
    const [file = ''] = readdirSync(parts).filter((name) => name.endsWith('.plan'));
    const operations = decodePlan(readFileSync(`${parts}/${file}`)).operations.length;
    const kernel = all.filter(({ truth }) => truth === 'reported');
    assert.equal(kernel.length, operations, 'each operation was recorded');
    assert.ok(kernel.every(({ cause }) => cause !== undefined));
    const times = kernel.map(({ t }) => BigInt(t));
    assert.deepEqual(
      times,
      times.toSorted((a, b) => (a < b ? -1 : 1)),
      'list order is execution order',
    );
  },
);

test(
  'values of environment variables are not in a trace, neither in events nor in the plan’s copy',
  root(),
  async () => {
    const { parts, env } = newTrace();
    const container = await place.bundle(['true'], {
      edit: (config) => config.process.env?.push('API_KEY=hunter2secret'),
    });
    assert.equal((await runIn(container, env)).status, 0);
    for (const file of readdirSync(parts))
      assert.ok(!readFileSync(`${parts}/${file}`, 'latin1').includes('hunter2'), file);
  },
);

test('a failing operation is the last one recorded, with its errno', root(), async () => {
  const { parts, env } = newTrace();
  const container = await place.bundle(['true'], {
    edit: (config) => {
      (config.mounts as unknown[]).push({
        destination: '/data',
        type: 'bind',
        source: '/nonexistent',
        options: ['bind'],
      });
    },
  });
  assert.equal((await runIn(container, env)).status, 1);
  const own = partEvents(parts);
  const kernel = own.flatMap((event) => operationEvents(parts, event));
  const last = kernel.at(-1);
  assert.equal(last?.type, 'kernel.mount-attached');
  assert.equal((last?.data as { errno?: string } | undefined)?.errno, 'ENOENT');
  const response = own.find(({ type }) => type === 'runc.response-sent')?.data as { status: number; error: string };
  assert.equal(response.status, 1);
  assert.match(response.error, /ENOENT/);
});

test('a folder that no trace made is not made, and the run goes on', root(), async () => {
  const container = await place.bundle(['true']);
  const env = { TLAB_TRACES: `${place.folder}/none`, TRACEPARENT: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01` };
  assert.equal((await runIn(container, env)).status, 0);
  assert.deepEqual(readdirSync(place.folder).includes('none'), false);
});
