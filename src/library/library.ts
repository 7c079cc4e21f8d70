// The offline library: images made on this machine from the distribution's own packages, for hosts without a registry.
// `build`, `list` and `remove` are what `tlab library` calls; pulling reads the layouts through registry/layout-source.ts.
import { mkdir, mkdtempDisposable, readdir, rm, stat } from 'node:fs/promises';
import { LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { type Descriptor, type ImageIndex, manifestSchema, parseDocument } from '../oci/image.ts';
import { blobPath, readBlobDocument, readLayout, refNameAnnotation } from '../oci/layout.ts';
import { familiarReference, parseReference } from '../oci/reference.ts';
import {
  type BuildContext,
  buildImage,
  inputsAnnotation,
  packagesAnnotation,
  type Report,
  sweepTemporary,
} from './build.ts';
import { PackageIndex } from './packages.ts';
import { type ImageRecipe, imageRecipes, layerRecipes, skippedPackages, skippedPaths } from './recipes.ts';

export interface BuildOptions {
  report?: Report;
  /** Build even when nothing has changed. */
  force?: boolean;
  /** The library's folder; paths.library unless told. */
  directory?: string;
}

export interface LibraryImage {
  name: string;
  says: string;
  /** Names that it answers to: `nginx:latest`, `nginx:1.22.1`. */
  references: string[];
  digest: Digest;
  /** Compressed layers together. */
  sizeBytes: number;
  layers: Array<{ digest: Digest; sizeBytes: number }>;
  /** `name=version` */
  packages: string[];
}

export interface BuildResult {
  name: string;
  /** False: the image was there, with these recipes and package indexes. */
  built: boolean;
  digest: Digest;
}

export const recipeNames = (): string[] => Object.keys(imageRecipes);

/** Builds the images that are missing or out of date. Errors: notFound, unavailable, dataLoss, resourceExhausted. */
export async function build(names: readonly string[], options: BuildOptions = {}): Promise<BuildResult[]> {
  const report = options.report ?? (() => undefined);
  const directory = options.directory ?? paths.library;
  const wanted = names.map((name) => ({ name, recipe: recipeOf(name) }));
  await makeDirectory(directory);
  await sweepTemporary(directory);
  await using scratch = await mkdtempDisposable(`${directory}/.tmp-${process.pid}-`);
  const index = new PackageIndex(scratch.path);
  const context: BuildContext = { directory, layers: layerRecipes, report, built: new Map(), index };
  const indexes = await packageIndexes();
  const results: BuildResult[] = [];
  for (const { name, recipe } of wanted) {
    const inputs = inputsOf(recipe, indexes);
    const present = options.force ? undefined : await presentWith(directory, name, inputs);
    if (present === undefined) report(`building ${name}`);
    const { digest } = present ?? (await buildImage(context, { name, recipe, inputs }));
    report(`${name}: ${present === undefined ? 'built' : 'is up to date'}, ${digest}`);
    results.push({ name, built: present === undefined, digest });
  }
  return results;
}

function recipeOf(name: string): ImageRecipe {
  const recipe = Object.hasOwn(imageRecipes, name) ? imageRecipes[name] : undefined;
  if (recipe !== undefined) return recipe;
  throw new LabError(
    'notFound',
    `library image "${name}": there is no recipe, expected one of ${recipeNames().join(', ')}`,
  );
}

async function makeDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((cause) => {
    const kind = cause.code === 'EACCES' || cause.code === 'EPERM' ? 'permissionDenied' : 'unavailable';
    const hint = 'run it as root, or set TLAB_DATA_ROOT to a folder of your own';
    throw new LabError(kind, `library folder ${directory}: ${cause.code}`, { cause, hint });
  });
}

/** @source man apt.conf(5): Dir::State::lists */
const aptLists = '/var/lib/apt/lists';

/** What changes when apt's package indexes do: asking apt itself takes most of a second. */
async function packageIndexes(): Promise<string> {
  const names = await readdir(aptLists).catch(() => []);
  const indexes = names.filter((name) => /_Packages/.test(name)).sort();
  const rows = await Promise.all(
    indexes.map(async (name) => {
      const { size, mtimeMs } = await stat(`${aptLists}/${name}`);
      return `${name} ${size} ${mtimeMs}`;
    }),
  );
  return rows.join('\n');
}

/** Everything that the image's bytes depend on. */
function inputsOf(recipe: ImageRecipe, indexes: string): string {
  const layers = recipe.layers.map((name) => layerRecipes[name]);
  const skipped = [[...skippedPackages], skippedPaths.map(String)];
  return digestOf(JSON.stringify([recipe, layers, skipped, indexes, process.arch]));
}

/** The image, when it was built from these inputs and all its blobs are there. */
async function presentWith(directory: string, name: string, inputs: string): Promise<{ digest: Digest } | undefined> {
  const layout = `${directory}/${name}`;
  const index = await readLayout(layout).catch(() => undefined);
  const found = index?.manifests.find((one) => one.annotations?.[inputsAnnotation] === inputs);
  return found !== undefined && (await isWhole(layout, found).catch(() => false)) ? found : undefined;
}

async function isWhole(layout: string, found: Descriptor): Promise<boolean> {
  const { config, layers } = parseDocument(manifestSchema, await readBlobDocument(layout, found), layout);
  const sizes = await Promise.all(
    [config, ...layers].map(async (one) => (await stat(blobPath(layout, one.digest))).size),
  );
  return [config, ...layers].every((one, index) => sizes[index] === one.size);
}

/** The images that are there, by name. A broken layout is left out; building it again repairs it. */
export async function list(directory: string = paths.library): Promise<LibraryImage[]> {
  const names = await readdir(directory).catch(() => []);
  const images: LibraryImage[] = [];
  for (const name of names.filter((each) => !each.startsWith('.')).sort()) {
    const image = await describe(directory, name).catch(() => undefined);
    if (image !== undefined) images.push(image);
  }
  return images;
}

async function describe(directory: string, name: string): Promise<LibraryImage | undefined> {
  const index: ImageIndex = await readLayout(`${directory}/${name}`);
  const [first] = index.manifests;
  if (first === undefined) return undefined;
  const bytes = await readBlobDocument(`${directory}/${name}`, first);
  const { layers } = parseDocument(manifestSchema, bytes, `library image ${name}`);
  const references = index.manifests.flatMap((one) => one.annotations?.[refNameAnnotation] ?? []);
  return {
    name,
    says: imageRecipes[name]?.says ?? '',
    references: references.map((reference) => familiarReference(parseReference(reference))),
    digest: first.digest,
    sizeBytes: layers.reduce((total, layer) => total + layer.size, 0),
    layers: layers.map((layer) => ({ digest: layer.digest, sizeBytes: layer.size })),
    packages: (first.annotations?.[packagesAnnotation] ?? '').split(' ').filter((one) => one !== ''),
  };
}

/** Errors: notFound when one of them is not in the library; nothing is then removed. */
export async function remove(names: readonly string[], directory: string = paths.library): Promise<void> {
  const present = new Set(await readdir(directory).catch(() => []));
  const missing = names.find((name) => !/^[a-z0-9][a-z0-9._-]*$/.test(name) || !present.has(name));
  if (missing !== undefined) throw new LabError('notFound', `library image "${missing}": it is not in the library`);
  for (const name of names) await rm(`${directory}/${name}`, { recursive: true });
}
