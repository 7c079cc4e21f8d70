// The mount tables as of an event: the host's, and one for each container, which ends with its processes.
import type { TraceEvent } from '../trace/file.ts';
import { argumentOf, endsContainer, type Fold, isDone, type Names, type StateLine, textOf } from './state-fold.ts';

interface Mount {
  source: string;
  fstype: string;
  options: string;
  seq: number;
}

/** Target → what is mounted there, the topmost last. */
type Table = Map<string, Mount[]>;
/** '' is the host's; else a container's id. */
type Tables = Map<string, Table>;

const operations = new Set(['pivot_root', 'mask_path', 'readonly_path']);

export const mounts: Fold<Tables> = {
  begin: () => new Map([['', new Map()]]),
  concerns: (event) =>
    /^kernel\.(mount-|network-namespace-created)/.test(event.type) ||
    (event.type === 'kernel.operation-executed' && operations.has(textOf(event.data.operation))) ||
    endsContainer(event),
  apply(tables, event, names) {
    if (endsContainer(event)) tables.delete(textOf(event.data.id));
    else if (isDone(event)) change(tableOf(tables, event, names), event);
  },
  lines: (tables, names) =>
    [...tables].flatMap(([id, table]) => tableLines(id === '' ? 'host' : names.of(id), table, names)),
};

/** What a runtime's child reports happens in the container's mount namespace; the others are on the host. */
function tableOf(tables: Tables, event: TraceEvent, names: Names): Table {
  const id = event.truth === 'observed' ? '' : (names.containerOf(event.span) ?? '');
  const known = tables.get(id);
  if (known !== undefined) return known;
  const made: Table = new Map();
  tables.set(id, made);
  return made;
}

function change(table: Table, { type, data, seq, ...rest }: TraceEvent): void {
  const event = { type, data, seq, ...rest };
  if (type === 'kernel.mount-attached') {
    const { source, target, fstype, options } = data;
    attach(table, textOf(target), { source: textOf(source), fstype: textOf(fstype), options: textOf(options), seq });
  } else if (type === 'kernel.mount-detached') detach(table, textOf(data.target));
  else if (type === 'kernel.network-namespace-created') {
    attach(table, textOf(data.path), { source: 'a network namespace that it keeps', fstype: 'nsfs', options: '', seq });
  } else if (data.operation === 'pivot_root') {
    attach(table, '/', { source: 'the root that the shim mounted', fstype: 'overlay', options: '', seq });
  } else if (data.operation === 'mask_path') {
    attach(table, argumentOf(event, 'path'), { source: '', fstype: 'masked, nothing to read', options: 'ro', seq });
  } else {
    attach(table, argumentOf(event, 'path'), { source: 'itself', fstype: 'bind', options: 'ro', seq });
  }
}

function attach(table: Table, target: string, mount: Mount): void {
  const here = table.get(target) ?? [];
  const top = here.at(-1);
  const isAgain = /(^|,)remount(,|$)/.test(mount.options);
  if (isAgain && top !== undefined)
    Object.assign(top, { options: mount.options.replace(/^remount,?/, ''), seq: mount.seq });
  else table.set(target, [...here, mount]);
}

function detach(table: Table, target: string): void {
  const here = table.get(target);
  if (here === undefined || here.length < 2) table.delete(target);
  else here.pop();
}

function tableLines(of: string, table: Table, names: Names): StateLine[] {
  const count = [...table.values()].reduce((sum, here) => sum + here.length, 0);
  if (count === 0) return [];
  const rows = [...table]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([target, here]) =>
      here.map((mount) => ({ text: names.named(wordsOf(target, mount)), seq: mount.seq, indent: 1 })),
    );
  return [{ text: `mounts of ${of}: ${count}`, indent: 0 }, ...rows];
}

function wordsOf(target: string, { source, fstype, options }: Mount): string {
  const lower = /lowerdir=([^,]*)/.exec(options)?.[1];
  const shown =
    lower === undefined
      ? options
      : `${lower.split(':').length} below ${/upperdir=([^,]*)/.exec(options)?.[1] ?? 'none'}`;
  const from = source === '' || source === fstype ? '' : ` from ${source}`;
  return `${target}  ${fstype || 'bind'}${from}${shown === '' ? '' : `  (${shown})`}`;
}
