// --chown: a name or number, and a group, looked up in the image's own accounts.
// @source dockerfile reference: COPY --chown
import { LabError } from '../../../base/errors.ts';
import { type Native, readFile } from './native.ts';

export interface Owner {
  uid: number;
  gid: number;
}

const largestId = 2 ** 31 - 1;

/** `name`, `uid`, `name:group`, `uid:gid`; without a group it is the number of the user. Errors: invalidArgument. */
export async function ownerOf(chown: string, native: Native, root: string): Promise<Owner> {
  const [user = '', group = user, ...rest] = chown.split(':');
  if (rest.length > 0 || user === '' || group === '')
    throw new LabError('invalidArgument', `--chown=${chown}: expected USER or USER:GROUP`);
  const uid = numberOf(user, chown) ?? (await idIn(native, root, { file: 'etc/passwd', kind: 'user', name: user }));
  const gid = numberOf(group, chown) ?? (await idIn(native, root, { file: 'etc/group', kind: 'group', name: group }));
  return { uid, gid };
}

function numberOf(text: string, chown: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const id = Number(text);
  if (id > largestId) throw new LabError('invalidArgument', `--chown=${chown}: expected ids from 0 to ${largestId}`);
  return id;
}

/** @source man passwd(5), group(5): the id is the third field of both */
async function idIn(
  native: Native,
  root: string,
  { file, kind, name }: { file: string; kind: string; name: string },
): Promise<number> {
  const text = (await readFile(native, root, file))?.toString() ?? '';
  for (const line of text.split('\n')) {
    const [own, , id = ''] = line.split(':');
    if (own === name && /^\d+$/.test(id)) return Number(id);
  }
  throw new LabError(
    'invalidArgument',
    `unable to find ${kind} ${name}: no matching entries in ${file.slice(4)} file`,
    {
      hint: `give a number, or a ${kind} of the image's /${file}`,
    },
  );
}
