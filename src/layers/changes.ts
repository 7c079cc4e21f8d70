// What each layer did to the files below it. A layer adds, changes and removes; what it removes or writes anew stays in the layer below,
// hidden, and those bytes are wasted. Rule: whiteouts act on lower layers only, wherever they stand in the archive.
// @source oci-image layer#change-types, layer#whiteouts
import type { EntryType, LayerEntry } from './tar-reader.ts';

export interface FileState {
  type: EntryType;
  mode: number;
  uid: number;
  gid: number;
  /** Bytes. */
  size: number;
  link: string;
  content: string;
  attributes: string;
  mtime: number;
}

export type ChangedWhat = 'type' | 'content' | 'mode' | 'owner' | 'link' | 'attributes' | 'time' | 'nothing';

/** `path` is relative to the root, without a slash in front. */
export type Change =
  | { kind: 'added'; path: string; after: FileState }
  | { kind: 'changed'; path: string; before: FileState; after: FileState; what: ChangedWhat[] }
  | {
      kind: 'removed';
      path: string;
      before: FileState /** The whiteout, or the entry that took its place. */;
      by: string;
    };

export interface LayerChanges {
  changes: Change[];
  entries: number;
  /** Bytes of the files that the layer brings. */
  fileBytes: number;
  /** Names that lead out of the root: an unpacker refuses them, and here they change nothing. */
  refused: string[];
}

/** A file whose bytes lie in one layer and are hidden by a later one. Layers are places from the bottom, from 0. */
export interface Waste {
  path: string;
  bytes: number;
  layer: number;
  hiddenBy: number;
  how: 'changed' | 'removed';
}

export interface ImageChanges {
  layers: LayerChanges[];
  /** Most bytes first. */
  waste: Waste[];
  wastedBytes: number;
}

interface Node {
  state: FileState | undefined;
  layer: number;
  children: Map<string, Node>;
}

const newNode = (): Node => ({ state: undefined, layer: -1, children: new Map() });

const whiteout = '.wh.';
const opaque = '.wh..wh..opq';
/** @source linux limits.h PATH_MAX */
const longestPath = 4096;

/** Layers bottom to top. */
export function changesOf(layers: ReadonlyArray<readonly LayerEntry[]>): ImageChanges {
  const root = newNode();
  const waste: Waste[] = [];
  const done = layers.map((entries, number) => applyLayer(root, entries, { number, waste }));
  waste.sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1));
  return { layers: done, waste, wastedBytes: waste.reduce((sum, { bytes }) => sum + bytes, 0) };
}

interface Place {
  number: number;
  waste: Waste[];
}

function applyLayer(root: Node, entries: readonly LayerEntry[], place: Place): LayerChanges {
  const result: LayerChanges = { changes: [], entries: entries.length, fileBytes: 0, refused: [] };
  const plain: Array<[string[], LayerEntry]> = [];
  const removed = new Map<string, FileState>();
  const step = { place, result, removed };
  for (const entry of entries) {
    const parts = partsOf(entry.name);
    if (parts === undefined) result.refused.push(entry.name);
    else if (parts.at(-1)?.startsWith(whiteout)) hide(root, parts, step);
    else plain.push([parts, entry]);
  }
  for (const [parts, entry] of plain) {
    result.fileBytes += entry.size;
    if (parts.length > 0) put(root, parts, { ...step, entry });
  }
  for (const [path, before] of removed) result.changes.push({ kind: 'removed', path, before, by: byOf(path, entries) });
  return result;
}

/** Undefined for a name that leaves the root or is longer than a path. */
function partsOf(name: string): string[] | undefined {
  if (name.length > longestPath) return undefined;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? undefined : parts;
}

interface Step {
  place: Place;
  result: LayerChanges;
  /** What the layer took away and did not write again. */
  removed: Map<string, FileState>;
}

function hide(root: Node, parts: string[], step: Step): void {
  const name = parts.at(-1) ?? '';
  const folder = nodeAt(root, parts.slice(0, -1));
  if (folder === undefined) return;
  const above = parts.slice(0, -1).join('/');
  if (name === opaque) {
    for (const [child, node] of folder.children) takeAway(node, above === '' ? child : `${above}/${child}`, step);
    folder.children.clear();
    return;
  }
  const gone = name.slice(whiteout.length);
  const node = folder.children.get(gone);
  if (node === undefined) return;
  takeAway(node, above === '' ? gone : `${above}/${gone}`, step);
  folder.children.delete(gone);
}

function nodeAt(root: Node, parts: readonly string[]): Node | undefined {
  let node: Node | undefined = root;
  for (const part of parts) node = node?.children.get(part);
  return node;
}

