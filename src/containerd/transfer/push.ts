// A transfer from the image store to a registry. A lease holds the image while it is sent: who removes it meanwhile takes only its name.

import { parseDigest } from '../../oci/digest.ts';
import { parsePlatform } from '../../oci/platform.ts';
import { parseReference } from '../../oci/reference.ts';
import type { ContentSource } from '../../registry/content-source.ts';
import type { PushedImage } from '../../registry/push.ts';
import type { Stage } from '../stage.ts';
import { clientOptionsOf, configurationOf, teller } from './resolver.ts';

export interface ImagePush {
  namespace: string;
  /** In the image store. */
  name: string;
  /** Where to; the name when empty. */
  reference: string;
  /** Only the manifest for this platform: `os/architecture[/variant]`. */
  platform: string | undefined;
  /** Of the registry's resolver: see `resolverHeaders`. */
  headers: Record<string, string>;
  signal: AbortSignal;
}

/** Errors: those of registry/push.ts; notFound when there is no such image. */
export async function pushImage(stage: Stage, request: ImagePush): Promise<PushedImage> {
  const { namespace, name, headers, signal } = request;
  const { target } = stage.images.get(namespace, name);
  const digest = parseDigest(target.digest);
  const lease = stage.leases.createOwn(namespace);
  stage.leases.hold(namespace, lease, { type: 'content', id: digest });
  const told = teller(stage, request);
  const notice = (text: string) => told({ kind: 'notice', text });
  try {
    const { push } = await import('../../registry/push.ts');
    const pushed = await push({
      reference: parseReference(request.reference === '' ? name : request.reference),
      target: { mediaType: target.mediaType, digest, size: target.size },
      ...(request.platform === undefined ? {} : { platform: parsePlatform(request.platform) }),
      content: contentSource(stage, namespace),
      configuration: configurationOf(headers),
      client: clientOptionsOf(headers, notice),
      progress: (progress) => told({ kind: 'push', ...progress }),
      notice,
      signal,
    });
    told({ kind: 'named', digest: pushed.digest, sizeBytes: pushed.size });
    return pushed;
  } finally {
    stage.leases.delete(namespace, lease);
    told({ kind: 'ended' });
  }
}

/** The content store as a push sees it: one namespace. */
function contentSource({ content }: Stage, namespace: string): ContentSource {
  return {
    async stat(digest) {
      if (!content.has(namespace, digest)) return undefined;
      const { size, labels } = content.info(namespace, digest);
      return { size, labels };
    },
    read: (digest) => content.readAll(namespace, digest),
    stream: (digest, { offset, length }) => content.read(namespace, { digest, offset, size: length }),
    path: content.pathOf,
    async label(digest, labels) {
      const mask = Object.keys(labels).map((key) => `labels.${key}`);
      content.update(namespace, { digest, labels, mask });
    },
  };
}
