// The probe of names: what a container's own files say, and what its first nameserver answers, asked from within its network namespace by
// a query of ours. No program of the image has a part in it.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { fileFacts } from './proc.ts';
import type { Facts } from './verdict.ts';

const timeoutMs = 3_000;

/** @source man resolv.conf(5), man hosts(5) */
export async function nameFacts(pid: number | undefined, name: string | undefined): Promise<Facts> {
  const root = pid === undefined ? '/' : `/proc/${pid}/root`;
  const textOf = (path: string): string => String(fileFacts(root, path).content ?? '');
  const resolver = linesOf(textOf('/etc/resolv.conf'));
  const valuesOf = (key: string): string[] =>
    resolver.filter(([first]) => first === key).flatMap(([, ...rest]) => rest);
  const nameservers = valuesOf('nameserver');
  const facts = { nameservers, search: valuesOf('search'), options: valuesOf('options') };
  if (name === undefined) return { ...facts, exists: resolver.length > 0 };
  const inHosts = linesOf(textOf('/etc/hosts'))
    .filter(([, ...names]) => names.includes(name))
    .map(([address = '']) => address);
  if (inHosts.length > 0) return { ...facts, exists: true, from: 'hosts', addresses: inHosts };
  const [server] = nameservers;
  const answer = server === undefined ? undefined : await ask(pid, server, name);
  if (answer === undefined) return { ...facts, exists: false, from: 'nobody', addresses: [] };
  return { ...facts, exists: answer.addresses.length > 0, from: server, ...answer };
}

/** Words of each line, comments left away. */
const linesOf = (text: string): string[][] =>
  text
    .split('\n')
    .map((line) => line.replace(/[#;].*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/));

interface NameAnswer {
  /** NOERROR, NXDOMAIN, … */
  status: string;
  addresses: string[];
}

/** Asks for IPv4 addresses over UDP; undefined when nobody answers in time. */
async function ask(pid: number | undefined, server: string, name: string): Promise<NameAnswer | undefined> {
  const { openSocketIn } = await import('../../kernel/real/network-namespaces.ts');
  const isV6 = server.includes(':');
  const socket = createSocket(isV6 ? 'udp6' : 'udp4');
  const { promise, resolve } = Promise.withResolvers<NameAnswer | undefined>();
  const id = randomInt(0x10000);
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  socket.on('message', (message) => {
    if (message.length > 12 && message.readUInt16BE(0) === id) resolve(answerOf(message));
  });
  socket.on('error', () => resolve(undefined));
  try {
    socket.bind({ fd: openSocketIn(pid === undefined ? undefined : `/proc/${pid}/ns/net`, isV6 ? 'udp6' : 'udp4') });
    socket.send(queryOf(id, name), 53, server, (error) => error !== null && resolve(undefined));
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

const typeA = 1;
const classIn = 1;

/** One question with recursion desired. @source RFC 1035 section 4 */
export function queryOf(id: number, name: string): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(0x0100, 2);
  head.writeUInt16BE(1, 4);
  const labels = name.split('.').filter((label) => label !== '');
  const parts = labels.map((label) => Buffer.concat([Buffer.from([Buffer.byteLength(label)]), Buffer.from(label)]));
  return Buffer.concat([head, ...parts, Buffer.from([0, 0, typeA, 0, classIn])]);
}

const statuses = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

/** @source RFC 1035 section 4.1 */
export function answerOf(message: Buffer): NameAnswer {
  const code = message.readUInt16BE(2) & 15;
  const addresses: string[] = [];
  try {
    let at = 12;
    for (let left = message.readUInt16BE(4); left > 0; left--) at = afterName(message, at) + 4;
    for (let left = message.readUInt16BE(6); left > 0; left--) {
      at = afterName(message, at);
      const length = message.readUInt16BE(at + 8);
      const data = message.subarray(at + 10, at + 10 + length);
      if (message.readUInt16BE(at) === typeA && length === 4 && data.length === 4) addresses.push([...data].join('.'));
      at += 10 + length;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return { status: statuses[code] ?? String(code), addresses };
}

/** Where a name ends: behind its last label, or behind a pointer to another name. */
function afterName(message: Buffer, start: number): number {
  for (let at = start; ; at += message.readUInt8(at) + 1) {
    const length = message.readUInt8(at);
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
  }
}
