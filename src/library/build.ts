// Builds one offline image into an OCI layout: layers from packages, config, manifest, index. A layout appears whole or not
// at all: it is written beside its place and renamed. Layers that several images share are built once a call.
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Digest, digestHex, digestOf } from '../oci/digest.ts';
import type { Descriptor, ImageConfig, ImageIndex, ImageManifest } from '../oci/image.ts';
import { layoutVersion, refNameAnnotation } from '../oci/layout.ts';
import { ociMediaTypes } from '../oci/media-types.ts';
import { hostPlatform } from '../oci/platform.ts';
import { defaultDomain } from '../oci/reference.ts';
import { type Files, layerTar } from './layer.ts';
import { type Package, type PackageIndex, packageArchive } from './packages.ts';
import { type ImageRecipe, type LayerRecipe, skippedPackages } from './recipes.ts';

const libraryLabel = 'io.tlab.library';
export const packagesAnnotation = 'io.tlab.library.packages';
export const inputsAnnotation = 'io.tlab.library.inputs';

/** The usual one: the highest takes three times as long for a hundredth. */
const gzipLevel = 6;

/** What happens, for people: `base: 4 packages, 2.1 MB`. */
export type Report = (line: string) => void;

interface BuiltLayer {
  name: string;
  packages: Package[];
  diffId: Digest;
  compressed: Buffer;
  sizeBytes: number;
  files: Files;
  mtime: number;
}

interface Blob {
  bytes: Uint8Array;
  descriptor: Descriptor;
}

export interface BuildContext {
  /** The library's folder. */
  directory: string;
  layers: Record<string, LayerRecipe>;
  report: Report;
  /** Layers already built in this call, by the names of the stack up to them. */
  built: Map<string, BuiltLayer>;
  index: PackageIndex;
}

/** Builds `name` and gives its manifest's descriptor. Errors: unavailable, notFound, dataLoss. */
export async function buildImage(
  context: BuildContext,
  image: { name: string; recipe: ImageRecipe; inputs: string },
): Promise<Descriptor> {
  const layers = await buildLayers(context, image.recipe.layers);
  const blobs = imageBlobs(image, layers);
  await writeLayout(context.directory, image.name, blobs);
  return blobs.manifest.descriptor;
}

async function buildLayers(context: BuildContext, names: readonly string[]): Promise<BuiltLayer[]> {
  const layers: BuiltLayer[] = [];
  for (const [index, name] of names.entries()) {
    const key = names.slice(0, index + 1).join('/');
    const layer = context.built.get(key) ?? (await buildLayer(context, name, layers));
    context.built.set(key, layer);
    layers.push(layer);
  }
  return layers;
}

