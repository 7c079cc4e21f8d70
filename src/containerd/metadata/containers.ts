// Containers: metadata records, kept as the very message that the door speaks, so that nothing a client sets is lost.
import { clone, create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { LabError } from '../../base/errors.ts';
import { type Container, ContainerSchema } from '../proto/gen/containers_pb.ts';
import type { Database } from './database.ts';
import { type Fields, fieldsOf } from './filter.ts';
import { checkIdentifier } from './identifiers.ts';
import { checkLabels, maskOf } from './labels.ts';

const updatable = ['labels', 'extensions', 'image', 'spec', 'snapshot_key', 'snapshotKey', 'snapshotter', 'runtime'];

export class Containers {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Errors: notFound, in the words that containerd's clients look for. */
  get(namespace: string, id: string): Container {
    const found = this.find(namespace, id);
    if (found === undefined) throw new LabError('notFound', `container "${id}" in namespace "${namespace}": not found`);
    return found;
  }

  find(namespace: string, id: string): Container | undefined {
    const row = this.#database.get<{ record: Uint8Array }>(
      'SELECT record FROM containers WHERE namespace = ? AND id = ?',
      namespace,
      id,
    );
    return row === undefined ? undefined : fromBinary(ContainerSchema, row.record);
  }

  list = (namespace: string): Container[] =>
    this.#database
      .all<{ record: Uint8Array }>('SELECT record FROM containers WHERE namespace = ? ORDER BY id', namespace)
      .map(({ record }) => fromBinary(ContainerSchema, record));

  /** Errors: alreadyExists, invalidArgument. */
  create(namespace: string, given: Container): Container {
    checkContainer(given);
    const now = timestampFromMs(Date.now());
    const container = create(ContainerSchema, { ...given, createdAt: now, updatedAt: now });
    const made = this.#database.run(
      'INSERT OR IGNORE INTO containers VALUES (?, ?, ?)',
      namespace,
      container.id,
      toBinary(ContainerSchema, container),
    );
    if (made === 0) throw new LabError('alreadyExists', `container "${given.id}": already exists`);
    return container;
  }

  /** Errors: notFound, invalidArgument. */
  update(namespace: string, given: Container, mask: readonly string[] | undefined): Container {
    const current = this.get(namespace, given.id);
    const changed = clone(ContainerSchema, current);
    const paths = mask ?? [];
    const asked = maskOf(paths, updatable);
    changed.labels = asked.labels(current.labels, given.labels);
    applyExtensions(changed, given, paths);
    if (asked.has('image')) changed.image = given.image;
    if (asked.has('spec') && given.spec !== undefined) changed.spec = given.spec;
    if (asked.has('snapshot_key') || paths.includes('snapshotKey')) changed.snapshotKey = given.snapshotKey;
    if (asked.has('snapshotter')) changed.snapshotter = given.snapshotter;
    if (asked.has('runtime') && given.runtime !== undefined) changed.runtime = given.runtime;
    changed.updatedAt = timestampFromMs(Date.now());
    checkContainer(changed);
    this.#database.run(
      'UPDATE containers SET record = ? WHERE namespace = ? AND id = ?',
      toBinary(ContainerSchema, changed),
      namespace,
      given.id,
    );
    return changed;
  }

  /** Errors: notFound. */
  delete(namespace: string, id: string): void {
    const gone = this.#database.run('DELETE FROM containers WHERE namespace = ? AND id = ?', namespace, id);
    if (gone === 0) throw new LabError('notFound', `container "${id}" in namespace "${namespace}": not found`);
  }
}

function applyExtensions(changed: Container, given: Container, paths: readonly string[]): void {
  if (paths.length === 0 || paths.includes('extensions')) {
    changed.extensions = given.extensions;
    return;
  }
  for (const path of paths.filter((entry) => entry.startsWith('extensions.'))) {
    const key = path.slice('extensions.'.length);
    const value = given.extensions[key];
    if (value === undefined) delete changed.extensions[key];
    else changed.extensions[key] = value;
  }
}

function checkContainer(container: Container): void {
  checkIdentifier('container', container.id);
  if ((container.runtime?.name ?? '') === '')
    throw new LabError('invalidArgument', `container "${container.id}": its runtime is missing`);
  if (container.spec === undefined)
    throw new LabError('invalidArgument', `container "${container.id}": its spec is missing`);
  if (container.snapshotKey !== '' && container.snapshotter === '') {
    throw new LabError('invalidArgument', `container "${container.id}": it has a snapshot key but no snapshotter`);
  }
  checkLabels(container.labels);
}

/** What filters can ask of a container. @source containerd metadata/adaptors.go */
export const containerFields = (container: Container): Fields =>
  fieldsOf({ id: container.id, image: container.image, 'runtime.name': container.runtime?.name }, container.labels);
