// The beats of images: pull, build, push. They stand in the order of the work.
import { type Beat, count, distinct, kilobytes, shortDigest, text } from './beat.ts';

export const imageBeats: readonly Beat[] = [
  {
    id: 'pulled',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.image-resolved',
    says: ([e]) =>
      `finds ${text(e.data.reference)} in ${text(e.data.source)}: ${count(Array(Number(e.data.layers)), 'layer')}`,
  },
  {
    id: 'build-context',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.context-received',
    says: ([e]) => `unpacks the build context: ${text(e.data.entries)} files, ${text(e.data.sentBytes)} bytes`,
  },
  {
    id: 'build-planned',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.build-planned',
    says: ([e]) =>
      `plans ${count(Array(Number(e.data.steps)), 'step')}: ${count(Array(Number(e.data.needed)), 'stage')} needed, ${text(e.data.skipped)} skipped`,
  },
  {
    id: 'build-cache',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.build-cache-looked-up',
    says: (es) =>
      `looks ${count(es, 'step')} up in the build cache: ${es.filter((e) => e.data.hit === true).length} are there`,
  },
  {
    id: 'build-layers',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.build-layer-committed',
    says: (es) =>
      `makes ${count(es, 'layer')} of what the steps changed: ${distinct(es.map((e) => shortDigest(e.data.digest)))}`,
  },
  {
    id: 'build-finished',
    stage: 'daemon',
    matches: (e) => e.type === 'daemon.build-finished',
    says: ([e]) => `has built the image ${shortDigest(e.data.id)}`,
  },
  {
    id: 'layer-exists',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.layer-exists',
    says: (es) => `already has ${count(es, 'layer')} of the image`,
  },
  {
    id: 'layer-fetched',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.layer-fetched',
    says: (es) =>
      `fetches and verifies ${count(es, 'layer')}: ${es.map((e) => shortDigest(e.data.digest) + kilobytes(e.data.sizeBytes)).join(', ')}`,
  },
  {
    id: 'layer-unpacked',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.layer-unpacked',
    says: (es) => `unpacks ${count(es, 'layer')}, each into a snapshot of its own`,
  },
  {
    id: 'blobs-there',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.blob-there',
    says: (es) => `asks first: the registry already has ${count(es, 'blob')}, which need not be sent`,
  },
  {
    id: 'blobs-mounted',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.blob-mounted',
    says: (es) => `the registry lends ${count(es, 'blob')} of ${distinct(es.map((e) => e.data.from))}: no byte is sent`,
  },
  {
    id: 'blobs-uploaded',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.blob-uploaded',
    says: (es) =>
      `sends ${count(es, 'blob')}: ${es.map((e) => shortDigest(e.data.digest) + kilobytes(e.data.sizeBytes)).join(', ')}`,
  },
  {
    id: 'manifest-pushed',
    stage: 'containerd',
    matches: (e) => e.type === 'containerd.manifest-pushed',
    says: (es) => `sends the manifest last: ${distinct(es.map((e) => e.data.name))} is this image from now on`,
  },
];