/** The node and all below it. A stack, since a hostile tree may be deep. */
function takeAway(node: Node, path: string, { place, removed }: Step): void {
  const waiting: Array<[Node, string]> = [[node, path]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [at, name] = next;
    if (at.state !== undefined) {
      removed.set(name, at.state);
      wasted(place, at, { path: name, how: 'removed' });
    }
    for (const [child, inner] of at.children) waiting.push([inner, `${name}/${child}`]);
  }
}

/** Bytes of the same layer written twice are not hidden by another layer. */
function wasted({ waste, number }: Place, node: Node, { path, how }: Pick<Waste, 'path' | 'how'>): void {
  const bytes = node.state?.type === 'file' ? node.state.size : 0;
  if (bytes > 0 && node.layer < number) waste.push({ path, bytes, layer: node.layer, hiddenBy: number, how });
}

function put(root: Node, parts: readonly string[], step: Step & { entry: LayerEntry }): void {
  const { entry, place, result, removed } = step;
  let node = root;
  for (const [at, part] of parts.entries()) {
    let child = node.children.get(part);
    if (child === undefined) {
      child = newNode();
      node.children.set(part, child);
    }
    // Something below a file: the file gives way to a folder that the archive does not name.
    if (at < parts.length - 1 && child.state?.type === 'file') {
      takeAway(child, parts.slice(0, at + 1).join('/'), step);
      child.state = undefined;
    }
    node = child;
  }
  const path = parts.join('/');
  const after = stateOf(entry, root);
  const before = node.state ?? removed.get(path);
  if (node.state !== undefined && node.layer < place.number) wasted(place, node, { path, how: 'changed' });
  if (after.type !== 'directory' && node.children.size > 0) {
    for (const [child, inner] of node.children) takeAway(inner, `${path}/${child}`, step);
    node.children.clear();
  }
  removed.delete(path);
  node.state = after;
  node.layer = place.number;
  if (before === undefined) result.changes.push({ kind: 'added', path, after });
  else addChange(result, { path, before, after });
}

/** A folder whose entry says what the layers below say is there only to hold its files. */
function addChange(
  result: LayerChanges,
  { path, before, after }: { path: string; before: FileState; after: FileState },
): void {
  const what = differences(before, after);
  const isFolder = before.type === 'directory' && after.type === 'directory';
  if (isFolder && what.every((each) => each === 'time')) return;
  result.changes.push({ kind: 'changed', path, before, after, what: what.length === 0 ? ['nothing'] : what });
}

function differences(before: FileState, after: FileState): ChangedWhat[] {
  if (before.type !== after.type) return ['type'];
  const what: ChangedWhat[] = [];
  if (before.content !== after.content) what.push('content');
  if (before.mode !== after.mode) what.push('mode');
  if (before.uid !== after.uid || before.gid !== after.gid) what.push('owner');
  if (before.link !== after.link) what.push('link');
  if (before.attributes !== after.attributes) what.push('attributes');
  if (before.mtime !== after.mtime) what.push('time');
  return what;
}

/** A hard link is what it points at, without bytes of its own. */
function stateOf(entry: LayerEntry, root: Node): FileState {
  const { type, mode, uid, gid, size, link, content, attributes, mtime } = entry;
  const own = { type, mode, uid, gid, size, link, content, attributes, mtime };
  if (type !== 'hardlink') return own;
  const target = partsOf(link);
  const pointed = target === undefined ? undefined : nodeAt(root, target)?.state;
  return pointed === undefined ? own : { ...pointed, size: 0 };
}

/** The nearest whiteout above or at the path, else the entry in its way: above it, or below it when a file gave way to a folder. */
function byOf(path: string, entries: readonly LayerEntry[]): string {
  const names = namesOf(entries);
  const parts = path.split('/');
  for (let length = parts.length; length > 0; length -= 1) {
    const above = parts.slice(0, length - 1);
    const name = [...above, `${whiteout}${parts[length - 1]}`].join('/');
    if (names.has(name)) return name;
    const all = [...above, opaque].join('/');
    if (names.has(all)) return all;
    if (length < parts.length && names.has(parts.slice(0, length).join('/'))) return parts.slice(0, length).join('/');
  }
  return `${path}/`;
}

const known = new WeakMap<readonly LayerEntry[], Set<string>>();

function namesOf(entries: readonly LayerEntry[]): Set<string> {
  const cached = known.get(entries);
  if (cached !== undefined) return cached;
  const names = new Set(entries.flatMap(({ name }) => partsOf(name)?.join('/') ?? []));
  known.set(entries, names);
  return names;
}
