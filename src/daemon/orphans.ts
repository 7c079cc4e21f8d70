// What belongs to no container that the daemon knows: a create or a removal that was cut off, or a container's folder that somebody removed.
// Rule: containerd may have other users, even another engine in the same namespace; only what carries our mark is touched.
import { readdirSync, rmSync } from 'node:fs';
import { asLabError } from '../base/errors.ts';
import { paths } from '../base/paths.ts';
import { ignoreMissing } from './container/missing.ts';
import { type Engine, ownerLabel, provenanceExtension } from './engine.ts';

/** `known`: ids of containers that are kept. Each orphan that cannot be removed is a warning. */
export async function removeOrphans(engine: Engine, known: ReadonlySet<string>): Promise<void> {
  for (const id of await orphanTasks(engine, known)) await warned(id, () => dropContainer(engine, id));
  for (const key of await orphanSnapshots(engine, known))
    await warned(key, () =>
      ignoreMissing(engine.containerd.snapshots.remove({ snapshotter: engine.snapshotter, key })),
    );
  removeFifos(known);
}

async function orphanTasks({ containerd }: Engine, known: ReadonlySet<string>): Promise<string[]> {
  const { containers } = await containerd.containers.list({});
  return containers
    .filter(({ id, extensions }) => extensions[provenanceExtension] !== undefined && !known.has(id))
    .map(({ id }) => id);
}

async function dropContainer({ containerd }: Engine, id: string): Promise<void> {
  await containerd.tasks.kill({ containerId: id, execId: '', signal: 9, all: true }).catch(() => {});
  await ignoreMissing(containerd.tasks.delete({ containerId: id }));
  await ignoreMissing(containerd.containers.delete({ id }));
}

async function orphanSnapshots({ containerd, snapshotter }: Engine, known: ReadonlySet<string>): Promise<string[]> {
  const orphans: string[] = [];
  for await (const { info } of containerd.snapshots.list({ snapshotter }))
    for (const { name, labels } of info) if (labels[ownerLabel] === name && !known.has(name)) orphans.push(name);
  return orphans;
}

/** Folders are named `<container>` or `<container>-<exec>`. */
function removeFifos(known: ReadonlySet<string>): void {
  const root = `${paths.runRoot}/fifo`;
  for (const name of foldersOf(root))
    if (!known.has(name.slice(0, 64))) rmSync(`${root}/${name}`, { recursive: true, force: true });
}

function foldersOf(root: string): string[] {
  try {
    return readdirSync(root);
  } catch {
    return [];
  }
}

async function warned(id: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.emitWarning(`removing what is left of container ${id}: ${asLabError(error).message}`);
  }
}
