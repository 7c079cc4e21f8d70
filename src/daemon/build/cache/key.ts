// What a step's result depends on, part by part, and the digest of all of it. The parts are kept beside the digest, so that a miss can say
// which of them is another than the last time. Rule: a part holds everything of its kind that the step can see, and nothing of another kind.
import { type Digest, digestOf } from '../../../oci/digest.ts';
import type { KeyChange } from '../../protocol.ts';

/** Names as `--why` shows them. */
export type PartName =
  | 'parent'
  | 'instruction'
  | 'platform'
  | 'environment'
  | 'arguments'
  | 'user'
  | 'workdir'
  | 'shell'
  | 'sources'
  | 'mounts'
  | 'hosts'
  | 'ulimits'
  | 'epoch';

export type KeyParts = Partial<Record<PartName, string>>;

/** Parts in the order of their names: the order in which they were put together does not count. */
export const keyOf = (parts: KeyParts): Digest => digestOf(JSON.stringify(sorted(parts)));

const sorted = (parts: KeyParts): Array<[string, string]> =>
  Object.entries(parts)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));

/** What is different, the parent last: it follows from an earlier step, which tells its own reason. */
export function changesBetween(before: KeyParts, now: KeyParts): KeyChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])] as PartName[];
  return names
    .filter((part) => before[part] !== now[part])
    .sort((a, b) => Number(a === 'parent') - Number(b === 'parent'))
    .map((part) => ({ part, before: before[part] ?? '', now: now[part] ?? '' }));
}
