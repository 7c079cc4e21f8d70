// How often the kernel has killed in a container for want of memory: what `events` tells of.
// @source kernel cgroup-v2.rst memory.events; cgroup-v1/memory.rst 10. OOM Control
import { readOptional } from './state-directory.ts';

/** 0 where the cgroups do not count it. Of version 2 with the cgroups below. */
export function oomKills(cgroups: readonly string[]): number {
  for (const cgroup of cgroups) {
    const text = readOptional(`${cgroup}/memory.events`) ?? readOptional(`${cgroup}/memory.oom_control`);
    const count = /^oom_kill (\d+)$/m.exec(text ?? '')?.[1];
    if (count !== undefined) return Number(count);
  }
  return 0;
}
