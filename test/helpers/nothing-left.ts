// What a refused request could leave behind, seen in folders, cgroups, links and rules, before and after.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { TestEngine } from './engine.ts';
import { waitUntil } from './wait.ts';

/** Names in a folder, sorted; none when it is not there. */
export const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

/** Folders of engines, each with a folder a container. */
const cgroupParents = (): string[] =>
  ['', 'unified/', 'memory/', 'pids/']
    .map((hierarchy) => `/sys/fs/cgroup/${hierarchy}`)
    .flatMap((folder) => namesIn(folder).flatMap((name) => (/^tlab(-|$)/.test(name) ? [`${folder}${name}`] : [])));

/** Everything that a refused request could leave, by name. */
async function state(engine: TestEngine) {
  const data = `${engine.root}/data`;
  const runRoot = `${engine.root}/run`;
  const tasks = `${runRoot}/containerd/io.containerd.runtime.v2.task/moby`;
  const bundles = namesIn(tasks);
  const ours = new Set(namesIn(`${data}/containers`));
  const firewall = await engine.inside('iptables-save', []);
  const links = await engine.inside('ip', ['-o', 'link']);
  return {
    containers: [...ours],
    snapshots: namesIn(`${data}/containerd/snapshots`),
    bundles: bundles.flatMap((id) => namesIn(`${tasks}/${id}`).map((name) => `${id}/${name}`)),
    runtime: namesIn(`${runRoot}/runtime/moby`),
    fifos: namesIn(`${runRoot}/fifo`),
    sandboxes: namesIn(`${runRoot}/netns`),
    shims: namesIn(`${runRoot}/s`),
    cgroups: cgroupParents().flatMap((folder) => namesIn(folder).filter((name) => ours.has(name))),
    rules: firewall.stdout.split('\n').filter((line) => line.startsWith('-A')),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(engine.root)),
    links: links.stdout.split('\n').length,
  };
}

/** Runs `body`; afterwards everything is as it was. */
export async function leavesNothing(engine: TestEngine, body: () => Promise<void>): Promise<void> {
  const earlier = await state(engine);
  await body();
  // A removal ends a little after its answer.
  await waitUntil(async () => JSON.stringify(await state(engine)) === JSON.stringify(earlier), {
    what: 'traces to go',
  }).catch(async () => assert.deepEqual(await state(engine), earlier));
}
