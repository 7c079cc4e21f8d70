// Volumes whose files have two owners, and the maps of ids that tests of mounts give them.
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import type { RuntimeConfig } from './bundle.ts';

/** Root of the container is 100000 on the host, and so on. */
export const map = [{ containerID: 0, hostID: 100000, size: 65536 }];

export const addMount = (config: RuntimeConfig, mount: Record<string, unknown>): void => {
  (config.mounts as unknown[]).push(mount);
};

/** A folder of the host with files of two owners. */
export function volumeIn(folder: string, name: string): string {
  const path = `${folder}/${name}`;
  mkdirSync(path);
  for (const owner of [0, 7]) {
    writeFileSync(`${path}/of-${owner}`, 'text\n');
    chownSync(`${path}/of-${owner}`, owner, owner);
  }
  return path;
}
