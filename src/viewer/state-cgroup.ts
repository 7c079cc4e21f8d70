// Control groups as of an event: which there are, in which hierarchies, what was written to them, which processes were put in.
import type { TraceEvent } from '../trace/file.ts';
import { argumentOf, type Fold, isDone, type StateLine, textOf } from './state-fold.ts';

interface Group {
  /** `memory`, `unified`; '' on a host with version 2 alone. */
  hierarchies: Map<string, number>;
  /** `memory/memory.limit_in_bytes` → its last value. */
  values: Map<string, { value: string; seq: number }>;
}

type Groups = Map<string, Group>;

/** @source kernel cgroup-v1/cgroups.rst, cgroup-v2.rst: where hierarchies are mounted by custom */
const mountPoint = '/sys/fs/cgroup/';

/** Names of version 1's hierarchies and of the hybrid layout's unified one. @source man cgroups(7) */
const hierarchyForm =
  /^(?:unified|systemd|(?:cpu|cpuacct|cpuset|blkio|memory|devices|freezer|net_cls|net_prio|perf_event|hugetlb|pids|rdma|misc)(?:,[a-z_,]+)?)$/;

interface Place {
  hierarchy: string;
  group: string;
}

function placeOf(path: string): Place | undefined {
  if (!path.startsWith(mountPoint)) return undefined;
  const [first = '', ...rest] = path.slice(mountPoint.length).split('/');
  return hierarchyForm.test(first)
    ? { hierarchy: first, group: rest.join('/') }
    : { hierarchy: '', group: [first, ...rest].join('/') };
}

export const cgroup: Fold<Groups> = {
  begin: () => new Map(),
  concerns: (event) => event.type.startsWith('kernel.cgroup-') || isDeviceFilter(event),
  apply(groups, event) {
    if (!isDone(event)) return;
    const path = isDeviceFilter(event) ? `${argumentOf(event, 'path')}/devices` : textOf(event.data.path);
    const place = placeOf(path);
    if (place === undefined) return;
    if (event.type === 'kernel.cgroup-made') groupAt(groups, place.group).hierarchies.set(place.hierarchy, event.seq);
    else if (event.type === 'kernel.cgroup-removed') remove(groups, place);
    else write(groups, place, event);
  },
  lines: (groups, names) =>
    [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([path, group]) => groupLines(names.named(path), group)),
};

const isDeviceFilter = ({ type, data }: TraceEvent): boolean =>
  type === 'kernel.operation-executed' && data.operation === 'cgroup_devices' && data.arguments !== undefined;

function groupAt(groups: Groups, path: string): Group {
  const known = groups.get(path);
  if (known !== undefined) return known;
  const made: Group = { hierarchies: new Map(), values: new Map() };
  groups.set(path, made);
  return made;
}

function remove(groups: Groups, { hierarchy, group }: Place): void {
  const known = groups.get(group);
  known?.hierarchies.delete(hierarchy);
  if (known?.hierarchies.size === 0) groups.delete(group);
}

function write(groups: Groups, { hierarchy, group: path }: Place, { data, seq }: TraceEvent): void {
  const at = path.lastIndexOf('/');
  const group = groupAt(groups, at < 0 ? '' : path.slice(0, at));
  const file = path.slice(at + 1);
  const value = textOf(data.value ?? 'a filter of the devices that it may use').trim();
  group.values.set(`${hierarchy === '' ? '' : `${hierarchy}: `}${file}`, { value, seq });
}

function groupLines(path: string, { hierarchies, values }: Group): StateLine[] {
  const where = [...hierarchies.keys()].filter((name) => name !== '').join(' ');
  return [
    {
      text: `${path || '(root)'}${where === '' ? '' : `  in ${where}`}`,
      indent: 0,
      seq: Math.max(...hierarchies.values(), 0) || undefined,
    },
    ...[...values].map(([name, { value, seq }]) => ({ text: `${name} = ${value}`, seq, indent: 1 })),
  ];
}
