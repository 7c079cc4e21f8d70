// The offline library as a place to pull from: a folder of OCI layouts, searched for one that carries the name.
import { readdir } from 'node:fs/promises';
import { LabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import type { Descriptor } from '../oci/image.ts';
import { blobPath, findByName, openBlob, readBlobDocument, readLayout } from '../oci/layout.ts';
import { familiarReference, formatReference, type Reference, repositoryOf } from '../oci/reference.ts';
import type { ImageSource, ResolvedDocument } from './source.ts';

export class LayoutSource implements ImageSource {
  readonly kind = 'library';
  readonly name = 'offline library';
  readonly #folder: string;
  /** The layout that the name was found in. */
  #layout: string | undefined;

  constructor(folder: string = paths.library) {
    this.#folder = folder;
  }

  async resolve(reference: Reference): Promise<ResolvedDocument> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names.filter((each) => !each.startsWith('.'))) {
      const layout = `${this.#folder}/${name}`;
      const found = await find(layout, reference);
      if (found === undefined) continue;
      this.#layout = layout;
      const { mediaType, digest, size } = found;
      return { descriptor: { mediaType, digest, size }, bytes: await readBlobDocument(layout, found) };
    }
    throw new LabError('notFound', `the offline library has no ${familiarReference(reference)}`);
  }

  document(_reference: Reference, descriptor: Descriptor): Promise<Uint8Array> {
    return readBlobDocument(this.#found(), descriptor);
  }

  async blob(_reference: Reference, descriptor: Descriptor, offset: number): Promise<AsyncIterable<Uint8Array>> {
    const file = await openBlob(this.#found(), descriptor.digest);
    return file.createReadStream({ start: offset, highWaterMark: 1024 * 1024 });
  }

  twin(_reference: Reference, descriptor: Descriptor): string {
    return `cat ${blobPath(this.#found(), descriptor.digest)}`;
  }

  close(): void {
    this.#layout = undefined;
  }

  #found(): string {
    if (this.#layout === undefined) throw new Error('the library was not asked for the image first');
    return this.#layout;
  }
}

/** By name, or by digest within the same repository. A folder that is no layout is passed over. */
async function find(layout: string, reference: Reference): Promise<Descriptor | undefined> {
  const index = await readLayout(layout).catch(() => undefined);
  if (index === undefined) return undefined;
  const { digest } = reference;
  if (digest === undefined) return findByName(index, formatReference(reference));
  const ofRepository = findByName(index, `${repositoryOf(reference)}:latest`);
  return ofRepository === undefined ? undefined : index.manifests.find((one) => one.digest === digest);
}
