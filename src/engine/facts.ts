// What a trace says about where it was recorded: enough to read it elsewhere, nothing that names the host or its user.
import { existsSync, readFileSync } from 'node:fs';
import { arch, availableParallelism, release } from 'node:os';
import packageJson from '../../package.json' with { type: 'json' };
import type { TraceHeader } from '../trace/file.ts';

function distribution(): string {
  if (!existsSync('/etc/os-release')) return process.platform;
  return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
}

/** @source man cgroups(7): version 2 alone has cgroup.controllers at the root of the mount. */
function cgroupLayout(): string {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return 'v2';
  if (existsSync('/sys/fs/cgroup/unified/cgroup.controllers')) return 'hybrid';
  return existsSync('/sys/fs/cgroup/memory') ? 'v1' : 'none';
}

export const hostFacts = (): TraceHeader['host'] => ({
  kernel: release(),
  architecture: arch(),
  distribution: distribution(),
  processors: availableParallelism(),
  cgroup: cgroupLayout(),
});

export const toolFacts = (): TraceHeader['tool'] => ({ tlab: packageJson.version, node: process.versions.node });
