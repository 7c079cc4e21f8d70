// The stage's memory: one SQLite file, meta.db. Every change is one transaction, so that kill -9 leaves either all of it or none.
// Rule: a row is written after what it names is on disk, in one step with it where that can be; start-up removes what has only one half.
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { LabError } from '../../base/errors.ts';

/** One table a snapshotter. */
export const snapshotTables = ['snapshots', 'native_snapshots'];

const snapshotSchema = snapshotTables
  .map(
    (table) => `
  CREATE TABLE IF NOT EXISTS ${table} (
    id INTEGER PRIMARY KEY AUTOINCREMENT, namespace TEXT NOT NULL, key TEXT NOT NULL, parent TEXT NOT NULL,
    kind TEXT NOT NULL, labels TEXT NOT NULL, size INTEGER, inodes INTEGER,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, UNIQUE (namespace, key)) STRICT;
  CREATE INDEX IF NOT EXISTS ${table === 'snapshots' ? 'snapshot' : table}_parents ON ${table} (namespace, parent);`,
  )
  .join('');

const schema = `
  CREATE TABLE IF NOT EXISTS namespaces (name TEXT PRIMARY KEY, labels TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS images (
    namespace TEXT NOT NULL, name TEXT NOT NULL, target TEXT NOT NULL, labels TEXT NOT NULL,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, PRIMARY KEY (namespace, name)) STRICT;
  CREATE TABLE IF NOT EXISTS content (
    namespace TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL, labels TEXT NOT NULL,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, PRIMARY KEY (namespace, digest)) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS content_digests ON content (digest);
  CREATE TABLE IF NOT EXISTS containers (
    namespace TEXT NOT NULL, id TEXT NOT NULL, record BLOB NOT NULL, PRIMARY KEY (namespace, id)) STRICT;
  ${snapshotSchema}
  CREATE TABLE IF NOT EXISTS leases (
    namespace TEXT NOT NULL, id TEXT NOT NULL, labels TEXT NOT NULL, created INTEGER NOT NULL,
    PRIMARY KEY (namespace, id)) STRICT;
  CREATE TABLE IF NOT EXISTS lease_resources (
    namespace TEXT NOT NULL, lease TEXT NOT NULL, type TEXT NOT NULL, resource TEXT NOT NULL,
    PRIMARY KEY (namespace, lease, type, resource)) STRICT, WITHOUT ROWID;
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

/** Space that is given up when the disk is full, so that a server still starts and things can be removed. */
const reserveBytes = 512 * 1024;

/** Opens (and makes) `<root>/meta.db`. Errors: resourceExhausted when not even the reserve helps. */
export function openDatabase(root: string): Database {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  balanceReserve(root);
  const sqlite = new DatabaseSync(`${root}/meta.db`);
  // WAL with NORMAL survives any crash of this process without a sync for each commit. @source sqlite pragma#synchronous
  checked(() => sqlite.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${schema}`));
  let isReserveSpent = false;
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
    all: <Row>(sql: string, ...parameters: Parameter[]) => checked(() => prepared(sql).all(...parameters) as Row[]),
    get: <Row>(sql: string, ...parameters: Parameter[]) =>
      checked(() => prepared(sql).get(...parameters) as Row | undefined),
    run(sql, ...parameters) {
      const once = (): number => checked(() => Number(prepared(sql).run(...parameters).changes));
      try {
        if (isReserveSpent) isReserveSpent = !makeReserve(root);
        return once();
      } catch (error) {
        // What makes room must not fail for want of room.
        const isFull = error instanceof LabError && error.kind === 'resourceExhausted';
        if (!isFull || sqlite.isTransaction || !sql.startsWith('DELETE')) throw error;
        rmSync(reserveOf(root), { force: true });
        isReserveSpent = true;
        return once();
      }
    },
    transaction(body) {
      if (sqlite.isTransaction) return body();
      sqlite.exec('BEGIN IMMEDIATE');
      try {
        const result = body();
        checked(() => sqlite.exec('COMMIT'));
        return result;
      } catch (error) {
        if (sqlite.isTransaction) sqlite.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => sqlite.close(),
  };
}

const reserveOf = (root: string): string => `${root}/reserve`;

/** Gives the reserve up while the disk is full, makes it again once there is room. */
function balanceReserve(root: string): void {
  if (roomIn(root) < reserveBytes) rmSync(reserveOf(root), { force: true });
  else makeReserve(root);
}

/** Whether there is one now; the last of the room is not taken for it. */
function makeReserve(root: string): boolean {
  if (existsSync(reserveOf(root))) return true;
  if (roomIn(root) < 2 * reserveBytes) return false;
  writeFileSync(reserveOf(root), Buffer.alloc(reserveBytes), { mode: 0o600 });
  return true;
}

function roomIn(root: string): number {
  const { bavail, bsize } = statfsSync(root);
  return bavail * bsize;
}

/** @source sqlite rescode#full, #notadb, #corrupt; extended codes have the primary one in their low byte */
const diskFull = 13;
const damaged = new Set([26, 11]);

/** A full disk and a damaged file by their kinds; any other failure of the database as it is. */
function checked<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    const code = Number((error as { errcode?: unknown }).errcode) & 0xff;
    // Never begun anew by itself: start-up would then sweep away the layers under containers that run.
    if (damaged.has(code)) throw damagedError(error as Error);
    if (code !== diskFull) throw error;
    throw new LabError('resourceExhausted', 'the disk of the image store is full', {
      cause: error,
      hint: 'remove images or make room',
    });
  }
}

const damagedError = (cause: Error): LabError =>
  new LabError('dataLoss', `meta.db of the image store is damaged: ${cause.message}`, {
    cause,
    hint: 'put a copy of it back, or give up images and containers: tlab system reset',
  });
