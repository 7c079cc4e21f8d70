// A fake image as the content that a push reads.
import type { Digest } from '../../src/oci/digest.ts';
import type { ContentSource } from '../../src/registry/content-source.ts';
import type { FakeImage } from './fake-registry.ts';

export function memorySource(image: FakeImage, labels = new Map<Digest, Record<string, string>>()): ContentSource {
  const bytesOf = (digest: Digest): Buffer => {
    const bytes = image.blobs.get(digest);
    if (bytes === undefined) throw new Error(`no blob ${digest}`);
    return bytes;
  };
  return {
    async stat(digest) {
      const bytes = image.blobs.get(digest);
      return bytes === undefined ? undefined : { size: bytes.length, labels: labels.get(digest) ?? {} };
    },
    read: async (digest) => bytesOf(digest),
    async *stream(digest, { offset, length }) {
      yield bytesOf(digest).subarray(offset, offset + length);
    },
    async label(digest, more) {
      labels.set(digest, { ...labels.get(digest), ...more });
    },
  };
}
