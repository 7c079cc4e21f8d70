// Containers as rows of a listing. @source docker cli formatter/container.go
import type { ContainerSummary } from '../../daemon/protocol.ts';
import type { Fields } from './listing.ts';
import { portsText } from './ports.ts';
import { ellipsis, goTime, humanAge, humanSize } from './words.ts';

export const containerHeadings = {
  ID: 'CONTAINER ID',
  RunningFor: 'CREATED',
  CreatedAt: 'CREATED AT',
  LocalVolumes: 'LOCAL VOLUMES',
};

export function containerFields(noTrunc: boolean): Fields<ContainerSummary> {
  const names = (row: ContainerSummary): string[] => row.Names.map((name) => name.replace(/^\//, ''));
  return {
    ID: (row) => (noTrunc ? row.Id : row.Id.slice(0, 12)),
    Image: (row) => (noTrunc ? row.Image : shortImage(row.Image)) || '<no image>',
    Command: (row) => JSON.stringify(noTrunc ? row.Command : ellipsis(row.Command, 20)),
    CreatedAt: (row) => goTime(row.Created),
    RunningFor: (row) => humanAge(row.Created),
    Ports: (row) => portsText(row.Ports ?? []),
    State: (row) => row.State,
    Status: (row) => row.Status,
    Size: (row) => sizeText(row),
    // A name with a second slash is a link of another container.
    Names: (row) => (noTrunc ? names(row) : names(row).filter((name) => !name.includes('/'))).join(','),
    Labels: (row) => pairs(row.Labels),
    Mounts: (row) => (row.Mounts ?? []).map((mount) => mount.Name ?? mount.Source).join(','),
    Networks: (row) => Object.keys(row.NetworkSettings?.Networks ?? {}).join(','),
    LocalVolumes: (row) => `${(row.Mounts ?? []).filter((mount) => mount.Driver === 'local').length}`,
  };
}

const pairs = (labels: Record<string, string> | null | undefined): string =>
  Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** An image that lost its name shows by its id, short. */
const shortImage = (image: string): string =>
  /^sha256:[0-9a-f]{64}$/.test(image) ? image.slice(7, 19) : image.replace(/@sha256:[0-9a-f]{64}$/, '');

function sizeText(row: ContainerSummary): string {
  const own = humanSize(row.SizeRw ?? 0, 3);
  const whole = row.SizeRootFs ?? 0;
  return whole > 0 ? `${own} (virtual ${humanSize(whole, 3)})` : own;
}
