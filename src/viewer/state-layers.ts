// Layers and snapshots as of an event: what was fetched, checked, unpacked; which stack of snapshots stands on which; what a registry got.
import type { TraceEvent } from '../trace/file.ts';
import { type Fold, type Names, type StateLine, textOf } from './state-fold.ts';

interface Layer {
  sizeBytes: number;
  done: string[];
  seq: number;
}

interface Snapshot {
  parent: string;
  kind: string;
  seq: number;
}

interface Layers {
  layers: Map<string, Layer>;
  snapshots: Map<string, Snapshot>;
}

/** What an event says of a layer or blob. */
const doneWords: Readonly<Record<string, string>> = {
  'containerd.layer-exists': 'was here already',
  'containerd.layer-fetched': 'fetched',
  'containerd.layer-verified': 'digest verified',
  'containerd.layer-unpacked': 'unpacked',
  'containerd.blob-there': 'at the registry already',
  'containerd.blob-mounted': 'lent by another repository',
  'containerd.blob-uploaded': 'uploaded',
  'daemon.build-layer-committed': 'made by a build',
};

export const layers: Fold<Layers> = {
  begin: () => ({ layers: new Map(), snapshots: new Map() }),
  concerns: ({ type }) => Object.hasOwn(doneWords, type) || type.startsWith('containerd.snapshot-'),
  apply(state, event) {
    const word = doneWords[event.type];
    if (word !== undefined) addWord(state.layers, event, word);
    else changeSnapshot(state.snapshots, event);
  },
  lines: (state, names) => [...layerLines(state.layers), ...snapshotLines(state.snapshots, names)],
};

function addWord(known: Map<string, Layer>, { data, seq }: TraceEvent, word: string): void {
  const digest = textOf(data.digest);
  const layer = known.get(digest) ?? { sizeBytes: 0, done: [], seq };
  if (!layer.done.includes(word)) layer.done.push(word);
  if (typeof data.sizeBytes === 'number') layer.sizeBytes ||= data.sizeBytes;
  layer.seq = seq;
  known.set(digest, layer);
}

function changeSnapshot(known: Map<string, Snapshot>, { type, data, seq }: TraceEvent): void {
  const key = textOf(data.key);
  if (type === 'containerd.snapshot-prepared') {
    known.set(key, { parent: textOf(data.parent), kind: textOf(data.kind), seq });
  } else if (type === 'containerd.snapshot-committed') {
    const parent = known.get(key)?.parent ?? '';
    known.delete(key);
    known.set(textOf(data.name), { parent, kind: 'committed', seq });
  } else if (type === 'containerd.snapshot-removed') known.delete(key);
}

const short = (digest: string): string => digest.replace(/sha256:([0-9a-f]{12})[0-9a-f]{52}/g, '$1');
const kib = (bytes: number): string => (bytes === 0 ? '' : `  ${Math.ceil(bytes / 1024)} KiB`);

function layerLines(known: ReadonlyMap<string, Layer>): StateLine[] {
  if (known.size === 0) return [];
  const rows = [...known].map(([digest, { sizeBytes, done, seq }]) => ({
    text: `${short(digest)}${kib(sizeBytes)}  ${done.join(', ')}`,
    seq,
    indent: 1,
  }));
  return [{ text: `layers: ${known.size}`, indent: 0 }, ...rows];
}

/** Each below what it stands on. */
function snapshotLines(known: ReadonlyMap<string, Snapshot>, names: Names): StateLine[] {
  if (known.size === 0) return [];
  const rows: StateLine[] = [];
  const tell = (parent: string, indent: number): void => {
    for (const [key, one] of known) {
      const isBelow = one.parent === parent || (indent === 1 && !known.has(one.parent) && parent === '');
      if (!isBelow || indent > known.size) continue;
      const base = indent === 1 && one.parent !== '' ? ` on ${short(one.parent)}, which was here before` : '';
      rows.push({ text: `${one.kind} ${names.named(short(key))}${base}`, seq: one.seq, indent });
      tell(key, indent + 1);
    }
  };
  tell('', 1);
  return [{ text: `snapshots: ${known.size}, each below the one that it stands on`, indent: 0 }, ...rows];
}
