// One HTTP request, with the failures of networks in words. Redirects are followed by the rule that matters: what proves who
// we are goes to the origin that asked for it and to no other.
// node:http is loaded when the first request is made: it costs every process that imports it 25 ms.
import type { Agent, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import { LabError } from '../base/errors.ts';

export interface HttpResponse {
  status: number;
  headers: IncomingHttpHeaders;
  /** The body; the caller reads it to its end or destroys it. */
  body: IncomingMessage;
  /** Where the answer came from, after redirects. */
  url: URL;
}

export interface HttpRequest {
  url: URL;
  method?: 'GET' | 'HEAD' | 'POST';
  headers?: Record<string, string>;
  form?: Record<string, string>;
}

export interface HttpOptions {
  /** False: certificates are not checked (a registry that the configuration calls insecure). */
  verify: boolean;
  /** Certificates of authorities to trust; asked when the first https request is made. */
  certificates?: (() => Promise<string[]>) | undefined;
  /** Until the connection stands, name look-up and TLS included. */
  connectTimeoutMs?: number;
  /** Longest silence of a connection that stands. */
  idleTimeoutMs?: number;
  signal?: AbortSignal | undefined;
}

/** A host that drops packets must not hold up the fallback for long. */
const defaultConnectTimeoutMs = 4_000;
const defaultIdleTimeoutMs = 60_000;
const mostRedirects = 5;
const secretHeaders = ['authorization', 'cookie'];

export class HttpTransport {
  readonly #options: HttpOptions;
  readonly #agents = new Map<string, Agent>();

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /** Any status but a redirect comes back as an answer. Errors: unavailable, cancelled. */
  async request(request: HttpRequest): Promise<HttpResponse> {
    let { url, headers = {} } = request;
    for (let redirects = 0; redirects <= mostRedirects; redirects++) {
      const response = await this.#send({ ...request, url, headers });
      const location = response.headers.location;
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response;
      response.body.resume();
      const next = redirectTarget(url, location);
      if (next.origin !== url.origin) headers = withoutSecrets(headers);
      url = next;
    }
    throw new LabError('unavailable', `${request.url.host}: more than ${mostRedirects} redirects`);
  }

  /** Closes the connections that were kept for the next request. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  async #send(request: HttpRequest): Promise<HttpResponse> {
    const { url, form } = request;
    const agent = await this.#agent(url);
    const body = form === undefined ? undefined : new URLSearchParams(form).toString();
    const module = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http');
    const headers: Record<string, string> = { 'user-agent': 'tlab', ...request.headers };
    if (body !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
    const options: RequestOptions = { method: request.method ?? 'GET', headers, agent };
    if (this.#options.signal !== undefined) options.signal = this.#options.signal;
    return new Promise((resolve, reject) => {
      const sent = module.request(url, options);
      const connecting = setTimeout(
        () => sent.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })),
        this.#options.connectTimeoutMs ?? defaultConnectTimeoutMs,
      );
      const connected = () => clearTimeout(connecting);
      sent.once('socket', (socket) => {
        if (!socket.connecting) connected();
        else socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
      });
      sent.setTimeout(this.#options.idleTimeoutMs ?? defaultIdleTimeoutMs, () =>
        sent.destroy(Object.assign(new Error('no answer in time'), { code: 'ESILENT' })),
      );
      sent.once('close', connected);
      sent.on('error', (error) => reject(networkError(url, error)));
      sent.once('response', (answer) => {
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer, url });
      });
      sent.end(body);
    });
  }

  async #agent(url: URL): Promise<Agent> {
    const known = this.#agents.get(url.protocol);
    if (known !== undefined) return known;
    if (url.protocol === 'https:') await this.#mustResolve(url);
    const agent = url.protocol === 'https:' ? await this.#tlsAgent() : plainAgent();
    this.#agents.set(url.protocol, agent);
    return agent;
  }

  /** Reading certificates takes 100 ms, which a host without network should not wait for. Behind a proxy names need not resolve. */
  async #mustResolve(url: URL): Promise<void> {
    if (process.env.HTTPS_PROXY ?? process.env.https_proxy) return;
    const { lookup } = process.getBuiltinModule('node:dns/promises');
    const timeoutMs = this.#options.connectTimeoutMs ?? defaultConnectTimeoutMs;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject({ code: 'EAI_AGAIN', message: 'no answer in time' }), timeoutMs);
    try {
      await Promise.race([lookup(url.hostname.replace(/^\[|\]$/g, '')), late.promise]);
    } catch (error) {
      throw networkError(url, error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #tlsAgent(): Promise<Agent> {
    const { verify, certificates } = this.#options;
    const ca = verify ? await certificates?.() : undefined;
    const options = { ...common, rejectUnauthorized: verify, ...(ca === undefined ? {} : { ca }) };
    return new (process.getBuiltinModule('node:https').Agent)(options);
  }
}

/** Connections are kept for the next request; HTTPS_PROXY and NO_PROXY are heeded. */
const common = { keepAlive: true, proxyEnv: process.env };

const plainAgent = (): Agent => new (process.getBuiltinModule('node:http').Agent)(common);

function redirectTarget(from: URL, location: string): URL {
  if (!URL.canParse(location, from)) throw new LabError('unavailable', `${from.host}: it redirects to "${location}"`);
  const to = new URL(location, from);
  if (to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:')) return to;
  throw new LabError('unavailable', `${from.host}: it redirects from https to ${to.protocol.replace(':', '')}`);
}

const withoutSecrets = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !secretHeaders.includes(name.toLowerCase())));

/** What codes of Node and OpenSSL mean for a person. @source man connect(2), getaddrinfo(3) */
const reasons: Record<string, string> = {
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name does not resolve: no name server answers',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it broke the connection off',
  EPIPE: 'it broke the connection off',
  ENETUNREACH: 'this host has no route to it',
  EHOSTUNREACH: 'this host has no route to it',
  ETIMEDOUT: 'it does not answer',
  ESILENT: 'it stopped answering',
};

const isTlsCode = (code: string): boolean => /CERT|TLS|SSL|^EPROTO|UNABLE_TO|SELF_SIGNED|HOSTNAME/.test(code);

/** Why no answer came. `data.reachable` is false when not even a connection stood. */
export function networkError(url: URL, thrown: unknown): LabError {
  const error = thrown as NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] };
  if (error.name === 'AbortError')
    return new LabError('cancelled', `${url.host}: the request was cancelled`, { cause: error });
  const code = error.code ?? error.errors?.[0]?.code ?? '';
  if (isTlsCode(code)) {
    return new LabError('unavailable', `${url.host} cannot be reached: no trusted TLS connection (${code})`, {
      cause: error,
      hint: `if it is a registry of your own, name ${url.host} under "insecure-registries" in daemon.json`,
      data: { code, tls: true },
    });
  }
  const reason = reasons[code] ?? error.message;
  const suffix = code === '' ? '' : ` (${code})`;
  return new LabError('unavailable', `${url.host} cannot be reached: ${reason}${suffix}`, {
    cause: error,
    data: { code },
  });
}

/** A small body as bytes. Errors: dataLoss when it is larger, unavailable when it breaks off. */
export async function readBody(response: HttpResponse, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body) {
      length += chunk.length;
      if (length > mostBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw networkError(response.url, error);
  }
  if (length > mostBytes) throw new LabError('dataLoss', `${response.url.host}: it sent more than ${mostBytes} bytes`);
  return Buffer.concat(chunks);
}
