// `--publish` and `--expose`: from `127.0.0.1:8080-8081:80-81/udp` to one binding a port. @source docker-run --publish
import { Expected } from '../flags/spec.ts';

export interface PublishedPort {
  /** `80/tcp`, the key in ExposedPorts and PortBindings. */
  port: string;
  hostIp: string;
  /** Empty: the engine chooses one. A range `8000-8010` means any of these. */
  hostPort: string;
}

const wanted = '[[IP:]HOST:]CONTAINER[/tcp|udp], ports from 1 to 65535';

export function publishedPorts(text: string): PublishedPort[] {
  const { address, protocol } = splitProtocol(text);
  const bracketed = /^\[([0-9a-f:.]+)\]:(.*)$/i.exec(address);
  const parts = (bracketed?.[2] ?? address).split(':');
  if (bracketed?.[1] !== undefined) parts.unshift(bracketed[1]);
  if (parts.length > 3 || (bracketed !== null && parts.length !== 3)) throw new Expected(wanted);
  const inside = range(parts.at(-1) ?? '');
  const outsideText = parts.at(-2) ?? '';
  const outside = outsideText === '' ? undefined : range(outsideText, 0);
  const hostIp = parts.length === 3 ? (parts[0] ?? '') : '';
  const ports = numbers(inside);
  if (outside === undefined) return ports.map((port) => ({ port: `${port}/${protocol}`, hostIp, hostPort: '' }));
  if (ports.length === 1) {
    return [{ port: `${inside.from}/${protocol}`, hostIp, hostPort: outsideText }];
  }
  const hostPorts = numbers(outside);
  if (hostPorts.length !== ports.length) throw new Expected('as many host ports as container ports');
  return ports.map((port, at) => ({ port: `${port}/${protocol}`, hostIp, hostPort: `${hostPorts[at]}` }));
}

/** `80`, `80-82/udp` as the keys of ExposedPorts. */
export function exposedPorts(text: string): string[] {
  const { address, protocol } = splitProtocol(text);
  return numbers(range(address)).map((port) => `${port}/${protocol}`);
}

function splitProtocol(text: string): { address: string; protocol: string } {
  const [address = '', protocol = 'tcp', ...more] = text.split('/');
  if (more.length > 0 || !['tcp', 'udp', 'sctp'].includes(protocol)) throw new Expected(wanted);
  return { address, protocol };
}

function range(text: string, lowest = 1): { from: number; to: number } {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const from = Number(match?.[1]);
  const to = match?.[2] === undefined ? from : Number(match[2]);
  if (match === null || from < lowest || to > 65535 || to < from) throw new Expected(wanted);
  return { from, to };
}

const numbers = ({ from, to }: { from: number; to: number }): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);
