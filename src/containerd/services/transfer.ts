// transfer.v1: an image from a registry into the image store (pull), or the other way (push); any other pair of ends is refused by name.
import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { LabError } from '../../base/errors.ts';
import type { CallContext, ServiceImplementation } from '../grpc/server.ts';
import type { Transfer } from '../proto/gen/transfer_pb.ts';
import {
  type ImageStore,
  ImageStoreSchema,
  type OCIRegistry,
  OCIRegistrySchema,
} from '../proto/gen/transfer_types_pb.ts';
import type { Stage } from '../stage.ts';
import { pullImage } from '../transfer/pull.ts';
import { pushImage } from '../transfer/push.ts';
import { required } from './wire.ts';

export function transferService(stage: Stage): ServiceImplementation<typeof Transfer> {
  return {
    async transfer({ source, destination }, call) {
      const [from, to] = [required('source', source), required('destination', destination)];
      if (is(ImageStoreSchema, from))
        await push(stage, { store: imageStoreOf(from), registry: registryOf('to', to) }, call);
      else await pull(stage, { registry: registryOf('from', from), store: imageStoreOf(to) }, call);
      return {};
    },
  };
}

interface Ends {
  registry: OCIRegistry;
  store: ImageStore;
}

async function pull(stage: Stage, { registry, store }: Ends, call: CallContext): Promise<void> {
  await pullImage(stage, {
    namespace: call.namespace,
    reference: registry.reference,
    name: store.name,
    labels: store.labels,
    platform: platformOf(store),
    snapshotter: store.unpacks[0]?.snapshotter ?? '',
    headers: registry.resolver?.headers ?? {},
    signal: call.signal,
  });
}

/** @source containerd core/transfer/local/push.go */
async function push(stage: Stage, { registry, store }: Ends, call: CallContext): Promise<void> {
  await pushImage(stage, {
    namespace: call.namespace,
    name: store.name,
    reference: registry.reference,
    platform: platformOf(store),
    headers: registry.resolver?.headers ?? {},
    signal: call.signal,
  });
}

function platformOf({ platforms: [platform] }: ImageStore): string | undefined {
  return platform && [platform.os, platform.architecture, platform.variant].filter(Boolean).join('/');
}

const is = (schema: DescMessage, any: Any): boolean => any.typeUrl.endsWith(schema.typeName);

function registryOf(direction: 'from' | 'to', any: Any): OCIRegistry {
  if (is(OCIRegistrySchema, any)) return fromBinary(OCIRegistrySchema, any.value);
  throw new LabError(
    'notImplemented',
    `transfer ${direction} ${any.typeUrl} is not there: expected ${OCIRegistrySchema.typeName}`,
  );
}

function imageStoreOf(any: Any): ImageStore {
  if (is(ImageStoreSchema, any)) return fromBinary(ImageStoreSchema, any.value);
  throw new LabError(
    'notImplemented',
    `transfer to ${any.typeUrl} is not there: expected ${ImageStoreSchema.typeName}`,
  );
}
