// Pause and resume on version 1, and what is frozen from above.
// @source oci-runtime config-linux#control-groups, kernel cgroup-v1/freezer-subsystem.rst
import { rmdirSync, writeFileSync } from 'node:fs';
import { waitUntil } from '../../helpers/wait.ts';
import { type Behaviour, on } from '../behaviour.ts';
import { succeeded } from '../container.ts';
import { everyHierarchy } from '../left-over.ts';
import type { Document, Place } from '../place.ts';

const rmdir = (path: string): void => rmdirSync(path);

const sleeping = ['sleep', '1000'];
const counting = ['sh', '-c', 'n=0; while :; do n=$((n+1)); echo $n; sleep 0.02; done'];

export const frozenCgroups = (place: Place): Behaviour[] => [
  {
    title: 'a paused container does not run, a resumed one does',
    observe: on(place, counting, {}, async (container) => {
      await container.start();
      await container.says(/3/);
      succeeded(await container.verb('pause'));
      const paused = container.output();
      succeeded(await container.verb('state'));
      const stood = container.output() === paused;
      succeeded(await container.verb('resume'));
      return [stood, await waitUntil(() => container.output() !== paused, { what: 'more output' })];
    }),
    expected: [true, true],
  },
  {
    title: 'pause freezes every process of the cgroup',
    observe: on(place, sleeping, {}, async (container) => {
      await container.start();
      await container.verb('pause');
      return container.cgroupFile('freezer.state');
    }),
    expected: 'FROZEN',
  },
  {
    title: 'a signal to a paused container arrives when it is resumed',
    observe: on(
      place,
      ['sh', '-c', 'trap "echo got it; exit" TERM; while :; do sleep 0.02; done'],
      {},
      async (container) => {
        await container.start();
        await container.says(/^$/);
        await container.verb('pause');
        await container.verb('kill', 'TERM');
        const before = container.output();
        await container.verb('resume');
        await container.reaches('stopped');
        return [before, container.output()];
      },
    ),
    expected: ['', 'got it\n'],
  },
  {
    title: 'a container whose cgroup is frozen from above is running: no resume could thaw it',
    observe: async () => {
      const pod = `${place.cgroup}/frozen-pod`;
      const state = `/sys/fs/cgroup/freezer${pod}/freezer.state`;
      await using _made = { [Symbol.asyncDispose]: async () => everyHierarchy(pod).forEach(rmdir) };
      await using container = place.container(sleeping, {
        edit: ({ linux }) => Object.assign(linux, { cgroupsPath: `${pod}/inner` }),
      });
      await container.start();
      writeFileSync(state, 'FROZEN');
      const told = await container.status();
      const listed = JSON.parse((await place.call(['list', '--format', 'json'])).stdout) as Document[];
      const resumed = await container.verb('resume');
      writeFileSync(state, 'THAWED');
      return [told, listed.find(({ id }) => id === container.id)?.status, resumed.status !== 0];
    },
    expected: ['running', 'running', true],
  },
];
