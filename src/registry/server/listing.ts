// Lists: the tags of a repository, the repositories, who refers to a manifest. Sorted by their bytes; `n` and `last` walk through pages.
// @source oci-distribution listing tags, listing referrers; distribution spec/api#catalog
import { Refused } from './errors.ts';
import { type Exchange, sendJson } from './exchange.ts';
import { byBytes } from './files.ts';
import { digestOrRefuse } from './names.ts';

/** What is sent at once when nobody says how much. */
const usualPage = 1000;
const largestPage = 10_000;

/** GET tags/list. */
export async function listTags(exchange: Exchange): Promise<void> {
  const { store, proxy, repository, response } = exchange;
  const known = await (proxy === undefined ? undefined : proxy.tags(repository));
  if (known === undefined && !(await store.isRepository(repository))) {
    throw new Refused('NAME_UNKNOWN', `there is no repository ${repository}`);
  }
  const { names, headers } = page(exchange, known?.toSorted(byBytes) ?? (await store.tags(repository)));
  sendJson(response, { name: repository, tags: names }, headers);
}

/** GET /v2/_catalog. */
export async function listRepositories(exchange: Exchange): Promise<void> {
  const { names, headers } = page(exchange, await exchange.store.repositories());
  sendJson(exchange.response, { repositories: names }, headers);
}

function page({ url }: Exchange, all: readonly string[]): { names: string[]; headers: Record<string, string> } {
  const text = url.searchParams.get('n');
  if (text !== null && !/^\d{1,9}$/.test(text)) {
    throw new Refused('UNSUPPORTED', `n="${text.slice(0, 20)}": expected a number`, { status: 400 });
  }
  const count = Math.min(text === null ? usualPage : Number(text), largestPage);
  const last = url.searchParams.get('last') ?? '';
  const rest = last === '' ? all : all.filter((name) => byBytes(name, last) > 0);
  const names = rest.slice(0, count);
  const end = names.at(-1);
  if (end === undefined || names.length === rest.length) return { names, headers: {} };
  const next = `${url.pathname}?n=${count}&last=${encodeURIComponent(end)}`;
  return { names, headers: { link: `<${next}>; rel="next"` } };
}

/** GET referrers/DIGEST. */
export async function listReferrers(exchange: Exchange): Promise<void> {
  const { store, proxy, repository, rest, url, response } = exchange;
  const digest = digestOrRefuse(rest);
  const all = (await proxy?.referrers(repository, digest)) ?? (await store.referrers(repository, digest));
  const type = url.searchParams.get('artifactType');
  const manifests = type === null ? all : all.filter((one) => one.artifactType === type);
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  sendJson(
    response,
    { schemaVersion: 2, mediaType, manifests },
    { 'content-type': mediaType, ...(type === null ? {} : { 'oci-filters-applied': 'artifactType' }) },
  );
}
