// Which realm may see a registry's credentials. A registry that was taken over, or a man in the middle of one without TLS, must not
// be able to send them anywhere: the realm is the registry's own host, a host above it, or one beside it in the same domain.
import { isIP } from 'node:net';
import type { Endpoint } from './hosts.ts';

/** `gitlab.com` may answer for `registry.gitlab.com`, `auth.docker.io` for `registry-1.docker.io`; `configured` names the rest. */
export function mayHaveCredentials(realm: URL, endpoint: Endpoint): boolean {
  const [host, own] = [realm.hostname.toLowerCase(), endpoint.origin.hostname.toLowerCase()];
  if (host === own) return true;
  if (endpoint.realms?.includes(realm.host)) return true;
  if (isAddress(host) || isAddress(own)) return false;
  return sharedDomain(host) !== undefined && sharedDomain(host) === sharedDomain(own);
}

const isAddress = (host: string): boolean => isIP(host.replace(/^\[|\]$/g, '')) !== 0;

/**
 * The domain that somebody registered: two labels, or three below a country's `co.uk`. Those below which everybody may have a
 * name of his own share nothing.
 */
function sharedDomain(host: string): string | undefined {
  const labels = host.split('.');
  const [second = '', top = ''] = labels.slice(-2);
  const isCountry = top.length === 2 && second.length <= 3;
  const count = isCountry ? 3 : 2;
  if (labels.length < count) return undefined;
  const domain = labels.slice(-count).join('.');
  return everybodys.has(labels.slice(-2).join('.')) ? undefined : domain;
}

/** @source publicsuffix.org, private section: those that registries are known to live below */
const everybodys = new Set([
  'amazonaws.com',
  'azurecr.io',
  'azurewebsites.net',
  'cloudfront.net',
  'fly.dev',
  'github.io',
  'gitlab.io',
  'herokuapp.com',
  'netlify.app',
  'pages.dev',
  'run.app',
  'vercel.app',
  'web.app',
  'windows.net',
  'workers.dev',
]);
