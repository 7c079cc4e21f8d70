// transfer.v1: pulls an image from a registry into the image store.
import { LabError } from '../../base/errors.ts';
import type { ServiceImplementation } from '../grpc/server.ts';
import type { Transfer } from '../proto/gen/transfer_pb.ts';
import type { Stage } from '../stage.ts';

export function transferService(_stage: Stage): ServiceImplementation<typeof Transfer> {
  return {
    transfer() {
      throw new LabError(
        'notImplemented',
        'this transfer is not there: expected an OCI registry as source and the image store as destination',
      );
    },
  };
}
