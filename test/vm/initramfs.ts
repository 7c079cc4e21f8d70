// The machine's initial file system: busybox, the modules that reach the shared files, and boot.sh as /init.
// @source kernel driver-api/early-userspace/buffer-format.rst: a cpio archive of the "newc" kind
import { readFileSync } from 'node:fs';
import type { DebianKernel } from './kernel.ts';

export interface InitialOptions {
  kernel: DebianKernel;
  /** Shell assignments that boot.sh and guest.sh read. */
  settings: string;
  boot: string;
}

interface Entry {
  path: string;
  mode: number;
  data: Buffer;
}

const mode = { folder: 0o40755, program: 0o100755, file: 0o100644 } as const;

export function initialFileSystem({ kernel, settings, boot }: InitialOptions): Buffer {
  const modules = kernel.inLoadOrder(['virtio_pci', '9pnet_virtio', '9p', 'overlay']);
  const entries: Entry[] = [
    ...['bin', 'modules', 'dev'].map((path) => ({ path, mode: mode.folder, data: Buffer.alloc(0) })),
    { path: 'bin/busybox', mode: mode.program, data: readFileSync('/bin/busybox') },
    { path: 'init', mode: mode.program, data: readFileSync(boot) },
    { path: 'settings', mode: mode.file, data: Buffer.from(settings) },
    ...modules.map((path, index) => ({
      path: `modules/${String(index).padStart(2, '0')}.ko`,
      mode: mode.file,
      data: readFileSync(path),
    })),
    { path: 'TRAILER!!!', mode: 0, data: Buffer.alloc(0) },
  ];
  return Buffer.concat(entries.map(archived));
}

function archived({ path, mode, data }: Entry, index: number): Buffer {
  const name = Buffer.from(`${path}\0`);
  // inode, mode, uid, gid, links, time, size, device (2), device of a node (2), length of the name, checksum
  const numbers = [index + 1, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([padded(Buffer.concat([header, name])), padded(data)]);
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
