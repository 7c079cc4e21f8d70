// What `tlab layers` prints: each layer with the steps that made it, its identities and how they come about, its changes; then waste.
import { paint } from '../../base/colour.ts';
import { fit, printable } from '../../base/text.ts';
import type { ImageLayer, ImageLayers } from '../../daemon/image-protocol.ts';
import type { Change, LayerChanges, Waste } from '../../layers/changes.ts';
import { layerCompression } from '../../oci/media-types.ts';
import { namesOrIds } from '../format/images.ts';
import { counted, humanSize } from '../format/words.ts';
import type { ReadImage } from './read.ts';
import { treeLines } from './tree.ts';

export interface ViewChoice {
  width: number;
  /** Whole digests. */
  noTrunc: boolean;
  /** The tree of files too. */
  tree: boolean;
  /** Only this layer, from 1. */
  only: number | undefined;
}

export function* layersView(read: ReadImage, choice: ViewChoice): Generator<string> {
  const { image, changes } = read;
  const { width } = choice;
  yield* headerOf(image, width);
  const leading = image.History.findIndex(({ Layer }) => Layer !== null);
  if (leading > 0) yield* emptySteps(image, { from: 0, to: leading }, width);
  for (const [at, layer] of image.Layers.entries()) {
    if (choice.only !== undefined && choice.only !== at + 1) continue;
    const own = changes.layers[at];
    if (own === undefined) continue;
    yield '';
    yield* layerView({ image, layer, at, own, tarBytes: read.tarBytes[at] ?? 0 }, choice);
  }
  if (choice.only !== undefined) return;
  yield '';
  yield* wasteView(changes.waste, changes.wastedBytes, width);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

function* headerOf(image: ImageLayers, width: number): Generator<string> {
  const { os, architecture, variant } = image.Platform;
  const platform = [os, architecture, variant].filter((part) => part !== undefined).join('/');
  const blobs = humanSize(sum(image.Layers.map(({ Size }) => Size)), 3);
  const disk = humanSize(sum(image.Layers.map(({ UnpackedSize }) => UnpackedSize ?? 0)), 3);
  const layers = `${counted(image.Layers.length, 'layer')}, ${blobs} compressed, ${disk} unpacked`;
  yield paint.out('bold', fit(`${printable(image.Name)}  ${printable(platform)}: ${layers}`, width));
  yield fit(`image ID  ${image.Id}`, width);
}

interface Shown {
  image: ImageLayers;
  layer: ImageLayer;
  at: number;
  own: LayerChanges;
  tarBytes: number;
}

function* layerView({ image, layer, at, own, tarBytes }: Shown, choice: ViewChoice): Generator<string> {
  const { width, noTrunc, tree } = choice;
  const digest = (text: string): string => (noTrunc ? text : text.slice(0, 'sha256:'.length + 12));
  const step = image.History[layer.Step];
  const made = step === undefined ? 'the history does not say what made it' : instructionOf(step.CreatedBy);
  yield paint.out('bold', fit(`layer ${at + 1}  ${made}`, noTrunc ? Number.MAX_SAFE_INTEGER : width));
  const compression = layerCompression({ mediaType: layer.MediaType }) ?? 'unknown';
  const row = (name: string, id: string, says: string): string =>
    fit(`  ${name.padEnd(9)} ${digest(id)}  ${says}`, noTrunc ? 240 : width);
  const form = compression === 'none' ? 'not compressed' : compression;
  yield row('digest', layer.Digest, `sha256 of the blob: ${humanSize(layer.Size, 3)}, ${form}`);
  yield row('diff ID', layer.DiffId, `sha256 of the tar: ${humanSize(tarBytes, 3)}`);
  const how = at === 0 ? 'the diff ID, since nothing lies below' : `sha256 of "chain ${at} + space + diff ID"`;
  yield row('chain ID', layer.ChainId, how);
  const disk = layer.UnpackedSize === null ? 'not unpacked' : `${humanSize(layer.UnpackedSize, 3)} on disk`;
  const count = (kind: Change['kind']): number => own.changes.filter((change) => change.kind === kind).length;
  const counts = [
    paint.out('green', `+${count('added')} added`),
    paint.out('yellow', `~${count('changed')} changed`),
    paint.out('red', `-${count('removed')} removed`),
  ];
  yield `  files     ${counts.join(', ')}; ${disk}`;
  if (layer.SharedWith.length > 0) yield fit(`  shared    with ${namesOrIds(layer.SharedWith)}`, width);
  for (const name of own.refused) yield fit(`  refused   ${printable(name)}: it leads out of the root`, width);
  if (tree) for (const line of treeLines(own.changes, width - 2)) yield `  ${line}`;
  if (layer.Step >= 0) yield* emptySteps(image, { from: layer.Step + 1, to: image.History.length }, width);
}

/** Steps that changed no file, up to the next that did. */
function* emptySteps(image: ImageLayers, { from, to }: { from: number; to: number }, width: number): Generator<string> {
  for (const step of image.History.slice(from, to)) {
    if (step.Layer !== null) return;
    yield paint.out('dim', fit(`  no layer  ${instructionOf(step.CreatedBy)}`, width));
  }
}

/** The Dockerfile's words out of what builders write into the history. @source moby builder/dockerfile; buildkit frontend */
export function instructionOf(createdBy: string): string {
  const text = createdBy.replace(/\s+/g, ' ').trim();
  const nop = /^\/bin\/sh -c #\(nop\) *(.*)$/.exec(text)?.[1];
  if (nop !== undefined) return printable(nop);
  const run = /^(?:\|\d+ .*?)?\/bin\/sh -c (.*)$/.exec(text)?.[1];
  if (run !== undefined) return printable(`RUN ${run}`);
  return (
    printable(text.replace(/ # buildkit$/, '').replace(/^RUN \/bin\/sh -c /, 'RUN ')) || 'no instruction is written'
  );
}

const mostShown = 10;

function* wasteView(waste: readonly Waste[], wastedBytes: number, width: number): Generator<string> {
  if (waste.length === 0) {
    yield 'wasted: nothing; no layer hides bytes of one below';
    return;
  }
  yield `wasted: ${humanSize(wastedBytes, 3)} in ${counted(waste.length, 'file')} that a later layer changed or removed`;
  for (const { bytes, path, layer, hiddenBy, how } of waste.slice(0, mostShown)) {
    const where = `layer ${layer + 1}, ${how} by ${hiddenBy + 1}`;
    const room = Math.max(10, width - where.length - 15);
    const name = printable(`/${path}`);
    const shown = [...name].length > room ? `…${[...name].slice(-(room - 1)).join('')}` : name;
    yield `  ${humanSize(bytes, 3).padStart(8)}  ${shown}  ${where}`;
  }
  if (waste.length > mostShown) yield `  and ${waste.length - mostShown} more: --json has them all`;
}
