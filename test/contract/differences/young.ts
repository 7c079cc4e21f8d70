// What is younger in the specification than runc 1.1 and crun 1.8.
import type { Difference } from '../difference.ts';

export const young: readonly Difference[] = [
  ...(
    [
      ['process.scheduler sets the policy', '0'],
      ['process.scheduler sets the nice value', '0'],
      ['process.ioPriority sets class and priority', 'none: prio 0'],
      ['netDevices moves a device of the host into the container', '0'],
    ] as const
  ).map(
    ([behaviour, instead]): Difference => ({
      behaviour,
      runtimes: ['runc', 'crun'],
      instead,
      reason: 'younger than both, and passed over',
    }),
  ),
  ...[
    'an unknown policy of process.scheduler is refused',
    'an unknown class of process.ioPriority is refused',
    'timeOffsets without a time namespace are refused',
  ].map(
    (behaviour): Difference => ({
      behaviour,
      runtimes: ['runc', 'crun'],
      instead: /"isRefused":false/,
      reason: 'younger than both, and passed over',
    }),
  ),
  ...['timeOffsets moves the boot time of a time namespace', 'timeOffsets are those of the namespace'].flatMap(
    (behaviour): Difference[] => [
      {
        behaviour,
        runtimes: ['runc'],
        instead: /^refused: .*namespace .*time.* does not exist/,
        reason: 'time namespaces came with runc 1.2',
      },
      {
        behaviour,
        runtimes: ['crun'],
        instead: /^refused: /,
        reason: 'crun 1.8 fails when its first process enters the namespace',
      },
    ],
  ),
  {
    behaviour: 'linux.personality sets the execution domain',
    runtimes: ['runc'],
    instead: 'x86_64',
    reason: 'younger than runc 1.1, and passed over',
  },
  {
    behaviour: 'a mount with uidMappings and gidMappings shows mapped owners',
    runtimes: ['runc'],
    instead: '0 0',
    reason: 'mapped mounts came with runc 1.2, and are passed over',
  },
  {
    behaviour: 'nosymfollow follows no link of the mount',
    runtimes: ['crun'],
    instead: 'text',
    reason: 'crun 1.8 does not apply it to a bind',
  },
];
