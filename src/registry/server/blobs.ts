// Blobs: read, looked for, removed; and uploads in their three forms: whole in one POST, POST and PUT, or POST, PATCH …, PUT.
// @source oci-distribution pushing blobs
import { Refused } from './errors.ts';
import { contentDigest, type Exchange, sendEmpty, sendFile } from './exchange.ts';
import { digestOrRefuse, isRepositoryName } from './names.ts';
import type { Upload } from './uploads.ts';

/** GET and HEAD blobs/DIGEST. */
export async function readBlob(exchange: Exchange): Promise<void> {
  const { store, proxy, repository, rest, request, response } = exchange;
  const digest = digestOrRefuse(rest);
  const sizeBytes = await store.blobSize(repository, digest);
  if (sizeBytes === undefined && proxy !== undefined) return proxy.sendBlob(exchange, digest);
  if (sizeBytes === undefined) throw new Refused('BLOB_UNKNOWN', `${repository} has no blob ${digest}`);
  await proxy?.used(digest);
  const headers = { ...contentDigest(digest), etag: `"${digest}"`, 'cache-control': 'max-age=31536000' };
  if (request.headers['if-none-match'] === headers.etag) return sendEmpty(response, 304, headers);
  const type = { 'content-type': 'application/octet-stream' };
  await sendFile(exchange, { path: store.blobPath(digest), sizeBytes, headers: { ...type, ...headers } });
}

/** DELETE blobs/DIGEST. */
export async function removeBlob({ store, repository, rest, response }: Exchange): Promise<void> {
  const digest = digestOrRefuse(rest);
  if (!(await store.unlinkBlob(repository, digest))) {
    throw new Refused('BLOB_UNKNOWN', `${repository} has no blob ${digest}`);
  }
  sendEmpty(response, 202, contentDigest(digest));
}

/** POST blobs/uploads/: begin one; lend a blob of another repository; or take the whole blob at once. */
export async function beginUpload(exchange: Exchange): Promise<void> {
  const { store, uploads, url, repository, response, client } = exchange;
  const mount = url.searchParams.get('mount');
  const from = url.searchParams.get('from') ?? '';
  if (mount !== null && isRepositoryName(from)) {
    const digest = digestOrRefuse(mount);
    if ((await store.blobSize(from, digest)) !== undefined) {
      await store.linkBlob(repository, digest);
      return sendEmpty(response, 201, { location: blobLocation(repository, digest), ...contentDigest(digest) });
    }
  }
  const digest = url.searchParams.get('digest');
  if (digest !== null) digestOrRefuse(digest);
  const upload = await uploads.begin(repository, client);
  if (digest === null) return sendStand(exchange, upload, 202);
  try {
    await takeBody(exchange, upload, () => complete(exchange, upload, digest));
  } catch (error) {
    // Nobody was told its name: nobody comes back for it.
    await uploads.cancel(upload);
    throw error;
  }
}

/** PATCH blobs/uploads/ID: the next bytes. */
export async function appendUpload(exchange: Exchange): Promise<void> {
  const { uploads, repository, rest } = exchange;
  const upload = await uploads.find(rest, repository);
  await takeBody(exchange, upload);
  sendStand(exchange, upload, 202);
}

/** PUT blobs/uploads/ID?digest=: the last bytes, if any, and what all of them are. */
export async function finishUpload(exchange: Exchange): Promise<void> {
  const { uploads, repository, rest, url } = exchange;
  const digest = digestOrRefuse(url.searchParams.get('digest') ?? '');
  const upload = await uploads.find(rest, repository);
  await takeBody(exchange, upload, () => complete(exchange, upload, digest));
}

/** GET blobs/uploads/ID: how far it came. */
export async function standOfUpload(exchange: Exchange): Promise<void> {
  const { uploads, repository, rest } = exchange;
  const upload = await uploads.find(rest, repository);
  // Bytes of a connection that broke are counted before the answer.
  await uploads.take(
    upload,
    () => undefined,
    async () => undefined,
  );
  sendStand(exchange, upload, 204);
}

/** DELETE blobs/uploads/ID. */
export async function cancelUpload({ uploads, repository, rest, response }: Exchange): Promise<void> {
  const upload = await uploads.find(rest, repository);
  await uploads.take(
    upload,
    () => undefined,
    () => uploads.cancel(upload),
  );
  sendEmpty(response, 204);
}

/** `then` comes before anybody else may take the upload. */
async function takeBody(
  { request, uploads, limits }: Exchange,
  upload: Upload,
  then: () => Promise<void> = async () => undefined,
): Promise<void> {
  await uploads.take(
    upload,
    () => request.destroy(),
    async () => {
      checkRange(request.headers['content-range'], upload);
      await uploads.append(upload, request, { mostBytes: limits.blobBytes });
      checkLength(request.headers['content-range'], upload);
      await then();
    },
  );
}

/** A part must begin where the last one ended. */
function checkRange(header: string | undefined, upload: Upload): void {
  if (header === undefined) return;
  const [, start] = /^(?:bytes[ =])?(\d+)-(\d+)(?:\/\S+)?$/.exec(header) ?? [];
  if (start !== undefined && Number(start) === upload.offset) return;
  throw new Refused('RANGE_INVALID', `Content-Range ${header}: the upload stands at ${upload.offset} bytes`, {
    headers: standHeaders(upload),
  });
}

function checkLength(header: string | undefined, upload: Upload): void {
  const last = /-(\d+)(?:\/\S+)?$/.exec(header ?? '')?.[1];
  if (last === undefined || Number(last) + 1 === upload.offset) return;
  throw new Refused('RANGE_INVALID', `Content-Range ${header}: bytes up to ${upload.offset - 1} came`, {
    headers: standHeaders(upload),
  });
}

async function complete({ uploads, response, repository }: Exchange, upload: Upload, text: string): Promise<void> {
  const digest = digestOrRefuse(text);
  await uploads.commit(upload, digest);
  sendEmpty(response, 201, { location: blobLocation(repository, digest), ...contentDigest(digest) });
}

const blobLocation = (repository: string, digest: string): string => `/v2/${repository}/blobs/${digest}`;

function standHeaders({ id, repository, offset }: Upload): Record<string, string> {
  return {
    location: `/v2/${repository}/blobs/uploads/${id}`,
    range: `0-${Math.max(offset - 1, 0)}`,
    'docker-upload-uuid': id,
  };
}

function sendStand({ response }: Exchange, upload: Upload, status: 202 | 204): void {
  response.writeHead(status, { ...standHeaders(upload), ...(status === 202 ? { 'content-length': 0 } : {}) });
  response.end();
}
