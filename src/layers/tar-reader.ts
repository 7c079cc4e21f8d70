// Reads a tar as it streams by: the header of each entry and the digest of its content, never the content itself. ustar, GNU long names,
// big numbers and sparse files, pax records. Rule: the archive is hostile; every length is bounded before it is believed, and memory
// holds one header and one chunk. @source man tar(5); POSIX pax
import { createHash } from 'node:crypto';
import { LabError } from '../base/errors.ts';
import { ByteSource } from './byte-source.ts';

export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo' | 'other';

export interface LayerEntry {
  /** As the archive has it: it may hold anything. */
  name: string;
  type: EntryType;
  /** Permission bits with setuid, setgid and sticky. */
  mode: number;
  uid: number;
  gid: number;
  /** Bytes of the file, holes included. */
  size: number;
  /** Seconds since 1970. */
  mtime: number;
  /** Target of a link, as the archive has it. */
  link: string;
  /** Hex SHA-256 of the content in the archive; empty when it has none. */
  content: string;
  /** Extended attributes, name=value in order, as one text to compare. */
  attributes: string;
}

const blockBytes = 512;
/** Longer names than a path can be are refused; a header of names and attributes is small. */
const longestHeaderBytes = 1 << 20;

/** @source man tar(5): typeflag */
const typeOfFlag: Readonly<Record<string, EntryType | undefined>> = {
  '0': 'file',
  '\0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  S: 'file',
};

/** What extended headers say about the entry that follows. */
interface Extended {
  path?: string;
  linkpath?: string;
  size?: number;
  realSize?: number;
  mtime?: number;
  uid?: number;
  gid?: number;
  attributes: string[];
}

/** Every entry, then the rest of the stream. Errors: dataLoss when the archive is cut short or a header is wrong. */
export async function* readEntries(stream: AsyncIterable<Uint8Array>): AsyncGenerator<LayerEntry> {
  const source = new ByteSource(stream);
  let extended: Extended = { attributes: [] };
  for (;;) {
    const header = await source.take(blockBytes, 'a header');
    if (header === undefined || header.every((byte) => byte === 0)) break;
    checkSum(header);
    const flag = String.fromCharCode(header[156] ?? 0);
    const stored = extended.size ?? number(header, 124, 12);
    if ('LKxg'.includes(flag)) {
      const data = await extendedData(source, stored);
      if (flag === 'L') extended.path = text(data, 0, data.length);
      else if (flag === 'K') extended.linkpath = text(data, 0, data.length);
      else if (flag === 'x') takePax(data, extended);
      continue;
    }
    const sparseSize = flag === 'S' ? await oldSparseSize(source, header) : undefined;
    yield await entryOf(source, { header, flag, stored, sparseSize, extended });
    extended = { attributes: [] };
  }
  await source.drain();
}

const padding = (length: number): number => (blockBytes - (length % blockBytes)) % blockBytes;

async function extendedData(source: ByteSource, length: number): Promise<Buffer> {
  if (length > longestHeaderBytes) {
    throw new LabError('dataLoss', `tar header: ${length} bytes of names, at most ${longestHeaderBytes} are read`);
  }
  const data = Buffer.from((await source.take(length, 'an extended header')) ?? []);
  await source.pass(padding(length), () => {});
  return data;
}

interface Parsed {
  header: Buffer;
  flag: string;
  stored: number;
  sparseSize: number | undefined;
  extended: Extended;
}

async function entryOf(source: ByteSource, parsed: Parsed): Promise<LayerEntry> {
  const { header, flag, stored, sparseSize, extended } = parsed;
  const type = typeOfFlag[flag] ?? 'other';
  const prefix = text(header, 257, 6).startsWith('ustar') && header[262] === 0 ? text(header, 345, 155) : '';
  const short = text(header, 0, 100);
  const entry: LayerEntry = {
    name: extended.path ?? (prefix === '' ? short : `${prefix}/${short}`),
    type: type === 'file' && extended.path === undefined && short.endsWith('/') ? 'directory' : type,
    mode: number(header, 100, 8) & 0o7777,
    uid: extended.uid ?? number(header, 108, 8),
    gid: extended.gid ?? number(header, 116, 8),
    size: type === 'file' ? (extended.realSize ?? sparseSize ?? stored) : 0,
    mtime: extended.mtime ?? number(header, 136, 12),
    link: extended.linkpath ?? text(header, 157, 100),
    content: '',
    attributes: extended.attributes.sort().join('\n'),
  };
  if (type === 'character' || type === 'block') entry.link = `${number(header, 329, 8)}:${number(header, 337, 8)}`;
  const hash = type === 'file' ? createHash('sha256') : undefined;
  await source.pass(stored, (chunk) => hash?.update(chunk));
  await source.pass(padding(stored), () => {});
  if (hash !== undefined) entry.content = hash.digest('hex');
  return entry;
}

