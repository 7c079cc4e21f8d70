// /containers: the verbs. Streams (attach, logs, stats) stand in streams.ts.
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import type { Container } from '../container/container.ts';
import { createContainer } from '../container/create.ts';
import { inspectContainer } from '../container/inspect.ts';
import { killContainer } from '../container/kill.ts';
import { listContainers, listFilters } from '../container/list.ts';
import { pauseContainer, unpauseContainer } from '../container/pause.ts';
import { pruneContainers } from '../container/prune.ts';
import { removeContainer } from '../container/remove.ts';
import { renameContainer } from '../container/rename.ts';
import { resizeContainer } from '../container/resize.ts';
import { restartContainer } from '../container/restart.ts';
import { startContainer } from '../container/start.ts';
import { stopContainer } from '../container/stop.ts';
import { topOf } from '../container/top.ts';
import { updateContainer, updateSchema } from '../container/update.ts';
import { parseCondition, waitFor } from '../container/wait.ts';
import { sizesOf, withSizes } from '../disk-usage.ts';
import { parseFilters } from '../filters.ts';
import { boolean, type Call, json, noContent, notModified, type Route } from '../router.ts';
import { parseCreate } from '../schema/create.ts';
import { commonHeaders } from '../server.ts';

export const containerOf = ({ engine, parameters }: Call): Container => engine.containers.find(parameters.id ?? '');

const seconds = (query: URLSearchParams): number | undefined => {
  const text = query.get('t');
  if (text === null || text === '') return undefined;
  if (!/^-?\d+$/.test(text)) throw new LabError('invalidArgument', `t "${text}": expected seconds`);
  return Number(text);
};

const stopOptions = (query: URLSearchParams) => ({
  timeoutSeconds: seconds(query),
  signal: query.get('signal') ?? undefined,
});

async function wait(call: Call): Promise<undefined> {
  const container = containerOf(call);
  const condition = parseCondition(call.query.get('condition') ?? undefined);
  const result = waitFor(container, condition, call.signal);
  // The head goes out at once: a client that has it may start the container and will not miss its exit.
  call.response.writeHead(200, { ...commonHeaders, 'Content-Type': 'application/json' });
  call.response.flushHeaders();
  try {
    call.response.end(`${JSON.stringify(await result)}\n`);
  } catch {
    call.response.destroy();
  }
  return undefined;
}

export const containerRoutes: readonly Route[] = [
  {
    method: 'POST',
    pattern: '/containers/create',
    handler: async (call) => {
      const platform = call.query.get('platform');
      const body = parseCreate(await call.rawBody());
      if (platform !== null && platform !== '') checkPlatform(platform);
      return json(await createContainer(call.engine, call.query.get('name') ?? undefined, body), 201);
    },
  },
  {
    method: 'GET',
    pattern: '/containers/json',
    handler: async ({ engine, query }) => {
      const limit = Number(query.get('limit') ?? 0);
      const filters = parseFilters(query.get('filters'), listFilters);
      const all = boolean(query, 'all');
      const listed = listContainers(engine, { all, limit: Number.isNaN(limit) ? 0 : limit, filters });
      if (!boolean(query, 'size')) return json(listed);
      return json(await Promise.all(listed.map((summary) => withSizes(engine, summary))));
    },
  },
  {
    method: 'POST',
    pattern: '/containers/prune',
    handler: async ({ engine, query }) =>
      json(await pruneContainers(engine, parseFilters(query.get('filters'), ['until', 'label', 'label!']))),
  },
  {
    method: 'GET',
    pattern: '/containers/{id}/json',
    handler: async (call) => {
      const container = containerOf(call);
      const sizes = boolean(call.query, 'size') ? await sizesOf(call.engine, container) : {};
      return json({ ...inspectContainer(container, call.engine.facts), ...sizes });
    },
  },
  {
    method: 'POST',
    pattern: '/containers/{id}/start',
    handler: async (call) => {
      const container = containerOf(call);
      const isStarted = await startContainer(call.engine, container);
      return isStarted ? noContent : notModified;
    },
  },
  {
    method: 'POST',
    pattern: '/containers/{id}/stop',
    handler: async (call) =>
      (await stopContainer(call.engine, containerOf(call), stopOptions(call.query))) ? noContent : notModified,
  },
  {
    method: 'POST',
    pattern: '/containers/{id}/restart',
    handler: async (call) => {
      await restartContainer(call.engine, containerOf(call), stopOptions(call.query));
      return noContent;
    },
  },
  {
    method: 'POST',
    pattern: '/containers/{id}/kill',
    handler: async (call) => {
      await killContainer(call.engine, containerOf(call), call.query.get('signal') ?? '');
      return noContent;
    },
  },
  { method: 'POST', pattern: '/containers/{id}/wait', handler: wait },
  {
    method: 'POST',
    pattern: '/containers/{id}/pause',
    handler: async (call) => {
      await pauseContainer(call.engine, containerOf(call));
      return noContent;
    },
  },
  {
    method: 'POST',
    pattern: '/containers/{id}/unpause',
    handler: async (call) => {
      await unpauseContainer(call.engine, containerOf(call));
      return noContent;
    },
  },
  {
    method: 'POST',
    pattern: '/containers/{id}/rename',
    handler: async (call) => {
      await renameContainer(call.engine, containerOf(call), call.query.get('name') ?? '');
      return noContent;
    },
  },
  {
    method: 'POST',
    pattern: '/containers/{id}/update',
    handler: async (call) => {
      const container = containerOf(call);
      await updateContainer(call.engine, container, await call.body(updateSchema));
      return json({ Warnings: null });
    },
  },
  {
    method: 'POST',
    pattern: '/containers/{id}/resize',
    handler: async (call) => {
      await resizeContainer(call.engine, containerOf(call), sizeOf(call.query));
      return { status: 200 };
    },
  },
  {
    method: 'GET',
    pattern: '/containers/{id}/top',
    handler: async (call) => json(await topOf(call.engine, containerOf(call), call.query.get('ps_args') ?? '')),
  },
  {
    method: 'DELETE',
    pattern: '/containers/{id}',
    handler: async (call) => {
      if (boolean(call.query, 'link'))
        throw new LabError('notImplemented', 'links between containers: tlab does not have them');
      const options = { force: boolean(call.query, 'force'), removeVolumes: boolean(call.query, 'v') };
      await removeContainer(call.engine, containerOf(call), options);
      return noContent;
    },
  },
];

/** @source docker-api POST /containers/{id}/resize */
export function sizeOf(query: URLSearchParams): { width: number; height: number } {
  const side = v.pipe(v.string(), v.regex(/^\d{1,4}$/), v.transform(Number));
  const height = v.safeParse(side, query.get('h'));
  const width = v.safeParse(side, query.get('w'));
  if (!height.success || !width.success)
    throw new LabError('invalidArgument', 'resize: expected h and w in characters');
  return { width: width.output, height: height.output };
}

function checkPlatform(platform: string): void {
  const [os, architecture] = platform.split('/');
  const own = process.arch === 'x64' ? 'amd64' : process.arch;
  if (os === 'linux' && (architecture === undefined || architecture === own)) return;
  throw new LabError('notFound', `image with platform ${platform}: this host runs linux/${own}`);
}
