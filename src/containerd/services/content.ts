// content.v1. Write is a conversation: each message (stat, write, commit) is answered with where the ingest stands.
import { LabError } from '../../base/errors.ts';
import { parseDigest } from '../../oci/digest.ts';
import type { Ingest, IngestStatus } from '../content/ingest.ts';
import { type BlobInfo, blobFields } from '../content/store.ts';
import type { CallContext, ServiceImplementation } from '../grpc/server.ts';
import { parseFilters } from '../metadata/filter.ts';
import { type Content, WriteAction, type WriteContentRequest } from '../proto/gen/content_pb.ts';
import { ContentDeleteSchema } from '../proto/gen/event_types_pb.ts';
import type { Stage } from '../stage.ts';
import { required, timestamp } from './wire.ts';

const infoMessage = (info: BlobInfo) => ({
  digest: info.digest,
  size: BigInt(info.size),
  labels: info.labels,
  createdAt: timestamp(info.createdMs),
  updatedAt: timestamp(info.updatedMs),
});

const statusMessage = (status: IngestStatus) => ({
  ref: status.ref,
  offset: BigInt(status.offset),
  total: BigInt(status.total),
  expected: status.expected,
  startedAt: timestamp(status.startedMs),
  updatedAt: timestamp(status.updatedMs),
});

export function contentService(stage: Stage): ServiceImplementation<typeof Content> {
  const { content, ingests, exchange } = stage;
  return {
    info: ({ digest }, { namespace }) => ({ info: infoMessage(content.info(namespace, digest)) }),
    update({ info, updateMask }, { namespace }) {
      const { digest, labels } = required('info', info);
      return { info: infoMessage(content.update(namespace, { digest, labels, mask: updateMask?.paths })) };
    },
    *list({ filters }, { namespace }) {
      const filter = parseFilters(filters);
      const infos = content.list(namespace).filter((info) => filter(blobFields(info)));
      for (let at = 0; at < infos.length; at += 100) yield { info: infos.slice(at, at + 100).map(infoMessage) };
    },
    async delete({ digest }, { namespace }) {
      await content.delete(namespace, digest);
      exchange.publish({ namespace, topic: '/content/delete', schema: ContentDeleteSchema, message: { digest } });
      return {};
    },
    async *read({ digest, offset, size }, { namespace }) {
      let at = Number(offset);
      for await (const data of content.read(namespace, { digest, offset: at, size: Number(size) })) {
        yield { offset: BigInt(at), data };
        at += data.length;
      }
    },
    status: ({ ref }, { namespace }) => ({ status: statusMessage(ingests.status(namespace, ref)) }),
    listStatuses({ filters }, { namespace }) {
      const filter = parseFilters(filters);
      const statuses = ingests
        .list(namespace)
        .filter(({ ref }) => filter((path) => (path.join('.') === 'ref' ? ref : undefined)));
      return { statuses: statuses.map(statusMessage) };
    },
    write: (requests, call) => write(stage, requests, call),
    abort({ ref }, { namespace }) {
      ingests.abort(namespace, ref);
      return {};
    },
  };
}

async function* write(stage: Stage, requests: AsyncIterable<WriteContentRequest>, call: CallContext) {
  const namespace = stage.namespaces.ensure(call.namespace);
  let ingest: Ingest | undefined;
  const expectation = { total: 0, expected: '', labels: {} };
  const hold = (digest: string): void => stage.leases.hold(namespace, call.lease, { type: 'content', id: digest });
  try {
    for await (const request of requests) {
      if (ingest === undefined) {
        ingest = await stage.ingests.open(namespace, {
          ref: request.ref,
          total: Number(request.total),
          expected: request.expected,
          hold,
        });
      }
      if (request.expected !== '') expectation.expected = request.expected;
      if (request.total > 0n) expectation.total = Number(request.total);
      await take(stage, ingest, { request, expectation, namespace, hold });
      if (request.action === WriteAction.COMMIT) {
        const info = await ingest.commit({ ...expectation, labels: request.labels, hold });
        yield { ...standing(ingest, request), digest: info.digest };
        return;
      }
      yield standing(ingest, request);
    }
  } finally {
    await ingest?.close();
  }
}

interface Taken {
  request: WriteContentRequest;
  expectation: { expected: string };
  namespace: string;
  hold(digest: string): void;
}

async function take(stage: Stage, ingest: Ingest, { request, expectation, namespace, hold }: Taken): Promise<void> {
  if (request.expected !== '' && stage.content.has(namespace, parseDigest(request.expected))) {
    hold(request.expected);
    await ingest.close({ discard: true });
    throw new LabError('alreadyExists', `blob with expected digest ${expectation.expected} exists`);
  }
  if (request.action === WriteAction.STAT) return;
  const offset = Number(request.offset);
  if (offset > 0 && offset !== ingest.offset) {
    throw new LabError('invalidArgument', `write @${offset} must occur at current offset ${ingest.offset}`);
  }
  if (offset === 0 && ingest.offset > 0) await ingest.restart();
  if (request.data.length > 0) await ingest.write(request.data);
}

const standing = (ingest: Ingest, request: WriteContentRequest) => ({
  action: request.action,
  startedAt: timestamp(ingest.state.startedMs),
  updatedAt: timestamp(Date.now()),
  offset: BigInt(ingest.offset),
  total: BigInt(ingest.state.total),
  digest: ingest.digest(),
});
