// What a name stands for at its registry, without pulling it: the descriptor, and the platforms that it is for.
import {
  type Descriptor,
  imageConfigSchema,
  type Platform,
  parseDocument,
  parseManifestDocument,
} from '../oci/image.ts';
import { familiarReference, type Reference } from '../oci/reference.ts';
import { type ClientOptions, RegistryClient } from './client.ts';
import { endpointsOf, type RegistryConfiguration } from './hosts.ts';
import { resolveAnywhere } from './resolve.ts';

export interface RemoteDescription {
  descriptor: Descriptor;
  platforms: Platform[];
}

/** Errors: notFound, permissionDenied, resourceExhausted, unavailable, dataLoss. */
export async function describe(
  reference: Reference,
  options: { configuration?: RegistryConfiguration; client: ClientOptions },
): Promise<RemoteDescription> {
  const endpoints = endpointsOf(reference.domain, options.configuration);
  const clients = endpoints.map((endpoint) => new RegistryClient(endpoint, options.client));
  try {
    const { source, resolved } = await resolveAnywhere(reference, clients);
    const { descriptor, bytes } = resolved;
    const name = familiarReference(reference);
    const document = parseManifestDocument(bytes, descriptor.mediaType, name);
    if (document.kind === 'index') {
      const platforms = document.index.manifests.flatMap(({ platform }) => (platform === undefined ? [] : [platform]));
      return { descriptor, platforms };
    }
    const config = await source.document(reference, document.manifest.config);
    const { os, architecture, variant } = parseDocument(imageConfigSchema, config, `${name}: its config`);
    const platform = { os, architecture, variant, 'os.version': undefined, 'os.features': undefined };
    return { descriptor, platforms: [platform] };
  } finally {
    for (const client of clients) client.close();
  }
}
