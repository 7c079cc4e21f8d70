// Port mappings: from the request's PortBindings, ExposedPorts and PublishAllPorts to a list of what is to be published.
// A host port of 0 means "an ephemeral one"; a range means "the first free one of it".
import { isIPv4, isIPv6 } from 'node:net';
import { LabError } from '../../base/errors.ts';
import type { Cause } from '../../trace/cause.ts';
import type { PortBindings, PublishedPorts, SandboxRequest } from './networking.ts';

export type Protocol = 'tcp' | 'udp' | 'sctp';

export interface PortSpec {
  protocol: Protocol;
  containerPort: number;
  hostIp: string;
  /** Inclusive; both 0 for an ephemeral port. */
  hostPorts: { first: number; last: number };
  cause: Cause;
}

/** A spec whose host port is decided. */
export interface PortMapping {
  protocol: Protocol;
  containerPort: number;
  hostIp: string;
  hostPort: number;
  cause: Cause;
}

const isProtocol = (text: string): text is Protocol => text === 'tcp' || text === 'udp' || text === 'sctp';

function parsePort(text: string, what: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port >= 0 && port <= 65535) return port;
  throw new LabError('invalidArgument', `${what} "${text}": expected a port of 0 to 65535`);
}

/** `80/tcp`; the protocol is tcp when it is left out. */
export function parseContainerPort(key: string): { containerPort: number; protocol: Protocol } {
  const [port = '', protocol = 'tcp', ...rest] = key.split('/');
  const containerPort = parsePort(port, 'container port');
  if (containerPort === 0 || rest.length > 0 || !isProtocol(protocol)) {
    throw new LabError(
      'invalidArgument',
      `container port "${key}": expected a port of 1 to 65535 and /tcp, /udp or /sctp`,
    );
  }
  return { containerPort, protocol };
}

function parseHostPorts(text: string): { first: number; last: number } {
  if (text === '') return { first: 0, last: 0 };
  const [from = '', to, ...rest] = text.split('-');
  const first = parsePort(from, 'host port');
  const last = to === undefined ? first : parsePort(to, 'host port');
  if (rest.length > 0 || last < first) {
    throw new LabError('invalidArgument', `host port "${text}": expected a port or a range such as 8000-8010`);
  }
  return { first, last };
}

function parseHostIp(text: string, byDefault: string): string {
  if (text === '') return byDefault;
  if (isIPv4(text)) return text;
  if (isIPv6(text)) {
    throw new LabError('notImplemented', `publishing on ${text}: only IPv4 addresses are published`);
  }
  throw new LabError('invalidArgument', `host address "${text}": expected an IPv4 address`);
}

const pointer = (text: string): string => text.replaceAll('~', '~0').replaceAll('/', '~1');

function bindingSpecs(bindings: PortBindings, defaultHostIp: string): PortSpec[] {
  return Object.entries(bindings).flatMap(([key, list]) => {
    const port = parseContainerPort(key);
    const entries = list === null || list.length === 0 ? [{}] : list;
    return entries.map((entry: { HostIp?: string; HostPort?: string }) => ({
      ...port,
      hostIp: parseHostIp(entry.HostIp ?? '', defaultHostIp),
      hostPorts: parseHostPorts(entry.HostPort ?? ''),
      cause: `api:/HostConfig/PortBindings/${pointer(key)}` as const,
    }));
  });
}

/** What the request wants published. Errors: invalidArgument, notImplemented (an IPv6 host address). */
export function portSpecs(request: SandboxRequest, defaultHostIp: string): PortSpec[] {
  const specs = bindingSpecs(request.portBindings ?? {}, defaultHostIp);
  if (request.publishAll !== true) return specs;
  const isBound = (port: { containerPort: number; protocol: Protocol }): boolean =>
    specs.some((spec) => spec.containerPort === port.containerPort && spec.protocol === port.protocol);
  const exposed = (request.exposedPorts ?? []).map(parseContainerPort).filter((port) => !isBound(port));
  return [
    ...specs,
    ...exposed.map((port) => ({
      ...port,
      hostIp: defaultHostIp,
      hostPorts: { first: 0, last: 0 },
      cause: 'api:/HostConfig/PublishAllPorts' as const,
    })),
  ];
}

/** NetworkSettings.Ports. */
export function publishedPorts(exposedPorts: readonly string[], mappings: readonly PortMapping[]): PublishedPorts {
  const ports: PublishedPorts = {};
  for (const key of exposedPorts) ports[key.includes('/') ? key : `${key}/tcp`] = null;
  for (const { containerPort, protocol, hostIp, hostPort } of mappings) {
    const key = `${containerPort}/${protocol}`;
    ports[key] = [...(ports[key] ?? []), { HostIp: hostIp, HostPort: String(hostPort) }];
  }
  return ports;
}
