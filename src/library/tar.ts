// Tar archives in memory, both ways: what a .deb holds and what a layer is. ustar, with pax records where ustar is too small.
// The same entries always give the same bytes: no names of users, no access times, fixed padding.
import { LabError } from '../base/errors.ts';

export interface TarEntry {
  /** Relative, without `./` and without a trailing slash; '' is the root. */
  path: string;
  type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';
  /** Permission bits with setuid, setgid and sticky. */
  mode: number;
  uid: number;
  gid: number;
  /** Seconds. */
  mtime: number;
  /** Target of a link. */
  link: string;
  data: Uint8Array;
}

const blockBytes = 512;
/** @source man tar(5): typeflag */
const typeOfFlag: Record<string, TarEntry['type'] | undefined> = {
  '0': 'file',
  '\0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};
const flagOfType = { file: '0', hardlink: '1', symlink: '2', character: '3', block: '4', directory: '5', fifo: '6' };

const padded = (length: number): number => Math.ceil(length / blockBytes) * blockBytes;

function text(block: Uint8Array, start: number, length: number): string {
  const bytes = block.subarray(start, start + length);
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

function octal(block: Uint8Array, start: number, length: number): number {
  const digits = text(block, start, length).trim();
  if (!/^[0-7]*$/.test(digits)) throw new LabError('dataLoss', `tar header: number "${digits}" is not octal`);
  return Number.parseInt(digits || '0', 8);
}

const cleaned = (path: string): string => path.replace(/^(?:\.?\/)+|^\.$/, '').replace(/\/+$/, '');

/** Every entry of an archive. Errors: dataLoss when it is cut short or its headers are wrong. */
export function* readTar(archive: Uint8Array): Generator<TarEntry> {
  const long: { path?: string; link?: string } = {};
  for (let at = 0; at + blockBytes <= archive.length; ) {
    const header = archive.subarray(at, at + blockBytes);
    if (header[0] === 0) return;
    checkSum(header);
    const size = octal(header, 124, 12);
    const data = archive.subarray(at + blockBytes, at + blockBytes + size);
    if (data.length < size) throw new LabError('dataLoss', 'tar archive: it ends in the middle of an entry');
    at += blockBytes + padded(size);
    const flag = String.fromCharCode(header[156] ?? 0);
    if (takesLongName(flag, data, long)) continue;
    yield entryOf(header, flag, data, long);
    delete long.path;
    delete long.link;
  }
}

function checkSum(header: Uint8Array): void {
  let sum = 0;
  for (let i = 0; i < blockBytes; i++) sum += i >= 148 && i < 156 ? 32 : (header[i] ?? 0);
  if (sum !== octal(header, 148, 8)) throw new LabError('dataLoss', 'tar header: its checksum is wrong');
}

/** GNU's L and K entries and pax's x name the entry that follows. */
function takesLongName(flag: string, data: Uint8Array, long: { path?: string; link?: string }): boolean {
  if (flag === 'L') long.path = text(data, 0, data.length);
  else if (flag === 'K') long.link = text(data, 0, data.length);
  else if (flag === 'x') Object.assign(long, paxNames(data));
  else return flag === 'g';
  return true;
}

function paxNames(data: Uint8Array): { path?: string; link?: string } {
  const names: { path?: string; link?: string } = {};
  for (let at = 0; at < data.length; ) {
    const length = Number.parseInt(text(data, at, 20), 10);
    if (!(length > 0)) throw new LabError('dataLoss', 'tar archive: a pax record has no length');
    const record = Buffer.from(data.subarray(at, at + length - 1)).toString('utf8');
    const [, key, value] = /^\d+ ([^=]*)=([\s\S]*)$/.exec(record) ?? [];
    if (key === 'path' && value !== undefined) names.path = value;
    if (key === 'linkpath' && value !== undefined) names.link = value;
    at += length;
  }
  return names;
}

function entryOf(header: Uint8Array, flag: string, data: Uint8Array, long: { path?: string; link?: string }): TarEntry {
  const type = typeOfFlag[flag];
  if (type === undefined) throw new LabError('dataLoss', `tar header: type "${flag}" is none that a package has`);
  const isUstar = text(header, 257, 6) === 'ustar';
  const prefix = isUstar ? text(header, 345, 155) : '';
  const short = text(header, 0, 100);
  return {
    path: cleaned(long.path ?? (prefix === '' ? short : `${prefix}/${short}`)),
    type,
    mode: octal(header, 100, 8) & 0o7777,
    uid: octal(header, 108, 8),
    gid: octal(header, 116, 8),
    mtime: octal(header, 136, 12),
    link: type === 'hardlink' ? cleaned(long.link ?? text(header, 157, 100)) : (long.link ?? text(header, 157, 100)),
    data,
  };
}

/** The archive of the entries, in their order, with the end marker. */
export function writeTar(entries: Iterable<TarEntry>): Buffer {
  const blocks: Uint8Array[] = [];
  for (const entry of entries) blocks.push(...tarHead(entry, entry.data.length), ...body(entry.data));
  blocks.push(tarEnd);
  return Buffer.concat(blocks);
}

/** Two empty blocks. */
export const tarEnd: Uint8Array = new Uint8Array(2 * blockBytes);

export type TarHead = Omit<TarEntry, 'data'>;

/**
 * What stands in front of an entry's `sizeBytes` bytes, for archives that are written as they are read. Fill the last block up with zeros
 * (`tarPadding`). `records` are further pax records.
 */
export function tarHead(
  entry: TarHead,
  sizeBytes: number,
  records: Readonly<Record<string, Uint8Array>> = {},
): Buffer[] {
  const pax = paxRecords(entry, sizeBytes, records);
  const head = headerOf(entry, flagOfType[entry.type], sizeBytes);
  if (pax.length === 0) return [head];
  const about = { ...entry, path: 'PaxHeaders', type: 'file', mode: 0o644, link: '' } as const;
  return [headerOf(about, 'x', pax.length), Buffer.concat(body(pax)), head];
}

export const tarPadding = (sizeBytes: number): Uint8Array => new Uint8Array(padded(sizeBytes) - sizeBytes);

const body = (data: Uint8Array): Uint8Array[] => [data, tarPadding(data.length)];

const needsPax = (value: string, limit: number): boolean =>
  Buffer.byteLength(value) > limit || /[^\x20-\x7e]/.test(value);

/** The largest number that eleven octal digits hold. */
const octalMax = 8 ** 11 - 1;

function paxRecords(entry: TarHead, sizeBytes: number, more: Readonly<Record<string, Uint8Array>>): Buffer {
  const records: Buffer[] = [];
  const add = (key: string, value: string): void => void records.push(paxRecord(key, Buffer.from(value)));
  if (needsPax(pathIn(entry), 100)) add('path', pathIn(entry));
  if (needsPax(entry.link, 100)) add('linkpath', entry.link);
  if (sizeBytes > octalMax) add('size', String(sizeBytes));
  if (entry.mtime < 0 || entry.mtime > octalMax) add('mtime', String(entry.mtime));
  for (const [key, value] of Object.entries(more)) records.push(paxRecord(key, value));
  return Buffer.concat(records);
}

/** A pax record counts its own length in. @source man pax(1): extended header */
function paxRecord(key: string, value: Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  const bytes = rest.length;
  let length = bytes + String(bytes).length;
  if (bytes + String(length).length !== length) length = bytes + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

const pathIn = (entry: TarHead): string => (entry.type === 'directory' ? `${entry.path || '.'}/` : entry.path);

function headerOf(entry: TarHead, flag: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  const put = (value: string, at: number, length: number) => header.write(value.slice(0, length), at, length, 'utf8');
  // What does not fit stands in a pax record.
  const number = (value: number, at: number, length: number) =>
    put((value < 0 || value >= 8 ** (length - 1) ? 0 : value).toString(8).padStart(length - 1, '0'), at, length);
  put(pathIn(entry), 0, 100);
  number(entry.mode, 100, 8);
  number(entry.uid, 108, 8);
  number(entry.gid, 116, 8);
  number(sizeBytes, 124, 12);
  number(entry.mtime, 136, 12);
  put(' '.repeat(8), 148, 8);
  put(flag, 156, 1);
  put(entry.link, 157, 100);
  put('ustar\x0000', 257, 8);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8);
  return header;
}
