// Cgroups that are not free when a container is created: somebody is in them, or they are frozen.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { waitUntil } from '../../helpers/wait.ts';
import { type Behaviour, on, refusalOf, refusedWhole } from '../behaviour.ts';
import type { Container } from '../container.ts';
import { everyHierarchy } from '../left-over.ts';
import type { Place } from '../place.ts';

const rmdir = (path: string): void => rmdirSync(path);

const sleeping = ['sleep', '1000'];

export const processesIn = (directory: string): string => readFileSync(`${directory}/cgroup.procs`, 'utf8').trim();

/** crun stands still in a frozen cgroup, and would for ever: the cgroup is thawed as soon as somebody is in it. */
async function createdInFrozen(container: Container): Promise<unknown> {
  const directory = container.cgroup('freezer');
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/freezer.state`, 'FROZEN');
  let isOver = false;
  const creating = container.create().finally(() => {
    isOver = true;
  });
  await waitUntil(() => isOver || processesIn(directory) !== '', { what: 'create to refuse or to begin' });
  if (!isOver) writeFileSync(`${directory}/freezer.state`, 'THAWED');
  const { status, stderr } = await creating;
  const seen = { isRefused: status !== 0, isNamed: /cgroup unexpectedly frozen/.test(stderr) };
  if (seen.isRefused) container.clear();
  return seen;
}

export const takenCgroups = (place: Place): Behaviour[] => [
  {
    title: 'a cgroup with the process of another container is refused, and stays as it is',
    observe: on(place, sleeping, {}, async (first) => {
      const { pid } = await first.created();
      await using second = place.container(sleeping, {
        edit: ({ linux }) => Object.assign(linux, { cgroupsPath: `${place.cgroup}/${first.id}` }),
      });
      const seen = await refusalOf(second, /container's cgroup is not empty: 1 process\(es\) found/);
      return [seen, processesIn(first.cgroup('memory')) === String(pid)];
    }),
    expected: [refusedWhole, true],
  },
  {
    title: 'a cgroup with a process somewhere below it is refused',
    observe: async () => {
      const pod = `${place.cgroup}/pod`;
      await using _made = { [Symbol.asyncDispose]: async () => everyHierarchy(pod).forEach(rmdir) };
      await using first = place.container(sleeping, {
        edit: ({ linux }) => Object.assign(linux, { cgroupsPath: `${pod}/first` }),
      });
      await first.created();
      await using second = place.container(sleeping, {
        edit: ({ linux }) => Object.assign(linux, { cgroupsPath: pod }),
      });
      // Awaited here: else both containers are deleted while create is at work, and its state directory goes from under it.
      return await refusalOf(second, /container's cgroup is not empty: 1 process\(es\) found/);
    },
    expected: refusedWhole,
  },
  {
    title: 'a frozen cgroup is refused',
    observe: on(place, sleeping, {}, createdInFrozen),
    expected: { isRefused: true, isNamed: true },
  },
];
