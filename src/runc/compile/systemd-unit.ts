// The scope unit that systemd makes for a container, by `slice:prefix:name` of config.json.
// Rule: systemd makes this cgroup; everything else that tlab does to it comes after the unit has started.
// @source man systemd.slice(5), systemd.scope(5); runc docs/systemd.md
import { type CompileContext, type PlanCause, refusal } from './context.ts';

export interface SystemdUnit {
  /** `system.slice` */
  slice: string;
  /** `tlab-<id>.scope` */
  name: string;
  /** Below the hierarchy's root: `/system.slice/tlab-<id>.scope`. */
  path: string;
  cause: PlanCause;
}

const pointer = '/linux/cgroupsPath';
/** @source man systemd.unit(5): the characters of a name, and how long it may be */
const unitName = /^[A-Za-z0-9:_.\\@-]{1,255}$/;

export function systemdUnitOf(context: CompileContext): SystemdUnit {
  const asked = context.config.linux?.cgroupsPath ?? '';
  const parts = asked === '' ? ['', 'tlab', context.id] : asked.split(':');
  const [slice = '', prefix = '', name = ''] = parts;
  if (parts.length !== 3 || name === '')
    throw refusal(pointer, `"${asked}": expected slice:prefix:name, as for the systemd cgroup driver`);
  const unit = `${prefix === '' ? '' : `${prefix}-`}${name}.scope`;
  if (!unitName.test(unit)) throw refusal(pointer, `"${asked}": "${unit}" cannot be the name of a unit`);
  const inSlice = slice === '' ? 'system.slice' : slice;
  return {
    slice: inSlice,
    name: unit,
    path: `${slicePath(inSlice)}/${unit}`,
    cause: asked === '' ? 'default:cgroup-path' : pointer,
  };
}

/** A dash in a slice's name is a level: `a-b.slice` is in `a.slice`. `-.slice` is the root. */
export function slicePath(slice: string): string {
  if (slice === '-.slice') return '';
  const stem = /^(.+)\.slice$/.exec(slice)?.[1] ?? '';
  const levels = stem.split('-');
  if (!unitName.test(slice) || levels.includes(''))
    throw refusal(pointer, `slice "${slice}": expected a name such as a.slice or, inside of it, a-b.slice`);
  return levels.map((_, index) => `/${levels.slice(0, index + 1).join('-')}.slice`).join('');
}
