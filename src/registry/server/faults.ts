// Faults on demand, for lessons and for tests of clients: `KIND[=VALUE][,OPTION=N…][@PATTERN]`.
//   429=10,window=60      after ten requests of one address in a minute: too many, with Retry-After and RateLimit headers as Docker Hub's
//   status=503            that status instead of an answer
//   slow=64k              at most so many bytes a second
//   break=1m              the connection breaks after so many bytes
//   corrupt               one byte in the middle is another
//   length=100            Content-Length says so many bytes more than come
// PATTERN is matched against the path below /v2/, `*` for anything; `times=N` only the first N matches, `after=N` not the first N.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../base/errors.ts';
import { Refused } from './errors.ts';

const kinds = ['429', 'status', 'slow', 'break', 'corrupt', 'length'] as const;

export interface Fault {
  kind: (typeof kinds)[number];
  value: number;
  times: number;
  after: number;
  windowSeconds: number;
  pattern: RegExp;
}

/** What happens to the bytes of one answer. */
export interface BodyFault {
  addedLength: number;
  apply(bytes: AsyncIterable<Uint8Array>, response: ServerResponse): AsyncIterable<Uint8Array>;
}

const units: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Errors: usage. */
export function parseFault(text: string): Fault {
  const at = text.indexOf('@');
  const [head = '', ...options] = (at < 0 ? text : text.slice(0, at)).split(',');
  const [kind = '', value] = head.split('=');
  const known = kinds.find((each) => each === kind);
  if (known === undefined) throw bad(text, `its kind is one of ${kinds.join(', ')}`);
  const fault: Fault = {
    kind: known,
    value: value === undefined ? usual[known] : sizeOf(text, value),
    times: Number.POSITIVE_INFINITY,
    after: 0,
    windowSeconds: 60,
    pattern: patternOf(at < 0 ? '*' : text.slice(at + 1)),
  };
  if (known === 'status' && (fault.value < 200 || fault.value > 599))
    throw bad(text, 'a status is a number from 200 to 599');
  for (const option of options) {
    const [name, number = ''] = option.split('=');
    if (name === 'times') fault.times = sizeOf(text, number);
    else if (name === 'after') fault.after = sizeOf(text, number);
    else if (name === 'window') fault.windowSeconds = sizeOf(text, number);
    else throw bad(text, 'its options are times, after and window');
  }
  return fault;
}

const usual: Readonly<Record<Fault['kind'], number>> = {
  '429': 100,
  status: 503,
  slow: 64 * 1024,
  break: 64 * 1024,
  corrupt: 0,
  length: 100,
};

function sizeOf(text: string, value: string): number {
  const [, digits, unit] = /^(\d+)([kmg]?)$/i.exec(value) ?? [];
  if (digits === undefined || unit === undefined) throw bad(text, `"${value}" is no number with k, m or g`);
  return Number(digits) * (units[unit.toLowerCase()] ?? 1);
}

const bad = (text: string, why: string): LabError =>
  new LabError('usage', `--fault "${text}": expected KIND[=VALUE][,OPTION=N][@PATTERN]: ${why}`);

const patternOf = (glob: string): RegExp =>
  new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);

export class Faults {
  readonly #faults: readonly Fault[];
  readonly #seen = new Map<Fault, number>();
  /** Fault and address → when its window began, and requests in it. */
  readonly #windows = new Map<string, { beganMs: number; count: number }>();

  constructor(faults: readonly Fault[]) {
    this.#faults = faults;
  }

  /** Refuses the request, or says what is to happen to its answer's bytes. */
  meet(request: IncomingMessage, response: ServerResponse, path: string): BodyFault | undefined {
    let body: BodyFault | undefined;
    for (const fault of this.#faults) {
      if (!fault.pattern.test(path.replace(/^\/v2\//, ''))) continue;
      if (fault.kind === '429') this.#count(fault, request, response);
      // What happens to bytes happens to answers that have some.
      else if (fault.kind !== 'status' && request.method !== 'GET') continue;
      else if (!this.#isDue(fault)) continue;
      else if (fault.kind === 'status') throw new Refused('UNAVAILABLE', 'a fault on demand', { status: fault.value });
      else body = bodyFault(fault);
    }
    return body;
  }

  #isDue(fault: Fault): boolean {
    const seen = (this.#seen.get(fault) ?? 0) + 1;
    this.#seen.set(fault, seen);
    return seen > fault.after && seen <= fault.after + fault.times;
  }

  /** @source docker docs: Docker Hub pull usage and limits: ratelimit-limit, ratelimit-remaining */
  #count(fault: Fault, { socket }: IncomingMessage, response: ServerResponse): void {
    const key = `${this.#faults.indexOf(fault)} ${socket.remoteAddress}`;
    const now = Date.now();
    const known = this.#windows.get(key);
    const window =
      known !== undefined && now - known.beganMs < fault.windowSeconds * 1000 ? known : { beganMs: now, count: 0 };
    this.#windows.set(key, window);
    window.count += 1;
    const left = Math.max(fault.value - window.count, 0);
    response.setHeader('ratelimit-limit', `${fault.value};w=${fault.windowSeconds}`);
    response.setHeader('ratelimit-remaining', `${left};w=${fault.windowSeconds}`);
    if (window.count <= fault.value) return;
    const waitSeconds = Math.ceil((window.beganMs + fault.windowSeconds * 1000 - now) / 1000);
    throw new Refused('TOOMANYREQUESTS', 'You have reached your pull rate limit', {
      headers: { 'retry-after': `${waitSeconds}` },
    });
  }
}

function bodyFault(fault: Fault): BodyFault {
  const value = fault.value;
  if (fault.kind === 'slow') return { addedLength: 0, apply: (bytes) => slowed(bytes, value) };
  if (fault.kind === 'corrupt') return { addedLength: 0, apply: corrupted };
  if (fault.kind === 'length')
    return { addedLength: value, apply: (bytes, response) => broken(bytes, Number.POSITIVE_INFINITY, response) };
  return { addedLength: 0, apply: (bytes, response) => broken(bytes, value, response) };
}

async function* slowed(bytes: AsyncIterable<Uint8Array>, bytesPerSecond: number): AsyncIterable<Uint8Array> {
  const step = Math.max(Math.floor(bytesPerSecond / 10), 1);
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; at += step) {
      yield chunk.subarray(at, at + step);
      await delay(100);
    }
  }
}

async function* corrupted(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let isDone = false;
  for await (const chunk of bytes) {
    if (isDone || chunk.length === 0) {
      yield chunk;
      continue;
    }
    const copy = Buffer.from(chunk);
    const middle = copy.length >> 1;
    copy[middle] = (copy[middle] ?? 0) ^ 0xff;
    isDone = true;
    yield copy;
  }
}

/** Ends the connection after so many bytes, or where the bytes end and more were announced. */
async function* broken(
  bytes: AsyncIterable<Uint8Array>,
  limit: number,
  response: ServerResponse,
): AsyncIterable<Uint8Array> {
  let left = limit;
  for await (const chunk of bytes) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) break;
  }
  if (left > 0 && limit !== Number.POSITIVE_INFINITY) return;
  // What was written is on its way before the end.
  await new Promise<void>((resolve) => (response.writableLength === 0 ? resolve() : response.once('drain', resolve)));
  response.socket?.end();
  throw new Error('a fault on demand ends the connection');
}
