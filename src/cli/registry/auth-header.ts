// Who the person is to a registry, as the header that goes to the daemon with a pull or push. As with docker, it is the client that
// has the logins: the daemon keeps none.
import { parseReference } from '../../oci/reference.ts';
import { type Credentials, readCredentials, serverKey } from '../../registry/credentials.ts';

/** `X-Registry-Auth` for the registry of this image; no header without a login. @source docker-api Authentication */
export async function authHeader(image: string): Promise<Record<string, string>> {
  const { domain } = parseReference(image);
  const credentials = await readCredentials(domain);
  return credentials === undefined ? {} : { 'X-Registry-Auth': encodeAuth(domain, credentials) };
}

const encodeAuth = (domain: string, { username, password, identityToken }: Credentials): string =>
  Buffer.from(
    JSON.stringify({
      ...(identityToken === undefined ? { username, password } : { username, identitytoken: identityToken }),
      serveraddress: serverKey(domain),
    }),
  ).toString('base64url');
