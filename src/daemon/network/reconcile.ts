// After a start of the daemon: records, containers and kernel objects are brought together again. A sandbox that is whole and whose
// container is still there is adopted as it is, without touching it; everything else goes.
import { readdirSync } from 'node:fs';
import type { Sandbox } from './networking.ts';
import { deleteSandbox, type SandboxParts, settleRemovals, viewOf } from './sandbox.ts';
import type { SandboxRecord } from './state.ts';

async function isWhole(parts: SandboxParts, record: SandboxRecord): Promise<boolean> {
  if (!record.isReady) return false;
  const files = [record.path, record.userPath].filter((path) => path !== undefined);
  if (files.some((path) => !parts.kernel.networkNamespaces.isAlive(path))) return false;
  return record.linkName === undefined || (await parts.host.links.find(record.linkName)) !== undefined;
}

function namespaceFiles(parts: SandboxParts): string[] {
  try {
    return readdirSync(parts.namespaces).map((name) => `${parts.namespaces}/${name}`);
  } catch {
    return [];
  }
}

/** Namespaces that no record names. */
export function removeOrphanNamespaces(parts: SandboxParts): void {
  const known = new Set(parts.state.sandboxes().flatMap((record) => [record.path, record.userPath]));
  for (const path of namespaceFiles(parts)) {
    if (!known.has(path)) parts.kernel.networkNamespaces.remove(path);
  }
}

/** The sandboxes of `containerIds` that still work; all others are removed. */
export async function restoreSandboxes(
  parts: SandboxParts,
  containerIds: readonly string[],
): Promise<Map<string, Sandbox>> {
  const wanted = new Set(containerIds);
  const restored = new Map<string, Sandbox>();
  const records = parts.state.sandboxes();
  for (const record of records) {
    if (wanted.has(record.id) && (await isWhole(parts, record))) {
      restored.set(record.id, viewOf(parts.state, record));
      continue;
    }
    parts.rules.forget(record.id);
    await deleteSandbox(parts, record.id);
  }
  await settleRemovals(parts);
  removeOrphanNamespaces(parts);
  for (const mapping of parts.state.sandboxes().flatMap((record) => record.ports)) await parts.hostPorts.adopt(mapping);
  // Rules are written anew, so that those of the removed ones go too, however far their making had come.
  if (records.some((record) => record.network === 'bridge')) await parts.bridge.initialise();
  return restored;
}
