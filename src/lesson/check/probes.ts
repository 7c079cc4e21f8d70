// The state probes by name: each finds facts, which a check's `want` is held against. Rule: read-only, at most five seconds, and what
// cannot be looked at is "cannot tell", never "not so".
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { LabError } from '../../base/errors.ts';
import type { DaemonClient } from '../../daemon/client.ts';
import type { ContainerInspect } from '../../daemon/protocol.ts';
import type { Check, OtherFact, ProbeName, Wish } from '../format/schema.ts';
import { containerdFacts } from './containerd.ts';
import { dockerfileFacts } from './dockerfile.ts';
import { engineFacts } from './engine.ts';
import { layerFacts, outputFacts, registryFacts, upperFacts } from './images.ts';
import { factOf, isSameFact, matcherWords, matches, valueWords } from './match.ts';
import { nameFacts } from './names.ts';
import { linkFacts, routeFacts } from './network.ts';
import {
  cgroupFacts,
  fileFacts,
  mountFacts,
  namespaceFacts,
  pidInFile,
  processesBeside,
  processFacts,
} from './proc.ts';
import { ruleFacts, savedRules } from './rules.ts';
import { CannotTell, type Facts, type Verdict } from './verdict.ts';

const timeoutMs = 5_000;

type Selector<Name extends ProbeName> = NonNullable<Check[Name]>;
type Probe<Name extends ProbeName> = (selector: Selector<Name>, daemon: DaemonClient) => Promise<Facts>;

const probes: { [Name in ProbeName]: Probe<Name> } = {
  container: async (name, daemon) => ((await containerOf(daemon, name)) as Facts | undefined) ?? {},
  image: async (name, daemon) => ((await inspected<object>(daemon, `/images/${name}/json`)) as Facts | undefined) ?? {},
  process: async ({ container, name }, daemon) => {
    const first = container === undefined ? process.pid : await pidOf(daemon, container);
    if (first === undefined) return {};
    if (name === undefined) return processFacts(first);
    return (
      processesBeside(first)
        .map(processFacts)
        .find((facts) => facts.Name === name) ?? {}
    );
  },
  namespace: async ({ container, kind, sharedWith }, daemon) => {
    const pid = await pidOf(daemon, container);
    const other = sharedWith === undefined ? undefined : await pidOf(daemon, sharedWith);
    return pid === undefined ? {} : namespaceFacts(pid, kind, other);
  },
  mount: async ({ container, path }, daemon) => {
    const pid = container === undefined ? 'self' : await pidOf(daemon, container);
    return pid === undefined ? {} : mountFacts(pid, path);
  },
  cgroup: async ({ container, ...file }, daemon) => {
    const pid = await pidOf(daemon, container);
    return pid === undefined ? {} : cgroupFacts(pid, file);
  },
  file: async ({ container, path }, daemon) => {
    const pid = await runningPid(daemon, container);
    return fileFacts(pid === undefined ? '/' : `/proc/${pid}/root`, path);
  },
  port: async ({ address, port, path }) => await portFacts(address, Number(port), path),
  engine: async ({ part, container }, daemon) =>
    await engineFacts(part, container === undefined ? undefined : await pidOf(daemon, container)),
  containerd: async (object) => await containerdFacts(object),
  rule: async ({ container, ...selector }, daemon) =>
    ruleFacts(await savedRules(await runningPid(daemon, container)), selector),
  route: async ({ container, to }, daemon) => await routeFacts(await runningPid(daemon, container), to),
  link: async ({ container, name }, daemon) => await linkFacts(await runningPid(daemon, container), name),
  dns: async ({ container, name }, daemon) => await nameFacts(await runningPid(daemon, container), name),
  layers: async ({ image, sharedWith }, daemon) =>
    await layerFacts((path) => inspected(daemon, path), image, sharedWith),
  upper: async ({ container, path }, daemon) => {
    if ((await containerOf(daemon, container)) === undefined) return {};
    return await upperFacts((at) => inspected(daemon, at), container, await pidOf(daemon, container), path);
  },
  output: async ({ container }, daemon) =>
    (await containerOf(daemon, container)) === undefined ? {} : await outputFacts(daemon, container),
  dockerfile: async (path) => dockerfileFacts(path),
  registry: async ({ address, repository, reference }) => await registryFacts(address, repository, reference),
};

