// `User` of the request or the image → numbers, through the root filesystem's own /etc/passwd and /etc/group.
// @source oci-image config#properties User; docker daemon/oci_linux.go getUser
import { LabError } from '../../base/errors.ts';
import type { UserIds } from '../spec/input.ts';

interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

interface GroupEntry {
  name: string;
  gid: number;
  members: string[];
}

export interface Accounts {
  passwd: string | undefined;
  group: string | undefined;
}

const largestId = 2 ** 31 - 1;

/** `name`, `uid`, `name:group`, `uid:gid`; empty is root. Errors: invalidArgument in Docker's words. */
export function resolveUser(spec: string, groupAdd: readonly string[], accounts: Accounts): UserIds {
  const users = parsePasswd(accounts.passwd ?? '');
  const groups = parseGroup(accounts.group ?? '');
  const [userPart = '', groupPart] = spec.split(':', 2);
  const user = findUser(users, userPart || '0', accounts.passwd !== undefined);
  const isGroupGiven = groupPart !== undefined && groupPart !== '';
  const gid = isGroupGiven ? findGroup(groups, groupPart) : user.gid;
  const memberOf = isGroupGiven || user.name === '' ? [] : groups.filter((group) => group.members.includes(user.name));
  const additional = [gid, ...memberOf.map((group) => group.gid), ...groupAdd.map((name) => findGroup(groups, name))];
  return { uid: user.uid, gid, additionalGids: [...new Set(additional)], home: user.home || '/' };
}

function findUser(users: PasswdEntry[], wanted: string, hasPasswd: boolean): PasswdEntry {
  const uid = parseId(wanted);
  const known = users.find((user) => user.name === wanted) ?? users.find((user) => user.uid === uid);
  if (known !== undefined) return known;
  if (uid !== undefined) return { name: '', uid, gid: 0, home: uid === 0 ? '/root' : '/' };
  throw new LabError('invalidArgument', `unable to find user ${wanted}: no matching entries in passwd file`, {
    hint: hasPasswd ? 'give a number, or a user of the image' : 'the image has no /etc/passwd: give a number',
  });
}

function findGroup(groups: GroupEntry[], wanted: string): number {
  const gid = groups.find((group) => group.name === wanted)?.gid ?? parseId(wanted);
  if (gid !== undefined) return gid;
  throw new LabError('invalidArgument', `unable to find group ${wanted}: no matching entries in group file`);
}

function parseId(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  if (id <= largestId) return id;
  throw new LabError('invalidArgument', `uids and gids must be in range 0-${largestId}`);
}

/** @source man passwd(5) */
function parsePasswd(text: string): PasswdEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , uid = '', gid = '', , home = ''] = line.split(':');
    return /^\d+$/.test(uid) && /^\d+$/.test(gid) ? [{ name, uid: Number(uid), gid: Number(gid), home }] : [];
  });
}

/** @source man group(5) */
function parseGroup(text: string): GroupEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , gid = '', members = ''] = line.split(':');
    return /^\d+$/.test(gid) ? [{ name, gid: Number(gid), members: members.split(',').filter(Boolean) }] : [];
  });
}
