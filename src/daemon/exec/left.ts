// What the shim and the folder of FIFOs have of execs that are over: dropped at their end, later when containerd was away then, and by the next
// daemon when this one was killed. The FIFOs' folders are how that one knows of them.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { asLabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import { ignoreMissing } from '../container/missing.ts';
import type { Engine } from '../engine.ts';
import type { Exec } from './execs.ts';

const SIGKILL = 9;

interface ExecName {
  containerId: string;
  execId: string;
}

const folder = (): string => `${paths.runRoot}/fifo`;

export const streamsFolderOf = ({ containerId, execId }: ExecName): string => `${folder()}/${containerId}-${execId}`;

/** One that runs although its client was told that it does not is killed, and goes with its exit. */
export async function dropExec(engine: Engine, exec: Exec): Promise<void> {
  const ids = { containerId: exec.container.id, execId: exec.id };
  try {
    await ignoreMissing(engine.containerd.tasks.deleteProcess(ids));
  } catch (error) {
    if (asLabError(error).kind !== 'conflict') throw error;
    await ignoreMissing(engine.containerd.tasks.kill({ ...ids, signal: SIGKILL, all: false }));
  }
}

/** After containerd was away. */
export async function dropLeftExecs(engine: Engine): Promise<void> {
  for (const exec of engine.execs.left) {
    await dropExec(engine, exec);
    engine.execs.left.delete(exec);
  }
}

/** An exec that an earlier daemon made: nobody will start it, or hear of its end. One that runs is left alone. */
export async function dropUnknownExec(engine: Engine, name: ExecName): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(name.execId)) return; // another client's
  try {
    await ignoreMissing(engine.containerd.tasks.deleteProcess(name));
    rmSync(streamsFolderOf(name), { recursive: true, force: true });
  } catch (error) {
    if (asLabError(error).kind !== 'conflict') throw error;
  }
}

/** Those that an earlier daemon left in a container that is taken over. */
export async function dropUnknownExecs(engine: Engine, containerId: string): Promise<void> {
  for (const execId of execsWithFifos(containerId)) await dropUnknownExec(engine, { containerId, execId });
}

/** With the container every exec has ended. */
export function removeExecFifos(containerId: string): void {
  for (const execId of execsWithFifos(containerId))
    rmSync(streamsFolderOf({ containerId, execId }), { recursive: true, force: true });
}

function execsWithFifos(containerId: string): string[] {
  const names = existsSync(folder()) ? readdirSync(folder()) : [];
  return names.filter((name) => name.startsWith(`${containerId}-`)).map((name) => name.slice(containerId.length + 1));
}
