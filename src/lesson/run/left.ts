// What a lesson has left after its teardown: whatever bears a name of this attempt, on the host and in the engine.
// Rule: a name is one of the attempt's own values, as a word; what others do beside it on the same machine is not looked at.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from '../../base/paths.ts';
import type { ImageSummary } from '../../daemon/image-protocol.ts';
import type { ContainerSummary } from '../../daemon/protocol.ts';
import type { Lesson } from '../format/load.ts';
import type { Values } from '../vars.ts';
import type { Evidence } from './check-step.ts';

type Engine = Evidence['daemon'];

/** One line each: kind and name. */
export async function leftOf(lesson: Lesson, values: Values, engine: Engine): Promise<string[]> {
  const tokens = Object.entries(lesson.vars).flatMap(([name, variable]) =>
    typeof variable === 'object' && 'token' in variable ? [values[name] ?? ''] : [],
  );
  const words = [...tokens.map((token) => `(?<![a-z0-9])${token}(?![a-z0-9])`), RegExp.escape(values.work ?? '')];
  const mark = new RegExp(words.filter((word) => word !== '').join('|'));
  const found = [...onHost(), ...(await inEngine(engine)), ...(await inContainerd())];
  return found.filter((line) => mark.test(line));
}

function* onHost(): Generator<string> {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    if (Number(pid) !== process.pid) yield `process ${pid} ${textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`;
  for (const line of textOf('/proc/self/mountinfo').split('\n')) yield `mount ${line.split(' ')[4] ?? ''}`;
  for (const line of textOf('/proc/net/dev').split('\n')) yield `link ${line.split(':')[0]?.trim() ?? ''}`;
  for (const name of namesIn('/run/netns')) yield `network namespace ${name}`;
  yield* cgroupsBelow('/sys/fs/cgroup');
}

function* cgroupsBelow(folder: string): Generator<string> {
  for (const name of namesIn(folder)) {
    yield `cgroup ${join(folder, name)}`;
    yield* cgroupsBelow(join(folder, name));
  }
}

async function inEngine(engine: Engine): Promise<string[]> {
  const get = <Answer>(path: string): Promise<Answer> =>
    engine.json<Answer>({ method: 'GET', path, query: { all: true } });
  const containers = await get<ContainerSummary[]>('/containers/json');
  const images = await get<ImageSummary[]>('/images/json');
  const { Volumes } = await get<{ Volumes: { Name: string }[] }>('/volumes');
  const networks = await get<{ Name: string }[]>('/networks');
  return [
    ...containers.map(({ Id, Names }) => `container ${Names[0] ?? Id}`),
    ...images.flatMap(({ RepoTags }) => RepoTags ?? []).map((name) => `image ${name}`),
    ...Volumes.map(({ Name }) => `volume ${Name}`),
    ...networks.map(({ Name }) => `network ${Name}`),
  ];
}

async function inContainerd(): Promise<string[]> {
  // Loaded when it is asked for: most commands never are.
  const { connectContainerd } = await import('../../containerd/client.ts');
  const client = connectContainerd({ address: paths.containerdSocket, namespace: 'moby', stage: 'cli' });
  try {
    const { namespaces } = await client.namespaces.list({});
    return namespaces.map(({ name }) => `containerd namespace ${name}`);
  } finally {
    client.close();
  }
}

/** Folders in a folder; none where there is none. */
function namesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() || folder === '/run/netns').map(({ name }) => name);
  } catch {
    return []; // gone meanwhile, or never there
  }
}

/** Empty when its process has gone. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
