// Runs suites of the contract for each runtime, with a check of what is left, and prints how many behaviours hold.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { root } from '../helpers/root.ts';
import { waitUntil } from '../helpers/wait.ts';
import { check, differenceOf, type Suite } from './behaviour.ts';
import { nothing } from './left-over.ts';
import { Place } from './place.ts';
import { type RuntimeName, runtimeNames } from './runtimes.ts';

export function contract(topic: string, suite: Suite): void {
  // The three side by side: most of their time is waiting for the kernel.
  describe(topic, { ...root(), concurrency: runtimeNames.length }, () => {
    for (const name of runtimeNames)
      describe(`${topic}: ${name}`, { concurrency: 1 }, () => runSuite(name, { topic, suite }));
  });
}

function runSuite(name: RuntimeName, { topic, suite }: { topic: string; suite: Suite }): void {
  const place = new Place(name, topic);
  const counts = { green: 0, differing: 0 };
  before(() => place.open());
  after(async () => {
    await place.close();
    console.log(`${topic}: ${name}: ${counts.green} as the contract says, ${counts.differing} differ`);
  });
  for (const behaviour of suite(place))
    test(behaviour.title, async () => {
      await check(behaviour, name);
      counts[differenceOf(behaviour.title, name) === undefined ? 'green' : 'differing']++;
    });
  test('no state, cgroup, mount or process is left', async () => {
    await place.release();
    await waitUntil(() => JSON.stringify(place.traces()) === JSON.stringify(nothing), { what: 'traces to go' }).catch(
      () => assert.deepEqual(place.traces(), nothing),
    );
  });
}
