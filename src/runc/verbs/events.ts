// events [--interval D] [--stats] ID: the container's use of resources as JSON lines, every five seconds or, with --stats, once; and a line
// for each time that the kernel has killed in it for want of memory. @source man runc-events(8)
// Ends when the container stops.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { LabError } from '../../base/errors.ts';
import { exactJson } from '../../base/json.ts';
import { oomKills } from '../oom.ts';
import { mustAllow } from '../state.machine.ts';
import { readContainer, requireCgroup } from '../state-directory.ts';
import { readStats } from '../stats.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = async (argv, { root }) => {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: { interval: { type: 'string', default: '5s' }, stats: { type: 'boolean' } },
  });
  const [id] = positionals;
  if (id === undefined || positionals.length > 1) throw new LabError('usage', 'events: expected one container id');
  const intervalMs = parseInterval(values.interval);
  mustAllow('update', readContainer(root, id));
  print(root, id);
  if (values.stats === true) return;
  await follow(root, id, intervalMs);
};

/** How soon a kill is told: version 1 says it through eventfd(2), which Node cannot make, so both are looked at. */
const lookEveryMs = 100;

async function follow(root: string, id: string, intervalMs: number): Promise<void> {
  const { cgroups } = readContainer(root, id);
  let told = oomKills(cgroups);
  let nextMs = performance.now() + intervalMs;
  for (;;) {
    const waitMs = Math.max(0, Math.min(lookEveryMs, nextMs - performance.now()));
    const isAlive = await isAliveAfter(waitMs, root, id);
    for (const now = oomKills(cgroups); told < now; told++)
      process.stdout.write(`${JSON.stringify({ type: 'oom', id })}\n`);
    if (!isAlive) return;
    if (performance.now() < nextMs) continue;
    print(root, id);
    nextMs += intervalMs;
  }
}

function print(root: string, id: string): void {
  const container = readContainer(root, id);
  requireCgroup(container, 'nothing is measured');
  process.stdout.write(`${exactJson({ type: 'stats', id, data: readStats(container.cgroups) })}\n`);
}

async function isAliveAfter(intervalMs: number, root: string, id: string): Promise<boolean> {
  await sleep(intervalMs);
  try {
    return readContainer(root, id).status !== 'stopped';
  } catch {
    return false;
  }
}

/** Go's durations, as far as anyone uses them here. */
function parseInterval(text: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)$/.exec(text);
  const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ''];
  const intervalMs = Number(match?.[1]) * (unitMs ?? Number.NaN);
  if (!(intervalMs > 0)) throw new LabError('usage', `--interval "${text}": expected a duration such as 5s`);
  return intervalMs;
}
