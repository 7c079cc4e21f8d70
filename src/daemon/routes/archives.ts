// Images in and out of archives and containers: commit, import, save, load.
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { type Platform, runConfigSchema } from '../../oci/image.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import { openUrl, withoutSecrets } from '../build/copy/download.ts';
import { commitContainer } from '../image/commit.ts';
import { importImage } from '../image/import.ts';
import { loadImages } from '../image/load.ts';
import { saveImages } from '../image/save.ts';
import { boolean, type Call, json, type Route } from '../router.ts';
import { parseBody } from '../schema/fields.ts';
import { flow } from './files.ts';
import { flowing } from './progress.ts';

/** `repo` and `tag` of commit and import; none is an image without a name. Errors: invalidArgument. */
export function namesOf(query: URLSearchParams): string[] {
  const repo = query.get('repo') ?? '';
  const tag = query.get('tag') ?? '';
  if (repo === '') return [];
  const reference = parseReference(tag === '' ? repo : `${repo}:${tag}`);
  if (reference.digest !== undefined)
    throw new LabError('invalidArgument', 'refusing to create a tag with a digest reference');
  return [formatReference(reference)];
}

async function commit(call: Call) {
  const { engine, query } = call;
  const container = engine.containers.find(query.get('container') ?? '');
  const body = await call.rawBody();
  const isGiven = typeof body === 'object' && body !== null && Object.keys(body).length > 0;
  const id = await commitContainer(engine, container, {
    names: namesOf(query),
    comment: query.get('comment') ?? '',
    author: query.get('author') ?? '',
    pause: query.get('pause') === null || boolean(query, 'pause'),
    changes: query.getAll('changes'),
    config: isGiven ? parseBody(runConfigSchema, body) : undefined,
    signal: call.signal,
  });
  return json({ Id: id }, 201);
}

/** The request's body for `-`; else a URL, by http when it names no scheme. @source docker daemon/import.go */
async function importSource(call: Call, source: string) {
  if (source === '-') return { archive: call.request, from: source };
  const url = /^[a-z][a-z0-9+.-]*:/i.test(source) ? source : `http://${source}`;
  return { archive: await openUrl(url, call.signal), from: withoutSecrets(url) };
}

/** POST /images/create with fromSrc. */
export async function importArchive(call: Call): Promise<undefined> {
  const { query } = call;
  const source = query.get('fromSrc') ?? '';
  const names = namesOf(query);
  return await flowing<object>(call, async (report) => {
    const { archive, from } = await importSource(call, source);
    const id = await importImage(call.engine, {
      archive,
      names,
      message: query.get('message') || `Imported from ${from}`,
      changes: query.getAll('changes'),
      platform: query.get('platform') || undefined,
      signal: call.signal,
    });
    report({ status: id });
  });
}

async function save(call: Call, names: readonly string[]): Promise<undefined> {
  const send = await saveImages(call.engine, names, platformOf(call.query.get('platform')));
  return await flow(call, { 'Content-Type': 'application/x-tar' }, () => send(call.response));
}

/** The API has it as JSON. Errors: invalidArgument. @source docker-api POST /images/load, GET /images/get */
function platformOf(text: string | null): Platform | undefined {
  if (text === null || text === '') return undefined;
  if (!text.startsWith('{')) return parsePlatform(text);
  try {
    const { os, architecture, variant } = v.parse(platformSchema, JSON.parse(text));
    return parsePlatform([os, architecture, variant].filter((part) => part !== undefined && part !== '').join('/'));
  } catch (cause) {
    throw new LabError('invalidArgument', `platform ${text}: expected JSON with os and architecture`, { cause });
  }
}

const platformSchema = v.object({ os: v.string(), architecture: v.string(), variant: v.optional(v.string()) });

export const archiveRoutes: readonly Route[] = [
  { method: 'POST', pattern: '/commit', handler: commit },
  {
    method: 'POST',
    pattern: '/images/load',
    handler: (call) =>
      flowing<object>(call, (report) =>
        loadImages(call.engine, {
          archive: call.request,
          platform: platformOf(call.query.get('platform')),
          say: (line) => report({ stream: `${line}\n` }),
          signal: call.signal,
        }),
      ),
  },
  { method: 'GET', pattern: '/images/get', handler: (call) => save(call, call.query.getAll('names')) },
  {
    method: 'GET',
    pattern: '/images/{name*}/get',
    handler: (call) => save(call, [call.parameters.name ?? '']),
  },
];
