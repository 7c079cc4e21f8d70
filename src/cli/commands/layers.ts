// tlab layers: what each layer of an image is, what it changed, one file through all of them, and what two images share.
import { LabError } from '../../base/errors.ts';
import { printable } from '../../base/text.ts';
import type { DaemonClient } from '../../daemon/client.ts';
import type { ImageLayers } from '../../daemon/image-protocol.ts';
import type { FileStep } from '../../layers/follow.ts';
import { defineCommand } from '../command.ts';
import { connect } from '../connection.ts';
import { integer } from '../flags/readers.ts';
import { boolean, one, text } from '../flags/spec.ts';
import { humanSize } from '../format/words.ts';
import { printLines } from '../output.ts';
import { print, terminalColumns } from '../terminal.ts';

export default defineCommand({
  operands: 'IMAGE',
  count: { min: 1, max: 1 },
  says: 'Reads the layers themselves and verifies their digests on the way.',
  flags: {
    file: text('Follow one file through the layers', { value: 'path' }),
    json: boolean('Print one JSON document with every change'),
    layer: one('Only this layer, counted from the bottom', integer, { value: 'int' }),
    'no-trunc': boolean('Do not shorten digests and instructions'),
    shared: text('What this other image shares with it on disk', { value: 'image' }),
    tree: boolean('Show the files that each layer added, changed and removed', { short: 't' }),
  },
  examples: [
    { says: 'the files of the third layer', line: 'tlab layers --tree --layer 3 nginx' },
    { says: 'where a file comes from', line: 'tlab layers --file /etc/passwd nginx' },
    { says: 'why two images take less than their sum', line: 'tlab layers --shared redis nginx' },
  ],
  async run({ operands: [name = ''], flags }) {
    const client = connect();
    if (flags.shared !== undefined) return await showShared(client, [name, flags.shared], flags.json);
    const { readImage } = await import('../layers/read.ts');
    const read = await readImage(client, name);
    const count = read.image.Layers.length;
    if (flags.layer !== undefined && (flags.layer < 1 || flags.layer > count)) {
      throw new LabError('usage', `--layer ${flags.layer}: ${name} has layers 1 to ${count}`);
    }
    if (flags.file !== undefined) {
      const { followFile } = await import('../../layers/follow.ts');
      return showFile(read.image, followFile(read.changes, flags.file), { path: flags.file, json: flags.json });
    }
    if (flags.json) {
      print(JSON.stringify({ schema: 'tlab.layers/1', ...read }, undefined, 2));
      return 0;
    }
    const { layersView } = await import('../layers/view.ts');
    const choice = { width: terminalColumns(), noTrunc: flags['no-trunc'], tree: flags.tree, only: flags.layer };
    await printLines(layersView(read, choice));
    return 0;
  },
});

function showFile(image: ImageLayers, steps: readonly FileStep[], about: { path: string; json: boolean }): number {
  if (about.json) print(JSON.stringify({ schema: 'tlab.layers.file/1', path: about.path, steps }, undefined, 2));
  else {
    for (const { layer, change } of steps) {
      const made = image.History[image.Layers[layer]?.Step ?? -1]?.CreatedBy ?? '';
      print(`layer ${layer + 1}  ${wordsOf(change)}`);
      if (made !== '') print(`         by ${printable(made.replace(/\s+/g, ' ')).slice(0, terminalColumns() - 12)}`);
    }
    if (steps.length > 0)
      print(
        steps.at(-1)?.change.kind === 'removed' ? 'a container does not see it' : 'a container sees the last of these',
      );
  }
  if (steps.length > 0) return 0;
  throw new LabError('notFound', `${about.path}: no layer of ${image.Name} has it`, {
    hint: `tlab layers --tree ${image.Name}`,
  });
}

function wordsOf(change: FileStep['change']): string {
  if (change.kind === 'removed') return `removed by ${printable(change.by)}`;
  const { type, mode, uid, gid, size, link, content } = change.after;
  const target = link === '' ? '' : ` → ${printable(link)}`;
  const bytes = type === 'file' ? `, ${humanSize(size, 3)}, sha256 ${content.slice(0, 12)}` : target;
  const state = `${type} ${mode.toString(8).padStart(4, '0')} ${uid}:${gid}${bytes}`;
  if (change.kind === 'added') return `added: ${state}`;
  const { mode: old } = change.before;
  const from = change.what.includes('mode') ? ` (mode was ${old.toString(8).padStart(4, '0')})` : '';
  return `changed ${change.what.join(', ')}: ${state}${from}`;
}

async function showShared(client: DaemonClient, names: [string, string], json: boolean): Promise<number> {
  const { imageLayers } = await import('../layers/read.ts');
  const { sharedBetween } = await import('../../layers/shared.ts');
  const [one, other] = await Promise.all([imageLayers(client, names[0]), imageLayers(client, names[1])]);
  const plain = ({ Layers }: ImageLayers) =>
    Layers.map((layer) => ({
      digest: layer.Digest,
      chainId: layer.ChainId,
      size: layer.Size,
      unpackedSize: layer.UnpackedSize,
    }));
  const shared = sharedBetween(plain(one), plain(other));
  if (json) {
    print(JSON.stringify({ schema: 'tlab.layers.shared/1', images: [one.Name, other.Name], ...shared }, undefined, 2));
    return 0;
  }
  const [a, b] = [printable(one.Name), printable(other.Name)];
  print(
    `${a} has ${one.Layers.length} layers, ${b} has ${other.Layers.length}; ${shared.commonLayers} from the bottom are the same`,
  );
  print(
    `  on disk once for both: ${humanSize(shared.snapshotBytes, 3)} unpacked, ${humanSize(shared.blobBytes, 3)} of blobs`,
  );
  for (const digest of shared.movedDigests) {
    print(`  ${digest.slice(0, 19)}: one blob, but over other layers, and so unpacked twice`);
  }
  return 0;
}
