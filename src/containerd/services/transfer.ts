// transfer.v1: pulls an image from a registry into the image store; any other pair of ends is refused by name.
import { fromBinary } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { LabError } from '../../base/errors.ts';
import type { ServiceImplementation } from '../grpc/server.ts';
import type { Transfer } from '../proto/gen/transfer_pb.ts';
import {
  type ImageStore,
  ImageStoreSchema,
  type OCIRegistry,
  OCIRegistrySchema,
} from '../proto/gen/transfer_types_pb.ts';
import type { Stage } from '../stage.ts';
import { pullImage } from '../transfer/pull.ts';
import { required } from './wire.ts';

export function transferService(stage: Stage): ServiceImplementation<typeof Transfer> {
  return {
    async transfer({ source, destination }, call) {
      const registry = registryOf(required('source', source));
      const store = imageStoreOf(required('destination', destination));
      const [platform] = store.platforms;
      await pullImage(stage, {
        namespace: call.namespace,
        reference: registry.reference,
        name: store.name,
        labels: store.labels,
        platform: platform && [platform.os, platform.architecture, platform.variant].filter(Boolean).join('/'),
        headers: registry.resolver?.headers ?? {},
        signal: call.signal,
      });
      return {};
    },
  };
}

function registryOf(any: Any): OCIRegistry {
  if (any.typeUrl.endsWith(OCIRegistrySchema.typeName)) return fromBinary(OCIRegistrySchema, any.value);
  throw new LabError(
    'notImplemented',
    `transfer from ${any.typeUrl} is not there: expected ${OCIRegistrySchema.typeName}`,
  );
}

function imageStoreOf(any: Any): ImageStore {
  if (any.typeUrl.endsWith(ImageStoreSchema.typeName)) return fromBinary(ImageStoreSchema, any.value);
  throw new LabError(
    'notImplemented',
    `transfer to ${any.typeUrl} is not there: expected ${ImageStoreSchema.typeName}`,
  );
}
