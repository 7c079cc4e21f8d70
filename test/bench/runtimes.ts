// The runtime alone, beside crun and runc: create + start + delete of a trivial bundle, with the plan that containerd's stage leaves
// beside config.json, and without one, as a foreign caller meets it: then tlab-runc starts Node to compile first.
// @source man cgroups(7): crun 1.8 refuses a hybrid layout, so all run in a mount namespace that lacks the version 2 hierarchy.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { binaries } from '../helpers/binaries.ts';
import { makeBundle } from '../helpers/bundle.ts';
import { must, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';
import { type Candidate, compared, type Figure, medianOf, sideBySide } from './measure.ts';

const own = `${binaries}/tlab-runc`;

export async function runtimeFigures(): Promise<Figure[]> {
  const folder = mkdtempSync('/var/tmp/tlab-bench-');
  const hide = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec sleep infinity';
  const hidden = start('unshare', ['--mount', 'sh', '-c', hide]);
  await waitUntil(() => readFileSync(`/proc/${hidden.pid}/comm`, 'utf8').trim() === 'sleep', {
    what: 'a mount namespace',
  });
  const enter = [`--mount=/proc/${hidden.pid}/ns/mnt`];
  try {
    for (const name of ['planned', 'bare']) await makeBundle(`${folder}/${name}`);
    // Compiled where it will run: a plan holds the host's cgroup layout.
    await must('nsenter', [...enter, own, 'compile', '--bundle', `${folder}/planned`, '--id', 'bench']);
    return await compareRuntimes(folder, enter);
  } finally {
    await hidden.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compareRuntimes(folder: string, enter: readonly string[]): Promise<Figure[]> {
  const inside = (name: string, script: string): Candidate => ({
    name,
    program: 'nsenter',
    args: [...enter, 'sh', '-c', script],
  });
  const cycle = (runtime: string, bundle: string): string => {
    const call = `${runtime} --root ${folder}/state`;
    return `${call} create --bundle ${bundle} bench </dev/null >/dev/null && ${call} start bench && ${call} delete --force bench`;
  };
  const timings = await sideBySide(
    [
      inside('nothing', 'true && true && true'),
      inside('tlab-runc', cycle(own, `${folder}/planned`)),
      inside('without plan', `rm -rf ${folder}/bare/plans && ${cycle(own, `${folder}/bare`)}`),
      inside('crun', cycle('crun', `${folder}/planned`)),
      inside('runc', cycle('runc', `${folder}/planned`)),
    ],
    { runs: 25 },
  );
  const overheadMs = medianOf(timings, 'nothing');
  const what = 'runtime create + start + delete';
  return [
    compared(timings, ['tlab-runc', 'crun'], { what: `${what}, with plan`, budget: 1.5, overheadMs }),
    compared(timings, ['tlab-runc', 'runc'], { what: 'the same', overheadMs }),
    compared(timings, ['without plan', 'crun'], { what: `${what}, compiled first`, overheadMs }),
    compared(timings, ['without plan', 'runc'], { what: 'the same', overheadMs }),
  ];
}
