// userns-remap of daemon.json: which ids of the host the containers' ids become. From /etc/subuid and /etc/subgid, as Docker takes them;
// unlike Docker's, our data stays in one place, since layers are mapped while they are mounted.
// Rule: whatever is wrong with the ranges stops the daemon: a container that was to be kept apart must never run as the host's root.
// @source dockerd userns-remap; man subuid(5)
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { inContext, LabError } from '../base/errors.ts';

export interface IdRange {
  containerId: number;
  hostId: number;
  count: number;
}

/** The maps of one container. */
export interface Remap {
  uids: IdRange[];
  gids: IdRange[];
}

/** The user of "default". Docker makes its own, dockremap; we do not touch the host's accounts, and say what to do. */
const defaultUser = 'tlabremap';
/** Images name ids up to nobody and nogroup, 65534. */
const fewestIds = 65536;
/** Overlay takes id-mapped layers since then. @source kernel 5.19 */
const oldestKernel = [5, 19] as const;

/** Undefined when nothing is asked for. Errors: invalidArgument, notImplemented; both say what to do. */
export function loadRemap(asked: string | undefined, etc = '/etc'): Remap | undefined {
  if (asked === undefined || asked === '') return undefined;
  try {
    checkKernel(release());
    return remapOf(asked, {
      passwd: read(`${etc}/passwd`),
      group: read(`${etc}/group`),
      subuid: read(`${etc}/subuid`),
      subgid: read(`${etc}/subgid`),
    });
  } catch (error) {
    throw inContext(`userns-remap "${asked}"`, error);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function checkKernel(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldMajor, oldMinor] = oldestKernel;
  if (major > oldMajor || (major === oldMajor && minor >= oldMinor)) return;
  throw new LabError(
    'notImplemented',
    `Linux ${version} has no id-mapped layers for overlay: needed is ${oldMajor}.${oldMinor}`,
    { hint: 'take userns-remap out of daemon.json, or boot a younger kernel' },
  );
}

export interface Accounts {
  passwd: string;
  group: string;
  subuid: string;
  subgid: string;
}

/** `default`, `user`, `user:group`, `uid`, `uid:gid`. */
export function remapOf(asked: string, accounts: Accounts): Remap {
  const [userPart = '', groupPart, ...more] = (asked === 'default' ? defaultUser : asked).split(':');
  if (userPart === '' || groupPart === '' || more.length > 0)
    throw new LabError('invalidArgument', 'expected default, user, user:group, uid or uid:gid');
  const user = findName(accounts.passwd, userPart);
  if (user === undefined)
    throw new LabError('invalidArgument', `there is no user ${userPart}`, { hint: howToMake(userPart) });
  if (user.id === 0) throw new LabError('invalidArgument', 'root cannot be mapped to itself: expected another user');
  const group = groupPart === undefined ? user : findName(accounts.group, groupPart);
  if (group === undefined) throw new LabError('invalidArgument', `there is no group ${groupPart}`);
  return {
    uids: rangesOf(accounts.subuid, {
      file: '/etc/subuid',
      owner: user,
      taken: idsOf(accounts.passwd, 2),
      flag: 'subuids',
    }),
    gids: rangesOf(accounts.subgid, {
      file: '/etc/subgid',
      owner: group,
      taken: idsOf(accounts.group, 2),
      flag: 'subgids',
    }),
  };
}

const howToMake = (name: string): string =>
  `useradd --system --no-create-home --shell /usr/sbin/nologin ${name} && ` +
  `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${name}, with numbers that /etc/subuid does not have yet`;

interface Named {
  name: string;
  id: number;
}

/** By name or number, in /etc/passwd or /etc/group: the number is the third field of both. */
function findName(text: string, wanted: string): Named | undefined {
  const all = text.split('\n').map((line) => line.split(':'));
  const found =
    all.find(([name]) => name === wanted) ?? all.find((fields) => /^\d+$/.test(wanted) && fields[2] === wanted);
  return found === undefined ? undefined : { name: found[0] ?? '', id: Number(found[2]) };
}

const idsOf = (text: string, field: number): number[] =>
  text.split('\n').flatMap((line) => {
    const id = line.split(':')[field] ?? '';
    return /^\d+$/.test(id) ? [Number(id)] : [];
  });

interface Subordinate {
  file: string;
  owner: Named;
  /** Ids of the host's own accounts. */
  taken: readonly number[];
  flag: string;
}

/** Every range of the owner, one after the other from 0 on. */
function rangesOf(text: string, { file, owner, taken, flag }: Subordinate): IdRange[] {
  const lines = text.split('\n').map((line) => line.split(':'));
  const own = lines.filter(([name]) => name === owner.name || name === String(owner.id));
  if (own.length === 0)
    throw new LabError('invalidArgument', `${file} has no range for ${owner.name}`, {
      hint: `usermod --add-${flag} 100000-165535 ${owner.name}, with numbers that ${file} does not have yet`,
    });
  let containerId = 0;
  const ranges = own.map(([, start = '', length = '']) => {
    const range = { containerId, hostId: Number(start), count: Number(length) };
    if (!/^\d{1,10}$/.test(start) || !/^[1-9]\d{0,9}$/.test(length) || range.hostId + range.count > 2 ** 32 - 1)
      throw new LabError('invalidArgument', `${file}: "${owner.name}:${start}:${length}": expected name:first:count`);
    containerId += range.count;
    return range;
  });
  checkRanges(ranges, { file, owner, taken, flag });
  return ranges;
}

function checkRanges(ranges: readonly IdRange[], { file, owner, taken, flag }: Subordinate): void {
  const total = ranges.reduce((sum, { count }) => sum + count, 0);
  if (total < fewestIds)
    throw new LabError('invalidArgument', `${file} gives ${owner.name} ${total} ids: needed are ${fewestIds}`, {
      hint: `usermod --add-${flag} FIRST-LAST ${owner.name}`,
    });
  for (const [index, { hostId, count }] of ranges.entries()) {
    const account = taken.find((id) => id >= hostId && id < hostId + count);
    if (account !== undefined)
      throw new LabError(
        'invalidArgument',
        `${file}: the range ${hostId}:${count} of ${owner.name} holds the host's own id ${account}`,
      );
    const other = ranges
      .slice(0, index)
      .find((range) => range.hostId < hostId + count && hostId < range.hostId + range.count);
    if (other !== undefined)
      throw new LabError(
        'invalidArgument',
        `${file}: the ranges ${other.hostId}:${other.count} and ${hostId}:${count} of ${owner.name} overlap`,
      );
  }
}

/** Lines of uid_map or gid_map. */
export const mapLines = (ranges: readonly IdRange[]): string =>
  ranges.map(({ containerId, hostId, count }) => `${containerId} ${hostId} ${count}\n`).join('');

/** As containerd's labels of a snapshot have it. */
export const mapLabel = (ranges: readonly IdRange[]): string =>
  ranges.map(({ containerId, hostId, count }) => `${containerId}:${hostId}:${count}`).join(',');

/** Who is root in the container, as the host sees them. */
export const rootOf = ({ uids, gids }: Remap): { uid: number; gid: number } => ({
  uid: uids[0]?.hostId ?? 0,
  gid: gids[0]?.hostId ?? 0,
});
