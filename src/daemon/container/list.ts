// GET /containers/json: newest first, running ones unless `all`.
import { LabError } from '../../base/errors.ts';
import { humanDuration } from '../../base/time.ts';
import type { Engine } from '../engine.ts';
import { type Filters, hasLabels, passes } from '../filters.ts';
import type { ContainerPort, ContainerSummary } from '../protocol.ts';
import { parseRfc3339 } from '../time.ts';
import type { Container } from './container.ts';
import { endpointsOf, mountPointOf } from './inspect.ts';

export const listFilters = [
  'id',
  'name',
  'status',
  'label',
  'ancestor',
  'exited',
  'volume',
  'network',
  'before',
  'since',
  'publish',
  'expose',
  'health',
  'is-task',
];

const statuses = new Set(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']);

export interface ListOptions {
  all: boolean;
  limit: number;
  filters: Filters;
}

export function listContainers(engine: Engine, options: ListOptions): ContainerSummary[] {
  const { filters } = options;
  const strange = filters.status?.find((status) => !statuses.has(status));
  if (strange !== undefined) throw new LabError('invalidArgument', `invalid filter 'status=${strange}'`);
  const isAll = options.all || options.limit > 0 || filters.status !== undefined || filters.exited !== undefined;
  const newest = engine.containers.all().sort((a, b) => (a.record.created < b.record.created ? 1 : -1));
  const chosen = newest.filter((container) => (isAll || isListed(container)) && matches(engine, container, filters));
  return (options.limit > 0 ? chosen.slice(0, options.limit) : chosen).map(summaryOf);
}

const isListed = (container: Container): boolean => container.isRunning || container.status === 'restarting';

function matches(engine: Engine, container: Container, filters: Filters): boolean {
  const { record } = container;
  const { image } = record;
  const created = (reference: string): string => engine.containers.find(reference).record.created;
  return (
    passes(filters, 'id', (value) => container.id.startsWith(value)) &&
    passes(
      filters,
      'name',
      (value) => new RegExp(escapeBroken(value)).test(`/${container.name}`) || container.name === value,
    ) &&
    passes(filters, 'status', (value) => container.status === value) &&
    passes(filters, 'exited', (value) => container.status === 'exited' && `${record.lifecycle.exitCode}` === value) &&
    passes(filters, 'ancestor', (value) => isImage(image, value)) &&
    passes(filters, 'volume', (value) =>
      record.mounts.some((mount) => mount.name === value || mount.destination === value),
    ) &&
    passes(filters, 'network', (value) => value in endpointsOf(container) || record.sandbox?.networkId === value) &&
    passes(filters, 'before', (value) => record.created < created(value)) &&
    passes(filters, 'since', (value) => record.created > created(value)) &&
    passes(filters, 'health', (value) => value === 'none') &&
    passes(filters, 'is-task', (value) => value === 'false') &&
    passes(filters, 'publish', (value) =>
      portsOf(container).some((port) => `${port.PublicPort}` === value.split('/')[0]),
    ) &&
    passes(filters, 'expose', (value) =>
      portsOf(container).some((port) => `${port.PrivatePort}` === value.split('/')[0]),
    ) &&
    hasLabels(filters, { ...image.config.Labels, ...record.config.Labels })
  );
}

function isImage(image: Container['record']['image'], value: string): boolean {
  const { id, name, reference } = image;
  return (
    name === value ||
    reference === value ||
    name === `${value}:latest` ||
    `${name}:latest` === value ||
    id === value ||
    id.startsWith(`sha256:${value}`)
  );
}

/** A filter that is no regular expression is taken literally. */
function escapeBroken(pattern: string): string {
  try {
    new RegExp(pattern);
    return pattern;
  } catch {
    return pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  }
}

function summaryOf(container: Container): ContainerSummary {
  const { record } = container;
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: record.image.name,
    ImageID: record.image.id,
    Command: [record.path, ...record.args].map(quoted).join(' '),
    Created: Math.floor(Date.parse(record.created) / 1000),
    Ports: portsOf(container),
    Labels: { ...record.image.config.Labels, ...record.config.Labels },
    State: container.status,
    Status: statusOf(container),
    HostConfig: { NetworkMode: record.host.NetworkMode || 'default' },
    NetworkSettings: { Networks: endpointsOf(container) },
    Mounts: record.mounts.map(mountPointOf),
  };
}

/** @source docker daemon/list.go: words with a space stand in quotes */
const quoted = (word: string): string => (/\s/.test(word) ? `'${word.replaceAll("'", "'\\''")}'` : word);

function portsOf(container: Container): ContainerPort[] {
  const ports = container.record.sandbox?.ports ?? {};
  return Object.entries(ports).flatMap(([key, bindings]) => {
    const [port, protocol] = key.split('/');
    const base = { PrivatePort: Number(port), Type: (protocol ?? 'tcp') as ContainerPort['Type'] };
    if (bindings === null) return [base];
    return bindings.map(({ HostIp, HostPort }) => ({ IP: HostIp, PublicPort: Number(HostPort), ...base }));
  });
}

/** `Up 3 minutes (Paused)`, `Exited (0) 2 hours ago`. @source docker container/state.go */
export function statusOf(container: Container, nowNs = BigInt(Date.now()) * 1_000_000n): string {
  const { lifecycle } = container.record;
  const since = (text: string): string => humanDuration(Number(nowNs - (parseRfc3339(text) ?? nowNs)) / 1e9);
  switch (container.status) {
    case 'running':
      return `Up ${since(lifecycle.startedAt)}`;
    case 'paused':
      return `Up ${since(lifecycle.startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${lifecycle.exitCode}) ${since(lifecycle.finishedAt)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    case 'created':
      return 'Created';
    default:
      return `Exited (${lifecycle.exitCode}) ${since(lifecycle.finishedAt)} ago`;
  }
}