/** An object of the engine; undefined when it has none of that name. */
async function inspected<Shape>(daemon: DaemonClient, path: string): Promise<Shape | undefined> {
  try {
    return await daemon.json<Shape>({ method: 'GET', path, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    if (error instanceof LabError && error.kind === 'notFound') return undefined;
    throw new CannotTell(`the engine does not answer: ${(error as Error).message}`);
  }
}

const containerOf = (daemon: DaemonClient, name: string): Promise<ContainerInspect | undefined> =>
  inspected<ContainerInspect>(daemon, `/containers/${encodeURIComponent(name)}/json`);

/** Of a container's first process, or what a pid file says: a runtime alone knows no names. undefined when it does not run. */
async function pidOf(daemon: DaemonClient, container: string): Promise<number | undefined> {
  if (container.startsWith('/')) return pidInFile(container);
  const pid = (await containerOf(daemon, container))?.State.Pid ?? 0;
  return pid > 0 ? pid : undefined;
}

/** undefined for the host. What is within a container is seen while it runs only. */
async function runningPid(daemon: DaemonClient, container: string | undefined): Promise<number | undefined> {
  const pid = container === undefined ? undefined : await pidOf(daemon, container);
  if (container === undefined || pid !== undefined) return pid;
  throw new CannotTell(`container ${container} does not run: what is within it is not to be seen`);
}

async function portFacts(address: string, port: number, path: string | undefined): Promise<Facts> {
  if (!(await isOpen(address, port))) return { open: false };
  if (path === undefined) return { open: true };
  const { promise, resolve } = Promise.withResolvers<Facts>();
  const ask = request({ host: address, port, path, timeout: timeoutMs, agent: false }, (answer) => {
    let body = '';
    answer.setEncoding('utf8').on('data', (text: string) => {
      body += text.slice(0, 64 * 1024 - body.length);
    });
    answer.on('close', () => resolve({ open: true, status: answer.statusCode, body: body.trimEnd() }));
  });
  ask.on('timeout', () => ask.destroy());
  ask.on('error', () => resolve({ open: true }));
  ask.end();
  return await promise;
}

function isOpen(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection({ host, port, timeout: timeoutMs });
  const end = (result: boolean) => () => {
    socket.destroy();
    resolve(result);
  };
  socket.on('connect', end(true)).on('error', end(false)).on('timeout', end(false));
  return promise;
}

const absent: Partial<Record<ProbeName, string>> = {
  port: 'nobody listens',
  registry: 'nobody listens, or no such name',
  layers: 'no such image',
  upper: 'no such container, or nothing changed there',
  output: 'nothing written',
  dns: 'no address for that name',
};
const absentWords = (name: ProbeName): string => absent[name] ?? `no such ${name}`;

const asked = (selectors: { [Name in ProbeName]?: unknown }, name: ProbeName, daemon: DaemonClient): Promise<Facts> =>
  (probes[name] as Probe<ProbeName>)(selectors[name] as never, daemon);

async function isAsWished(wish: Wish, value: unknown, daemon: DaemonClient): Promise<boolean> {
  if (typeof wish !== 'object') return matches(wish, value);
  if ('same' in wish) return isSameFact(await otherFact(wish.same, daemon), value);
  if (!('not' in wish)) return matches(wish, value);
  const { not } = wish;
  return !(await isAsWished(not, value, daemon));
}

async function otherFact(other: OtherFact, daemon: DaemonClient): Promise<string | number | boolean> {
  const name = probeOf(other);
  const value = factOf(await asked(other, name, daemon), other.fact);
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  throw new CannotTell(`there is nothing to compare with: ${name} has no ${other.fact}`);
}

const probeOf = (other: OtherFact): ProbeName =>
  (Object.keys(probes) as ProbeName[]).find((name) => other[name] !== undefined) ?? 'file';

export function wishWords(wish: Wish): string {
  if (typeof wish !== 'object') return matcherWords(wish);
  if ('same' in wish) return `the same as ${wish.same.fact} of ${probeOf(wish.same)} ${selectorWords(wish.same)}`;
  return 'not' in wish ? `not ${wishWords(wish.not)}` : matcherWords(wish);
}

function selectorWords(other: OtherFact): string {
  const selector = other[probeOf(other)];
  return typeof selector === 'object' ? Object.values(selector).join(' ') : String(selector);
}

/** Asks a probe and holds its facts against what is wanted; without `want`, that the thing is there. */
export async function checkState(check: Check, name: ProbeName, daemon: DaemonClient): Promise<Verdict> {
  const want = check.want ?? {};
  const wanted = Object.entries(want).map(([path, wish]) => `${path} ${wishWords(wish)}`);
  try {
    const facts = await asked(check, name, daemon);
    const seen = [];
    for (const [path, wish] of Object.entries(want)) {
      const value = factOf(facts, path);
      seen.push({ isRight: await isAsWished(wish, value, daemon), says: `${path} ${valueWords(value)}` });
    }
    const isThere = Object.keys(facts).length > 0 && facts.exists !== false && facts.open !== false;
    const isPassed = seen.length === 0 ? isThere : seen.every(({ isRight }) => isRight);
    const wrongOnes = seen.filter(({ isRight }) => !isRight).map(({ says }) => says);
    const saw = isPassed ? seen.map(({ says }) => says) : wrongOnes;
    return {
      state: isPassed ? 'passed' : 'failed',
      saw: !isThere && !isPassed ? absentWords(name) : saw.join(', ') || `the ${name}`,
      wanted: wanted.join(', ') || `a ${name}`,
    };
  } catch (error) {
    if (!(error instanceof CannotTell)) throw error;
    return { state: 'unknown', saw: error.message, wanted: wanted.join(', ') || `a ${name}` };
  }
}
