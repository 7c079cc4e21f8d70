// Which endpoints serve a registry name, in the order to try them: mirrors, then the registry itself.
import { BlockList, isIP } from 'node:net';
import { LabError } from '../base/errors.ts';
import { defaultDomain } from '../oci/reference.ts';

export interface Endpoint {
  /** `https://registry-1.docker.io` */
  origin: URL;
  /** False: its certificate is not checked, and plain http is allowed. */
  verify: boolean;
  isMirror: boolean;
  /** The registry name whose credentials may be used here; undefined on mirrors. */
  credentialsOf: string | undefined;
  /** Hosts beyond the usual ones that may ask for those credentials. */
  realms?: readonly string[];
}

/** The keys of daemon.json. @source docker daemon.json: registry-mirrors, insecure-registries */
export interface RegistryConfiguration {
  /** Addresses of mirrors of Docker Hub. */
  mirrors?: readonly string[];
  /** `host`, `host:port` or a CIDR. */
  insecure?: readonly string[];
  /** Hosts that may ask for a registry's credentials though they share no domain with it; a key of our own: registry-realms. */
  realms?: readonly string[];
}

/** Where Docker Hub's images really are. @source docker registry/config.go */
const hubOrigin = 'https://registry-1.docker.io';

/** Errors: invalidArgument for a mirror that is no address. */
export function endpointsOf(domain: string, configuration: RegistryConfiguration = {}): Endpoint[] {
  if (domain === defaultDomain) {
    const mirrors = (configuration.mirrors ?? []).map((text) => mirrorEndpoint(text, configuration));
    const hub = { origin: new URL(hubOrigin), verify: true, isMirror: false, credentialsOf: domain };
    return [...mirrors, hub];
  }
  const own = { isMirror: false, credentialsOf: domain, realms: configuration.realms ?? [] };
  if (!isInsecure(domain, configuration)) return [{ ...own, origin: new URL(`https://${domain}`), verify: true }];
  // An insecure registry may have a certificate that nobody knows, or none at all.
  return [
    { ...own, origin: new URL(`https://${domain}`), verify: false },
    { ...own, origin: new URL(`http://${domain}`), verify: false },
  ];
}

function mirrorEndpoint(text: string, configuration: RegistryConfiguration): Endpoint {
  const origin = URL.canParse(text) ? new URL(text) : undefined;
  if (origin === undefined || !/^https?:$/.test(origin.protocol) || origin.pathname !== '/') {
    throw new LabError(
      'invalidArgument',
      `registry-mirrors "${text}": expected an address like https://mirror.example`,
    );
  }
  const verify = origin.protocol === 'https:' && !isInsecure(origin.host, configuration);
  return { origin, verify, isMirror: true, credentialsOf: undefined };
}

/** True for this host itself and for what the configuration names. @source docker registry/config.go: isSecureIndex */
export function isInsecure(domain: string, configuration: RegistryConfiguration): boolean {
  const host = domain.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const named = configuration.insecure ?? [];
  if (host === 'localhost' || named.includes(domain) || named.includes(host)) return true;
  const family = isIP(host);
  if (family === 0) return false;
  const blocks = new BlockList();
  blocks.addSubnet('127.0.0.0', 8, 'ipv4');
  blocks.addAddress('::1', 'ipv6');
  for (const [, address, bits] of named.map((one) => /^([0-9a-fA-F.:]+)\/(\d+)$/.exec(one) ?? [])) {
    const kind = isIP(address ?? '');
    if (address !== undefined && kind !== 0) blocks.addSubnet(address, Number(bits), kind === 6 ? 'ipv6' : 'ipv4');
  }
  return blocks.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
