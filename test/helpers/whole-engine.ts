// A whole engine under two observers: its start, one `tlab run`, its end.
import { cpSync, mkdirSync } from 'node:fs';
import { builtLibrary, tlabProgram } from './engine.ts';
import { seeTwice } from './observers.ts';
import { must } from './shell.ts';
import type { TracerPlace } from './tracer.ts';

/** Throws where strace and the tracer do not agree. Returns how many calls they agree on. */
export async function seeEngineTwice(place: TracerPlace): Promise<number> {
  const folder = `${place.folder}/engine`;
  mkdirSync(`${folder}/data`, { recursive: true });
  cpSync(await builtLibrary(), `${folder}/data/library`, { recursive: true });
  const roots = [`TLAB_RUN_ROOT=${folder}/run`, `TLAB_DATA_ROOT=${folder}/data`, `TLAB_CONFIG=${folder}/daemon.json`];
  const script = `set -e; ip link set lo up; ${tlabProgram} system start; ${tlabProgram} run --rm busybox true
    ${tlabProgram} system stop`;
  try {
    return await seeTwice(place, ['env', ...roots, 'unshare', '--net', 'sh', '-c', script]);
  } finally {
    // Its cgroup folders outlive the daemon.
    await must('env', [...roots, 'unshare', '--net', tlabProgram, 'system', 'reset', '--yes'], { timeoutMs: 60_000 });
  }
}
