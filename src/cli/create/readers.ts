// Readers of the flags of run and create that make an object of their text.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { RestartPolicy } from '../../daemon/protocol.ts';
import { between, integer } from '../flags/readers.ts';
import { Expected } from '../flags/spec.ts';

/** @source docker-run --restart */
export function restartPolicy(text: string): RestartPolicy {
  const [name, count, ...more] = text.split(':');
  if (more.length === 0 && (count === undefined || name === 'on-failure')) {
    if (name === 'on-failure') return { Name: name, MaximumRetryCount: count === undefined ? 0 : integer(count) };
    if (name === 'no' || name === 'always' || name === 'unless-stopped') return { Name: name, MaximumRetryCount: 0 };
  }
  throw new Expected('no, always, unless-stopped or on-failure[:COUNT]');
}

/** Resource names that the kernel knows. @source man getrlimit(2) */
const limits = [
  ...['core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile', 'nproc', 'rss', 'rtprio'],
  ...['rttime', 'sigpending', 'stack'],
];

/** `nofile=1024:2048`; one number sets both. */
export function ulimit(text: string): { Name: string; Soft: number; Hard: number } {
  const match = /^([a-z]+)=(-1|\d+)(?::(-1|\d+))?$/.exec(text);
  const name = match?.[1] ?? '';
  if (match === null || !limits.includes(name)) throw new Expected('NAME=SOFT[:HARD], such as nofile=1024:2048');
  const soft = Number(match[2]);
  const hard = Number(match[3] ?? match[2]);
  if (hard !== -1 && (soft === -1 || soft > hard)) throw new Expected('a soft limit that is not above the hard limit');
  return { Name: name, Soft: soft, Hard: hard };
}

/** `/dev/fuse[:/dev/inside][:rwm]`. */
export function device(text: string): { PathOnHost: string; PathInContainer: string; CgroupPermissions: string } {
  const [host = '', second, third, ...more] = text.split(':');
  const permissions = third ?? (second !== undefined && /^[rwm]{1,3}$/.test(second) ? second : 'rwm');
  const inside = second === undefined || second === permissions ? host : second;
  if (more.length > 0 || !host.startsWith('/') || !inside.startsWith('/') || !/^[rwm]{1,3}$/.test(permissions)) {
    throw new Expected('HOST_PATH[:CONTAINER_PATH][:rwm]');
  }
  return { PathOnHost: host, PathInContainer: inside, CgroupPermissions: permissions };
}

/** `name:address` as the API wants it. */
export function extraHost(text: string): string {
  const match = /^([^:=]+)[:=](.+)$/.exec(text);
  const address = match?.[2]?.replace(/^\[(.*)\]$/, '$1') ?? '';
  if (match === null || (isIP(address) === 0 && address !== 'host-gateway')) throw new Expected('HOST:ADDRESS');
  return `${match[1]}:${address}`;
}

export function ipAddress(text: string): string {
  if (isIP(text) === 0) throw new Expected('an address such as 192.0.2.53');
  return text;
}

/** `seccomp=FILE` becomes the profile itself: the daemon does not read the person's files. @source docker-run --security-opt */
export function securityOption(text: string): string {
  const file = /^seccomp[=:](.*)$/.exec(text)?.[1];
  if (file === undefined || file === 'unconfined' || file === 'builtin') return text;
  return `seccomp=${JSON.stringify(JSON.parse(fileText(file)))}`;
}

/** `NAME=value`; `NAME` alone takes the person's own value, and unsets the variable when there is none. */
export function variable(text: string, env: NodeJS.ProcessEnv = process.env): string {
  if (text.startsWith('=') || text === '') throw new Expected('NAME=VALUE');
  if (text.includes('=')) return text;
  const own = env[text];
  return own === undefined ? text : `${text}=${own}`;
}

/**
 * The variables of a file: one a line, `#` begins a comment line. A bare name that is not set here is left out.
 * @source docker/cli opts/envfile.go: a name has no white space
 */
export function variablesOfFile(path: string): string[] {
  const lines = fileText(path)
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const spaced = lines.map((line) => line.replace(/=.*/s, '')).find((name) => /\s/.test(name));
  if (spaced !== undefined) throw new Expected(`lines NAME=VALUE: variable "${spaced}" contains white space`);
  return lines.map((line) => variable(line)).filter((line) => line.includes('='));
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Expected(`a file that can be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`);
  }
}

export const oomScore = between(-1000, 1000);

/** The streams of `--attach`. */
export function streamName(text: string): 'stdin' | 'stdout' | 'stderr' {
  const name = text.toLowerCase();
  if (name === 'stdin' || name === 'stdout' || name === 'stderr') return name;
  throw new Expected('stdin, stdout or stderr');
}