/** GNU's old form: the true size in the header, maps in blocks behind it. @source man tar(5): GNU tar archives */
async function oldSparseSize(source: ByteSource, header: Buffer): Promise<number> {
  for (let more = header[482] === 1; more; ) {
    const block = await source.take(blockBytes, 'a sparse map');
    if (block === undefined) throw cutShort('a sparse map');
    more = block[504] === 1;
  }
  return number(header, 483, 12);
}

function checkSum(header: Buffer): void {
  let sum = 0;
  for (let at = 0; at < blockBytes; at += 1) sum += at >= 148 && at < 156 ? 32 : (header[at] ?? 0);
  if (sum !== number(header, 148, 8)) throw new LabError('dataLoss', 'tar header: its checksum is wrong');
}

function text(block: Buffer, start: number, length: number): string {
  const bytes = block.subarray(start, start + length);
  const end = bytes.indexOf(0);
  return (end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

/** Octal digits, or GNU's base 256 when the first bit is set. */
function number(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0;
  if ((first & 0x80) !== 0) return base256(block.subarray(start, start + length));
  const digits = text(block, start, length).trim();
  if (!/^[0-7]*$/.test(digits))
    throw new LabError('dataLoss', `tar header: number ${JSON.stringify(digits)} is not octal`);
  return Number.parseInt(digits || '0', 8);
}

function base256(bytes: Buffer): number {
  let value = BigInt((bytes[0] ?? 0) & 0x7f);
  for (const byte of bytes.subarray(1)) value = (value << 8n) | BigInt(byte);
  if ((bytes[0] ?? 0) & 0x40) value -= 1n << BigInt(bytes.length * 8 - 1);
  return safe(Number(value));
}

function safe(value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new LabError('dataLoss', `tar header: number ${value} is out of range`);
}

function decimal(value: string): number {
  if (!/^-?\d{1,16}(\.\d+)?$/.test(value))
    throw new LabError('dataLoss', `pax record: ${JSON.stringify(value)} is no number`);
  return Number(value);
}

const size = (value: string): number => {
  const bytes = safe(decimal(value));
  if (bytes < 0) throw new LabError('dataLoss', `pax record: a size of ${bytes}`);
  return bytes;
};

const paxKeys: Readonly<Record<string, (into: Extended, value: string) => void>> = {
  path: (into, value) => {
    into.path ??= value;
  },
  'GNU.sparse.name': (into, value) => {
    into.path = value;
  },
  linkpath: (into, value) => {
    into.linkpath = value;
  },
  size: (into, value) => {
    into.size = size(value);
  },
  'GNU.sparse.realsize': (into, value) => {
    into.realSize = size(value);
  },
  'GNU.sparse.size': (into, value) => {
    into.realSize = size(value);
  },
  mtime: (into, value) => {
    into.mtime = decimal(value);
  },
  uid: (into, value) => {
    into.uid = safe(decimal(value));
  },
  gid: (into, value) => {
    into.gid = safe(decimal(value));
  },
};

/** Records `LENGTH KEY=VALUE\n`, where the length counts itself. */
function takePax(data: Buffer, into: Extended): void {
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(32, at);
    const digits = data.toString('latin1', at, space);
    const length = /^\d{1,7}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    if (space < 0 || length <= space - at + 1 || end > data.length) {
      throw new LabError('dataLoss', 'tar archive: the length of a pax record is wrong');
    }
    const record = data.subarray(space + 1, end - 1);
    const equals = record.indexOf(61);
    const key = record.toString('utf8', 0, Math.max(0, equals));
    const value = record.subarray(equals + 1);
    if (key.startsWith('SCHILY.xattr.') || key.startsWith('LIBARCHIVE.xattr.')) {
      into.attributes.push(`${key.slice(key.indexOf('xattr.') + 6)}=${value.toString('base64')}`);
    } else if (Object.hasOwn(paxKeys, key)) paxKeys[key]?.(into, value.toString('utf8'));
    at = end;
  }
}

const cutShort = (what: string): LabError => new LabError('dataLoss', `tar archive: it ends in the middle of ${what}`);
