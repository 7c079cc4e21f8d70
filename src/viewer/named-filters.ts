// Filters with names: `@mounts` stands for its expression wherever a filter does, also within a longer one. Some are there from the beginning;
// a person's own are kept in a file of theirs (kept.ts) and go before these.
import { LabError } from '../base/errors.ts';

/** Expressions by their names, without the @. */
export type NamedFilters = Readonly<Record<string, string>>;

export const builtInFilters: NamedFilters = {
  doors: 'type=*request-received or type=*response-sent',
  errors: 'data.error=?* or (errno=?* and result<0)',
  mounts: 'type=kernel.mount-* or name=mount or name=umount2 or name=move_mount or name=pivot_root',
  cgroups: 'type=*cgroup* or path=*/cgroup/*',
  network: 'type=kernel.netlink-* or type=kernel.rule-* or type=kernel.chain-* or type=*network*',
  layers: 'type=*layer* or type=*snapshot* or type=*blob*',
  processes: 'type=*process-* or type=*exit* or name=clone* or name=execve or name=exit_group or name=wait4',
  slow: 'dur>10ms',
};

const nameForm = /^[a-z][a-z0-9-]{0,39}$/;

/** @throws LabError usage */
export function filterName(given: string): string {
  const name = given.replace(/^@/, '');
  if (nameForm.test(name)) return name;
  throw new LabError('usage', `filter name "${given}": expected small letters, digits and hyphens, such as my-mounts`);
}

/** @throws LabError usage, with the names that there are */
export function namedFilter(name: string, own: NamedFilters): string {
  const expression = Object.hasOwn(own, name) ? own[name] : builtInFilters[name];
  if (expression !== undefined && (Object.hasOwn(own, name) || Object.hasOwn(builtInFilters, name))) return expression;
  const names = Object.keys({ ...builtInFilters, ...own }).map((one) => `@${one}`);
  throw new LabError('usage', `--filter: no filter "@${name}", there are ${names.join(', ')}`, {
    hint: 'tlab trace filters',
  });
}
