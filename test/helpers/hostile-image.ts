// Images that attack: one layer of busybox and whatever a test adds, with any configuration, put into an engine's offline library, so
// that `tlab run <name>` pulls them as it pulls every image.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { makeBusyboxRoot } from './busybox.ts';
import type { TestEngine } from './engine.ts';
import { must } from './shell.ts';

const types = 'application/vnd.oci.image';

export interface HostileImage {
  name: string;
  /** `config` of the image's configuration, unchecked. */
  config?: Record<string, unknown>;
  /** Changes to the root filesystem. */
  prepare?: (rootfs: string) => void;
}

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export async function addImage(engine: TestEngine, { name, config = {}, prepare }: HostileImage): Promise<void> {
  const layout = `${engine.root}/data/library/${name}`;
  const rootfs = `${engine.root}/image-${name}`;
  mkdirSync(`${layout}/blobs/sha256`, { recursive: true });
  makeBusyboxRoot(rootfs);
  prepare?.(rootfs);
  await must('tar', ['-C', rootfs, '--numeric-owner', '-cf', `${rootfs}.tar`, '.']);
  const tar = readFileSync(`${rootfs}.tar`);
  for (const path of [rootfs, `${rootfs}.tar`]) rmSync(path, { recursive: true });
  const put = (mediaType: string, bytes: string | Uint8Array) => {
    writeFileSync(`${layout}/blobs/sha256/${sha256(bytes)}`, bytes);
    return { mediaType, digest: `sha256:${sha256(bytes)}`, size: Buffer.byteLength(bytes) };
  };
  const document = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Env: ['PATH=/bin'], Cmd: ['sh'], ...config },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(tar)}`] },
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: `${types}.manifest.v1+json`,
    config: put(`${types}.config.v1+json`, JSON.stringify(document)),
    layers: [put(`${types}.layer.v1.tar+gzip`, gzipSync(tar, { level: 1 }))],
  };
  const annotations = { 'org.opencontainers.image.ref.name': `docker.io/library/${name}:latest` };
  const descriptor = { ...put(manifest.mediaType, JSON.stringify(manifest)), annotations };
  writeFileSync(`${layout}/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [descriptor] }));
  writeFileSync(`${layout}/oci-layout`, JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}
