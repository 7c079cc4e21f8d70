// A small image as an OCI archive, made with tar and Debian's busybox-static: for whatever imports images.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { makeBusyboxRoot } from './busybox.ts';
import { must } from './shell.ts';

const types = 'application/vnd.oci.image';

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Makes `<folder>/image.tar`, tagged `latest`, of two layers: busybox, and /etc/hello with "hi". Returns its path. */
export async function makeArchive(folder: string): Promise<string> {
  const layout = `${folder}/layout`;
  mkdirSync(`${layout}/blobs/sha256`, { recursive: true });
  const put = (mediaType: string, bytes: string | Uint8Array) => {
    writeFileSync(`${layout}/blobs/sha256/${sha256(bytes)}`, bytes);
    return { mediaType, digest: `sha256:${sha256(bytes)}`, size: Buffer.byteLength(bytes) };
  };
  makeBusyboxRoot(`${folder}/base`);
  mkdirSync(`${folder}/top/etc`, { recursive: true });
  writeFileSync(`${folder}/top/etc/hello`, 'hi\n');
  const tars = [await tarOf(`${folder}/base`), await tarOf(`${folder}/top`)];
  const config = put(
    `${types}.config.v1+json`,
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Env: ['PATH=/bin'], Cmd: ['sh'] },
      rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${sha256(tar)}`) },
    }),
  );
  const layers = tars.map((tar) => put(`${types}.layer.v1.tar+gzip`, gzipSync(tar)));
  const manifest = put(
    `${types}.manifest.v1+json`,
    JSON.stringify({ schemaVersion: 2, mediaType: `${types}.manifest.v1+json`, config, layers }),
  );
  const named = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'latest' } };
  writeFileSync(`${layout}/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  writeFileSync(`${layout}/oci-layout`, JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await must('tar', ['-C', layout, '-cf', `${folder}/image.tar`, '.']);
  return `${folder}/image.tar`;
}

async function tarOf(folder: string): Promise<Buffer> {
  await must('tar', ['-C', folder, '--owner=0', '--group=0', '-cf', `${folder}.tar`, '.']);
  return readFileSync(`${folder}.tar`);
}
