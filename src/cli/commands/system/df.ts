// tlab system df: what images, containers, volumes and build cache take on disk. Layers that images share count once.
// Beside docker's rows stands the content store: the blobs that images came as. @source docker-system-df(1)
import type { BuildCacheRecord, DiskUsage, ImageSummary } from '../../../daemon/image-protocol.ts';
import type { ContainerSummary } from '../../../daemon/protocol.ts';
import { defineCommand } from '../../command.ts';
import { connect } from '../../connection.ts';
import { boolean, text } from '../../flags/spec.ts';
import { containerFields, containerHeadings } from '../../format/containers.ts';
import { imageFields, imageHeadings, imageRows } from '../../format/images.ts';
import { type Fields, type Listing, listingLines } from '../../format/listing.ts';
import { fitWidth } from '../../format/table.ts';
import { humanAge, humanSize } from '../../format/words.ts';
import { print } from '../../terminal.ts';

export default defineCommand({
  flags: {
    format: text('Print each row by a Go template, as "table TEMPLATE", or as json'),
    json: boolean("Print the daemon's document"),
    verbose: boolean('Every image, container, volume and build cache record', { short: 'v' }),
  },
  async run({ flags }) {
    const usage = await connect().json<DiskUsage>({ method: 'GET', path: '/system/df' });
    if (flags.json) print(JSON.stringify(usage, undefined, 2));
    else if (flags.verbose) for (const line of verboseLines(usage)) print(line);
    else {
      const listing: Listing<Row> = {
        rows: rowsOf(usage),
        fields,
        shown,
        headings: { TotalCount: 'TOTAL' },
        id: (row) => row.type,
      };
      const choice = { format: flags.format, json: false, quiet: false };
      for (const line of listingLines(listing, choice, fitWidth())) print(line);
    }
    return 0;
  },
});

interface Row {
  type: string;
  total: number;
  active: number;
  bytes: number;
  reclaimableBytes: number;
  hasShare: boolean;
}

const shown = ['Type', 'TotalCount', 'Active', 'Size', 'Reclaimable'];

const fields: Fields<Row> = {
  Type: (row) => row.type,
  TotalCount: (row) => `${row.total}`,
  Active: (row) => `${row.active}`,
  Size: (row) => humanSize(row.bytes),
  Reclaimable: ({ reclaimableBytes, bytes, hasShare }) => {
    const share = hasShare && bytes > 0 ? ` (${Math.trunc((reclaimableBytes * 100) / bytes)}%)` : '';
    return `${humanSize(reclaimableBytes)}${share}`;
  },
};

const sum = <T>(items: readonly T[], bytes: (item: T) => number): number =>
  items.reduce((total, item) => total + bytes(item), 0);

/** @source docker cli formatter/disk_usage.go: what counts as active and as reclaimable */
function rowsOf(usage: DiskUsage): Row[] {
  const { Images: images, Containers: containers, Volumes: volumes, ContentStore: content } = usage;
  const unshared = (image: ImageSummary): number => Math.max(0, image.Size - Math.max(0, image.SharedSize));
  const activeImages = images.filter((image) => image.Containers !== 0);
  const isActive = ({ State }: ContainerSummary): boolean => ['running', 'paused', 'restarting'].includes(State);
  const activeContainers = containers.filter(isActive);
  const written = (container: ContainerSummary): number => container.SizeRw ?? 0;
  const unused = volumes.filter((volume) => volume.UsageData.RefCount === 0);
  const size = (volume: DiskUsage['Volumes'][number]): number => Math.max(0, volume.UsageData.Size);
  const cache = (usage.BuildCache ?? []).filter((record) => !record.Shared);
  const row = (type: string, counts: [total: number, active: number], bytes: [all: number, free: number]): Row => ({
    type,
    total: counts[0],
    active: counts[1],
    bytes: bytes[0],
    reclaimableBytes: bytes[1],
    hasShare: type !== 'Build Cache',
  });
  const rows = [
    row(
      'Images',
      [images.length, activeImages.length],
      [usage.LayersSize, usage.LayersSize - sum(activeImages, unshared)],
    ),
    row(
      'Containers',
      [containers.length, activeContainers.length],
      [sum(containers, written), sum(containers, written) - sum(activeContainers, written)],
    ),
    row('Local Volumes', [volumes.length, volumes.length - unused.length], [sum(volumes, size), sum(unused, size)]),
    row(
      'Build Cache',
      [(usage.BuildCache ?? []).length, (usage.BuildCache ?? []).filter(({ InUse }) => InUse).length],
      [sum(cache, ({ Size }) => Size), sum(cache, ({ InUse, Size }) => (InUse ? 0 : Size))],
    ),
  ];
  if (content === undefined) return rows;
  return [
    ...rows,
    row('Content Store', [content.Blobs, content.Active], [content.Size, content.Size - content.ActiveSize]),
  ];
}

