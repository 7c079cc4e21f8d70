// What a killed daemon left of its builds: mounts and folders, leases, records of the cache without their layers. Containers, snapshots, FIFOs and
// networks of RUN carry the marks of any other container's, and go with those (orphans.ts, restore.ts).
import { readFileSync, rmSync } from 'node:fs';
import { asLabError } from '../../base/errors.ts';
import { paths } from '../../base/paths.ts';
import { ignoreMissing } from '../container/missing.ts';
import type { Engine } from '../engine.ts';
import { buildLabel } from './build.ts';
import { pruneCache } from './cache/prune.ts';
import { clearContexts } from './context/receive.ts';
import { clearMade } from './copy/inline.ts';

/** Before the door opens. Each thing that cannot be removed is a warning. */
export async function removeBuildLeftovers(engine: Engine): Promise<void> {
  const root = `${paths.runRoot}/build`;
  try {
    for (const target of mountsBelow(root)) engine.kernel.mounts.detach(target, ['MNT_DETACH', 'UMOUNT_NOFOLLOW']);
    rmSync(root, { recursive: true, force: true });
    await clearContexts();
    await clearMade();
    const { leases } = await engine.containerd.leases.list({});
    for (const { id, labels } of leases)
      if (labels[buildLabel] !== undefined) await ignoreMissing(engine.containerd.leases.delete({ id }));
    await engine.builder.cache.reconcile();
    void engine.builder.collector.collect((rule) => pruneCache(engine, rule));
  } catch (error) {
    process.emitWarning(`removing what is left of builds: ${asLabError(error).message}`);
  }
}

/** Deepest first. @source man proc(5) /proc/pid/mountinfo */
function mountsBelow(root: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => unescaped(line.split(' ')[4] ?? ''))
    .filter((target) => target.startsWith(`${root}/`))
    .reverse();
}

const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_whole, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
