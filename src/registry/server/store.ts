// What the registry keeps, as files:
//   blobs/sha256/HEX                                 bytes, one file a digest, shared by all repositories
//   repositories/NAME/_blobs/sha256/HEX              this repository has the blob (empty file)
//   repositories/NAME/_manifests/sha256/HEX          and this one is a manifest of it (its media type)
//   repositories/NAME/_tags/TAG                      a digest
//   repositories/NAME/_referrers/sha256/HEX/…        who refers to a manifest (its descriptor)
//   uploads/ID/                                      blobs on their way in (uploads.ts)
// No component of a repository's name begins with "_", so names and these folders never meet.
// Rule: a file under blobs/ has exactly the bytes that its name says; a repository shows nothing whose blob is not there. What is added
// becomes visible from the blob up (blob, link, tag), what is removed goes from the tag down.
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { type Digest, digestAlgorithm, digestHex, isDigest } from '../../oci/digest.ts';
import type { Referrer } from '../referrers.ts';
import { ifThere, isThere, namesIn, readText, writeWhole } from './files.ts';
import { isRepositoryName } from './names.ts';

const algorithms = ['sha256', 'sha512'] as const;

const under = (folder: string, digest: Digest): string => `${folder}/${digestAlgorithm(digest)}/${digestHex(digest)}`;

export class Store {
  readonly root: string;
  readonly temporary: string;
  #lock: Promise<unknown> = Promise.resolve();

  constructor(root: string) {
    this.root = root;
    this.temporary = `${root}/tmp`;
  }

  /** Makes the folders; removes what a killed server left: half-written files, and blobs that no repository has. */
  async open(): Promise<void> {
    await rm(this.temporary, { recursive: true, force: true });
    for (const each of ['tmp', 'uploads', 'repositories', ...algorithms.map((name) => `blobs/${name}`)])
      await mkdir(`${this.root}/${each}`, { recursive: true, mode: 0o700 });
    await this.#sweepBlobs();
  }

  blobPath = (digest: Digest): string => under(`${this.root}/blobs`, digest);

