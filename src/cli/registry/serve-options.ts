// From the flags of `tlab registry serve` to the server's options. What does not go together is refused before anything listens.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { LabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import type { Action } from '../../registry/server/access.ts';
import type { Limits } from '../../registry/server/exchange.ts';
import { parseFault } from '../../registry/server/faults.ts';
import type { ProxyOptions } from '../../registry/server/pull-through.ts';
import type { RegistryServerOptions } from '../../registry/server/server.ts';
import { Users } from '../../registry/server/users.ts';
import { usageError } from '../flags/spec.ts';

export interface ServeFlags {
  listen: string | undefined;
  storage: string | undefined;
  proxy: string | undefined;
  'proxy-insecure': boolean;
  'proxy-believe': number | undefined;
  'proxy-keep': number | undefined;
  class: boolean;
  'read-only': boolean;
  users: string | undefined;
  auth: 'basic' | 'token' | undefined;
  'anonymous-pull': boolean;
  fault: string[];
  limit: string[];
  'tls-cert': string | undefined;
  'tls-key': string | undefined;
}

/** Errors: usage; notFound and invalidArgument for files. */
export async function serveOptions(flags: ServeFlags): Promise<RegistryServerOptions> {
  const { address, port } = listenOf(flags);
  const tls = tlsOf(flags);
  if (flags['proxy-keep'] !== undefined && flags.proxy === undefined)
    throw usageError(
      '--proxy-keep: expected --proxy with it',
      'what is pushed here is nowhere else, and is never removed',
    );
  const proxy = flags.proxy === undefined ? undefined : proxyOf(flags.proxy, flags);
  return {
    address,
    port,
    storage: flags.storage ?? `${paths.dataRoot}/registry`,
    ...(tls === undefined ? {} : { tls }),
    ...(proxy === undefined ? {} : { proxy }),
    access: await accessOf(flags),
    faults: flags.fault.map(parseFault),
    limits: Object.assign({}, ...flags.limit.map(limitOf)) as Partial<Limits>,
  };
}

const usualPort = 5000;

/** Only this machine, unless it is for a class or somebody says otherwise. */
function listenOf({ listen, class: isClass }: ServeFlags): { address: string; port: number } {
  const usual = isClass ? '0.0.0.0' : '127.0.0.1';
  if (listen === undefined) return { address: usual, port: usualPort };
  const [, host = '', port] = /^(?:(\[[0-9a-fA-F:]+\]|[^:]*))?(?::(\d+))?$/.exec(listen) ?? [];
  const address = host.replace(/^\[|\]$/g, '') || usual;
  const number = port === undefined ? usualPort : Number(port);
  if (isIP(address) === 0 || number > 65_535) {
    throw usageError(`--listen "${listen}": expected ADDRESS, ADDRESS:PORT or :PORT`, 'for example 0.0.0.0:5000');
  }
  return { address, port: number };
}

function tlsOf({ 'tls-cert': cert, 'tls-key': key }: ServeFlags): RegistryServerOptions['tls'] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) throw usageError('--tls-cert and --tls-key are given together');
  return { cert: fileText(cert), key: fileText(key) };
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LabError('notFound', `reading "${path}": ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
}

/**
 * A docker that meets a Basic challenge asks for a login, whatever else it may do without one: where pulls are open, logins are by
 * token, as at Docker Hub.
 */
async function accessOf(flags: ServeFlags): Promise<RegistryServerOptions['access']> {
  const { users: file, class: isClass, auth } = flags;
  if (auth !== undefined && file === undefined) throw usageError('--auth: expected --users FILE with it');
  const isPullOpen = file === undefined || isClass || flags['anonymous-pull'];
  if (auth === 'basic' && isPullOpen) {
    throw usageError(
      '--auth basic: docker would ask everybody for a login, expected --auth token where everybody may pull',
    );
  }
  const isPushOpen = file === undefined && !isClass;
  const anonymous: Action[] = [
    ...(isPullOpen ? ['pull' as const] : []),
    ...(isPushOpen ? (['push', 'delete'] as const) : []),
  ];
  return {
    users: file === undefined ? undefined : await Users.open(file),
    scheme: auth ?? (isPullOpen ? 'token' : 'basic'),
    anonymous,
    isOpenHere: isClass && file === undefined,
    isReadOnly: flags['read-only'],
  };
}

const usualBelieveSeconds = 60;

/** `docker.io`, or an address. */
function proxyOf(text: string, flags: ServeFlags): ProxyOptions {
  const rules = {
    believeMs: (flags['proxy-believe'] ?? usualBelieveSeconds) * 1000,
    mostBytes: flags['proxy-keep'],
  };
  const hub = new URL('https://registry-1.docker.io');
  if (/^(https?:\/\/)?((registry-1|index|www)\.)?docker\.io\/?$/.test(text)) {
    return { endpoint: { origin: hub, verify: true, isMirror: false, credentialsOf: 'docker.io' }, ...rules };
  }
  const origin = URL.canParse(text) ? new URL(text) : undefined;
  if (origin === undefined || !/^https?:$/.test(origin.protocol) || origin.pathname !== '/' || origin.username !== '') {
    throw usageError(`--proxy "${text}": expected docker.io or an address like https://registry.example`);
  }
  const verify = origin.protocol === 'https:' && !flags['proxy-insecure'];
  return { endpoint: { origin, verify, isMirror: false, credentialsOf: origin.host }, ...rules };
}

const limitKeys: Readonly<Record<string, keyof Limits>> = {
  requests: 'requests',
  blob: 'blobBytes',
  manifest: 'manifestBytes',
};
const units: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

function limitOf(text: string): Partial<Limits> {
  const [, name = '', digits, unit = ''] = /^(\w+)=(\d+)([kmg]?)$/i.exec(text) ?? [];
  const key = limitKeys[name];
  if (key === undefined || digits === undefined) {
    throw usageError(`--limit "${text}": expected requests=N, blob=SIZE or manifest=SIZE`);
  }
  return { [key]: Number(digits) * (units[unit.toLowerCase()] ?? 1) };
}