async function buildLayer(context: BuildContext, name: string, below: readonly BuiltLayer[]): Promise<BuiltLayer> {
  const recipe = context.layers[name];
  if (recipe === undefined) throw new Error(`no recipe of a layer "${name}"`);
  const withDependencies = recipe.withDependencies;
  const resolved = await context.index.resolve(recipe.packages, { withDependencies, skipped: skippedPackages });
  const present = new Set(below.flatMap((layer) => layer.packages.map((one) => one.name)));
  const packages = resolved.filter((one) => !present.has(one.name));
  const { tar, files, mtime } = await layerTar(
    recipe,
    await fetchArchives(context, packages),
    below.at(-1)?.files ?? new Map(),
  );
  const compressed = await promisify(gzip)(tar, { level: gzipLevel });
  context.report(
    `layer ${name}: ${packages.length} packages, ${megabytes(tar.length)}, ${megabytes(compressed.length)} compressed`,
  );
  return { name, packages, diffId: digestOf(tar), compressed, sizeBytes: tar.length, files, mtime };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

async function fetchArchives(context: BuildContext, packages: readonly Package[]): Promise<Uint8Array[]> {
  const directory = await mkdtemp(`${context.directory}/.tmp-${process.pid}-`);
  try {
    context.report(`downloading ${packages.map((one) => one.name).join(' ')}`);
    const paths = await context.index.download(packages, directory);
    return await Promise.all([...paths.values()].map(packageArchive));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const blobOf = (mediaType: string, bytes: Uint8Array): Blob => ({
  bytes,
  descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length },
});

const jsonBlob = (mediaType: string, document: unknown): Blob =>
  blobOf(mediaType, Buffer.from(JSON.stringify(document)));

interface ImageBlobs {
  layers: Blob[];
  config: Blob;
  manifest: Blob;
  index: ImageIndex;
}

function imageBlobs(image: { name: string; recipe: ImageRecipe; inputs: string }, layers: BuiltLayer[]): ImageBlobs {
  const config = jsonBlob(ociMediaTypes.config, configOf(image.recipe, layers));
  const layerBlobs = layers.map((layer) => blobOf(ociMediaTypes.layerGzip, layer.compressed));
  const document: ImageManifest = {
    schemaVersion: 2,
    mediaType: ociMediaTypes.manifest,
    config: config.descriptor,
    layers: layerBlobs.map((blob) => blob.descriptor),
  };
  const manifest = jsonBlob(ociMediaTypes.manifest, document);
  const packages = layers.flatMap((layer) => layer.packages);
  const about = {
    [inputsAnnotation]: image.inputs,
    [packagesAnnotation]: packages.map((one) => `${one.name}=${one.version}`).join(' '),
  };
  const platform = hostPlatform();
  const named = tagsOf(image.recipe, packages).map((tag) => ({
    ...manifest.descriptor,
    platform,
    annotations: { [refNameAnnotation]: `${defaultDomain}/library/${image.name}:${tag}`, ...about },
  }));
  const index: ImageIndex = { schemaVersion: 2, mediaType: ociMediaTypes.index, manifests: named };
  return { layers: layerBlobs, config, manifest, index };
}

/** latest, upstream's version, and Debian's with what no tag may hold replaced. */
function tagsOf(recipe: ImageRecipe, packages: readonly Package[]): string[] {
  const version = packages.find((one) => one.name === recipe.versionOf)?.version.replace(/^\d+:/, '') ?? '';
  const upstream = version.replace(/-[^-]*$/, '');
  const tags = ['latest', upstream, version].map((tag) => tag.replace(/[^\w.-]/g, '-').slice(0, 128));
  return [...new Set(tags)].filter((tag) => /^\w/.test(tag));
}

function configOf(recipe: ImageRecipe, layers: readonly BuiltLayer[]): ImageConfig {
  const created = new Date(Math.max(...layers.map((layer) => layer.mtime)) * 1000).toISOString();
  return {
    created,
    ...hostPlatform(),
    config: { ...recipe.config, Labels: { [libraryLabel]: 'true' } },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    history: layers.map((layer) => ({
      created: new Date(layer.mtime * 1000).toISOString(),
      created_by: `tlab library build # layer ${layer.name}: ${layer.packages.map((one) => one.name).join(' ')}`,
    })),
  };
}

async function writeLayout(directory: string, name: string, blobs: ImageBlobs): Promise<void> {
  const temporary = await mkdtemp(`${directory}/.tmp-${process.pid}-`);
  await chmod(temporary, 0o755); // what it holds is no secret
  await mkdir(`${temporary}/blobs/sha256`, { recursive: true });
  for (const { bytes, descriptor } of [...blobs.layers, blobs.config, blobs.manifest]) {
    await writeFile(`${temporary}/blobs/sha256/${digestHex(descriptor.digest)}`, bytes);
  }
  await writeFile(`${temporary}/oci-layout`, JSON.stringify({ imageLayoutVersion: layoutVersion }));
  await writeFile(`${temporary}/index.json`, JSON.stringify(blobs.index));
  await replaceDirectory(temporary, `${directory}/${name}`);
}

/** rename(2) replaces only an empty directory, so the old one steps aside first. */
async function replaceDirectory(from: string, to: string): Promise<void> {
  const old = `${from}-old`;
  await rename(to, old).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(from, to);
  await rm(old, { recursive: true, force: true });
}

/** Removes what a killed build left: temporary folders of processes that are gone. */
export async function sweepTemporary(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const pid = Number(/^\.tmp-(\d+)-/.exec(name)?.[1]);
    if (pid > 0 && pid !== process.pid && !isAlive(pid))
      await rm(`${directory}/${name}`, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
