// What the specification got in 1.1 and 1.2: schedulers, I/O priority, personality, time namespaces, mapped ids of a mount, recursive
// mount attributes. runc 1.1 and crun 1.8 are older than most of it.
// @source oci-runtime config#scheduler, config#process, config-linux#time-namespaces, config#mounts
import { mkdirSync, writeFileSync } from 'node:fs';
import { must } from '../../helpers/shell.ts';
import { type Behaviour, on, type Refused, readings, refusals, type Suite } from '../behaviour.ts';
import type { Document, Place } from '../place.ts';

export const youngSuite: Suite = (place) => [
  ...oneReading(place),
  ...mountReadings(place),
  ...late(place),
  ...refusals(place, wrong),
];

/** A container of its own for each: a runtime that refuses one still shows the others. */
const oneReading = (place: Place): Behaviour[] => [
  ...readings(
    place,
    { edit: ({ process }) => Object.assign(process, { scheduler: { policy: 'SCHED_BATCH', nice: 7 } }) },
    [
      ['process.scheduler sets the policy', "cut -d' ' -f41 /proc/self/stat", '3'],
      ['process.scheduler sets the nice value', "cut -d' ' -f19 /proc/self/stat", '7'],
    ],
  ),
  ...readings(
    place,
    { edit: ({ process }) => Object.assign(process, { ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 6 } }) },
    [['process.ioPriority sets class and priority', 'ionice -p $$', /best-effort: prio 6/]],
  ),
  ...readings(place, { edit: ({ linux }) => Object.assign(linux, { personality: { domain: 'LINUX32' } }) }, [
    ['linux.personality sets the execution domain', 'uname -m', 'i686'],
  ]),
  ...readings(
    place,
    {
      edit: ({ linux }) => {
        linux.namespaces.push({ type: 'time' });
        linux.timeOffsets = { boottime: { secs: 864000, nanosecs: 0 }, monotonic: { secs: 1000, nanosecs: 0 } };
      },
    },
    [
      [
        'timeOffsets moves the boot time of a time namespace',
        '[ $(cut -d. -f1 /proc/uptime) -gt 864000 ] && echo later',
        'later',
      ],
      [
        'timeOffsets are those of the namespace',
        "awk '{print $1, $2, $3}' /proc/self/timens_offsets",
        'monotonic 1000 0\nboottime 864000 0',
      ],
    ],
  ),
];

const map = (hostID: number): Document[] => [{ containerID: 0, hostID, size: 1000 }];

function mountReadings(place: Place): Behaviour[] {
  const source = (): string => {
    const folder = `${place.folder}/young`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/file`, 'text');
    return folder;
  };
  const bind =
    (options: readonly string[], more: Document = {}) =>
    (config: Document) =>
      config.mounts.push({ destination: '/bound', type: 'bind', source: source(), options, ...more });
  return [
    ...readings(place, { edit: bind(['rbind', 'rro']) }, [
      ['rro makes a bind read-only with all below', 'echo x > /bound/file', /Read-only file system/],
    ]),
    ...readings(place, { edit: bind(['bind', 'nosymfollow']) }, [
      [
        'nosymfollow follows no link of the mount',
        'ln -s file /bound/link$$; cat /bound/link$$',
        /Too many levels|Symbolic link/,
      ],
    ]),
    ...readings(place, { edit: bind(['bind'], { uidMappings: map(5000), gidMappings: map(6000) }) }, [
      ['a mount with uidMappings and gidMappings shows mapped owners', 'stat -c "%u %g" /bound/file', '5000 6000'],
    ]),
    ...readings(
      place,
      {
        edit: (config) =>
          config.mounts.push({ destination: '/copied', type: 'tmpfs', source: 'tmpfs', options: ['tmpcopyup'] }),
        prepare: (rootfs) => {
          mkdirSync(`${rootfs}/copied`);
          writeFileSync(`${rootfs}/copied/of-the-image`, 'copied up');
        },
      },
      [['tmpcopyup fills a tmpfs with what it covers', 'cat /copied/of-the-image', 'copied up']],
    ),
  ];
}

const late = (place: Place): Behaviour[] => [
  {
    title: 'a poststart hook that fails stops the program and fails start',
    observe: on(
      place,
      ['sleep', '1000'],
      {
        edit: (config) =>
          Object.assign(config, {
            hooks: { poststart: [{ path: '/bin/sh', args: ['sh', '-c', 'cat > /dev/null; exit 1'] }] },
          }),
      },
      async (container) => {
        const created = await container.create();
        if (created.status !== 0) return ['create fails'];
        const { status } = await container.verb('start');
        return [status !== 0, (await container.state()).status];
      },
    ),
    expected: [true, 'stopped'],
  },
  {
    title: 'netDevices moves a device of the host into the container',
    observe: async () => {
      const name = `tlabn${process.pid % 10000}${place.name.slice(0, 1)}`;
      await must('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}p`]);
      try {
        const edit = ({ linux }: Document): void =>
          Object.assign(linux, { netDevices: { [name]: { name: 'moved0' } } });
        await using container = place.container(['sh', '-c', 'grep -c moved0 /proc/net/dev'], { edit });
        return (await container.run()).stdout;
      } finally {
        // With the container's namespace it is gone, but for a runtime that has left it.
        await must('sh', ['-c', `ip link delete ${name} 2>/dev/null || true`]);
      }
    },
    expected: '1',
  },
];

const wrong: readonly Refused[] = [
  [
    'an unknown policy of process.scheduler is refused',
    ({ process }) => Object.assign(process, { scheduler: { policy: 'SCHED_LUCK' } }),
    /SCHED_LUCK|scheduler/,
  ],
  [
    'an unknown class of process.ioPriority is refused',
    ({ process }) => Object.assign(process, { ioPriority: { class: 'IOPRIO_CLASS_LUCK', priority: 1 } }),
    /IOPRIO_CLASS_LUCK|ioPriority/,
  ],
  [
    'timeOffsets without a time namespace are refused',
    ({ linux }) => Object.assign(linux, { timeOffsets: { boottime: { secs: 1, nanosecs: 0 } } }),
    /time/,
  ],
];
