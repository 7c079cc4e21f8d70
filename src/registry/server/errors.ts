// How the registry says no: one of the codes of the distribution specification, its status, a message, in the form that clients read.
// @source oci-distribution error-codes
import type { ServerResponse } from 'node:http';
import { asLabError } from '../../base/errors.ts';
import { endWhenRead } from '../../base/late-answer.ts';

const statuses = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  RANGE_INVALID: 416,
  SIZE_INVALID: 413,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TAG_INVALID: 400,
  TOOMANYREQUESTS: 429,
  /** Nothing that the client could do better. */
  UNAVAILABLE: 503,
  INTERNAL: 500,
} as const;
export type RefusalCode = keyof typeof statuses;

export class Refused extends Error {
  readonly code: RefusalCode;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RefusalCode, message: string, options: { status?: number; headers?: Record<string, string> } = {}) {
    super(message);
    this.code = code;
    this.status = options.status ?? statuses[code];
    this.headers = options.headers ?? {};
  }
}

/** Any thrown thing as a refusal; a full disk is 507, and what nobody expected is 500 without its details. */
export function refusalOf(thrown: unknown): Refused {
  if (thrown instanceof Refused) return thrown;
  const { code, message } = thrown as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new Refused('UNAVAILABLE', 'the disk is full', { status: 507 });
  if (code === 'ENAMETOOLONG') return new Refused('NAME_INVALID', 'the name is too long');
  const error = asLabError(thrown);
  if (error.kind === 'notFound') return new Refused('MANIFEST_UNKNOWN', message);
  if (error.kind === 'permissionDenied') return new Refused('DENIED', message);
  if (error.kind === 'resourceExhausted')
    return new Refused('TOOMANYREQUESTS', message, { headers: { 'retry-after': '5' } });
  if (error.kind === 'unavailable' || error.kind === 'dataLoss')
    return new Refused('UNAVAILABLE', message, { status: 502 });
  return new Refused('INTERNAL', 'the registry met an error of its own');
}

/** Answers, or ends the connection where an answer has begun. */
export function sendRefusal(response: ServerResponse, refused: Refused): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = `${JSON.stringify({ errors: [{ code: refused.code, message: refused.message }] })}\n`;
  response.writeHead(refused.status, {
    ...refused.headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.write(body);
  endWhenRead(response);
}
