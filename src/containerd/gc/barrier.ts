// While a collection is under way others go on working: whatever they make, change or take under a lease is written down here by
// triggers of the database itself, so that no way of changing something can be forgotten. It exists only as long as a collection.
import type { Database } from '../metadata/database.ts';
import type { Node } from './references.ts';

export interface Touched {
  namespace: string;
  node: Node;
}

interface Watched {
  table: string;
  /** SQL of the node that a new or changed row is. */
  node: string;
}

const watchedOf = (snapshotTables: ReadonlyMap<string, string>): Watched[] => [
  { table: 'content', node: "'content ' || NEW.digest" },
  { table: 'images', node: "'images ' || NEW.name" },
  { table: 'containers', node: "'containers ' || NEW.id" },
  { table: 'lease_resources', node: "NEW.type || ' ' || NEW.resource" },
  ...[...snapshotTables].map(([name, table]) => ({ table, node: `'snapshots/${name} ' || NEW.key` })),
];

/** `using` it: it is taken down at the end. `snapshotTables`: the table of each snapshotter, by its name. */
export class Barrier {
  readonly #database: Database;
  readonly #triggers: string[] = [];

  constructor(database: Database, snapshotTables: ReadonlyMap<string, string>) {
    this.#database = database;
    database.sqlite.exec('CREATE TEMP TABLE IF NOT EXISTS gc_touched (namespace TEXT, node TEXT)');
    database.run('DELETE FROM gc_touched');
    for (const { table, node } of watchedOf(snapshotTables)) {
      for (const change of ['INSERT', 'UPDATE']) {
        const name = `gc_${table}_${change}`;
        this.#triggers.push(name);
        database.sqlite.exec(
          `CREATE TEMP TRIGGER IF NOT EXISTS ${name} AFTER ${change} ON main.${table}
           BEGIN INSERT INTO gc_touched VALUES (NEW.namespace, ${node}); END`,
        );
      }
    }
  }

  /** What was touched since the last time. */
  drain(): Touched[] {
    const touched = this.#database.all<Touched>('SELECT namespace, node FROM gc_touched');
    if (touched.length > 0) this.#database.run('DELETE FROM gc_touched');
    return touched;
  }

  [Symbol.dispose](): void {
    if (!this.#database.sqlite.isOpen) return;
    for (const name of this.#triggers) this.#database.sqlite.exec(`DROP TRIGGER IF EXISTS temp.${name}`);
  }
}
