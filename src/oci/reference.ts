// Names of images, normalised as Docker does: nginx → docker.io/library/nginx:latest.
// Parts: domain / path : tag @ digest. What follows uses the canonical form; people see the familiar one.
import { LabError } from '../base/errors.ts';
import { type Digest, isDigest } from './digest.ts';

export interface Reference {
  /** Registry host, with port where one was given: `docker.io`, `localhost:5000`. */
  domain: string;
  /** Repository on that host: `library/nginx`. */
  path: string;
  tag: string | undefined;
  digest: Digest | undefined;
}

/** @source distribution reference/normalize.go: what stands in for a missing part */
export const defaultDomain = 'docker.io';
const legacyDefaultDomain = 'index.docker.io';
const officialPrefix = 'library/';
const defaultTag = 'latest';

/** @source distribution reference/reference.go: the grammar at the top of the file */
const domainLabel = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domainForm = new RegExp(`^(?:${domainLabel}(?:\\.${domainLabel})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?$`);
const pathForm = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const tagForm = /^\w[\w.-]{0,127}$/;
const longestName = 255;

function refuse(text: string, why: string): never {
  throw new LabError('invalidArgument', `image name "${text}": invalid reference format: ${why}`, {
    hint: 'write it as [HOST[:PORT]/]NAME[:TAG][@sha256:DIGEST], for example nginx:latest',
  });
}

/** A name without the default tag: both tag and digest may be missing. Errors: invalidArgument. */
export function parseName(text: string): Reference {
  if (text === '') refuse(text, 'it is empty');
  if (/^[0-9a-f]{64}$/.test(text)) refuse(text, 'it is 64 hex digits, which is an id and not a name');
  const { rest, digest } = cutDigest(text);
  const { name, tag } = cutTag(text, rest);
  const { domain, path } = splitDomain(name);
  if (!domainForm.test(domain)) refuse(text, `registry host "${domain}" is no host name`);
  checkPath(text, path);
  if (`${domain}/${path}`.length > longestName) refuse(text, `the repository is longer than ${longestName} characters`);
  return { domain, path, tag, digest };
}

/** A complete name: the tag is `latest` when neither tag nor digest is given. Errors: invalidArgument. */
export function parseReference(text: string): Reference {
  const name = parseName(text);
  return name.tag === undefined && name.digest === undefined ? { ...name, tag: defaultTag } : name;
}

function cutDigest(text: string): { rest: string; digest: Digest | undefined } {
  const at = text.indexOf('@');
  if (at < 0) return { rest: text, digest: undefined };
  const digest = text.slice(at + 1);
  if (!isDigest(digest)) refuse(text, `after "@" expected sha256: and 64 hex digits, got "${digest}"`);
  return { rest: text.slice(0, at), digest };
}

function cutTag(text: string, rest: string): { name: string; tag: string | undefined } {
  const colon = rest.lastIndexOf(':');
  if (colon < 0 || rest.indexOf('/', colon) >= 0) return { name: rest, tag: undefined };
  const tag = rest.slice(colon + 1);
  if (!tagForm.test(tag)) refuse(text, `tag "${tag}": expected 1 to 128 of letters, digits, "_", "." and "-"`);
  return { name: rest.slice(0, colon), tag };
}

/** The first component is a host when it looks like one; otherwise the whole is a path on Docker Hub. */
function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const domain = slash < 0 || !isHost ? defaultDomain : first;
  const path = slash < 0 || !isHost ? name : name.slice(slash + 1);
  const normalDomain = domain === legacyDefaultDomain ? defaultDomain : domain;
  const isOfficial = normalDomain === defaultDomain && !path.includes('/');
  return { domain: normalDomain, path: isOfficial ? officialPrefix + path : path };
}

function checkPath(text: string, path: string): void {
  if (pathForm.test(path)) return;
  if (path !== path.toLowerCase()) refuse(text, 'repository name must be lowercase');
  const bad = path.startsWith(officialPrefix) ? path.slice(officialPrefix.length) : path;
  refuse(text, `repository "${bad}": expected lower-case letters and digits, with ".", "_", "-" or "/" between them`);
}

/** `docker.io/library/nginx`: the repository, without tag and digest. */
export const repositoryOf = (reference: Reference): string => `${reference.domain}/${reference.path}`;

/** The canonical form, complete: `docker.io/library/nginx:latest`. */
export const formatReference = (reference: Reference): string => repositoryOf(reference) + suffix(reference);

/** The repository as people write it: `nginx`, `user/app`, `localhost:5000/app`. */
export function familiarRepository(reference: Reference): string {
  if (reference.domain !== defaultDomain) return repositoryOf(reference);
  const isOfficial =
    reference.path.startsWith(officialPrefix) && !reference.path.slice(officialPrefix.length).includes('/');
  return isOfficial ? reference.path.slice(officialPrefix.length) : reference.path;
}

/** The name as people write it: `nginx:latest`. */
export const familiarReference = (reference: Reference): string => familiarRepository(reference) + suffix(reference);

function suffix(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  return reference.digest === undefined ? tag : `${tag}@${reference.digest}`;
}
