// One build from its request to an image: a place in the queue, the context onto disk, the Dockerfile, the stages, the image and its names.
// Rule: whatever happens, lease, context and folder go; a build whose client has gone away stops.
import { mkdirSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { withRoom } from '../../base/disk.ts';
import { LabError } from '../../base/errors.ts';
import { newContainerId } from '../../base/ids.ts';
import { paths } from '../../base/paths.ts';
import { UndoStack } from '../../base/undo.ts';
import { ignoreRules, parseIgnore } from '../../dockerfile/ignore.ts';
import type { Dockerfile } from '../../dockerfile/parse.ts';
import { parseDockerfile } from '../../dockerfile/parse.ts';
import type { Instruction } from '../../dockerfile/syntax.ts';
import { emit } from '../../trace/recorder.ts';
import { ignoreMissing } from '../container/missing.ts';
import type { Engine } from '../engine.ts';
import { familiarName } from '../image/store.ts';
import { epochArgument, GivenArguments } from './arguments.ts';
import type { Builder } from './builder.ts';
import { pruneCache } from './cache/prune.ts';
import { heard } from './context/heard.ts';
import { receiveContext } from './context/receive.ts';
import type { BuildContext } from './context/types.ts';
import type { Reporter } from './events.ts';
import { type BuiltImage, publishImage } from './publish.ts';
import type { BuildRequest } from './request.ts';
import type { BuildSession } from './session.ts';
import { Solver } from './solver.ts';

/** On what a build makes in containerd: its id. */
export const buildLabel = 'io.tlab/build';

export interface BuildInput {
  request: BuildRequest;
  /** The client's tar. */
  body: IncomingMessage;
  reporter: Reporter;
  signal: AbortSignal;
  registryAuths: ReadonlyMap<string, string>;
}

/** Errors: those of the Dockerfile with its line; as every part says. */
export async function build(engine: Engine, builder: Builder, input: BuildInput): Promise<BuiltImage> {
  const { reporter, signal } = input;
  refuseRemapped(engine);
  const startedMs = performance.now();
  const leave = await builder.queue.enter(signal, (place) => void reporter.report({ kind: 'queued', ...place }));
  try {
    reporter.report({ kind: 'started', waitedMs: Math.round(performance.now() - startedMs) });
    return await execute(engine, builder, input);
  } finally {
    leave();
    void builder.collector.collect((rule) => pruneCache(engine, rule));
  }
}

/** What RUN writes would have the ids of the map, and no layer can have those. */
function refuseRemapped({ remap }: Engine): void {
  if (remap === undefined) return;
  throw new LabError('notImplemented', 'building with userns-remap: tlab does not support it', {
    hint: 'build on an engine without it, and pull the image here',
  });
}

async function execute(engine: Engine, builder: Builder, input: BuildInput): Promise<BuiltImage> {
  await using undo = new UndoStack();
  const { request, reporter, signal } = input;
  const secrets = builder.secrets.take(request.secrets);
  const sent = heard(input.body, builder.silenceMs);
  const context = await receiveContext(sent, { binaryFolder: builder.binaryFolder, signal });
  undo.push('context', () => context.remove());
  reporter.report({ kind: 'context', sentBytes: context.sentBytes, entries: context.entries });
  const { file, isIgnored } = await readInstructions(context, request);
  const id = newContainerId();
  const lease = `tlab-build-${id}`;
  const folder = `${paths.runRoot}/build/${id.slice(0, 16)}`;
  undo.push('folder', () => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  undo.push('lease', () => ignoreMissing(engine.containerd.leases.delete({ id: lease })));
  await engine.containerd.leases.create({ id: lease, labels: { [buildLabel]: id } });
  undo.push('cache', () => builder.cache.release(lease));
  const given = new GivenArguments(request.buildArguments);
  // One failure ends everything that runs beside it.
  const ending = new AbortController();
  const session: BuildSession = {
    id,
    engine,
    request,
    lease,
    folder,
    binaryFolder: builder.binaryFolder,
    reporter,
    signal: AbortSignal.any([signal, ending.signal]),
    context,
    cache: builder.cache,
    given,
    runMounts: builder.runMounts,
    secrets,
    registryAuths: input.registryAuths,
    epoch: epochOf(request),
  };
  return await solve(session, { file, isIgnored, ending });
}

interface Instructions {
  file: Dockerfile;
  /** The rules of .dockerignore. */
  isIgnored: (path: string) => boolean;
}

async function solve(
  session: BuildSession,
  { file, isIgnored, ending }: Instructions & { ending: AbortController },
): Promise<BuiltImage> {
  const { reporter, request, given, engine } = session;
  const solver = new Solver(session, withLabels(file, request), isIgnored);
  const { needed, total, target } = solver.plan;
  if (!request.noCache)
    session.cache.prepare(
      needed.flatMap(({ instructions }) => instructions),
      session.lease,
    );
  reporter.report({
    kind: 'planned',
    total,
    stages: solver.file.stages.map((stage) => ({
      index: stage.index,
      name: stage.name ?? `${stage.index}`,
      steps: 1 + stage.instructions.length,
      isNeeded: needed.includes(stage),
    })),
  });
  emit('daemon.build-planned', {
    data: {
      target: target.name ?? `${target.index}`,
      needed: needed.length,
      skipped: file.stages.length - needed.length,
      steps: total,
    },
  });
  const state = await solver.solve().catch(async (error: unknown) => {
    ending.abort();
    await solver.settle();
    throw error;
  });
  session.signal.throwIfAborted();
  const image = await publishImage({ engine: session.engine, lease: session.lease, tags: session.request.tags }, state);
  const unused = given.unused();
  if (unused.length > 0) {
    const text = `One or more build-args [${unused.join(' ')}] were not consumed`;
    reporter.report({ kind: 'warning', text });
  }
  reporter.report({ kind: 'built', ...image });
  for (const name of request.tags) reporter.report({ kind: 'tagged', name: familiarName(name) });
  emit('daemon.build-finished', { data: { id: image.id, digest: image.digest, names: request.tags } });
  engine.events.publish('image', 'build', image.id, request.tags[0] === undefined ? {} : { name: request.tags[0] });
  return image;
}

/** The Dockerfile, and the rules of .dockerignore or of one of the Dockerfile's own, which docker's classic builder does not know. */
async function readInstructions(
  context: BuildContext,
  { dockerfile, wantsEvents }: BuildRequest,
): Promise<Instructions> {
  const [text, common, own] = await context.readTexts([
    dockerfile,
    '.dockerignore',
    ...(wantsEvents ? [`${dockerfile}.dockerignore`] : []),
  ]);
  if (text === undefined)
    throw new LabError('invalidArgument', `Cannot locate specified Dockerfile: ${dockerfile}`, {
      hint: 'name it with -f; is it left out by .dockerignore?',
    });
  if (text.trim() === '') throw new LabError('invalidArgument', `the Dockerfile (${dockerfile}) cannot be empty`);
  const file = parseDockerfile(text);
  const ignore = own ?? common;
  if (ignore === undefined) return { file, isIgnored: () => false };
  const rules = ignoreRules(parseIgnore(ignore));
  return { file, isIgnored: (path) => rules.isIgnored(path) };
}

/** Labels of the request are a last instruction, as with Docker's classic builder. */
function withLabels(file: Dockerfile, { labels, target }: BuildRequest): Dockerfile {
  const pairs = Object.entries(labels);
  if (pairs.length === 0) return file;
  const quoted = (text: string): string => `'${text.replaceAll("'", `'"'"'`)}'`;
  const line = file.stages.at(-1)?.instructions.at(-1)?.endLine ?? 1;
  const label: Instruction = {
    keyword: 'LABEL',
    written: 'LABEL',
    flags: {},
    arguments: {
      kind: 'pairs',
      pairs: pairs.map(([name, value]) => ({ name: quoted(name), value: quoted(value) })),
      isLegacy: false,
    },
    heredocs: [],
    text: `LABEL ${pairs.map(([name, value]) => `${name}=${value}`).join(' ')}`,
    startLine: line,
    endLine: line,
  };
  const last = target === undefined ? file.stages.at(-1) : undefined;
  const isTarget = (name: string | undefined, index: number): boolean =>
    target !== undefined && (name?.toLowerCase() === target.toLowerCase() || `${index}` === target);
  const stages = file.stages.map((stage) =>
    stage === last || isTarget(stage.name, stage.index)
      ? { ...stage, instructions: [...stage.instructions, label] }
      : stage,
  );
  return { ...file, stages };
}

function epochOf({ buildArguments }: BuildRequest): number | undefined {
  const text = buildArguments.get(epochArgument);
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,11}$/.test(text)) return Number(text);
  throw new LabError('invalidArgument', `${epochArgument} "${text}": expected seconds since 1970`);
}

/** The last line of a build that has failed. */
export function errorEvent(thrown: unknown) {
  const { message, kind, hint, data } = withRoom(thrown, paths.dataRoot);
  const code = typeof data?.code === 'number' ? data.code : 0;
  return {
    kind: 'error' as const,
    message,
    code,
    errorKind: kind,
    ...(hint === undefined ? {} : { hint }),
    ...(data === undefined ? {} : { data }),
  };
}
