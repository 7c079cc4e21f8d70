// Images: a name for a descriptor. Nothing here knows what the descriptor points at.
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { parseDigest } from '../../oci/digest.ts';
import type { Database } from './database.ts';
import { type Fields, fieldsOf } from './filter.ts';
import { checkLabels, type Labels, maskOf, readLabels, writeLabels } from './labels.ts';

const targetSchema = v.object({
  mediaType: v.string(),
  digest: v.string(),
  size: v.number(),
  annotations: v.record(v.string(), v.string()),
});
export type Target = v.InferOutput<typeof targetSchema>;

export interface ImageInfo {
  name: string;
  target: Target;
  labels: Labels;
  createdMs: number;
  updatedMs: number;
}

interface Row {
  name: string;
  target: string;
  labels: string;
  created: number;
  updated: number;
}

const infoOf = (row: Row): ImageInfo => ({
  name: row.name,
  target: v.parse(targetSchema, JSON.parse(row.target)),
  labels: readLabels(row.labels),
  createdMs: row.created,
  updatedMs: row.updated,
});

const longestName = 4096;

export class Images {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Errors: notFound. */
  get(namespace: string, name: string): ImageInfo {
    const found = this.find(namespace, name);
    if (found === undefined) throw new LabError('notFound', `image "${name}": not found`);
    return found;
  }

  find(namespace: string, name: string): ImageInfo | undefined {
    const row = this.#database.get<Row>('SELECT * FROM images WHERE namespace = ? AND name = ?', namespace, name);
    return row === undefined ? undefined : infoOf(row);
  }

  list = (namespace: string): ImageInfo[] =>
    this.#database.all<Row>('SELECT * FROM images WHERE namespace = ? ORDER BY name', namespace).map(infoOf);

  /** Errors: alreadyExists, invalidArgument. */
  create(namespace: string, image: { name: string; target: Target; labels: Labels }): ImageInfo {
    checkImage(image);
    const now = Date.now();
    const made = this.#database.run(
      'INSERT OR IGNORE INTO images VALUES (?, ?, ?, ?, ?, ?)',
      namespace,
      image.name,
      JSON.stringify(image.target),
      writeLabels(checkLabels(image.labels)),
      now,
      now,
    );
    if (made === 0) throw new LabError('alreadyExists', `image "${image.name}": already exists`);
    return this.get(namespace, image.name);
  }

  /** Errors: notFound, invalidArgument. */
  update(
    namespace: string,
    image: { name: string; target: Target; labels: Labels },
    mask: readonly string[] | undefined,
  ): ImageInfo {
    const current = this.get(namespace, image.name);
    const asked = maskOf(mask, ['labels', 'target']);
    const target = asked.has('target') ? image.target : current.target;
    checkImage({ name: image.name, target });
    this.#database.run(
      'UPDATE images SET target = ?, labels = ?, updated = ? WHERE namespace = ? AND name = ?',
      JSON.stringify(target),
      writeLabels(asked.labels(current.labels, image.labels)),
      Date.now(),
      namespace,
      image.name,
    );
    return this.get(namespace, image.name);
  }

  /** Errors: notFound. */
  delete(namespace: string, name: string): void {
    this.get(namespace, name);
    this.#database.run('DELETE FROM images WHERE namespace = ? AND name = ?', namespace, name);
  }
}

function checkImage(image: { name: string; target: Target }): void {
  if (image.name === '') throw new LabError('invalidArgument', 'image: its name is empty');
  if (image.name.length > longestName)
    throw new LabError(
      'invalidArgument',
      `image name: ${image.name.length} characters, at most ${longestName} are allowed`,
    );
  parseDigest(image.target.digest);
  if (image.target.mediaType === '')
    throw new LabError('invalidArgument', `image "${image.name}": its target has no media type`);
  if (image.target.size <= 0)
    throw new LabError(
      'invalidArgument',
      `image "${image.name}": its target's size is ${image.target.size}, must be above 0`,
    );
}

/** What filters can ask of an image. @source containerd metadata/adaptors.go */
export const imageFields = (image: ImageInfo): Fields =>
  fieldsOf(
    { name: image.name, 'target.digest': image.target.digest, 'target.mediatype': image.target.mediaType },
    image.labels,
  );
