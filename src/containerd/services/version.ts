// version.v1: containerd 1.6's clients compare nothing, but people read it.
import type { ServiceImplementation } from '../grpc/server.ts';
import type { Version } from '../proto/gen/version_pb.ts';

/** The release of tlab; `revision` names the containerd whose API this is. */
export const versionService = (): ServiceImplementation<typeof Version> => ({
  version: () => ({ version: '0.1.0-tlab', revision: 'containerd API 1.6' }),
});
