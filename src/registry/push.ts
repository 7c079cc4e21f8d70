// Pushes an image: every blob that the registry lacks, then the manifests that name them, the one with the tag last, so that
// nobody ever pulls a name of which something is missing.
import { LabError } from '../base/errors.ts';
import type { Digest } from '../oci/digest.ts';
import { verifyDigest } from '../oci/digest.ts';
import type { Descriptor, Platform } from '../oci/image.ts';
import type { Reference } from '../oci/reference.ts';
import { emit } from '../trace/recorder.ts';
import { type ClientOptions, RegistryConnection } from './connection.ts';
import { type ContentSource, sourceLabel } from './content-source.ts';
import { endpointsOf, type RegistryConfiguration } from './hosts.ts';
import { bodyOf } from './http.ts';
import { type PushedDocument, planPush } from './push-plan.ts';
import { type UploadContext, uploadBlob } from './upload.ts';

export interface PushProgress {
  digest: string;
  mediaType: string;
  sizeBytes: number;
  offsetBytes: number;
  status: 'preparing' | 'waiting' | 'pushing' | 'resuming' | 'there' | 'mounted' | 'pushed';
  /** The repository that lent it. */
  from?: string;
}

export interface PushOptions {
  /** Where to; the tag, or the digest when there is none. */
  reference: Reference;
  /** What the name stands for here. */
  target: Descriptor;
  /** Only the manifest of the index for this platform. */
  platform?: Platform | undefined;
  content: ContentSource;
  configuration?: RegistryConfiguration;
  client?: ClientOptions;
  progress?: (progress: PushProgress) => void;
  notice?: (text: string) => void;
  chunkBytes?: number;
  signal?: AbortSignal | undefined;
}

export interface PushedImage {
  digest: Digest;
  size: number;
  mediaType: string;
}

/** As many at once as dockerd sends. @source docker daemon.json: max-concurrent-uploads */
const blobsAtOnce = 5;

/** Errors: notFound when something of the image is not here, permissionDenied, resourceExhausted, unavailable, dataLoss. */
export async function push(options: PushOptions): Promise<PushedImage> {
  const plan = await planPush(options);
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const connection = await connect(options, signal);
  const { path: repository } = options.reference;
  const { content, chunkBytes } = options;
  const context = { connection, repository, content, chunkBytes, signal, wait: options.client?.wait };
  try {
    await pushBlobs(options, context, { blobs: plan.blobs, stop });
    for (const document of plan.documents) await putManifest(context, document, document.descriptor.digest);
    const name = options.reference.tag ?? plan.root.descriptor.digest;
    await putManifest(context, plan.root, name);
    for (const { descriptor } of [...plan.documents, plan.root]) await remember(options, descriptor.digest);
    const { digest, size, mediaType } = plan.root.descriptor;
    return { digest, size, mediaType };
  } finally {
    connection.close();
  }
}

/** The first endpoint that answers; mirrors are for reading. */
async function connect(options: PushOptions, signal: AbortSignal): Promise<RegistryConnection> {
  const { domain, path: repository } = options.reference;
  const endpoints = endpointsOf(domain, options.configuration).filter((endpoint) => !endpoint.isMirror);
  let refusal: unknown;
  for (const endpoint of endpoints) {
    const connection = new RegistryConnection(endpoint, { ...options.client, signal });
    try {
      const why = 'is this a registry';
      (await connection.send({ repository: '', path: '', expects: [200, 401, 403, 404], why })).body.resume();
      return connection;
    } catch (error) {
      connection.close();
      // Only "cannot be reached" lets the next one try: https is refused where a registry speaks http.
      if (!(error instanceof LabError) || error.kind !== 'unavailable') throw error;
      refusal ??= error;
      if (error.data?.tls !== true) refusal = error;
    }
  }
  throw refusal ?? new LabError('unavailable', `${domain}/${repository}: there is no registry to push to`);
}

async function pushBlobs(
  options: PushOptions,
  context: UploadContext,
  { blobs, stop }: { blobs: readonly Descriptor[]; stop: AbortController },
): Promise<void> {
  const waiting = [...blobs];
  for (const blob of waiting) tell(options, blob, { status: 'preparing' });
  const worker = async () => {
    for (let blob = waiting.shift(); blob !== undefined && !stop.signal.aborted; blob = waiting.shift()) {
      await pushBlob(options, context, blob);
    }
  };
  const workers = Array.from({ length: blobsAtOnce }, worker);
  try {
    await Promise.all(workers);
  } catch (error) {
    stop.abort();
    await Promise.allSettled(workers);
    throw error;
  }
}

