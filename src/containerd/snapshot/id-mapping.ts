// Labels by which a client asks for a snapshot whose ids are mapped while it is mounted: `container:host:count`, several with commas
// between. Layers on disk keep their owners; only what the container writes belongs to its ids on the host.
// @source containerd core/snapshots (LabelSnapshotUIDMapping, LabelSnapshotGIDMapping)
import { LabError } from '../../base/errors.ts';
import type { Labels } from '../metadata/labels.ts';

export const uidMappingLabel = 'containerd.io/snapshot/uidmapping';
export const gidMappingLabel = 'containerd.io/snapshot/gidmapping';

interface Range {
  container: number;
  host: number;
  count: number;
}

export interface IdMapping {
  /** As the labels say them. */
  uids: string;
  gids: string;
}

/** Undefined without labels. Errors: invalidArgument. */
export function idMappingOf(labels: Labels): IdMapping | undefined {
  const uids = labels[uidMappingLabel] ?? '';
  const gids = labels[gidMappingLabel] ?? '';
  if (uids === '' && gids === '') return undefined;
  for (const [label, map] of [
    [uidMappingLabel, uids],
    [gidMappingLabel, gids],
  ] as const) {
    if (!/^\d+:\d+:\d+(,\d+:\d+:\d+)*$/.test(map))
      throw new LabError('invalidArgument', `label ${label} "${map}": expected container:host:count`);
  }
  return { uids, gids };
}

const rangesOf = (map: string): Range[] =>
  map.split(',').map((text) => {
    const [container = 0, host = 0, count = 0] = text.split(':').map(Number);
    return { container, host, count };
  });

/** The id on the host of an id of a layer; ids outside the map stay as they are, and nobody owns them in the container. */
export function hostId(map: string, id: number): number {
  const range = rangesOf(map).find(({ container, count }) => id >= container && id < container + count);
  return range === undefined ? id : range.host + (id - range.container);
}

/** Options of a mount that the shim carries out, as containerd 2 names them. */
export const mappingOptions = (mapping: IdMapping | undefined): string[] =>
  mapping === undefined ? [] : [`uidmap=${mapping.uids}`, `gidmap=${mapping.gids}`];
