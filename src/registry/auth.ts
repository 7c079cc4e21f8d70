// Answers a registry's challenge: Basic with the credentials, or Bearer with a token fetched from the realm that it names.
// Rule: credentials go to a realm only over https (unless the registry itself is allowed to do without), and only to the registry's own
// host, one above or beside it (realms.ts). Docker sends them wherever the registry says.
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { parseDocument } from '../oci/image.ts';
import { emit } from '../trace/recorder.ts';
import type { Challenge } from './challenge.ts';
import { basicAuthorization, type Credentials } from './credentials.ts';
import type { Endpoint } from './hosts.ts';
import { type HttpRequest, type HttpTransport, readBody } from './http.ts';
import { mayHaveCredentials } from './realms.ts';

/** @source distribution spec/auth/token#requesting-a-token */
const tokenSchema = v.object({
  token: v.optional(v.string()),
  access_token: v.optional(v.string()),
  expires_in: v.optional(v.number()),
  refresh_token: v.optional(v.string()),
});
const largestTokenBytes = 1024 * 1024;

export interface AuthContext {
  transport: HttpTransport;
  endpoint: Endpoint;
  credentials: Credentials | undefined;
  /** `repository:library/nginx:pull`; none to ask only whether the credentials are good. */
  scopes: readonly string[];
  stage: 'containerd' | 'daemon';
  /** Ask for a token that stands in for the password from now on (login). */
  offline?: boolean;
}

/** The Authorization header that answers the challenge. Errors: permissionDenied, unavailable. */
export async function authorize(challenge: Challenge, context: AuthContext): Promise<string> {
  const { credentials } = context;
  if (challenge.scheme === 'bearer') return `Bearer ${(await fetchToken(challenge, context)).token}`;
  const { host } = context.endpoint.origin;
  if (credentials !== undefined) return basicAuthorization(credentials);
  throw new LabError('permissionDenied', `${host}: it asks for a user name and a password`, {
    hint: `docker login ${host}`,
  });
}

export interface Token {
  token: string;
  /** Stands in for the password, where the realm gives one. */
  refreshToken: string | undefined;
}

/** Errors: permissionDenied, resourceExhausted, unavailable. */
export async function fetchToken(challenge: Challenge, context: AuthContext): Promise<Token> {
  const { host } = context.endpoint.origin;
  const realm = realmOf(challenge, context);
  const isTrusted = mayHaveCredentials(realm, context.endpoint);
  const credentials = isTrusted ? context.credentials : undefined;
  const response = await context.transport.request(
    tokenRequest(realm, challenge.parameters.service, { ...context, credentials }),
  );
  const body = await readBody(response, largestTokenBytes);
  if (response.status === 401 || response.status === 403) throw refused(realm, response.status, { context, isTrusted });
  if (response.status === 429) {
    throw new LabError('resourceExhausted', `${realm.host}: too many requests (429)`, { hint: 'wait, or log in' });
  }
  if (response.status !== 200)
    throw new LabError('unavailable', `${realm.host}: asking for a token: status ${response.status}`);
  const answer = parseDocument(tokenSchema, body, `token of ${realm.host}`);
  const token = answer.token ?? answer.access_token;
  if (token === undefined || /[^\x21-\x7e]/.test(token)) {
    throw new LabError('unavailable', `${realm.host}: its answer holds no token`);
  }
  const lifeSeconds = answer.expires_in;
  emit(`${context.stage}.registry-token-received`, {
    data: {
      registry: host,
      realm: realm.host,
      scopes: [...context.scopes],
      as: credentials === undefined ? 'nobody' : 'the user who logged in',
      ...(lifeSeconds === undefined ? {} : { lifeSeconds }),
    },
  });
  return { token, refreshToken: answer.refresh_token };
}

function refused(
  realm: URL,
  status: number,
  { context, isTrusted }: { context: AuthContext; isTrusted: boolean },
): LabError {
  const { host } = context.endpoint.origin;
  if (context.credentials !== undefined && !isTrusted) {
    return new LabError(
      'permissionDenied',
      `${host}: it sends for a token to ${realm.host}, another host, which did not get the password and refuses (${status})`,
      { hint: `if that is right, add "${realm.host}" to "registry-realms" in daemon.json` },
    );
  }
  const who = context.credentials === undefined ? 'a request without login' : `user "${context.credentials.username}"`;
  return new LabError('permissionDenied', `${host}: ${who} is refused by ${realm.host} (${status})`, {
    hint: `docker login ${host}`,
  });
}

function realmOf(challenge: Challenge, { endpoint }: AuthContext): URL {
  const text = challenge.parameters.realm ?? '';
  const realm = URL.canParse(text) ? new URL(text) : undefined;
  if (realm?.protocol === 'https:' || (realm?.protocol === 'http:' && !endpoint.verify)) return realm;
  throw new LabError(
    'permissionDenied',
    `${endpoint.origin.host}: it sends for a token to "${text}", expected an https address`,
  );
}

function tokenRequest(realm: URL, service: string | undefined, context: AuthContext): HttpRequest {
  const { credentials, scopes, offline = false } = context;
  const why = scopes.length === 0 ? 'are the credentials good' : `a token for ${scopes.join(' ')}`;
  if (credentials?.identityToken !== undefined) {
    const grant = { grant_type: 'refresh_token', refresh_token: credentials.identityToken };
    const form: Record<string, string> = { ...grant, client_id: 'tlab', scope: scopes.join(' ') };
    return { url: realm, method: 'POST', form: service === undefined ? form : { ...form, service }, why };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (offline) {
    url.searchParams.set('offline_token', 'true');
    url.searchParams.set('client_id', 'tlab');
  }
  if (credentials === undefined) return { url, why };
  url.searchParams.set('account', credentials.username);
  return { url, why, headers: { authorization: basicAuthorization(credentials) } };
}
