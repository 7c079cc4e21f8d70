// The same mounts under tlab-runc and under the real runc: how they travel, and what each option does. Needs root, runc, busybox-static and
// dist/bin/tlab-runc (npm run build).
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { makeBundle } from '../helpers/bundle.ts';
import { parityPlace } from '../helpers/parity.ts';
import { root } from '../helpers/root.ts';
import { must, run } from '../helpers/shell.ts';

const { folder, env, id, cgroupsPath, own, underBoth, mountsOf } = parityPlace();

test(
  'mounts travel as under runc where those of the host are shared, for every word of rootfsPropagation',
  root(),
  async () => {
    const bundle = `${folder}/travel`;
    const words = ['', 'private', 'rprivate', 'slave', 'rslave'];
    const seen = async (command: string): Promise<string[]> => {
      const ran = await run(
        'unshare',
        ['--mount', '--propagation', 'shared', 'sh', '-c', `${command}; cat /proc/self/mountinfo >&2`],
        { env },
      );
      assert.equal(ran.status, 0, ran.stderr);
      assert.ok(!ran.stderr.includes(`${bundle}/rootfs`), 'nothing of the container is on the host');
      return ran.stdout
        .trim()
        .split('\n')
        .map((line) => mountsOf(line.replace(/(shared|master):\d+/g, '$1'))[0] ?? '');
    };
    for (const word of words) {
      await makeBundle(bundle, {
        args: ['cat', '/proc/self/mountinfo'],
        edit: (config) => {
          Object.assign(config.linux, { cgroupsPath, rootfsPropagation: word, maskedPaths: [], readonlyPaths: [] });
          config.mounts = [
            { destination: '/proc', type: 'proc', source: 'proc' },
            { destination: '/shm', type: 'bind', source: '/dev/shm', options: ['rbind'] },
            { destination: '/bundle', type: 'bind', source: bundle, options: ['bind'] },
          ];
        },
      });
      const theirs = await seen(`runc --root ${folder}/real run --bundle ${bundle} ${id}`);
      assert.deepEqual(await seen(`${own} --root ${folder}/own run --bundle ${bundle} ${id}`), theirs, `"${word}"`);
      rmSync(bundle, { recursive: true });
    }
  },
);

/** Words that runc 1.1 takes; it refuses some that the spec names (ratime, nosymfollow, defaults of a tmpfs). */
const optionWords =
  'async atime dev diratime dirsync exec lazytime loud noatime nodev nodiratime noexec nolazytime nomand norelatime nostrictatime ' +
  'nosuid relatime ro rw silent strictatime suid sync';
/** It forgets these where they are not given to a bind. */
const recursiveWords =
  'rro rrw rnosuid rsuid rnodev rdev rnoexec rexec rnodiratime rdiratime rrelatime rnoatime rstrictatime';

test(
  'every mount option does to a bind, to what is mounted below it and to a tmpfs what it does under runc',
  root(),
  async () => {
    const source = `${folder}/tree`;
    mkdirSync(source);
    await must('mount', ['-t', 'tmpfs', '-o', 'nosuid,nodev,mode=755', 'tmpfs', source]);
    try {
      mkdirSync(`${source}/below`);
      await must('mount', ['-t', 'tmpfs', '-o', 'noexec', 'tmpfs', `${source}/below`]);
      const { ours, theirs } = await underBoth('options', 'cat /proc/self/mountinfo', (config) => {
        Object.assign(config.linux, { maskedPaths: [], readonlyPaths: [] });
        config.root.readonly = false;
        config.mounts = [
          { destination: '/proc', type: 'proc', source: 'proc' },
          ...`${optionWords} ${recursiveWords}`
            .split(' ')
            .map((word) => ({ destination: `/b-${word}`, type: 'bind', source, options: ['rbind', word] })),
          ...optionWords.split(' ').map((word) => ({
            destination: `/t-${word}`,
            type: 'tmpfs',
            source: 'tmpfs',
            options: [word, 'mode=755'],
          })),
        ];
      });
      assert.deepEqual(mountsOf(ours), mountsOf(theirs));
    } finally {
      await must('umount', ['--recursive', source]);
    }
  },
);
