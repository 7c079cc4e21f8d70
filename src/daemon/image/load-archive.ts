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
  type Platform,
  parseDocument,
  parseManifestDocument,
} from '../../oci/image.ts';
import { refNameAnnotation } from '../../oci/layout.ts';
import { choosePlatform, formatPlatform, hostPlatform } from '../../oci/platform.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';

export interface ArchivedImage {
  /** Canonical references. */
  names: string[];
  config: { bytes: Buffer; document: ImageConfig };
  /** The manifest as it was written; undefined for an archive of docker save before 25, which has none. */
  manifest: { bytes: Buffer; document: ImageManifest; mediaType: string } | undefined;
  /** Files, lowest layer first. */
  layers: string[];
  /** The index that names it, and the images of other platforms that the archive has too; undefined when it has no others. */
  index?: { bytes: Buffer; mediaType: string; others: PlatformImage[] } | undefined;
}

type PlatformImage = Omit<ArchivedImage, 'names' | 'index'>;

/**
 * Every platform that is in the archive, or only the one that is asked for. Errors: invalidArgument for an archive without images; dataLoss for a
 * wrong one; notFound without one for the platform.
 */
export function openArchive(folder: string, platform?: Platform): ArchivedImage[] {
  const isLayout = existsSync(`${folder}/oci-layout`) && existsSync(`${folder}/index.json`);
  const images = isLayout ? fromLayout(folder, platform) : fromDockerArchive(folder);
  if (images.length === 0) throw new LabError('invalidArgument', 'loading the archive: it has no image');
  if (platform !== undefined) for (const { config } of images) checkPlatform(config.document, platform);
  return images;
}

function checkPlatform({ os, architecture, variant }: ImageConfig, wanted: Platform): void {
  const own = formatPlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) });
  if (choosePlatform([{ platform: { os, architecture, variant } } as Descriptor], wanted) === undefined)
    throw new LabError(
      'notFound',
      `loading the archive: it has an image for ${own}, ${formatPlatform(wanted)} was asked for`,
    );
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

function fromLayout(folder: string, platform: Platform | undefined): ArchivedImage[] {
  const { manifests } = parseDocument(indexSchema, document(folder, 'index.json'), 'index.json');
  const byDigest = Map.groupBy(manifests, ({ digest }) => digest);
  const only = byDigest.size === 1;
  return [...byDigest.values()].map(([first, ...more]) => {
    if (first === undefined) throw new LabError('internal', 'a group without members');
    return { names: [first, ...more].flatMap(namesOf), ...imageAt(folder, first, { only, platform }) };
  });
}

interface Wanted {
  /** Nothing else is in the archive. */
  only: boolean;
  platform: Platform | undefined;
}

/** Of an index the manifest for this host, or for the platform that is asked for; the others that are there come along unless one is. */
function imageAt(folder: string, descriptor: Descriptor, { only, platform }: Wanted): Omit<ArchivedImage, 'names'> {
  const bytes = blobDocument(folder, descriptor);
  const parsed = parseManifestDocument(bytes, descriptor.mediaType, `manifest ${descriptor.digest}`);
  if (parsed.kind !== 'index') return manifestAt(folder, descriptor);
  const isThere = ({ digest }: Descriptor): boolean => existsSync(`${folder}/${blobPath(digest)}`);
  const present = parsed.index.manifests.filter(isThere);
  const wanted = platform ?? hostPlatform();
  const chosen = choosePlatform(present, wanted);
  if (chosen === undefined)
    throw new LabError(
      'notFound',
      `loading the archive: index ${descriptor.digest} has no manifest for ${formatPlatform(wanted)}`,
      { hint: `tlab load --platform with one of: ${platformsOf(present) || 'none is there'}` },
    );
  if (!only && chosen.digest === descriptor.digest) throw new LabError('dataLoss', 'an index that names itself');
  // An index that promises a better one than the archive has would lead to what is not there.
  const isWhole = platform === undefined && choosePlatform(parsed.index.manifests, wanted)?.digest === chosen.digest;
  const others = isWhole ? present.filter(({ digest }) => digest !== chosen.digest) : [];
  return {
    ...manifestAt(folder, chosen),
    index:
      others.length === 0
        ? undefined
        : { bytes, mediaType: parsed.mediaType, others: others.map((other) => manifestAt(folder, other)) },
  };
}

const platformsOf = (manifests: readonly Descriptor[]): string =>
  manifests.flatMap(({ platform }) => (platform === undefined ? [] : [formatPlatform(platform)])).join(', ');

function manifestAt(folder: string, descriptor: Descriptor): PlatformImage {
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
