// What counts as evidence of a step: the engine as it is, which a look must not start, and what was done since.
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from '../../base/paths.ts';
import type { DaemonClient } from '../../daemon/client.ts';
import type { ActivityResponse } from '../../daemon/protocol.ts';
import type { Evidence } from '../../lesson/run/check-step.ts';
import type { Trace } from '../../trace/file.ts';
import { connectAsItIs } from '../connection.ts';

/** `work`: the folder of the attempt. */
export function evidenceSince(since: Date, work = ''): Evidence {
  const daemon = connectAsItIs();
  let traces: Promise<Trace[]> | undefined;
  const all = (): Promise<Trace[]> => (traces ??= tracesSince(since));
  const any = async (): Promise<boolean> =>
    isChanged(work, since.getTime()) ||
    (await isMountedBelow(work)) ||
    isTouched(paths.daemonPidFile, since.getTime()) ||
    (await all()).length > 0 ||
    (await wasAsked(daemon, since.getTime()));
  return { daemon, traces: all, acted: any };
}

async function tracesSince(since: Date): Promise<Trace[]> {
  const [{ listTraces }, { loadTrace }] = await Promise.all([
    import('../../engine/traces.ts'),
    import('../../engine/first-look.ts'),
  ]);
  const recent = listTraces().filter(({ startedAt, closed }) => closed && Date.parse(startedAt) >= since.getTime());
  return await Promise.all(recent.map(({ id }) => loadTrace(id)));
}

/** Of an engine that was never there nobody has asked anything; one that was killed has left its pid file, one that was stopped has taken it away. */
async function wasAsked(daemon: DaemonClient, sinceMs: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(5_000);
    const { LastDeedAt: at } = await daemon.json<ActivityResponse>({
      method: 'GET',
      path: '/tlab/system/activity',
      signal,
    });
    return at > sinceMs;
  } catch {
    return existsSync(paths.daemonPidFile) || isTouched(paths.runRoot, sinceMs);
  }
}

/**
 * Files that were made, written, renamed or removed.
 * @source man inode(7): st_ctime changes with each of them, in the folder too
 */
function isChanged(path: string, sinceMs: number): boolean {
  const found = path === '' ? undefined : lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (isTouched(path, sinceMs)) return true;
  return found.isDirectory() && namesIn(path).some((name) => isChanged(join(path, name), sinceMs));
}

async function isMountedBelow(folder: string): Promise<boolean> {
  if (folder === '') return false;
  const { hasMountBelow } = await import('../../engine/leftovers.ts');
  return hasMountBelow(folder);
}

/** `sinceMs` is a whole number: what was written in that very millisecond was written before it. */
const isTouched = (path: string, sinceMs: number): boolean =>
  Math.floor(lstatSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0) > sinceMs;

/** None of a folder that was removed meanwhile, or is not for this person. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
