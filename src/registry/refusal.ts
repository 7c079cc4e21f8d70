// What a registry's "no" means: its OCI error codes as an error of ours, and its Retry-After and RateLimit headers as a time to wait.
import { LabError } from '../base/errors.ts';
import { type HttpResponse, readBody } from './http.ts';

const largestErrorBytes = 64 * 1024;

export interface Refusal {
  error: LabError;
  /** How long until another try; undefined when another would not help. */
  waitMs: number | undefined;
}

export interface RefusedRequest {
  /** Of the registry, for messages. */
  host: string;
  /** `team/app:latest`, or whatever was asked about. */
  what: string;
  /** How many tries there were, this one included. */
  tries: number;
}

const firstBackOffMs = 250;
/** A Retry-After beyond this is an error now rather than a pull that hangs. */
const longestWaitMs = 15_000;

/** Reads the answer's body. @source oci-distribution error-codes */
export async function refusalOf(response: HttpResponse, request: RefusedRequest): Promise<Refusal> {
  const body = await readBody(response, largestErrorBytes).catch(() => Buffer.alloc(0));
  const said = messageOf(body);
  const what = `${request.host}: ${request.what}`;
  return { error: errorOf(response, { what, host: request.host, said }), waitMs: waitOf(response, request.tries) };
}

function errorOf(
  response: HttpResponse,
  { what, host, said }: { what: string; host: string; said: string | undefined },
) {
  const { status } = response;
  const suffix = said === undefined ? '' : `: ${said}`;
  const data = { status };
  if (status === 404) return new LabError('notFound', `${what}: not found${suffix}`, { data });
  if (status === 401 || status === 403) {
    return new LabError('permissionDenied', `${what}: access is refused (${status})${suffix}`, {
      hint: `it may not exist or may need "docker login ${host}"`,
      data,
    });
  }
  if (status === 429) {
    const limit = limitWords(response);
    return new LabError('resourceExhausted', `${what}: too many requests (429)${limit}${suffix}`, {
      hint: 'wait, log in for a higher limit, or put a cache before it: tlab registry serve --proxy',
      data,
    });
  }
  if (status === 405)
    return new LabError('notImplemented', `${what}: the registry does not do this (405)${suffix}`, { data });
  if (status === 413)
    return new LabError('resourceExhausted', `${what}: too large for the registry (413)${suffix}`, { data });
  if (status === 400 || status === 416)
    return new LabError('invalidArgument', `${what}: refused (${status})${suffix}`, { data });
  return new LabError('unavailable', `${what}: status ${status}${suffix}`, { data });
}

/** @source RFC 9110 10.2.3; RFC 6585 4 */
function waitOf(response: HttpResponse, tries: number): number | undefined {
  if (response.status !== 429 && response.status < 500) return undefined;
  if (response.status === 501 || response.status === 505) return undefined;
  const header = response.headers['retry-after'] ?? secondsOf(response, 'ratelimit-reset');
  if (header === undefined) return backOffMs(tries);
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return ms <= longestWaitMs ? Math.max(ms, 0) : undefined;
}

/** Doubles with each try; between half and the whole of it, so that many clients do not come back at once. */
export const backOffMs = (tries: number): number => firstBackOffMs * 2 ** (tries - 1) * (0.5 + Math.random() / 2);

function secondsOf(response: HttpResponse, name: string): string | undefined {
  const value = response.headers[name];
  return typeof value === 'string' && /^\d+$/.test(value) ? value : undefined;
}

/**
 * `, 100 each 21600 s, 0 left, again in 60 s`: what the headers say about the limit.
 * @source docker docs: Docker Hub pull usage and limits; draft-ietf-httpapi-ratelimit-headers
 */
function limitWords(response: HttpResponse): string {
  const [, limit, windowSeconds] = /^(\d+)(?:;w=(\d+))?/.exec(textOf(response, 'ratelimit-limit')) ?? [];
  const [, left] = /^(\d+)/.exec(textOf(response, 'ratelimit-remaining')) ?? [];
  const again = /^\d+$/.exec(textOf(response, 'retry-after'))?.[0] ?? secondsOf(response, 'ratelimit-reset');
  const parts = [
    limit === undefined
      ? ''
      : `, its limit is ${limit}${windowSeconds === undefined ? '' : ` each ${windowSeconds} s`}`,
    left === undefined ? '' : `, ${left} left`,
    again === undefined ? '' : `, again in ${again} s`,
  ];
  return parts.join('');
}

function textOf(response: HttpResponse, name: string): string {
  const value = response.headers[name];
  return typeof value === 'string' ? value : '';
}

function messageOf(body: Buffer): string | undefined {
  try {
    const [first] = JSON.parse(body.toString('utf8')).errors;
    const text = [first.code, first.message].filter((part) => typeof part === 'string').join(' ');
    return text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 300) || undefined;
  } catch {
    return undefined;
  }
}
