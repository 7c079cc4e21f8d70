// One registry endpoint as the client speaks to it: every request authorized, tried again where that helps, and its refusal in words.
// Rule: what proves who we are goes to the endpoint's own origin, and to the realm that it may send us to (auth.ts), nowhere else.
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../base/errors.ts';
import { emit } from '../trace/recorder.ts';
import { authorize } from './auth.ts';
import { clientCertificate, trustedCertificates } from './certificates.ts';
import { parseChallenge } from './challenge.ts';
import { type Credentials, readCredentials } from './credentials.ts';
import type { Endpoint } from './hosts.ts';
import {
  type ClientCertificate,
  type HttpBody,
  type HttpOptions,
  type HttpRequest,
  type HttpResponse,
  HttpTransport,
} from './http.ts';
import { backOffMs, refusalOf } from './refusal.ts';

export interface ClientOptions {
  /** Who we are to the registry of this name; ~/.docker/config.json unless given. */
  credentials?: (domain: string) => Promise<Credentials | undefined>;
  signal?: AbortSignal | undefined;
  /** Authorities to trust for a host; trustedCertificates unless given. */
  certificates?: (host: string) => Promise<string[]>;
  /** What proves who we are to a host; clientCertificate unless given. */
  clientCertificate?: (host: string) => Promise<ClientCertificate | undefined>;
  connectTimeoutMs?: number;
  idleTimeoutMs?: number;
  /** Waits between tries; a test gives one that does not. */
  wait?: (ms: number) => Promise<void>;
  /** One line for the person about a wait: why and how long. */
  notice?: (text: string) => void;
  /** Whose requests these are in a trace. */
  stage?: 'containerd' | 'daemon';
}

export interface RegistryRequest {
  method?: NonNullable<HttpRequest['method']>;
  /** `library/nginx`; empty for the registry itself. */
  repository: string;
  /** Below the repository: `manifests/latest`; or an address that the registry gave. */
  path: string | URL;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: HttpBody;
  /** Statuses that are an answer; every other throws. */
  expects: readonly number[];
  actions?: 'pull' | 'pull,push';
  /** The registry may have kept some of the bytes: the caller must ask before it sends them again. */
  isUpload?: boolean;
  /** Another repository that the request reads from. */
  alsoFrom?: string;
  /** Why it is made, for traces: `resolve latest`. */
  why: string;
  /** How messages name what was asked for; the repository unless given. */
  what?: string;
}

const mostTries = 4;

export class RegistryConnection {
  readonly host: string;
  readonly endpoint: Endpoint;
  readonly #options: ClientOptions;
  readonly #transport: HttpTransport;
  #credentials: Promise<Credentials | undefined> | undefined;
  /** scopes → Authorization header. */
  readonly #authorizations = new Map<string, string>();

  constructor(endpoint: Endpoint, options: ClientOptions = {}) {
    this.host = endpoint.origin.host;
    this.endpoint = endpoint;
    this.#options = options;
    const { host, hostname } = endpoint.origin;
    const http: HttpOptions = {
      verify: endpoint.verify,
      hostname,
      signal: options.signal,
      certificates: () => (options.certificates ?? trustedCertificates)(host),
      clientCertificate: () => (options.clientCertificate ?? clientCertificate)(host),
      stage: options.stage,
    };
    if (options.connectTimeoutMs !== undefined) http.connectTimeoutMs = options.connectTimeoutMs;
    if (options.idleTimeoutMs !== undefined) http.idleTimeoutMs = options.idleTimeoutMs;
    this.#transport = new HttpTransport(http);
  }

  close(): void {
    this.#transport.close();
  }

  /** True once a token or password was needed: twins then show where it goes. */
  get isAuthorized(): boolean {
    return this.#authorizations.size > 0;
  }

  url({ repository, path, query = {} }: Pick<RegistryRequest, 'repository' | 'path' | 'query'>): URL {
    const url =
      path instanceof URL
        ? new URL(path)
        : new URL(`/v2/${repository}${repository && '/'}${path}`, this.endpoint.origin);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  }

