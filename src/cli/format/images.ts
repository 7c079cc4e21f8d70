// Images as rows of a listing: one a name. @source docker cli formatter/image.go
import { printable } from '../../base/text.ts';
import type { ImageSummary } from '../../daemon/image-protocol.ts';
import type { Fields } from './listing.ts';
import { goTime, humanAge, humanSize } from './words.ts';

export interface ImageRow {
  image: ImageSummary;
  repository: string;
  tag: string;
  digest: string;
}

const none = '<none>';

export const imageHeadings = {
  ID: 'IMAGE ID',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  SharedSize: 'SHARED SIZE',
  UniqueSize: 'UNIQUE SIZE',
  VirtualSize: 'VIRTUAL SIZE',
};

/** With digests: a row for each pair of tag and digest of a repository. */
export function imageRows(image: ImageSummary, withDigests: boolean): ImageRow[] {
  const digests = (image.RepoDigests ?? [])
    .filter((name) => name !== '<none>@<none>')
    .map((text) => {
      const at = text.lastIndexOf('@');
      return { repository: text.slice(0, at), digest: text.slice(at + 1) };
    });
  const tags = (image.RepoTags ?? []).filter((name) => name !== '<none>:<none>');
  const rows = tags.flatMap((name): ImageRow[] => {
    const colon = name.lastIndexOf(':');
    const repository = name.slice(0, colon);
    const row = { image, repository, tag: name.slice(colon + 1), digest: none };
    const own = withDigests ? digests.filter((each) => each.repository === repository) : [];
    return own.length === 0 ? [row] : own.map(({ digest }) => ({ ...row, digest }));
  });
  if (rows.length > 0) return rows;
  return [{ image, repository: digests[0]?.repository ?? none, tag: none, digest: digests[0]?.digest ?? none }];
}

export const imageFields = (noTrunc: boolean): Fields<ImageRow> => ({
  ID: ({ image }) => (noTrunc ? image.Id : shortImageId(image.Id)),
  Repository: (row) => row.repository,
  Tag: (row) => row.tag,
  Digest: (row) => row.digest,
  CreatedSince: ({ image }) => (image.Created > 0 ? humanAge(image.Created) : 'N/A'),
  CreatedAt: ({ image }) => goTime(image.Created),
  Size: ({ image }) => humanSize(image.Size, 3),
  SharedSize: ({ image }) => (image.SharedSize < 0 ? 'N/A' : humanSize(image.SharedSize)),
  UniqueSize: ({ image }) => (image.SharedSize < 0 ? 'N/A' : humanSize(image.Size - image.SharedSize)),
  VirtualSize: ({ image }) => humanSize(image.VirtualSize ?? image.Size),
  Containers: ({ image }) => (image.Containers < 0 ? 'N/A' : `${image.Containers}`),
});

export const shortImageId = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12);

/** Names of images as they are, in a row; of one without a name the short id. */
export const namesOrIds = (images: readonly string[]): string =>
  printable(images.map((one) => (one.startsWith('sha256:') ? `${shortImageId(one)} (no name)` : one)).join(', '));
