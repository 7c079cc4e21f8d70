// What networking remembers, as small JSON files, each replaced atomically.
// Rule: a sandbox's record is written before the first kernel object of it is made and removed after the last one is gone,
// so that after kill -9 every object on the host is named by a record.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as v from 'valibot';
import type { Cause } from '../../trace/cause.ts';

const portMapping = v.object({
  protocol: v.picklist(['tcp', 'udp', 'sctp']),
  containerPort: v.number(),
  hostIp: v.string(),
  hostPort: v.number(),
  cause: v.custom<Cause>((value) => typeof value === 'string'),
});

const sandboxRecord = v.object({
  id: v.string(),
  name: v.string(),
  network: v.picklist(['bridge', 'none', 'host']),
  sandboxId: v.string(),
  endpointId: v.string(),
  /** Undefined with `host`. */
  path: v.optional(v.string()),
  /** The user namespace that owns it, where it has one of its own. */
  userPath: v.optional(v.string()),
  /** False while it is being made. */
  isReady: v.boolean(),
  linkName: v.optional(v.string()),
  ipAddress: v.string(),
  macAddress: v.string(),
  ports: v.array(portMapping),
  exposedPorts: v.array(v.string()),
});
export type SandboxRecord = v.InferOutput<typeof sandboxRecord>;

const networkIdentity = v.object({ id: v.string(), created: v.string() });
const networksFile = v.object({
  bridge: networkIdentity,
  none: networkIdentity,
  host: networkIdentity,
  /** The bridge's address with its prefix, once it was chosen. */
  bridgeAddress: v.optional(v.string()),
});
export type NetworksRecord = v.InferOutput<typeof networksFile>;

const hostFile = v.object({
  /** Sysctls that tlab changed, with the value from before. */
  sysctls: v.record(v.string(), v.string()),
});
export type HostRecord = v.InferOutput<typeof hostFile>;

function readJson<Schema extends v.GenericSchema>(path: string, schema: Schema): v.InferOutput<Schema> | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

/** The files below `<runRoot>/network` (dies with a reboot) and `<dataRoot>/network` (outlives it). */
export class NetworkState {
  readonly #run: string;
  readonly #data: string;
  readonly #sandboxes = new Map<string, SandboxRecord>();

  constructor(roots: { runRoot: string; dataRoot: string }) {
    this.#run = `${roots.runRoot}/network`;
    this.#data = `${roots.dataRoot}/network`;
    const folder = `${this.#run}/sandboxes`;
    for (const file of existsSync(folder) ? readdirSync(folder) : []) this.#load(`${folder}/${file}`);
  }

  // A file that cannot be read names nothing that could be cleaned by it: reconciliation finds its objects by their names.
  #load(path: string): void {
    const record = path.endsWith('.json') ? readJson(path, sandboxRecord) : undefined;
    if (record === undefined) rmSync(path, { force: true });
    else this.#sandboxes.set(record.id, record);
  }

  sandbox(id: string): SandboxRecord | undefined {
    return this.#sandboxes.get(id);
  }

  sandboxes(): SandboxRecord[] {
    return [...this.#sandboxes.values()];
  }

  saveSandbox(record: SandboxRecord): void {
    writeJson(`${this.#run}/sandboxes/${record.id}.json`, record);
    this.#sandboxes.set(record.id, record);
  }

  removeSandbox(id: string): void {
    rmSync(`${this.#run}/sandboxes/${id}.json`, { force: true });
    this.#sandboxes.delete(id);
  }

  networks(): NetworksRecord | undefined {
    return readJson(`${this.#data}/networks.json`, networksFile);
  }

  saveNetworks(record: NetworksRecord): void {
    writeJson(`${this.#data}/networks.json`, record);
  }

  host(): HostRecord {
    return readJson(`${this.#run}/host.json`, hostFile) ?? { sysctls: {} };
  }

  saveHost(record: HostRecord): void {
    writeJson(`${this.#run}/host.json`, record);
  }

  /** Forgets the host: for teardown. */
  clear(): void {
    rmSync(this.#run, { recursive: true, force: true });
    rmSync(this.#data, { recursive: true, force: true });
    this.#sandboxes.clear();
  }
}
