// What a reset counts as this engine's cgroups: below its own folder, and of its containers below parents that were asked for.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { readCgroupLayout } from '../../src/runc/host/cgroups.ts';
import { root } from '../helpers/root.ts';
import { must } from '../helpers/shell.ts';

const folder = mkdtempSync('/var/tmp/tlab-leftovers-');
after(() => rmSync(folder, { recursive: true }));

/** The modules read where an engine is from their environment, so each engine needs a process. */
async function asEngine<T>(name: string, expression: string): Promise<T> {
  const script = `
    const { cgroupLeftovers } = await import('${new URL('../../src/engine/leftovers.ts', import.meta.url)}');
    const { paths } = await import('${new URL('../../src/base/paths.ts', import.meta.url)}');
    console.log(JSON.stringify(${expression}));`;
  const env = { TLAB_RUN_ROOT: `${folder}/${name}/run`, TLAB_DATA_ROOT: `${folder}/${name}/data` };
  return JSON.parse(await must(process.execPath, ['--input-type=module', '-e', script], { env }));
}

test('two engines on one host count each its own cgroups, and nobody’s plain directories', root(), async () => {
  const { v1, v2 } = readCgroupLayout();
  const hierarchy = v1.find(({ controllers }) => controllers.includes('pids'))?.mountpoint ?? v2 ?? '';
  const parent = `${hierarchy}/tlab-test-parent-${process.pid}`;
  const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
  const marks = {
    one: await asEngine<string>('one', 'paths.cgroupParent'),
    two: await asEngine<string>('two', 'paths.cgroupParent'),
  };
  for (const [index, name] of ['one', 'two'].entries())
    mkdirSync(`${folder}/${name}/data/containers/${ids[index]}`, { recursive: true });
  const own = [`${hierarchy}/${marks.one}`, `${hierarchy}/${marks.two}`];
  const scope = `${parent}/${marks.one}-${ids[0]}.scope`;
  const plain = `/sys/fs/cgroup/tlab-test-plain-${process.pid}`;
  const made = [...own, parent, ...ids.map((id) => `${parent}/${id}`), scope];
  for (const path of made) mkdirSync(path);
  if (v1.length > 0) mkdirSync(`${plain}/${marks.one}`, { recursive: true });
  try {
    assert.deepEqual(
      (await asEngine<string[]>('one', 'cgroupLeftovers()')).sort(),
      [own[0], `${parent}/${ids[0]}`, scope].sort(),
    );
    assert.deepEqual(
      (await asEngine<string[]>('two', 'cgroupLeftovers()')).sort(),
      [own[1], `${parent}/${ids[1]}`].sort(),
    );
  } finally {
    for (const path of made.reverse()) rmdirSync(path);
    if (v1.length > 0) rmSync(plain, { recursive: true });
  }
});
