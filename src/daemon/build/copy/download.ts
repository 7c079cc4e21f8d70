// ADD's downloads: http and https, a bounded number of redirects, a bound on the size, nothing kept when anything is wrong.
// Rule: what authenticates (the URL's user and password) goes to the host that it was given for and to no other.
// @source dockerfile reference: ADD: mode 600, Last-Modified
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { utimes } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inContext, LabError } from '../../../base/errors.ts';
import type { Digest } from '../../../oci/digest.ts';
import { emit } from '../../../trace/recorder.ts';
import { type MadeFile, madeFolder } from './inline.ts';

export interface FetchOptions {
  checksum: Digest | undefined;
  /** The destination is the file's name: then the URL needs none. */
  isName: boolean;
  mostDownloadBytes?: number;
  signal?: AbortSignal;
}

const redirectsMax = 10;
const silenceMs = 60_000;
const mostBytesDefault = 10 * 1024 ** 3;

/** Errors: invalidArgument (URL, name), notFound and unavailable (the server's answer), dataLoss (other bytes than --checksum), resourceExhausted. */
export async function fetchUrl(url: string, options: FetchOptions): Promise<MadeFile> {
  const folder = await madeFolder();
  const shown = withoutSecrets(url);
  try {
    const response = await follow(new URL(url), options.signal);
    const name = nameOf(url, response, options.isName);
    const { sizeBytes, digest } = await store(response, `${folder.root}/${name}`, options);
    if (options.checksum !== undefined && digest !== options.checksum)
      throw new LabError('dataLoss', `its digest is ${digest}, expected ${options.checksum} (--checksum)`);
    const modified = Date.parse(response.headers['last-modified'] ?? '');
    if (!Number.isNaN(modified)) await utimes(`${folder.root}/${name}`, modified / 1000, modified / 1000);
    emit('daemon.download-fetched', {
      data: { url: shown, name, sizeBytes, digest },
      twin: `curl -fL -o ${name} '${shown}' && sha256sum ${name}`,
    });
    return { ...folder, name };
  } catch (error) {
    await folder.remove();
    throw inContext(`ADD ${shown}`, error);
  }
}

/**
 * What is at the URL, as it comes; the caller reads it to its end or destroys it. Errors: notImplemented for a scheme, invalidArgument for what
 * is no URL, notFound and unavailable as the server answers.
 */
export async function openUrl(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.host === '')
    throw new LabError('invalidArgument', `"${url}": expected an http or https URL`);
  if (!/^https?:$/.test(parsed.protocol))
    throw new LabError(
      'notImplemented',
      `"${url}": fetching by ${parsed.protocol.slice(0, -1)}, expected http or https`,
    );
  try {
    return await follow(parsed, signal);
  } catch (error) {
    throw inContext(`fetching ${withoutSecrets(url)}`, error);
  }
}

export function withoutSecrets(url: string): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

async function follow(url: URL, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  let at = url;
  for (let redirects = 0; redirects <= redirectsMax; redirects++) {
    const response = await request(at, at.origin === url.origin ? url : undefined, signal);
    const { statusCode = 0, headers } = response;
    if (statusCode === 200) return response;
    response.destroy();
    if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined)
      throw new LabError(
        statusCode === 404 ? 'notFound' : 'unavailable',
        `the server answers ${statusCode} ${response.statusMessage ?? ''}`.trim(),
      );
    at = new URL(headers.location, at);
    if (!/^https?:$/.test(at.protocol))
      throw new LabError('invalidArgument', `it is redirected to ${at.protocol}, expected http or https`);
    if (url.protocol === 'https:' && at.protocol === 'http:')
      throw new LabError('invalidArgument', 'it is redirected from https to http');
  }
  throw new LabError('unavailable', `it is redirected more than ${redirectsMax} times`);
}

async function request(
  url: URL,
  credentials: URL | undefined,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  const { get } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const auth =
    credentials !== undefined && credentials.username !== ''
      ? { auth: `${decodeURIComponent(credentials.username)}:${decodeURIComponent(credentials.password)}` }
      : {};
  const target = {
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    path: `${url.pathname}${url.search}`,
  };
  const sent = get(
    {
      ...target,
      ...auth,
      headers: { 'User-Agent': 'tlab', 'Accept-Encoding': 'identity' },
      timeout: silenceMs,
      ...(signal === undefined ? {} : { signal }),
    },
    resolve,
  );
  sent.once('timeout', () =>
    sent.destroy(new LabError('deadlineExceeded', `the server is silent for ${silenceMs / 1000} s`)),
  );
  sent.once('error', (error) =>
    reject(
      error instanceof LabError
        ? error
        : new LabError('unavailable', `${url.host}: ${error.message}`, { cause: error }),
    ),
  );
  return promise;
}

function nameOf(url: string, { headers }: IncomingMessage, isName: boolean): string {
  const [, disposition = ''] = /filename="?([^";]+)/.exec(headers['content-disposition'] ?? '') ?? [];
  const last = (path: string): string => path.split('/').at(-1) ?? '';
  const name = [last(decoded(new URL(url).pathname)), last(disposition), isName ? 'download' : ''].find(
    (one) => one !== '' && one !== '.' && one !== '..' && !one.includes('\0'),
  );
  if (name === undefined)
    throw new LabError('invalidArgument', 'cannot determine a file name from the URL', {
      hint: 'give the destination a file name',
    });
  return name;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

async function store(
  response: IncomingMessage,
  path: string,
  { mostDownloadBytes = mostBytesDefault, signal }: FetchOptions,
): Promise<{ sizeBytes: number; digest: Digest }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      hash.update(chunk);
      done(
        sizeBytes > mostDownloadBytes
          ? new LabError('resourceExhausted', `it is larger than ${mostDownloadBytes} bytes`)
          : null,
        chunk,
      );
    },
  });
  await pipeline(
    response,
    counted,
    createWriteStream(path, { mode: 0o600, flags: 'wx' }),
    signal === undefined ? {} : { signal },
  );
  const announced = response.headers['content-length'];
  if (announced !== undefined && Number(announced) !== sizeBytes)
    throw new LabError('dataLoss', `${sizeBytes} bytes came, ${announced} were announced`);
  return { sizeBytes, digest: `sha256:${hash.digest('hex')}` };
}
