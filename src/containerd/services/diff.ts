// diff.v1. Apply unpacks a layer; making a layer from two snapshots is refused by name.
import { LabError } from '../../base/errors.ts';
import { parseDigest } from '../../oci/digest.ts';
import { applyLayer } from '../diff/apply.ts';
import type { ServiceImplementation } from '../grpc/server.ts';
import type { Diff } from '../proto/gen/diff_pb.ts';
import type { Stage } from '../stage.ts';
import { required } from './wire.ts';

export function diffService({ content, snapshots, settings }: Stage): ServiceImplementation<typeof Diff> {
  return {
    async apply({ diff, mounts }, { namespace, signal }) {
      const { digest } = required('diff', diff);
      content.info(namespace, digest);
      const where = { directory: snapshots.writableDirectory(mounts), lowers: snapshots.lowerDirectories(mounts) };
      const path = content.pathOf(parseDigest(digest));
      const unpacked = await applyLayer({ digest, path, ...where }, `${settings.binaryFolder}/tlab-unpack`, signal);
      return {
        applied: {
          mediaType: 'application/vnd.oci.image.layer.v1.tar',
          digest: unpacked.diffId,
          size: BigInt(unpacked.bytesOut),
        },
      };
    },
    diff() {
      throw new LabError('notImplemented', 'making a layer from a snapshot (Diff) is not there yet');
    },
  };
}
