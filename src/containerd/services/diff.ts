// diff.v1. Apply unpacks a layer; Diff makes one of what a snapshot adds to its parent.
import { parseDigest } from '../../oci/digest.ts';
import { ignoredPathsLabel } from '../client.ts';
import { applyLayer } from '../diff/apply.ts';
import { createDiff } from '../diff/create.ts';
import type { ServiceImplementation } from '../grpc/server.ts';
import type { Diff } from '../proto/gen/diff_pb.ts';
import { snapshotterWith } from '../snapshot/snapshotters.ts';
import { type Stage, unpackerOf } from '../stage.ts';
import { required } from './wire.ts';

export function diffService(stage: Stage): ServiceImplementation<typeof Diff> {
  const { content, settings, ingests, leases, namespaces } = stage;
  return {
    async apply({ diff, mounts }, { namespace, signal }) {
      const { digest } = required('diff', diff);
      content.info(namespace, digest);
      const place = snapshotterWith(stage, mounts).unpackingPlace(mounts);
      const path = content.pathOf(parseDigest(digest));
      const unpacked = await applyLayer({ digest, path, place }, unpackerOf(settings), signal);
      return {
        applied: {
          mediaType: 'application/vnd.oci.image.layer.v1.tar',
          digest: unpacked.diffId,
          size: BigInt(unpacked.bytesOut),
        },
      };
    },
    async diff({ left, right, mediaType: wanted, ref, labels, sourceDateEpoch }, { namespace, lease, signal }) {
      const parts = { ingests, leases, namespace: namespaces.ensure(namespace), lease, signal };
      const { [ignoredPathsLabel]: ignored = '', ...kept } = labels;
      const clampSeconds = sourceDateEpoch === undefined ? undefined : Number(sourceDateEpoch.seconds);
      const { mediaType, blob } = await createDiff(
        { ...parts, packer: `${settings.binaryFolder}/tlab-pack` },
        { left, right, mediaType: wanted, ref, labels: kept, clampSeconds, ignoredPaths: ignored },
      );
      return { diff: { mediaType, digest: blob.digest, size: BigInt(blob.size) } };
    },
  };
}
