// list [-f table|json] [-q]: every container below --root.
import { parseArgs } from 'node:util';
import { LabError } from '../../base/errors.ts';
import { warn } from '../log.ts';
import { type ContainerState, listContainers } from '../state-directory.ts';
import type { Verb } from './verb.ts';

export const verb: Verb = (argv, options) => {
  const { values } = parseArgs({
    args: argv,
    options: { format: { type: 'string', short: 'f', default: 'table' }, quiet: { type: 'boolean', short: 'q' } },
  });
  const containers = listContainers(options.root, (id, why) => warn(`container "${id}" is damaged: ${why}`, options));
  if (values.quiet === true) process.stdout.write(containers.map(({ id }) => `${id}\n`).join(''));
  else if (values.format === 'json')
    process.stdout.write(JSON.stringify(containers.length === 0 ? null : containers.map(asJson)));
  else if (values.format === 'table') process.stdout.write(asTable(containers));
  else throw new LabError('usage', `--format "${values.format}": expected table or json`);
};

const asJson = (container: ContainerState): Record<string, unknown> => ({
  ociVersion: container.ociVersion,
  id: container.id,
  pid: pidOf(container),
  status: container.status,
  bundle: container.bundle,
  rootfs: container.rootfs,
  created: container.created,
  ...(Object.keys(container.annotations ?? {}).length > 0 ? { annotations: container.annotations } : {}),
  owner: ownerOf(container),
});

const pidOf = (container: ContainerState): number => (container.status === 'stopped' ? 0 : container.init_process_pid);
const ownerOf = ({ uid }: ContainerState): string => (uid === 0 ? 'root' : `#${uid}`);

function asTable(containers: readonly ContainerState[]): string {
  const rows = containers.map((container) => [
    container.id,
    String(pidOf(container)),
    container.status,
    container.bundle,
    container.created,
    ownerOf(container),
  ]);
  return alignColumns([['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER'], ...rows]);
}

/** Columns as wide as their widest cell and three spaces, at least twelve, as runc's tab writer makes them. */
function alignColumns(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(12, ...rows.map((row) => (row[column]?.length ?? 0) + 3)));
  return rows
    .map(
      (row) =>
        `${row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('')}\n`,
    )
    .join('');
}
