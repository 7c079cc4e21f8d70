// The stage's memory: one SQLite file, meta.db. Every change is one transaction, so that kill -9 leaves either all of it or none.
// Rule: rows are written before what they name is deleted from disk and after what they name is on disk; start-up removes the rest.
import { mkdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const schema = `
  CREATE TABLE IF NOT EXISTS namespaces (name TEXT PRIMARY KEY, labels TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS images (
    namespace TEXT NOT NULL, name TEXT NOT NULL, target TEXT NOT NULL, labels TEXT NOT NULL,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, PRIMARY KEY (namespace, name)) STRICT;
  CREATE TABLE IF NOT EXISTS content (
    namespace TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL, labels TEXT NOT NULL,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, PRIMARY KEY (namespace, digest)) STRICT;
  CREATE TABLE IF NOT EXISTS containers (
    namespace TEXT NOT NULL, id TEXT NOT NULL, record BLOB NOT NULL, PRIMARY KEY (namespace, id)) STRICT;
  CREATE TABLE IF NOT EXISTS snapshots (
    id INTEGER PRIMARY KEY AUTOINCREMENT, namespace TEXT NOT NULL, key TEXT NOT NULL, parent TEXT NOT NULL,
    kind TEXT NOT NULL, labels TEXT NOT NULL, size INTEGER, inodes INTEGER,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, UNIQUE (namespace, key)) STRICT;
  CREATE INDEX IF NOT EXISTS snapshot_parents ON snapshots (namespace, parent);
  CREATE TABLE IF NOT EXISTS leases (
    namespace TEXT NOT NULL, id TEXT NOT NULL, labels TEXT NOT NULL, created INTEGER NOT NULL,
    PRIMARY KEY (namespace, id)) STRICT;
  CREATE TABLE IF NOT EXISTS lease_resources (
    namespace TEXT NOT NULL, lease TEXT NOT NULL, type TEXT NOT NULL, resource TEXT NOT NULL,
    PRIMARY KEY (namespace, lease, type, resource)) STRICT;
`;

export interface Database {
  readonly sqlite: DatabaseSync;
  /** Rows of a query; parameters by position. */
  all<Row>(sql: string, ...parameters: Parameter[]): Row[];
  /** The first row, or undefined. */
  get<Row>(sql: string, ...parameters: Parameter[]): Row | undefined;
  /** Number of rows changed. */
  run(sql: string, ...parameters: Parameter[]): number;
  /** All of `body` or nothing of it. */
  transaction<T>(body: () => T): T;
  close(): void;
}
export type Parameter = string | number | bigint | Uint8Array | null;

/** Opens (and makes) `<root>/meta.db`. */
export function openDatabase(root: string): Database {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const sqlite = new DatabaseSync(`${root}/meta.db`);
  // WAL with NORMAL survives any crash of this process without a sync for each commit. @source sqlite pragma#synchronous
  sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  sqlite.exec(schema);
  const statements = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  const prepared = (sql: string) => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = sqlite.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  return {
    sqlite,
    all: <Row>(sql: string, ...parameters: Parameter[]) => prepared(sql).all(...parameters) as Row[],
    get: <Row>(sql: string, ...parameters: Parameter[]) => prepared(sql).get(...parameters) as Row | undefined,
    run: (sql, ...parameters) => Number(prepared(sql).run(...parameters).changes),
    transaction(body) {
      if (sqlite.isTransaction) return body();
      sqlite.exec('BEGIN IMMEDIATE');
      try {
        const result = body();
        sqlite.exec('COMMIT');
        return result;
      } catch (error) {
        sqlite.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => sqlite.close(),
  };
}