function verboseLines(usage: DiskUsage): string[] {
  const table = <T>(rows: readonly T[], about: Omit<Listing<T>, 'rows' | 'id'>): string[] =>
    listingLines({ rows, id: () => '', ...about }, { format: undefined, json: false, quiet: false }, fitWidth());
  // The column is what it wrote; docker leaves the image out of it here.
  const containers = usage.Containers.map((container) => ({ ...container, SizeRootFs: 0 }));
  const cache = usage.BuildCache ?? [];
  // One row an image, by its first name.
  const images = usage.Images.flatMap((image) => imageRows(image, false).slice(0, 1));
  return [
    'Images space usage:',
    '',
    ...table(images, {
      fields: imageFields(false),
      headings: { ...imageHeadings, VirtualSize: 'SIZE' },
      shown: ['Repository', 'Tag', 'ID', 'CreatedSince', 'VirtualSize', 'SharedSize', 'UniqueSize', 'Containers'],
    }),
    '',
    'Containers space usage:',
    '',
    ...table(containers, {
      fields: containerFields(false),
      headings: containerHeadings,
      shown: ['ID', 'Image', 'Command', 'LocalVolumes', 'Size', 'RunningFor', 'Status', 'Names'],
    }),
    '',
    'Local Volumes space usage:',
    '',
    ...table(usage.Volumes, {
      fields: volumeFields,
      headings: { Name: 'VOLUME NAME' },
      shown: ['Name', 'Links', 'Size'],
    }),
    '',
    `Build cache usage: ${humanSize(sum(cache, ({ Shared, Size }) => (Shared ? 0 : Size)))}`,
    '',
    ...table(cache, { fields: cacheFields, headings: cacheHeadings, shown: Object.keys(cacheFields) }),
  ];
}

const volumeFields: Fields<DiskUsage['Volumes'][number]> = {
  Name: (volume) => volume.Name,
  Links: ({ UsageData }) => `${UsageData.RefCount}`,
  Size: ({ UsageData }) => (UsageData.Size < 0 ? 'N/A' : humanSize(UsageData.Size)),
};

const cacheHeadings = {
  ID: 'CACHE ID',
  CacheType: 'CACHE TYPE',
  CreatedSince: 'CREATED',
  LastUsedSince: 'LAST USED',
  UsageCount: 'USAGE',
};

const seconds = (time: string): number => Date.parse(time) / 1000;

const cacheFields: Fields<BuildCacheRecord> = {
  ID: ({ ID, InUse }) => `${ID.replace(/^sha256:/, '').slice(0, 12)}${InUse ? '*' : ''}`,
  CacheType: ({ Type }) => Type,
  Size: ({ Size }) => humanSize(Size, 3),
  CreatedSince: ({ CreatedAt }) => humanAge(seconds(CreatedAt)),
  LastUsedSince: ({ LastUsedAt }) => (LastUsedAt ? humanAge(seconds(LastUsedAt)) : ''),
  UsageCount: ({ UsageCount }) => `${UsageCount}`,
  Shared: ({ Shared }) => `${Shared}`,
};
