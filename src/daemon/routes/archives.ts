// Images in and out of archives and containers: commit, import, save, load.
import { asLabError, LabError } from '../../base/errors.ts';
import { runConfigSchema } from '../../oci/image.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import { commitContainer } from '../image/commit.ts';
import { importImage } from '../image/import.ts';
import { loadImages } from '../image/load.ts';
import { saveImages } from '../image/save.ts';
import { boolean, type Call, json, type Route } from '../router.ts';
import { parseBody } from '../schema/fields.ts';
import { commonHeaders } from '../server.ts';
import { flow } from './files.ts';

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

/** Lines of JSON, as Docker's clients read progress; an error after the first line is one of them. */
async function lines({ response }: Call, body: (report: (line: object) => void) => Promise<void>): Promise<undefined> {
  const report = (line: object): void => {
    if (!response.headersSent) response.writeHead(200, { ...commonHeaders, 'Content-Type': 'application/json' });
    response.write(`${JSON.stringify(line)}\r\n`);
  };
  try {
    await body(report);
  } catch (error) {
    if (!response.headersSent) throw error;
    const { message } = asLabError(error);
    report({ error: message, errorDetail: { message } });
  }
  response.end();
  return undefined;
}

/** POST /images/create with fromSrc. */
export async function importArchive(call: Call): Promise<undefined> {
  const { query } = call;
  const source = query.get('fromSrc') ?? '';
  if (source !== '-')
    throw new LabError('notImplemented', `importing from ${source}: tlab reads archives that it is sent`, {
      hint: 'curl -L URL | tlab import - NAME',
    });
  const names = namesOf(query);
  return await lines(call, async (report) => {
    const id = await importImage(call.engine, {
      archive: call.request,
      names,
      message: query.get('message') ?? '',
      changes: query.getAll('changes'),
      platform: query.get('platform') || undefined,
      signal: call.signal,
    });
    report({ status: id });
  });
}

async function save(call: Call, names: readonly string[]): Promise<undefined> {
  const send = await saveImages(call.engine, names);
  return await flow(call, { 'Content-Type': 'application/x-tar' }, () => send(call.response));
}

export const archiveRoutes: readonly Route[] = [
  { method: 'POST', pattern: '/commit', handler: commit },
  {
    method: 'POST',
    pattern: '/images/load',
    handler: (call) =>
      lines(call, (report) =>
        loadImages(call.engine, {
          archive: call.request,
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
