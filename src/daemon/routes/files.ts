// The files of containers: cp both ways, diff, export.
import { LabError } from '../../base/errors.ts';
import { changesOf, exportOf } from '../files/changes.ts';
import { archiveOf, extractTo } from '../files/copy.ts';
import type { PathStat } from '../files/stat.ts';
import { boolean, type Call, json, type Route } from '../router.ts';
import { commonHeaders } from '../server.ts';
import { containerOf } from './containers.ts';

function pathOf({ query }: Call): string {
  const path = query.get('path') ?? '';
  if (path === '') throw new LabError('invalidArgument', "bad parameter: 'path' cannot be empty");
  if (path.includes('\0')) throw new LabError('invalidArgument', "bad parameter: 'path' has a NUL in it");
  return path;
}

/** @source docker-api HEAD /containers/{id}/archive */
const statHeader = (stat: PathStat) => ({
  'X-Docker-Container-Path-Stat': Buffer.from(JSON.stringify(stat)).toString('base64'),
});

/** Once the head has left, a failure can only be told by breaking off: half an archive must not look whole. */
export async function flow(
  { response }: Call,
  headers: Record<string, string>,
  send: () => Promise<void>,
): Promise<undefined> {
  response.writeHead(200, { ...commonHeaders, ...headers });
  response.flushHeaders();
  try {
    await send();
    response.end();
  } catch {
    response.destroy();
  }
  return undefined;
}

export const fileRoutes: readonly Route[] = [
  {
    method: 'HEAD',
    pattern: '/containers/{id}/archive',
    handler: async (call) => {
      const { stat } = await archiveOf(call.engine, containerOf(call), { path: pathOf(call), signal: call.signal });
      return { status: 200, headers: statHeader(stat) };
    },
  },
  {
    method: 'GET',
    pattern: '/containers/{id}/archive',
    handler: async (call) => {
      const found = await archiveOf(call.engine, containerOf(call), { path: pathOf(call), signal: call.signal });
      const headers = { 'Content-Type': 'application/x-tar', ...statHeader(found.stat) };
      return await flow(call, headers, () => found.send(call.response));
    },
  },
  {
    method: 'PUT',
    pattern: '/containers/{id}/archive',
    handler: async (call) => {
      await extractTo(call.engine, containerOf(call), {
        path: pathOf(call),
        keepKind: boolean(call.query, 'noOverwriteDirNonDir'),
        copyUidGid: boolean(call.query, 'copyUIDGID'),
        archive: call.request,
        signal: call.signal,
      });
      return { status: 200 };
    },
  },
  {
    method: 'GET',
    pattern: '/containers/{id}/changes',
    handler: async (call) => json(await changesOf(call.engine, containerOf(call), call.signal)),
  },
  {
    method: 'GET',
    pattern: '/containers/{id}/export',
    handler: async (call) => {
      const send = await exportOf(call.engine, containerOf(call), call.signal);
      return await flow(call, { 'Content-Type': 'application/octet-stream' }, () => send(call.response));
    },
  },
];
