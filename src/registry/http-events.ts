// Each request to a registry as an event: what was asked, why, and what came back, with the curl line that does the same.
// Rule: nothing that proves who we are is in it. Of a query, only parameters that say nothing secret keep their value.
import { asLabError } from '../base/errors.ts';
import { monotonicNow } from '../base/time.ts';
import { emit, isTraced } from '../trace/recorder.ts';
import { redactedMark } from '../trace/redact.ts';
import type { HttpRequest, HttpResponse } from './http-message.ts';

/** Parameters of the distribution API and of token requests. A signed address of a storage, an upload's state: neither. */
const openParameters = new Set(['ns', 'digest', 'mount', 'from', 'n', 'last', 'artifactType', 'service', 'scope']);

export async function traced(
  stage: 'containerd' | 'daemon' | undefined,
  request: HttpRequest,
  send: (request: HttpRequest) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  if (!isTraced()) return send(request);
  const begin = monotonicNow();
  const tell = (outcome: { status: number } | { error: string }) =>
    emit(`${stage ?? 'containerd'}.registry-asked`, {
      data: {
        registry: request.url.host,
        method: request.method ?? 'GET',
        url: openUrl(request.url),
        why: request.why ?? '',
        ...(request.body === undefined ? {} : { sentBytes: request.body.sizeBytes }),
        ...outcome,
        durationMs: Number(monotonicNow() - begin) / 1e6,
      },
      twin: curlOf(request),
    });
  try {
    const response = await send(request);
    tell({ status: response.status });
    return response;
  } catch (error) {
    tell({ error: asLabError(error).message });
    throw error;
  }
}

/** The address without user, password and secret parameters. */
export function openUrl(url: URL): string {
  const open = new URL(url);
  open.username = '';
  open.password = '';
  for (const name of new Set(open.searchParams.keys())) {
    if (!openParameters.has(name)) open.searchParams.set(name, redactedMark);
  }
  return open.href;
}

const shownHeaders = ['accept', 'range', 'content-type', 'content-range'];

function curlOf(request: HttpRequest): string {
  const { url, method = 'GET', headers = {}, form, body } = request;
  const words = ['curl -sS'];
  if (method === 'HEAD') words.push('-I');
  else if (method !== 'GET') words.push(`-X ${method}`);
  for (const [name, value] of Object.entries(headers)) {
    if (shownHeaders.includes(name.toLowerCase())) words.push(`-H '${name}: ${value.replaceAll("'", '')}'`);
  }
  const authorization = headers.authorization ?? '';
  if (authorization.startsWith('Bearer')) words.push('-H "Authorization: Bearer $TOKEN"');
  if (authorization.startsWith('Basic')) words.push('-u "$USER_NAME:$PASSWORD"');
  if (form !== undefined) words.push('-d "$FORM"');
  if (body !== undefined) words.push('--data-binary @FILE');
  words.push(`'${openUrl(url).replaceAll("'", '%27')}'`);
  return words.join(' ');
}
