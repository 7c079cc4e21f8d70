// What a push sends: the documents from the bottom up, and the blobs that they name, each once.
// An index goes whole when all that it names is here. An image that was pulled for one platform has the index and one manifest of it:
// then that manifest goes alone under the name, as docker does, and the person is told.
import { LabError } from '../base/errors.ts';
import { verifyDigest } from '../oci/digest.ts';
import {
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  type Platform,
  parseManifestDocument,
} from '../oci/image.ts';
import { choosePlatform, formatPlatform } from '../oci/platform.ts';
import { familiarReference, type Reference } from '../oci/reference.ts';
import type { ContentSource } from './content-source.ts';

export interface PushedDocument {
  descriptor: Descriptor;
  bytes: Uint8Array;
}

export interface PushPlan {
  /** Below the root, lowest first. */
  documents: PushedDocument[];
  /** Gets the name. */
  root: PushedDocument;
  blobs: Descriptor[];
}

interface PlanRequest {
  reference: Reference;
  target: Descriptor;
  platform?: Platform | undefined;
  content: ContentSource;
  notice?: (text: string) => void;
}

/** An index below an index below …: nobody makes more. */
const deepestIndex = 3;

/** Errors: notFound when a part of the image is not here; dataLoss. */
export async function planPush(request: PlanRequest): Promise<PushPlan> {
  const { content, target, reference } = request;
  const name = familiarReference(reference);
  const root = await read(content, target, name);
  const document = parseManifestDocument(root.bytes, target.mediaType, name);
  if (document.kind === 'manifest') return single(content, root, name);
  if (request.platform !== undefined) return chosenPlatform(request, document.index, request.platform);
  const found = await survey(content, document.index.manifests, { name, depth: 1 });
  if (found.missing.length === 0) return { documents: found.documents, root, blobs: blobsOf(found.manifests) };
  return onlyPlatform(request, found);
}

async function chosenPlatform(
  { content, reference }: PlanRequest,
  index: ImageIndex,
  platform: Platform,
): Promise<PushPlan> {
  const name = familiarReference(reference);
  const chosen = choosePlatform(index.manifests, platform);
  if (chosen === undefined || (await content.stat(chosen.digest)) === undefined) {
    throw new LabError('notFound', `image ${name}: its manifest for ${formatPlatform(platform)} is not here`);
  }
  const root = await read(content, chosen, name);
  return single(content, root, name);
}

async function single(content: ContentSource, root: PushedDocument, name: string): Promise<PushPlan> {
  const document = parseManifestDocument(root.bytes, root.descriptor.mediaType, name);
  if (document.kind === 'index')
    throw new LabError('notImplemented', `image ${name}: its index leads to another index`);
  await mustBeHere(content, document.manifest, name);
  return { documents: [], root, blobs: blobsOf([document.manifest]) };
}

interface Survey {
  documents: PushedDocument[];
  manifests: ImageManifest[];
  /** Of the documents, those that are image manifests with everything they name. */
  whole: PushedDocument[];
  missing: Descriptor[];
}

async function survey(
  content: ContentSource,
  entries: readonly Descriptor[],
  at: { name: string; depth: number },
): Promise<Survey> {
  const found: Survey = { documents: [], manifests: [], whole: [], missing: [] };
  for (const entry of entries) {
    if ((await content.stat(entry.digest)) === undefined || at.depth > deepestIndex) {
      found.missing.push(entry);
      continue;
    }
    const own = await read(content, entry, at.name);
    const document = parseManifestDocument(own.bytes, entry.mediaType, at.name);
    if (document.kind === 'index') {
      const below = await survey(content, document.index.manifests, { ...at, depth: at.depth + 1 });
      found.documents.push(...below.documents);
      found.manifests.push(...below.manifests);
      found.whole.push(...below.whole);
      found.missing.push(...below.missing);
    } else if ((await missingBlob(content, document.manifest)) === undefined) {
      found.manifests.push(document.manifest);
      found.whole.push(own);
    } else {
      found.missing.push(entry);
      continue;
    }
    found.documents.push(own);
  }
  return found;
}

/** @source moby daemon/containerd/image_push.go: the one platform that is here instead of the index */
async function onlyPlatform({ content, reference, target, notice }: PlanRequest, found: Survey): Promise<PushPlan> {
  const name = familiarReference(reference);
  const absent = found.missing.flatMap((one) => (one.platform === undefined ? [] : formatPlatform(one.platform)));
  const images = found.whole.filter((one) => one.descriptor.platform?.os !== 'unknown');
  const [only] = images;
  if (only === undefined || images.length > 1) {
    throw new LabError(
      'notFound',
      `image ${name}: its index names manifests that are not here${absent.length === 0 ? '' : `: ${absent.join(', ')}`}`,
      { hint: 'pull them first with --platform, or push one platform' },
    );
  }
  notice?.(
    `Not all multiplatform-content is present and only the available single-platform image was pushed\n${target.digest} -> ${only.descriptor.digest}`,
  );
  return single(content, only, name);
}

async function read(content: ContentSource, descriptor: Descriptor, name: string): Promise<PushedDocument> {
  const bytes = await content.read(descriptor.digest);
  verifyDigest(bytes, descriptor.digest, `image ${name}`);
  return { descriptor: { ...descriptor, size: bytes.length }, bytes };
}

/** Layers that their maker keeps to himself (Windows base images) stay where they are. @source oci-image layer#non-distributable */
const isForeign = (descriptor: Descriptor): boolean => /nondistributable|\.foreign\./.test(descriptor.mediaType);

function blobsOf(manifests: readonly ImageManifest[]): Descriptor[] {
  const all = manifests.flatMap((manifest) => [
    ...manifest.layers.filter((layer) => !isForeign(layer)),
    manifest.config,
  ]);
  return [...new Map(all.map((blob) => [blob.digest, blob])).values()];
}

async function missingBlob(content: ContentSource, manifest: ImageManifest): Promise<Descriptor | undefined> {
  for (const blob of blobsOf([manifest])) {
    if ((await content.stat(blob.digest)) === undefined) return blob;
  }
  return undefined;
}

async function mustBeHere(content: ContentSource, manifest: ImageManifest, name: string): Promise<void> {
  const missing = await missingBlob(content, manifest);
  if (missing === undefined) return;
  throw new LabError('notFound', `image ${name}: its blob ${missing.digest} is not here`, {
    hint: `tlab pull ${name}`,
  });
}
