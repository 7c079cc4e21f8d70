// An OCI image layout: a folder with oci-layout, index.json and blobs/<algorithm>/<hex>. Read side.
// Blobs are verified by whoever reads them: the folder may have been written by anybody.
import { type FileHandle, open, readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { type Digest, digestAlgorithm, digestHex, verifyDigest } from './digest.ts';
import { type Descriptor, type ImageIndex, indexSchema, largestDocumentBytes, parseDocument } from './image.ts';
import { object } from './object.ts';

/** @source oci-image image-layout#oci-layout-file */
export const layoutVersion = '1.0.0';
/** The name of an image in index.json. @source oci-image annotations#pre-defined-annotation-keys */
export const refNameAnnotation = 'org.opencontainers.image.ref.name';

const markerSchema = object({ imageLayoutVersion: v.literal(layoutVersion) });

export const blobPath = (directory: string, digest: Digest): string =>
  `${directory}/blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;

/** The layout's index. Errors: notFound when the folder is no layout; dataLoss when it is a broken one. */
export async function readLayout(directory: string): Promise<ImageIndex> {
  parseDocument(markerSchema, await readSmall(`${directory}/oci-layout`), `${directory}/oci-layout`);
  return parseDocument(indexSchema, await readSmall(`${directory}/index.json`), `${directory}/index.json`);
}

/** The descriptor that carries this name, e.g. `docker.io/library/nginx:latest`; undefined when none does. */
export const findByName = (index: ImageIndex, name: string): Descriptor | undefined =>
  index.manifests.find((one) => one.annotations?.[refNameAnnotation] === name);

/** A manifest, index or config, verified. Errors: notFound, dataLoss. */
export async function readBlobDocument(directory: string, descriptor: Descriptor): Promise<Uint8Array> {
  if (descriptor.size > largestDocumentBytes) {
    throw new LabError(
      'dataLoss',
      `blob ${descriptor.digest}: ${descriptor.size} bytes, at most ${largestDocumentBytes} are read`,
    );
  }
  const bytes = await readSmall(blobPath(directory, descriptor.digest));
  verifyDigest(bytes, descriptor.digest, `${directory}: blob ${descriptor.digest}`);
  return bytes;
}

/** A layer's file, for streaming; the caller closes it and verifies what it reads. Errors: notFound. */
export async function openBlob(directory: string, digest: Digest): Promise<FileHandle> {
  const path = blobPath(directory, digest);
  return open(path, 'r').catch((cause) => {
    throw new LabError('notFound', `${path}: no such blob in the image layout`, { cause });
  });
}

async function readSmall(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new LabError('notFound', `${path}: no such file in the image layout`, { cause });
  }
}
