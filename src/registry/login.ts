// Whether a user name and a password are good at a registry: GET /v2/, its challenge answered with them.
import { LabError } from '../base/errors.ts';
import { defaultDomain } from '../oci/reference.ts';
import { fetchToken } from './auth.ts';
import { clientCertificate, trustedCertificates } from './certificates.ts';
import { parseChallenge } from './challenge.ts';
import type { ClientOptions } from './connection.ts';
import { basicAuthorization, hubKey } from './credentials.ts';
import { type Endpoint, endpointsOf, type RegistryConfiguration } from './hosts.ts';
import { HttpTransport } from './http.ts';

export interface LoginOptions {
  configuration?: RegistryConfiguration;
  client: ClientOptions;
}

/** The domain in what people and Docker's clients call a server: `https://index.docker.io/v1/`, `reg.example:5000`, nothing. */
export function domainOf(server: string): string {
  if (server === '' || server === hubKey || /^(https?:\/\/)?(index\.)?docker\.io\/?$/.test(server))
    return defaultDomain;
  const domain = server.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  if (!/^[A-Za-z0-9][\w.-]*(:\d+)?$|^\[[0-9a-fA-F:]+\](:\d+)?$/.test(domain)) {
    throw new LabError('invalidArgument', `registry "${server}": expected HOST[:PORT]`);
  }
  return domain;
}

/** Errors: permissionDenied when they are not good, unavailable. */
export async function login(server: string, options: LoginOptions): Promise<{ identityToken: string | undefined }> {
  const endpoints = endpointsOf(domainOf(server), options.configuration).filter((endpoint) => !endpoint.isMirror);
  let refusal: unknown;
  for (const endpoint of endpoints) {
    try {
      return await loginAt(endpoint, options.client);
    } catch (error) {
      if (!(error instanceof LabError) || error.kind !== 'unavailable') throw error;
      if (refusal === undefined || error.data?.tls !== true) refusal = error;
    }
  }
  throw refusal;
}

async function loginAt(endpoint: Endpoint, client: ClientOptions): Promise<{ identityToken: string | undefined }> {
  const { host, hostname } = endpoint.origin;
  const transport = new HttpTransport({
    verify: endpoint.verify,
    hostname,
    signal: client.signal,
    stage: client.stage,
    certificates: () => (client.certificates ?? trustedCertificates)(host),
    clientCertificate: () => (client.clientCertificate ?? clientCertificate)(host),
  });
  try {
    const url = new URL('/v2/', endpoint.origin);
    const credentials = await client.credentials?.(endpoint.credentialsOf ?? host);
    const first = await transport.request({ url, why: 'how does it want to be asked' });
    first.body.resume();
    if (first.status === 200) return { identityToken: undefined };
    const challenge = first.status === 401 ? parseChallenge(first.headers['www-authenticate']) : undefined;
    if (challenge === undefined || first.url.origin !== url.origin || credentials === undefined) {
      throw new LabError(
        'unavailable',
        `${host}: it answers ${first.status} to GET /v2/, this is no registry that knows logins`,
      );
    }
    const context = {
      transport,
      endpoint,
      credentials,
      scopes: [],
      stage: client.stage ?? 'containerd',
      offline: true,
    } as const;
    const token = challenge.scheme === 'bearer' ? await fetchToken(challenge, context) : undefined;
    const authorization = token === undefined ? basicAuthorization(credentials) : `Bearer ${token.token}`;
    const second = await transport.request({ url, headers: { authorization }, why: 'are the credentials good' });
    second.body.resume();
    if (second.status === 200) return { identityToken: token?.refreshToken };
    throw new LabError(
      'permissionDenied',
      `login attempt to ${url.href} failed with status: ${second.status}: wrong user name or password`,
    );
  } finally {
    transport.close();
  }
}
