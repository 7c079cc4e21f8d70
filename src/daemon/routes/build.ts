// /build.
import { LabError } from '../../base/errors.ts';
import { build, errorEvent } from '../build/build.ts';
import { pruneFilters } from '../build/cache/collect.ts';
import { pruneCache } from '../build/cache/prune.ts';
import { HttpReporter } from '../build/reporter.ts';
import { parseBuildRequest } from '../build/request.ts';
import { secretsSchema } from '../build/secrets.ts';
import { parseFilters } from '../filters.ts';
import { boolean, type Call, json, type Route } from '../router.ts';

async function buildImage(call: Call): Promise<undefined> {
  const request = parseBuildRequest(call.query);
  const reporter = new HttpReporter(call.response, request);
  const input = {
    request,
    body: call.request,
    reporter,
    signal: call.signal,
    registryAuths: authsOf(call.request.headers['x-registry-config']),
  };
  try {
    await build(call.engine, call.engine.builder, input);
  } catch (error) {
    if (!call.response.headersSent) throw error;
    reporter.flush();
    reporter.report(errorEvent(error));
  }
  call.end();
  return undefined;
}

/** Docker's own names of its registry. @source docker registry/config.go IndexServer */
const hubNames = new Set(['https://index.docker.io/v1/', 'index.docker.io', 'registry-1.docker.io']);

/** Host → what X-Registry-Auth would hold. Errors: invalidArgument. @source docker-api X-Registry-Config */
export function authsOf(header: string | string[] | undefined): Map<string, string> {
  if (typeof header !== 'string' || header === '') return new Map();
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(header, 'base64').toString('utf8'));
  } catch (cause) {
    throw new LabError('invalidArgument', 'X-Registry-Config: expected JSON in base64', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map();
  return new Map(
    Object.entries(value).map(([name, auth]) => [
      hubNames.has(name) ? 'docker.io' : name.replace(/^https?:\/\//, '').replace(/\/.*$/, ''),
      Buffer.from(JSON.stringify(auth)).toString('base64url'),
    ]),
  );
}

async function prune({ engine, query }: Call) {
  const keep = query.get('keep-storage') ?? '';
  if (!/^\d*$/.test(keep)) throw new LabError('invalidArgument', `keep-storage "${keep}": expected bytes`);
  const filters = parseFilters(query.get('filters'), pruneFilters);
  return json(await pruneCache(engine, { all: boolean(query, 'all'), keepBytes: Number(keep || 0), filters }));
}

export const buildRoutes: readonly Route[] = [
  { method: 'POST', pattern: '/build/prune', handler: prune },
  { method: 'POST', pattern: '/build', handler: buildImage },
  {
    method: 'POST',
    pattern: '/tlab/build/secrets',
    handler: async (call) => json({ Name: call.engine.builder.secrets.keep(await call.body(secretsSchema)) }, 201),
  },
];
