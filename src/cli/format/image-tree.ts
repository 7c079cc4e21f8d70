// `tlab images --tree`: each image with the platforms of its index and its layers, bottom to top, and which other images have the
// same layer. Bytes of a layer that several images have are on disk once.
import { paint } from '../../base/colour.ts';
import { printable } from '../../base/text.ts';
import type { DaemonClient } from '../../daemon/client.ts';
import type { ImageLayers, ImageManifestSummary, ImageSummary } from '../../daemon/image-protocol.ts';
import { print } from '../terminal.ts';
import { namesOrIds, shortImageId } from './images.ts';
import { fitWidth } from './table.ts';
import { ellipsis, humanSize } from './words.ts';

export interface ImageBranch {
  summary: ImageSummary;
  layers: ImageLayers;
}

export async function printTree(
  client: DaemonClient,
  images: readonly ImageSummary[],
  { json }: { json: boolean },
): Promise<number> {
  const branches: ImageBranch[] = [];
  for (const summary of images) {
    const layers = await client.json<ImageLayers>({ method: 'GET', path: `/tlab/images/${summary.Id}/layers` });
    branches.push({ summary, layers });
  }
  if (json) print(JSON.stringify(branches, undefined, 2));
  else for (const line of treeLines(branches)) print(line);
  return 0;
}

/** Names of columns, then a block an image, then the sum. */
export function treeLines(branches: readonly ImageBranch[], width = fitWidth() ?? 100): string[] {
  if (branches.length === 0) return [];
  const name = Math.max(24, Math.min(width - 40, 60));
  const line = (what: string, id: string, disk: string, blobs: string): string =>
    `${ellipsis(what, name).padEnd(name)} ${id.padEnd(12)} ${disk.padStart(9)} ${blobs.padStart(9)}`.trimEnd();
  const lines = [paint.out('bold', line('IMAGE', 'ID', 'ON DISK', 'BLOBS'))];
  for (const { summary, layers } of branches) {
    const names = (summary.RepoTags ?? []).join(', ') || '<none>';
    const manifests = summary.Manifests ?? [];
    const blobs = manifests.reduce((sum, { Size }) => sum + Size.Content, 0);
    lines.push(line(printable(names), shortImageId(summary.Id), humanSize(summary.Size, 3), humanSize(blobs, 3)));
    const leaves = [
      ...manifests.map((manifest) => platformLine(manifest, line)),
      ...layers.Layers.map((layer) => ({
        main: (mark: string) =>
          line(
            `${mark}layer ${shortImageId(layer.Digest)}`,
            shortImageId(layer.ChainId),
            layer.UnpackedSize === null ? '-' : humanSize(layer.UnpackedSize, 3),
            humanSize(layer.Size, 3),
          ),
        below: layer.SharedWith.length === 0 ? undefined : `shared with ${namesOrIds(layer.SharedWith)}`,
      })),
    ];
    for (const [at, { main, below }] of leaves.entries()) {
      const isLast = at === leaves.length - 1;
      lines.push(main(isLast ? '└─ ' : '├─ '));
      if (below !== undefined) {
        const text = ellipsis(`${isLast ? '   ' : '│  '}   ${below}`, width);
        lines.push(paint.out('dim', text));
      }
    }
  }
  return [...lines, '', sharedLine(branches)];
}

type Line = (what: string, id: string, disk: string, blobs: string) => string;

function platformLine({ ImageData, Kind, Available, Descriptor, Size }: ImageManifestSummary, line: Line) {
  const { os, architecture, variant } = ImageData?.Platform ?? { os: Kind, architecture: '', variant: undefined };
  const platform = [os, architecture, variant].filter((part) => part !== undefined && part !== '').join('/');
  const disk = ImageData === undefined || !Available ? '-' : humanSize(ImageData.Size.Unpacked, 3);
  const blobs = Available ? humanSize(Size.Content, 3) : '-';
  return {
    main: (mark: string) => line(`${mark}${printable(platform)}`, shortImageId(Descriptor.digest), disk, blobs),
    below: Available ? undefined : 'not here; only its name is',
  };
}

/** Distinct layers by chain id against the sum of all. */
function sharedLine(branches: readonly ImageBranch[]): string {
  const all = branches.flatMap(({ layers }) => layers.Layers);
  const distinct = [...new Map(all.map((layer) => [layer.ChainId, layer])).values()];
  const bytes = (layers: typeof all): number => layers.reduce((sum, { UnpackedSize }) => sum + (UnpackedSize ?? 0), 0);
  const saved = bytes(all) - bytes(distinct);
  return `${distinct.length} layers on disk, ${humanSize(bytes(distinct), 3)}; sharing saves ${humanSize(saved, 3)}`;
}
