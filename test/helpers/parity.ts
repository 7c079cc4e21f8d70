// A place where one bundle runs under tlab-runc and under the real runc, with the same id and cgroup. Needs root, runc, busybox-static and
// dist/bin/tlab-runc (npm run build).
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { after, before } from 'node:test';
import { binaries } from './binaries.ts';
import { makeBundle, type RuntimeConfig } from './bundle.ts';
import { must, run } from './shell.ts';

export type Edit = (config: RuntimeConfig) => void;

const hierarchies = ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'systemd', 'unified'];
const own = `${binaries}/tlab-runc`;

/** `root in its file system | mount point | options | propagation | type, source, options of it`; ids and device numbers left out. */
const mountsOf = (mountinfo: string): string[] =>
  mountinfo.split('\n').map((line) => {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , from, at, options, ...propagation] = left.split(' ');
    return [from, at, options, propagation.join(' ').replace(/:\d+/g, ''), right].join(' | ');
  });

/** One a test file: its folder and cgroups go at the end of the file. */
export function parityPlace() {
  const folder = process.getuid?.() === 0 ? mkdtempSync('/var/tmp/tlab-parity-') : '';
  const env = { TLAB_RUN_ROOT: `${folder}/run`, TLAB_DATA_ROOT: `${folder}/data` };
  const id = `parity-${process.pid}`;
  const cgroupsPath = `/tlab-parity/${id}`;

  before(() => {
    if (folder !== '') assert.ok(existsSync(own), `${own} is missing: build first`);
  });
  after(async () => {
    if (folder === '') return;
    for (const name of hierarchies) await run('rmdir', [`/sys/fs/cgroup/${name}/tlab-parity`]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** The program's output under each of the two, one after the other. */
  async function underBoth(
    name: string,
    script: string,
    edit: Edit = () => undefined,
  ): Promise<{ ours: string; theirs: string }> {
    const bundle = `${folder}/${name}`;
    await makeBundle(bundle, {
      args: ['sh', '-c', script],
      edit: (config) => {
        config.linux.cgroupsPath = cgroupsPath;
        edit(config);
      },
    });
    const theirs = await must('runc', ['--root', `${folder}/real`, 'run', '--bundle', bundle, id]);
    const ours = await must(own, ['--root', `${folder}/own`, 'run', '--bundle', bundle, id], { env });
    return { ours, theirs };
  }

  return { folder, env, id, cgroupsPath, own, underBoth, mountsOf };
}