async function pushBlob(options: PushOptions, context: UploadContext, blob: Descriptor): Promise<void> {
  const { repository, connection } = context;
  const outcome = await uploadBlob(context, blob, {
    mountFrom: await lenders(options, blob.digest),
    events: {
      sending: (offsetBytes) => tell(options, blob, { status: 'pushing', offsetBytes }),
      retrying: (offsetBytes) => tell(options, blob, { status: 'resuming', offsetBytes }),
    },
  });
  const data = { registry: connection.host, repository, digest: blob.digest, sizeBytes: blob.size };
  const offsetBytes = blob.size;
  if (outcome.kind === 'there') {
    emit('containerd.blob-there', { data, twin: `curl -sS -I '${urlOf(context, `blobs/${blob.digest}`)}'` });
    tell(options, blob, { status: 'there', offsetBytes });
  } else if (outcome.kind === 'mounted') {
    const query = `mount=${blob.digest}&from=${encodeURIComponent(outcome.from)}`;
    const twin = `curl -sS -X POST '${urlOf(context, `blobs/uploads/?${query}`)}'`;
    emit('containerd.blob-mounted', { data: { ...data, from: outcome.from }, twin });
    tell(options, blob, { status: 'mounted', from: outcome.from, offsetBytes });
  } else {
    const { durationMs, resumes } = outcome;
    const path = options.content.path?.(blob.digest);
    const twin = path === undefined ? {} : { twin: `sha256sum ${path}` };
    emit('containerd.blob-uploaded', { data: { ...data, durationMs, resumes }, ...twin });
    tell(options, blob, { status: 'pushed', offsetBytes });
  }
  await remember(options, blob.digest);
}

const urlOf = ({ connection, repository }: UploadContext, path: string): string =>
  new URL(`/v2/${repository}/${path}`, connection.endpoint.origin).href;

/** Repositories of the same registry that had the blob when it was pulled or pushed. */
async function lenders({ content, reference }: PushOptions, digest: Digest): Promise<string[]> {
  const labels = (await content.stat(digest))?.labels ?? {};
  const known = (labels[sourceLabel(reference.domain)] ?? '').split(',');
  return known.filter((repository) => repository !== '' && repository !== reference.path).slice(0, mostLenders);
}

const mostLenders = 3;
/** A label is bounded. @source containerd labels/validate.go: key and value together at most 4096 */
const mostRemembered = 10;

/** Where the next push can borrow it from. */
async function remember({ content, reference }: PushOptions, digest: Digest): Promise<void> {
  const stored = await content.stat(digest);
  if (stored === undefined) return;
  const label = sourceLabel(reference.domain);
  const known = (stored.labels[label] ?? '').split(',').filter((each) => each !== '' && each !== reference.path);
  await content.label(digest, { [label]: [reference.path, ...known].slice(0, mostRemembered).join(',') });
}

async function putManifest(context: UploadContext, document: PushedDocument, name: string): Promise<void> {
  const { connection, repository } = context;
  const { mediaType, digest, size } = document.descriptor;
  verifyDigest(document.bytes, digest, `manifest ${digest}`);
  const response = await connection.send({
    method: 'PUT',
    repository,
    path: `manifests/${name}`,
    headers: { 'content-type': mediaType },
    body: bodyOf(document.bytes),
    expects: [201],
    actions: 'pull,push',
    why: name === digest ? 'a manifest that the index names' : `from now on ${name} is this`,
    what: `${repository}:${name}`,
  });
  response.body.resume();
  const told = response.headers['docker-content-digest'];
  if (told !== undefined && told !== digest) {
    throw new LabError('dataLoss', `${connection.host}: it kept the manifest as ${told}, ${digest} was sent`);
  }
  const data = { registry: connection.host, repository, digest, sizeBytes: size, name, mediaType };
  const twin = `curl -sS -X PUT -H 'content-type: ${mediaType}' --data-binary @manifest.json '${urlOf(context, `manifests/${name}`)}'`;
  emit('containerd.manifest-pushed', { data, twin });
}

function tell(
  options: PushOptions,
  { digest, mediaType, size }: Descriptor,
  how: Pick<PushProgress, 'status'> & Partial<PushProgress>,
): void {
  options.progress?.({ digest, mediaType, sizeBytes: size, offsetBytes: 0, ...how });
}
