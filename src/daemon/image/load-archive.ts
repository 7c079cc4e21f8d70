// What lies in an unpacked archive: its images, each with its documents and the files of its layers.
// Rule: a path out of a document is followed only within the folder; nobody writes there any more.
import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { type Digest, digestAlgorithm, digestHex, digestOf, verifyDigest } from '../../oci/digest.ts';
import {
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  imageConfigSchema,
  indexSchema,
  largestDocumentBytes,
  parseDocument,
  parseManifestDocument,
} from '../../oci/image.ts';
import { refNameAnnotation } from '../../oci/layout.ts';
import { choosePlatform, hostPlatform } from '../../oci/platform.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';

export interface ArchivedImage {
  /** Canonical references. */
  names: string[];
  config: { bytes: Buffer; document: ImageConfig };
  /** The manifest as it was written; undefined for an archive of docker save before 25, which has none. */
  manifest: { bytes: Buffer; document: ImageManifest; mediaType: string } | undefined;
  /** Files, lowest layer first. */
  layers: string[];
}

/** Errors: invalidArgument for an archive without images; dataLoss for a wrong one; notFound without one for this platform. */
export function openArchive(folder: string): ArchivedImage[] {
  const isLayout = existsSync(`${folder}/oci-layout`) && existsSync(`${folder}/index.json`);
  const images = isLayout ? fromLayout(folder) : fromDockerArchive(folder);
  if (images.length === 0) throw new LabError('invalidArgument', 'loading the archive: it has no image');
  return images;
}

/** A regular file of the folder, symlinks followed within it. */
function fileIn(folder: string, path: string): string {
  const wrong = (why: string): LabError => new LabError('dataLoss', `loading the archive: file "${path}": ${why}`);
  let real: string;
  try {
    real = realpathSync(`${folder}/${path}`);
  } catch {
    throw wrong('it is not there');
  }
  if (!real.startsWith(`${realpathSync(folder)}/`)) throw wrong('it leads out of the archive');
  if (!lstatSync(real).isFile()) throw wrong('it is no file');
  return real;
}

function document(folder: string, path: string): Buffer {
  const file = fileIn(folder, path);
  const { size } = lstatSync(file);
  if (size > largestDocumentBytes)
    throw new LabError(
      'dataLoss',
      `loading the archive: "${path}": ${size} bytes, at most ${largestDocumentBytes} are read`,
    );
  return readFileSync(file);
}

const blobPath = (digest: Digest): string => `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;

function blobDocument(folder: string, { digest }: Descriptor): Buffer {
  const bytes = document(folder, blobPath(digest));
  verifyDigest(bytes, digest, `loading the archive: blob ${digest}`);
  return bytes;
}

function fromLayout(folder: string): ArchivedImage[] {
  const { manifests } = parseDocument(indexSchema, document(folder, 'index.json'), 'index.json');
  const byDigest = Map.groupBy(manifests, ({ digest }) => digest);
  const only = byDigest.size === 1;
  return [...byDigest.values()].map(([first, ...more]) => {
    if (first === undefined) throw new LabError('internal', 'a group without members');
    const { config, manifest, layers } = imageAt(folder, first, only);
    return { names: [first, ...more].flatMap(namesOf), config, manifest, layers };
  });
}

/** Of an index the manifest for this host. */
function imageAt(folder: string, descriptor: Descriptor, only: boolean): Omit<ArchivedImage, 'names'> {
  const bytes = blobDocument(folder, descriptor);
  const parsed = parseManifestDocument(bytes, descriptor.mediaType, `manifest ${descriptor.digest}`);
  if (parsed.kind === 'index') {
    const chosen = choosePlatform(parsed.index.manifests, hostPlatform());
    if (chosen === undefined)
      throw new LabError(
        'notFound',
        `loading the archive: index ${descriptor.digest} has no manifest for this platform`,
      );
    if (!only && chosen.digest === descriptor.digest) throw new LabError('dataLoss', 'an index that names itself');
    return manifestAt(folder, chosen);
  }
  return manifestAt(folder, descriptor);
}

function manifestAt(folder: string, descriptor: Descriptor): Omit<ArchivedImage, 'names'> {
  const bytes = blobDocument(folder, descriptor);
  const parsed = parseManifestDocument(bytes, descriptor.mediaType, `manifest ${descriptor.digest}`);
  if (parsed.kind !== 'manifest') throw new LabError('dataLoss', `manifest ${descriptor.digest}: it is an index again`);
  const { manifest, mediaType } = parsed;
  return {
    config: configOf(blobDocument(folder, manifest.config), manifest.layers.length),
    manifest: { bytes, document: manifest, mediaType },
    layers: manifest.layers.map(({ digest }) => fileIn(folder, blobPath(digest))),
  };
}

function configOf(bytes: Buffer, layers: number): ArchivedImage['config'] {
  const config = parseDocument(imageConfigSchema, bytes, `image config ${digestOf(bytes)}`);
  const { length } = config.rootfs.diff_ids;
  if (length !== layers)
    throw new LabError('dataLoss', `loading the archive: ${layers} layers, the configuration has ${length} diff ids`);
  return { bytes, document: config };
}

/** containerd's annotation has the whole name; OCI's a whole name or only a tag, which names nothing. */
function namesOf({ annotations = {} }: Descriptor): string[] {
  const name = annotations['io.containerd.image.name'] ?? annotations[refNameAnnotation] ?? '';
  const isWhole = annotations['io.containerd.image.name'] !== undefined || /[/:]/.test(name);
  return isWhole ? [canonical(name)] : [];
}

function canonical(name: string): string {
  const reference = parseReference(name);
  if (reference.digest !== undefined)
    throw new LabError('dataLoss', `loading the archive: name "${name}": expected one with a tag`);
  return formatReference(reference);
}

/** @source docker image/tarexport: manifest.json */
const dockerManifestSchema = v.pipe(
  v.array(
    v.object({
      Config: v.string(),
      RepoTags: v.optional(v.nullable(v.array(v.string()))),
      Layers: v.nullable(v.pipe(v.array(v.string()), v.maxLength(500))),
    }),
  ),
  v.maxLength(1000),
);

function fromDockerArchive(folder: string): ArchivedImage[] {
  if (!existsSync(`${folder}/manifest.json`))
    throw new LabError(
      'invalidArgument',
      existsSync(`${folder}/repositories`)
        ? 'loading the archive: it is of a docker before 1.10, which has no manifest.json'
        : 'loading the archive: it has neither index.json nor manifest.json',
      { hint: 'is it the archive of a file system? then: tlab import' },
    );
  const entries = parseDocument(dockerManifestSchema, document(folder, 'manifest.json'), 'manifest.json');
  return entries.map(({ Config, RepoTags, Layers }) => ({
    names: (RepoTags ?? []).map(canonical),
    config: configOf(document(folder, Config), Layers?.length ?? 0),
    manifest: undefined,
    layers: (Layers ?? []).map((path) => fileIn(folder, path)),
  }));
}
