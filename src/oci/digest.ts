// Digests: `<algorithm>:<lower-case hex>`. A digest names bytes; whoever takes bytes from outside verifies them before use.
import { createHash, type Hash } from 'node:crypto';
import { LabError } from '../base/errors.ts';

export type DigestAlgorithm = 'sha256' | 'sha512';
/** `sha256:` and 64 hex digits, or `sha512:` and 128. @source oci-image descriptor#digests */
export type Digest = `${DigestAlgorithm}:${string}`;

const form = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export const isDigest = (text: string): text is Digest => form.test(text);

/** Errors: invalidArgument when the text is no digest of an algorithm that tlab computes. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new LabError('invalidArgument', `digest "${text}": expected sha256: and 64 hex digits, or sha512: and 128`);
}

/** @source oci-image descriptor#registered-algorithms */
export const digestAlgorithm = (digest: Digest): DigestAlgorithm =>
  digest.startsWith('sha512:') ? 'sha512' : 'sha256';

/** The hex part: also the file name below `blobs/<algorithm>/`. */
export const digestHex = (digest: Digest): string => digest.slice(digest.indexOf(':') + 1);

export const digestOf = (bytes: string | Uint8Array): Digest =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A running hash for streams: `update` the bytes, then `digest()` once. */
function digester(algorithm: DigestAlgorithm = 'sha256'): { update(bytes: Uint8Array): void; digest(): Digest } {
  const hash: Hash = createHash(algorithm);
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => `${algorithm}:${hash.digest('hex')}`,
  };
}

/** Errors: dataLoss when the bytes are others than the digest names. */
export function verifyDigest(bytes: Uint8Array, expected: Digest, what: string): void {
  const running = digester(digestAlgorithm(expected));
  running.update(bytes);
  const actual = running.digest();
  if (actual !== expected) throw new LabError('dataLoss', `${what}: its digest is ${actual}, expected ${expected}`);
}

/**
 * The chain id of each layer, bottom to top: what a snapshot of the layers up to there is called.
 * @source oci-image config#layer-chainid
 */
export function chainIds(diffIds: readonly Digest[]): Digest[] {
  const ids: Digest[] = [];
  for (const diffId of diffIds) {
    const below = ids.at(-1);
    ids.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return ids;
}
