// --chown: a name or number, and a group, looked up in the image's own accounts.
// @source dockerfile reference: COPY --chown
import { LabError } from '../../../base/errors.ts';
import { type Native, readFiles } from './native.ts';

export interface Owner {
  uid: number;
  gid: number;
}

const largestId = 2 ** 31 - 1;

/** `name`, `uid`, `name:group`, `uid:gid`; without a group it is the user's own, or for a number the same. Errors: invalidArgument. */
export async function ownerOf(chown: string, native: Native, root: string): Promise<Owner> {
  const [user = '', group, ...rest] = chown.split(':');
  if (rest.length > 0 || user === '' || group === '')
    throw new LabError('invalidArgument', `--chown=${chown}: expected USER or USER:GROUP`);
  const number = numberOf(user, chown);
  const [uid, own] =
    number === undefined
      ? await idsIn(native, root, { file: 'etc/passwd', kind: 'user', name: user })
      : [number, number];
  if (group === undefined) return { uid, gid: own };
  const gid =
    numberOf(group, chown) ?? (await idsIn(native, root, { file: 'etc/group', kind: 'group', name: group }))[0];
  return { uid, gid };
}

function numberOf(text: string, chown: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const id = Number(text);
  if (id > largestId) throw new LabError('invalidArgument', `--chown=${chown}: expected ids from 0 to ${largestId}`);
  return id;
}

/** The third field and the one behind it, which is a user's group. @source man passwd(5), group(5) */
async function idsIn(
  native: Native,
  root: string,
  { file, kind, name }: { file: string; kind: string; name: string },
): Promise<[id: number, group: number]> {
  const text = (await readFiles(native, root, [file]))[0]?.toString() ?? '';
  for (const line of text.split('\n')) {
    const [own, , id = '', group = ''] = line.split(':');
    if (own === name && /^\d+$/.test(id)) return [Number(id), /^\d+$/.test(group) ? Number(group) : 0];
  }
  throw new LabError(
    'invalidArgument',
    `unable to find ${kind} ${name}: no matching entries in ${file.slice(4)} file`,
    {
      hint: `give a number, or a ${kind} of the image's /${file}`,
    },
  );
}
