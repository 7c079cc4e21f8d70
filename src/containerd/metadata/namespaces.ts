// Namespaces: the one thing that is not in a namespace. Making any object makes its namespace.
import { LabError } from '../../base/errors.ts';
import { type Database, snapshotTables } from './database.ts';
import { checkIdentifier } from './identifiers.ts';
import { checkLabels, type Labels, maskOf, readLabels, writeLabels } from './labels.ts';

export interface NamespaceInfo {
  name: string;
  labels: Labels;
}

interface Row {
  name: string;
  labels: string;
}

const infoOf = (row: Row): NamespaceInfo => ({ name: row.name, labels: readLabels(row.labels) });

export class Namespaces {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Errors: notFound. */
  get(name: string): NamespaceInfo {
    const row = this.#database.get<Row>('SELECT * FROM namespaces WHERE name = ?', name);
    if (row === undefined) throw new LabError('notFound', `namespace ${name}: not found`);
    return infoOf(row);
  }

  list = (): NamespaceInfo[] => this.#database.all<Row>('SELECT * FROM namespaces ORDER BY name').map(infoOf);

  /** Errors: alreadyExists, invalidArgument. */
  create(name: string, labels: Labels): NamespaceInfo {
    checkIdentifier('namespace', name);
    const made = this.#database.run(
      'INSERT OR IGNORE INTO namespaces VALUES (?, ?)',
      name,
      writeLabels(checkLabels(labels)),
    );
    if (made === 0) throw new LabError('alreadyExists', `namespace ${name}: already exists`);
    return { name, labels };
  }

  /** Makes the namespace when it is not there: every service that makes objects calls it first. */
  ensure(name: string): string {
    this.#database.run("INSERT OR IGNORE INTO namespaces VALUES (?, '{}')", checkIdentifier('namespace', name));
    return name;
  }

  /** Errors: notFound, invalidArgument. */
  update(given: NamespaceInfo, mask: readonly string[] | undefined): NamespaceInfo {
    const labels = maskOf(mask, ['labels']).labels(this.get(given.name).labels, given.labels);
    this.#database.run('UPDATE namespaces SET labels = ? WHERE name = ?', writeLabels(labels), given.name);
    return { name: given.name, labels };
  }

  /** Errors: notFound; conflict while anything is in it. */
  delete(name: string): void {
    this.get(name);
    for (const table of ['images', 'content', 'containers', ...snapshotTables, 'leases']) {
      if (this.#database.get(`SELECT 1 FROM ${table} WHERE namespace = ? LIMIT 1`, name) !== undefined) {
        throw new LabError('conflict', `namespace "${name}" must be empty, but it still has ${table}`);
      }
    }
    this.#database.run('DELETE FROM namespaces WHERE name = ?', name);
  }
}
