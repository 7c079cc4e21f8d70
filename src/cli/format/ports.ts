// Published ports as `docker ps` shows them: `0.0.0.0:8080->80/tcp, [::]:8080->80/tcp`, ranges together.
import type { ContainerPort } from '../../daemon/protocol.ts';

/** @source docker cli formatter DisplayablePorts: ports published under their own number are grouped and come first */
export function portsText(ports: readonly ContainerPort[]): string {
  const groups: Group[] = [];
  const renumbered: Group[] = [];
  for (const port of [...ports].sort(byPort)) {
    const last = groups.find((group) => continues(group, port));
    if (last !== undefined) last.size += 1;
    else if (port.PublicPort !== undefined && port.PublicPort !== port.PrivatePort) renumbered.push(groupOf(port));
    else groups.push(groupOf(port));
  }
  return [...groups, ...renumbered].map(groupText).join(', ');
}

interface Group {
  ip: string;
  type: string;
  from: number;
  publicFrom: number | undefined;
  size: number;
}

const groupOf = (port: ContainerPort): Group => ({
  ip: port.IP ?? '',
  type: port.Type,
  from: port.PrivatePort,
  publicFrom: port.PublicPort,
  size: 1,
});

function continues(group: Group, port: ContainerPort): boolean {
  if (group.ip !== (port.IP ?? '') || group.type !== port.Type || group.from + group.size !== port.PrivatePort) {
    return false;
  }
  if (group.publicFrom === undefined || port.PublicPort === undefined) return group.publicFrom === port.PublicPort;
  return group.publicFrom + group.size === port.PublicPort && group.publicFrom === group.from;
}

function groupText(group: Group): string {
  const span = (from: number): string => (group.size === 1 ? `${from}` : `${from}-${from + group.size - 1}`);
  const inside = `${span(group.from)}/${group.type}`;
  if (group.publicFrom === undefined || group.publicFrom === 0) return inside;
  const host = group.ip.includes(':') ? `[${group.ip}]` : group.ip;
  return `${host === '' ? '' : `${host}:`}${span(group.publicFrom)}->${inside}`;
}

function byPort(a: ContainerPort, b: ContainerPort): number {
  return (
    a.PrivatePort - b.PrivatePort ||
    byText(a.IP ?? '', b.IP ?? '') ||
    (a.PublicPort ?? 0) - (b.PublicPort ?? 0) ||
    byText(a.Type, b.Type)
  );
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
