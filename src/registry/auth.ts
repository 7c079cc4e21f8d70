// Answers a registry's challenge: Basic with the credentials, or Bearer with a token fetched from the realm that it names.
// Credentials go to that realm only over https, unless the registry itself is allowed to do without.
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { parseDocument } from '../oci/image.ts';
import { basicAuthorization, type Credentials } from './credentials.ts';
import { type HttpRequest, type HttpTransport, readBody } from './http.ts';

export interface Challenge {
  scheme: 'basic' | 'bearer';
  parameters: Record<string, string>;
}

/** @source RFC 9110 11.6.1; distribution spec/auth/token. Undefined when no scheme is one that we know. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const [, word, rest] = /(?:^|,\s*)(basic|bearer)(?:\s+(.*))?$/i.exec(header ?? '') ?? [];
  if (word === undefined) return undefined;
  const parameters: Record<string, string> = {};
  for (const [, key, quoted, plain] of (rest ?? '').matchAll(/([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)) {
    if (key !== undefined) parameters[key.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
  }
  return { scheme: word.toLowerCase() as Challenge['scheme'], parameters };
}

/** @source distribution spec/auth/token#requesting-a-token */
const tokenSchema = v.object({ token: v.optional(v.string()), access_token: v.optional(v.string()) });
const largestTokenBytes = 1024 * 1024;

export interface AuthContext {
  transport: HttpTransport;
  /** The registry, for messages. */
  host: string;
  isInsecure: boolean;
  credentials: Credentials | undefined;
  /** `repository:library/nginx:pull` */
  scope: string;
}

/** The Authorization header that answers the challenge. Errors: permissionDenied, unavailable. */
export async function authorize(challenge: Challenge, context: AuthContext): Promise<string> {
  const { credentials, host } = context;
  if (challenge.scheme === 'bearer') return `Bearer ${await fetchToken(challenge, context)}`;
  if (credentials !== undefined) return basicAuthorization(credentials);
  throw new LabError('permissionDenied', `${host}: it asks for a user name and a password`, {
    hint: `docker login ${host}`,
  });
}

async function fetchToken(challenge: Challenge, context: AuthContext): Promise<string> {
  const realm = realmOf(challenge, context);
  const response = await context.transport.request(tokenRequest(realm, challenge.parameters.service, context));
  const body = await readBody(response, largestTokenBytes);
  if (response.status === 401 || response.status === 403) {
    const who = context.credentials === undefined ? 'a pull without login' : `user "${context.credentials.username}"`;
    throw new LabError('permissionDenied', `${context.host}: ${who} is refused by ${realm.host} (${response.status})`, {
      hint: `docker login ${context.host}`,
    });
  }
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
  return token;
}

function realmOf(challenge: Challenge, context: AuthContext): URL {
  const text = challenge.parameters.realm ?? '';
  const realm = URL.canParse(text) ? new URL(text) : undefined;
  if (realm?.protocol === 'https:' || (realm?.protocol === 'http:' && context.isInsecure)) return realm;
  throw new LabError(
    'permissionDenied',
    `${context.host}: it sends for a token to "${text}", expected an https address`,
  );
}

function tokenRequest(realm: URL, service: string | undefined, context: AuthContext): HttpRequest {
  const { credentials, scope } = context;
  if (credentials?.identityToken !== undefined) {
    const form = { grant_type: 'refresh_token', refresh_token: credentials.identityToken, client_id: 'tlab', scope };
    return { url: realm, method: 'POST', form: service === undefined ? form : { ...form, service } };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', scope);
  return { url, headers: credentials === undefined ? {} : { authorization: basicAuthorization(credentials) } };
}
