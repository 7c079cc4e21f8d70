// What may stand in a path: repository, tag, digest. Everything that becomes a file's name comes through here.
// @source oci-distribution pulling manifests: the regular expressions of name and reference
import { type Digest, isDigest } from '../../oci/digest.ts';
import { Refused } from './errors.ts';

const nameForm = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagForm = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
/** @source distribution reference/reference.go: NameTotalLengthMax */
const longestName = 255;

export function repositoryName(text: string): string {
  if (text.length <= longestName && nameForm.test(text)) return text;
  throw new Refused(
    'NAME_INVALID',
    `repository "${text.slice(0, 80)}": expected lower-case letters, digits, ".", "_", "-" and "/", at most ${longestName}`,
  );
}

export const isRepositoryName = (text: string): boolean => text.length <= longestName && nameForm.test(text);

export function digestOrRefuse(text: string): Digest {
  if (isDigest(text)) return text;
  throw new Refused('DIGEST_INVALID', `digest "${text.slice(0, 80)}": expected sha256: or sha512: and its hex digits`);
}

/** Where a manifest is asked for: by digest when there is a colon. */
export function tagOrDigest(text: string): { tag: string; digest?: never } | { digest: Digest; tag?: never } {
  if (text.includes(':')) return { digest: digestOrRefuse(text) };
  if (tagForm.test(text)) return { tag: text };
  throw new Refused(
    'TAG_INVALID',
    `tag "${text.slice(0, 80)}": expected letters, digits, "_", "." and "-", at most 128`,
    {
      status: 404,
    },
  );
}

/** The same for writing, where a bad name is the writer's fault. */
export function tagOrDigestToWrite(text: string): ReturnType<typeof tagOrDigest> {
  if (!text.includes(':') && !tagForm.test(text))
    throw new Refused('TAG_INVALID', `tag "${text.slice(0, 80)}" is no tag`);
  return tagOrDigest(text);
}
