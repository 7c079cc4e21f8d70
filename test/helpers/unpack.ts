// Layers made entry by entry, and tlab-unpack run on them in a directory of its own. Entries belong to whoever runs the test.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { MeasuredUsage } from '../../src/containerd/snapshot/usage.ts';
import { type TarEntry, writeTar } from '../../src/library/tar.ts';
import { binaries } from './binaries.ts';

export const unpackProgram = `${binaries}/tlab-unpack`;
const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;

export const entry = (path: string, more: Partial<TarEntry> = {}): TarEntry => ({
  path,
  type: 'file',
  mode: 0o644,
  uid,
  gid,
  mtime: 1_000_000_000,
  link: '',
  data: Buffer.from(more.type === undefined || more.type === 'file' ? path : ''),
  ...more,
});
export const symlink = (path: string, link: string) => entry(path, { type: 'symlink', mode: 0o777, link });
export const hardlink = (path: string, link: string) => entry(path, { type: 'hardlink', link });
export const directory = (path: string, mode = 0o755) => entry(path, { type: 'directory', mode });

export interface Unpacked {
  status: number | null;
  stderr: string;
  report:
    | { entries: number; bytesIn: number; bytesOut: number; diffId: string; digest: string; usage?: MeasuredUsage }
    | undefined;
  /** The directory that was unpacked into; `outside` lies beside it. */
  inside: string;
  outside: string;
}

/** Unpacks into a new directory, hands the result to `body` and removes everything. */
export async function unpack(layer: Buffer, body: (result: Unpacked) => unknown, args: string[] = []): Promise<void> {
  const base = mkdtempSync(`${tmpdir()}/tlab-unpack-`);
  const [inside, outside] = [`${base}/inside`, `${base}/outside`];
  mkdirSync(inside);
  mkdirSync(outside);
  writeFileSync(`${outside}/secret`, 'secret');
  try {
    await body({ ...(await runUnpack(layer, ['--directory', inside, ...args])), inside, outside });
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

export async function runUnpack(
  layer: Buffer,
  args: string[],
): Promise<Pick<Unpacked, 'status' | 'stderr' | 'report'>> {
  const child = spawn(unpackProgram, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk) => out.push(chunk));
  child.stderr.on('data', (chunk) => err.push(chunk));
  child.stdin.on('error', () => undefined); // it stops reading when it refuses
  child.stdin.end(layer);
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const text = Buffer.concat(out).toString();
  return { status, stderr: Buffer.concat(err).toString(), report: text === '' ? undefined : JSON.parse(text) };
}

export const tar = (...entries: TarEntry[]) => writeTar(entries);

export function refused({ status, stderr, report }: Unpacked, message: RegExp): void {
  assert.equal(status, 1, stderr);
  assert.match(stderr, message);
  assert.equal(stderr.trimEnd().split('\n').length, 1);
  assert.equal(report, undefined);
}