  /** Size of a blob that the repository has; undefined when it has not got it. */
  async blobSize(name: string, digest: Digest): Promise<number | undefined> {
    if (!(await isThere(this.#link(name, '_blobs', digest)))) return undefined;
    return (await ifThere(stat(this.blobPath(digest))))?.size;
  }

  /** Size of the blob, whichever repository has it. */
  storedSize = async (digest: Digest): Promise<number | undefined> =>
    (await ifThere(stat(this.blobPath(digest))))?.size;

  /** Gives a repository a blob that is there. `arrive` puts its file there first, under the same lock. */
  linkBlob(name: string, digest: Digest, arrive: () => Promise<unknown> = async () => undefined): Promise<void> {
    return this.#alone(() => this.#linkBlob(name, digest, arrive));
  }

  async #linkBlob(name: string, digest: Digest, arrive: () => Promise<unknown>): Promise<void> {
    await arrive();
    await writeWhole(this.#link(name, '_blobs', digest), '', this.temporary);
  }

  /** False when the repository has not got it. The file goes when no other repository has it. */
  unlinkBlob(name: string, digest: Digest): Promise<boolean> {
    return this.#alone(() => this.#unlinkBlob(name, digest));
  }

  async #unlinkBlob(name: string, digest: Digest): Promise<boolean> {
    const link = this.#link(name, '_blobs', digest);
    if (!(await isThere(link))) return false;
    await rm(link, { force: true });
    if (!(await this.#isLinked(digest))) await rm(this.blobPath(digest), { force: true });
    return true;
  }

  async manifestType(name: string, digest: Digest): Promise<string | undefined> {
    return readText(this.#link(name, '_manifests', digest));
  }

  /** Stores the bytes and names them by digest, and by tag when there is one. */
  putManifest(
    name: string,
    manifest: { bytes: Uint8Array; digest: Digest; mediaType: string; tag?: string | undefined },
  ): Promise<void> {
    const { bytes, digest, mediaType, tag } = manifest;
    return this.#alone(async () => {
      await this.#linkBlob(name, digest, () => writeWhole(this.blobPath(digest), bytes, this.temporary));
      await writeWhole(this.#link(name, '_manifests', digest), mediaType, this.temporary);
      if (tag !== undefined) await writeWhole(this.#tagPath(name, tag), digest, this.temporary);
    });
  }

  /** False when it is not there. Its tags go first. */
  removeManifest(name: string, digest: Digest): Promise<boolean> {
    return this.#alone(() => this.#removeManifest(name, digest));
  }

  async #removeManifest(name: string, digest: Digest): Promise<boolean> {
    if ((await this.manifestType(name, digest)) === undefined) return false;
    for (const tag of await this.tags(name)) {
      if ((await this.tagDigest(name, tag))?.digest === digest) await this.removeTag(name, tag);
    }
    await rm(this.#link(name, '_manifests', digest), { force: true });
    await this.#unlinkBlob(name, digest);
    return true;
  }

  /** Takes a blob or manifest away from every repository, with its tags. */
  async forget(digest: Digest): Promise<void> {
    for (const name of await this.repositories())
      if (!(await this.removeManifest(name, digest))) await this.unlinkBlob(name, digest);
  }

  async tagDigest(name: string, tag: string): Promise<{ digest: Digest; writtenMs: number } | undefined> {
    const path = this.#tagPath(name, tag);
    const text = await readText(path);
    if (text === undefined || !isDigest(text)) return undefined;
    return { digest: text, writtenMs: (await ifThere(stat(path)))?.mtimeMs ?? 0 };
  }

  /** Writes a tag anew: it stands for this digest from now on. */
  writeTag = (name: string, tag: string, digest: Digest): Promise<void> =>
    writeWhole(this.#tagPath(name, tag), digest, this.temporary);

  async removeTag(name: string, tag: string): Promise<boolean> {
    if ((await this.tagDigest(name, tag)) === undefined) return false;
    await rm(this.#tagPath(name, tag), { force: true });
    return true;
  }

  tags = (name: string): Promise<string[]> => namesIn(`${this.root}/repositories/${name}/_tags`);

  /** Whether anything was ever pushed there. */
  isRepository = (name: string): Promise<boolean> => isThere(`${this.root}/repositories/${name}/_blobs`);

  async addReferrer(name: string, subject: Digest, referrer: Referrer): Promise<void> {
    const folder = this.#link(name, '_referrers', subject);
    await writeWhole(`${folder}/${referrer.digest.replace(':', '-')}`, JSON.stringify(referrer), this.temporary);
  }

  /** Those whose manifest is still there. */
  async referrers(name: string, subject: Digest): Promise<Referrer[]> {
    const folder = this.#link(name, '_referrers', subject);
    const found: Referrer[] = [];
    for (const each of await namesIn(folder)) {
      const text = await readText(`${folder}/${each}`);
      const referrer = text === undefined ? undefined : (JSON.parse(text) as Referrer);
      if (referrer !== undefined && (await this.manifestType(name, referrer.digest)) !== undefined)
        found.push(referrer);
    }
    return found;
  }

  /** Names of all repositories, sorted. */
  async repositories(): Promise<string[]> {
    const found: string[] = [];
    const walk = async (prefix: string): Promise<void> => {
      for (const entry of (await ifThere(readdir(`${this.root}/repositories/${prefix}`, { withFileTypes: true }))) ??
        []) {
        const name = `${prefix}${entry.name}`;
        if (entry.name === '_blobs') found.push(prefix.slice(0, -1));
        else if (entry.isDirectory() && isRepositoryName(name)) await walk(`${name}/`);
      }
    };
    await walk('');
    return found.sort();
  }

  #link = (name: string, kind: '_blobs' | '_manifests' | '_referrers', digest: Digest): string =>
    under(`${this.root}/repositories/${name}/${kind}`, digest);

  #tagPath = (name: string, tag: string): string => `${this.root}/repositories/${name}/_tags/${tag}`;

  async #isLinked(digest: Digest): Promise<boolean> {
    for (const name of await this.repositories()) {
      if (await isThere(this.#link(name, '_blobs', digest))) return true;
    }
    return false;
  }

  async #sweepBlobs(): Promise<void> {
    const linked = new Set<string>();
    for (const name of await this.repositories()) {
      for (const algorithm of algorithms) {
        for (const hex of await namesIn(`${this.root}/repositories/${name}/_blobs/${algorithm}`))
          linked.add(`${algorithm}/${hex}`);
      }
    }
    for (const algorithm of algorithms) {
      for (const hex of await namesIn(`${this.root}/blobs/${algorithm}`)) {
        if (!linked.has(`${algorithm}/${hex}`)) await rm(`${this.root}/blobs/${algorithm}/${hex}`, { force: true });
      }
    }
  }

  /** Adding and removing links one after the other, so that a blob is not removed between its arrival and its link. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lock.then(work);
    this.#lock = done.catch(() => undefined);
    return done;
  }
}