  /** An answer of one of the expected statuses, after as many tries as are worth it. Errors: of refusal.ts and http.ts. */
  async send(request: RegistryRequest): Promise<HttpResponse> {
    for (let tries = 1; ; tries++) {
      const { response, error, waitMs } = await this.#attempt(request, tries);
      if (response !== undefined) return response;
      if (waitMs === undefined || tries === mostTries) throw error;
      await this.#pause(error, waitMs);
    }
  }

  async #attempt(request: RegistryRequest, tries: number): Promise<Attempt> {
    let response: HttpResponse;
    try {
      response = await this.#authorized(request);
    } catch (thrown) {
      if (!isBrokenOff(thrown) || request.isUpload) throw thrown;
      return { error: thrown, waitMs: backOffMs(tries) };
    }
    if (request.expects.includes(response.status)) return { response };
    const what = request.what ?? (request.repository === '' ? request.why : request.repository);
    const { status } = response;
    const refusal = await refusalOf(response, { host: this.host, what, tries });
    return request.isUpload && status !== 429 ? { ...refusal, waitMs: undefined } : refusal;
  }

  async #pause(error: LabError, waitMs: number): Promise<void> {
    const seconds = (waitMs / 1000).toFixed(1);
    this.#options.notice?.(`${error.message}: trying again in ${seconds} s`);
    emit(`${this.#options.stage ?? 'containerd'}.registry-waited`, {
      data: { registry: this.host, because: error.message, waitMs: Math.round(waitMs) },
      twin: `sleep ${seconds}`,
    });
    const { wait = (ms: number) => delay(ms, undefined, { signal: this.#options.signal }) } = this.#options;
    await wait(waitMs);
  }

  async #authorized(request: RegistryRequest): Promise<HttpResponse> {
    const url = this.url(request);
    const isOwn = url.origin === this.endpoint.origin.origin;
    const { method = 'GET', headers = {}, body, why } = request;
    const scopes = scopesOf(request);
    const known = isOwn ? this.#authorizations.get(scopes.join(' ')) : undefined;
    const send = (authorization: string | undefined) =>
      this.#transport.request({ url, method, body, why, headers: withAuthorization(headers, authorization) });
    const first = await send(known);
    const challenge = first.status === 401 && isOwn ? parseChallenge(first.headers['www-authenticate']) : undefined;
    // The answer of a host that a redirect led to does not get to ask for our credentials.
    if (challenge === undefined || first.url.origin !== url.origin) return first;
    first.body.resume();
    const authorization = await authorize(challenge, {
      transport: this.#transport,
      endpoint: this.endpoint,
      credentials: await this.#ownCredentials(),
      scopes,
      stage: this.#options.stage ?? 'containerd',
    });
    this.#authorizations.set(scopes.join(' '), authorization);
    return send(authorization);
  }

  #ownCredentials(): Promise<Credentials | undefined> {
    const domain = this.endpoint.credentialsOf;
    if (domain === undefined) return Promise.resolve(undefined);
    this.#credentials ??= (this.#options.credentials ?? readCredentials)(domain);
    return this.#credentials;
  }
}

type Attempt =
  | { response: HttpResponse; error?: never; waitMs?: never }
  | { response?: never; error: LabError; waitMs: number | undefined };

/** A connection that stood and broke: a kept one that the other side closed, most often. */
const isBrokenOff = (thrown: unknown): thrown is LabError =>
  thrown instanceof LabError && ['ECONNRESET', 'EPIPE'].includes(String(thrown.data?.code));

function scopesOf({ repository, actions = 'pull', alsoFrom }: RegistryRequest): string[] {
  if (repository === '') return [];
  const own = `repository:${repository}:${actions}`;
  return alsoFrom === undefined ? [own] : [own, `repository:${alsoFrom}:pull`];
}

const withAuthorization = (headers: Record<string, string>, authorization: string | undefined) =>
  authorization === undefined ? headers : { ...headers, authorization };
