// What the distribution specification's conformance list asks of a registry, category by category, by plain HTTP; and each thing that a
// client may do wrong with the error that it gets.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { digestOf } from '../../../src/oci/digest.ts';
import { type OwnRegistry, startOwnRegistry } from '../../helpers/own-registry.ts';

let registry: OwnRegistry;
before(async () => {
  registry = await startOwnRegistry({ limits: { blobBytes: 1_000_000, manifestBytes: 4096 } });
});
after(() => registry.close());

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';

interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

async function ask(
  method: string,
  path: string,
  init: { headers?: Record<string, string>; body?: Uint8Array | string } = {},
): Promise<Answer> {
  const url = path.startsWith('http') ? path : `${registry.url}${path}`;
  const { body, ...rest } = init;
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    ...rest,
    ...(body === undefined ? {} : { body: body as string }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
const codeOf = ({ text }: Answer): string => JSON.parse(text).errors[0].code;
const location = ({ headers }: Answer): string => new URL(headers.get('location') ?? '', registry.url).href;
const withDigest = (url: string, digest: string): string => {
  const full = new URL(url);
  full.searchParams.set('digest', digest);
  return full.href;
};

async function pushBlob(name: string, bytes: Buffer): Promise<{ digest: string; size: number }> {
  const begun = await ask('POST', `/v2/${name}/blobs/uploads/`);
  const digest = digestOf(bytes);
  const done = await ask('PUT', withDigest(location(begun), digest), { body: bytes });
  assert.equal(done.status, 201, done.text);
  return { digest, size: bytes.length };
}

async function manifestFor(name: string, text: string, more: object = {}): Promise<Buffer> {
  const config = await pushBlob(name, Buffer.from(`{"config":"${text}"}`));
  const layer = await pushBlob(name, Buffer.from(text));
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
      ...more,
    }),
  );
}
const putManifest = (name: string, reference: string, body: Buffer, type = ociManifest) =>
  ask('PUT', `/v2/${name}/manifests/${reference}`, { body, headers: { 'content-type': type } });

test('GET /v2/ says that this is a registry', async () => {
  const answer = await ask('GET', '/v2/');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('docker-distribution-api-version'), 'registry/2.0');
});

test('pull: a blob that is not there is 404 with its code, for HEAD without a body', async () => {
  const digest = digestOf('nothing');
  assert.equal((await ask('HEAD', `/v2/conf/pull/blobs/${digest}`)).status, 404);
  const answer = await ask('GET', `/v2/conf/pull/blobs/${digest}`);
  assert.deepEqual([answer.status, codeOf(answer)], [404, 'BLOB_UNKNOWN']);
});

test('pull: blobs by digest, their length, and ranges', async () => {
  const { digest } = await pushBlob('conf/pull', Buffer.from('0123456789'));
  const path = `/v2/conf/pull/blobs/${digest}`;
  const head = await ask('HEAD', path);
  assert.deepEqual(
    [head.status, head.headers.get('content-length'), head.headers.get('docker-content-digest')],
    [200, '10', digest],
  );
  assert.equal((await ask('GET', path)).text, '0123456789');
  const part = await ask('GET', path, { headers: { range: 'bytes=3-5' } });
  assert.deepEqual([part.status, part.text, part.headers.get('content-range')], [206, '345', 'bytes 3-5/10']);
  assert.equal((await ask('GET', path, { headers: { range: 'bytes=7-' } })).text, '789');
  assert.equal((await ask('GET', path, { headers: { range: 'bytes=-2' } })).text, '89');
  const beyond = await ask('GET', path, { headers: { range: 'bytes=10-' } });
  assert.deepEqual([beyond.status, beyond.headers.get('content-range')], [416, 'bytes */10']);
  const etag = head.headers.get('etag') ?? '';
  assert.equal((await ask('GET', path, { headers: { 'if-none-match': etag } })).status, 304);
});

test('pull: manifests by tag and by digest, byte by byte and with their type', async () => {
  const body = await manifestFor('conf/pull', 'one');
  const put = await putManifest('conf/pull', 'v1', body);
  const digest = digestOf(body);
  assert.deepEqual([put.status, put.headers.get('docker-content-digest')], [201, digest]);
  for (const reference of ['v1', digest]) {
    const got = await ask('GET', `/v2/conf/pull/manifests/${reference}`);
    assert.equal(got.status, 200);
    assert.equal(got.text, body.toString());
    assert.equal(got.headers.get('content-type'), ociManifest);
    const head = await ask('HEAD', `/v2/conf/pull/manifests/${reference}`);
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, `${body.length}`]);
  }
  const none = await ask('GET', '/v2/conf/pull/manifests/none');
  assert.deepEqual([none.status, codeOf(none)], [404, 'MANIFEST_UNKNOWN']);
  assert.equal((await ask('HEAD', '/v2/conf/pull/manifests/.INVALID')).status, 404);
});

test('push: a blob in one POST', async () => {
  const bytes = Buffer.from('in one');
  const done = await ask('POST', withDigest(`${registry.url}/v2/conf/push/blobs/uploads/`, digestOf(bytes)), {
    body: bytes,
  });
  assert.equal(done.status, 201);
  assert.equal((await ask('GET', location(done))).text, 'in one');
});

test('push: parts in their order, each told where it ended; one out of order is 416 and harms nothing', async () => {
  const bytes = Buffer.from('first part, second part');
  const begun = await ask('POST', '/v2/conf/push/blobs/uploads/');
  assert.equal(begun.status, 202);
  const part = (url: string, from: number, to: number) =>
    ask('PATCH', url, {
      body: bytes.subarray(from, to),
      headers: { 'content-type': 'application/octet-stream', 'content-range': `${from}-${to - 1}` },
    });
  const first = await part(location(begun), 0, 12);
  assert.deepEqual([first.status, first.headers.get('range')], [202, '0-11']);
  const wrong = await part(location(first), 15, 20);
  assert.deepEqual([wrong.status, wrong.headers.get('range')], [416, '0-11']);
  const stand = await ask('GET', location(first));
  assert.deepEqual([stand.status, stand.headers.get('range')], [204, '0-11']);
  const second = await part(location(stand), 12, bytes.length);
  const done = await ask('PUT', withDigest(location(second), digestOf(bytes)));
  assert.equal(done.status, 201);
  assert.equal((await ask('GET', location(done))).text, bytes.toString());
});

test('push: the last part may come with the PUT; sha512 is a digest too', async () => {
  const bytes = Buffer.from('patched and put');
  const begun = await ask('POST', '/v2/conf/push/blobs/uploads/');
  const first = await ask('PATCH', location(begun), { body: bytes.subarray(0, 4) });
  const digest = `sha512:${createHash('sha512').update(bytes).digest('hex')}`;
  const done = await ask('PUT', withDigest(location(first), digest), { body: bytes.subarray(4) });
  assert.equal(done.status, 201, done.text);
  assert.equal((await ask('GET', `/v2/conf/push/blobs/${digest}`)).text, bytes.toString());
});

test('push: bytes of another digest are refused and not kept', async () => {
  const begun = await ask('POST', '/v2/conf/push/blobs/uploads/');
  const wrong = await ask('PUT', withDigest(location(begun), digestOf('other')), { body: 'these' });
  assert.deepEqual([wrong.status, codeOf(wrong)], [400, 'DIGEST_INVALID']);
  assert.equal((await ask('HEAD', `/v2/conf/push/blobs/${digestOf('other')}`)).status, 404);
  const gone = await ask('GET', location(begun));
  assert.deepEqual([gone.status], [404]);
  const none = await ask('PUT', withDigest(location(await ask('POST', '/v2/conf/push/blobs/uploads/')), 'sha256:12'));
  assert.deepEqual([none.status, codeOf(none)], [400, 'DIGEST_INVALID']);
});

test('push: an upload is cancelled, and belongs to its repository alone', async () => {
  const begun = await ask('POST', '/v2/conf/push/blobs/uploads/');
  const id = new URL(location(begun)).pathname.split('/').at(-1) ?? '';
  assert.equal((await ask('GET', `/v2/conf/other/blobs/uploads/${id}`)).status, 404);
  assert.equal((await ask('DELETE', location(begun))).status, 204);
  const gone = await ask('PATCH', location(begun), { body: 'x' });
  assert.deepEqual([gone.status, codeOf(gone)], [404, 'BLOB_UPLOAD_UNKNOWN']);
  assert.equal((await ask('GET', '/v2/conf/push/blobs/uploads/..%2f..%2fetc')).status, 404);
});

test('push: a blob of another repository is lent; one that is not there begins an upload', async () => {
  const { digest } = await pushBlob('conf/lender', Buffer.from('lent'));
  const lent = await ask('POST', `/v2/conf/borrower/blobs/uploads/?mount=${digest}&from=conf/lender`);
  assert.equal(lent.status, 201);
  assert.equal((await ask('GET', location(lent))).text, 'lent');
  const other = await ask('POST', `/v2/conf/borrower/blobs/uploads/?mount=${digestOf('none')}&from=conf/lender`);
  assert.equal(other.status, 202);
});

test('push: a manifest that names what is not there, is no manifest or is too large is refused', async () => {
  const name = 'conf/bad';
  const good = JSON.parse((await manifestFor(name, 'good')).toString());
  const missing = { ...good, layers: [{ ...good.layers[0], digest: digestOf('missing') }] };
  const cases: Array<[string | object, number, string]> = [
    [missing, 400, 'MANIFEST_BLOB_UNKNOWN'],
    [{ ...good, layers: [{ ...good.layers[0], size: 1 }] }, 400, 'MANIFEST_INVALID'],
    ['garbage', 400, 'MANIFEST_INVALID'],
    [{ schemaVersion: 2 }, 400, 'MANIFEST_INVALID'],
    [{ ...good, annotations: { long: 'x'.repeat(5000) } }, 413, 'SIZE_INVALID'],
  ];
  for (const [document, status, code] of cases) {
    const body = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
    const answer = await putManifest(name, 'bad', body);
    assert.deepEqual([answer.status, codeOf(answer)], [status, code]);
  }
  const byOther = await putManifest(name, digestOf('other'), Buffer.from(JSON.stringify(good)));
  assert.deepEqual([byOther.status, codeOf(byOther)], [400, 'DIGEST_INVALID']);
  assert.equal((await ask('GET', `/v2/${name}/manifests/bad`)).status, 404);
});

test('push: a blob beyond the limit is refused with 413, whether it says so or not', async () => {
  const begun = await ask('POST', '/v2/conf/push/blobs/uploads/');
  const answer = await ask('PUT', withDigest(location(begun), digestOf('x')), { body: Buffer.alloc(1_000_001) }).catch(
    () => undefined,
  );
  if (answer !== undefined) assert.deepEqual([answer.status, codeOf(answer)], [413, 'SIZE_INVALID']);
  assert.equal((await ask('HEAD', `/v2/conf/push/blobs/${digestOf('x')}`)).status, 404);
});

test('discovery: tags are sorted and come in pages', async () => {
  const body = await manifestFor('conf/tags', 'tagged');
  for (const tag of ['b', 'a', 'C', 'd']) await putManifest('conf/tags', tag, body);
  const all = await ask('GET', '/v2/conf/tags/tags/list');
  assert.deepEqual(JSON.parse(all.text), { name: 'conf/tags', tags: ['C', 'a', 'b', 'd'] });
  const first = await ask('GET', '/v2/conf/tags/tags/list?n=2');
  assert.deepEqual(JSON.parse(first.text).tags, ['C', 'a']);
  const next = /<(.+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
  const second = await ask('GET', next);
  assert.deepEqual(JSON.parse(second.text).tags, ['b', 'd']);
  assert.equal(second.headers.get('link'), null);
  assert.deepEqual(JSON.parse((await ask('GET', '/v2/conf/tags/tags/list?n=0')).text).tags, []);
  assert.deepEqual(JSON.parse((await ask('GET', '/v2/conf/tags/tags/list?last=a')).text).tags, ['b', 'd']);
  const none = await ask('GET', '/v2/conf/nobody/tags/list');
  assert.deepEqual([none.status, codeOf(none)], [404, 'NAME_UNKNOWN']);
  assert.ok(JSON.parse((await ask('GET', '/v2/_catalog')).text).repositories.includes('conf/tags'));
});

test('discovery: who refers to a manifest is listed, and filtered by its type', async () => {
  const name = 'conf/refs';
  const subject = await manifestFor(name, 'subject');
  await putManifest(name, 'subject', subject);
  const described = { mediaType: ociManifest, digest: digestOf(subject), size: subject.length };
  const sbom = await manifestFor(name, 'sbom', {
    subject: described,
    artifactType: 'application/sbom',
    annotations: { a: 'b' },
  });
  const put = await putManifest(name, digestOf(sbom), sbom);
  assert.deepEqual([put.status, put.headers.get('oci-subject')], [201, digestOf(subject)]);
  const other = await manifestFor(name, 'other', { subject: described });
  await putManifest(name, digestOf(other), other);
  const all = await ask('GET', `/v2/${name}/referrers/${digestOf(subject)}`);
  assert.equal(all.headers.get('content-type'), ociIndex);
  const { manifests } = JSON.parse(all.text);
  assert.deepEqual(
    manifests.map((one: { digest: string }) => one.digest).sort(),
    [digestOf(sbom), digestOf(other)].sort(),
  );
  const filtered = await ask('GET', `/v2/${name}/referrers/${digestOf(subject)}?artifactType=application/sbom`);
  assert.equal(filtered.headers.get('oci-filters-applied'), 'artifactType');
  assert.deepEqual(JSON.parse(filtered.text).manifests, [
    {
      mediaType: ociManifest,
      digest: digestOf(sbom),
      size: sbom.length,
      annotations: { a: 'b' },
      artifactType: 'application/sbom',
    },
  ]);
  const nobody = await ask('GET', `/v2/${name}/referrers/${digestOf('nobody')}`);
  assert.deepEqual([nobody.status, JSON.parse(nobody.text).manifests], [200, []]);
  assert.equal((await ask('GET', `/v2/${name}/referrers/sha256:no`)).status, 400);
  await ask('DELETE', `/v2/${name}/manifests/${digestOf(sbom)}`);
  const left = JSON.parse((await ask('GET', `/v2/${name}/referrers/${digestOf(subject)}`)).text).manifests;
  assert.deepEqual(
    left.map((one: { digest: string }) => one.digest),
    [digestOf(other)],
  );
});

test('an index needs the manifests that it names', async () => {
  const name = 'conf/index';
  const body = await manifestFor(name, 'for an index');
  const entry = { mediaType: ociManifest, digest: digestOf(body), size: body.length };
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [entry] }));
  const early = await putManifest(name, 'all', index, ociIndex);
  assert.deepEqual([early.status, codeOf(early)], [400, 'MANIFEST_BLOB_UNKNOWN']);
  await putManifest(name, entry.digest, body);
  assert.equal((await putManifest(name, 'all', index, ociIndex)).status, 201);
  assert.equal((await ask('GET', `/v2/${name}/manifests/all`)).headers.get('content-type'), ociIndex);
});

test('management: a tag, a manifest with its tags, and a blob are removed', async () => {
  const name = 'conf/remove';
  const body = await manifestFor(name, 'removed');
  for (const tag of ['one', 'two', 'three']) await putManifest(name, tag, body);
  assert.equal((await ask('DELETE', `/v2/${name}/manifests/one`)).status, 202);
  assert.equal((await ask('GET', `/v2/${name}/manifests/one`)).status, 404);
  assert.equal((await ask('GET', `/v2/${name}/manifests/two`)).status, 200);
  assert.equal((await ask('DELETE', `/v2/${name}/manifests/${digestOf(body)}`)).status, 202);
  assert.deepEqual(JSON.parse((await ask('GET', `/v2/${name}/tags/list`)).text).tags, []);
  const layer = JSON.parse(body.toString()).layers[0].digest;
  assert.equal((await ask('DELETE', `/v2/${name}/blobs/${layer}`)).status, 202);
  assert.equal((await ask('GET', `/v2/${name}/blobs/${layer}`)).status, 404);
  const again = await ask('DELETE', `/v2/${name}/blobs/${layer}`);
  assert.deepEqual([again.status, codeOf(again)], [404, 'BLOB_UNKNOWN']);
});

test('a blob that two repositories have stays until both have let go', async () => {
  const { digest } = await pushBlob('conf/first', Buffer.from('shared'));
  await pushBlob('conf/second', Buffer.from('shared'));
  await ask('DELETE', `/v2/conf/first/blobs/${digest}`);
  assert.equal((await ask('GET', `/v2/conf/first/blobs/${digest}`)).status, 404);
  assert.equal((await ask('GET', `/v2/conf/second/blobs/${digest}`)).text, 'shared');
});

test('names that are none, paths that lead out, and methods that nobody has are refused', async () => {
  for (const path of [
    '/v2/UPPER/tags/list',
    '/v2/..%2f..%2fetc/tags/list',
    '/v2/a/_blobs/tags/list',
    `/v2/${'a'.repeat(300)}/tags/list`,
  ]) {
    const answer = await ask('GET', path);
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'NAME_INVALID'], path);
  }
  assert.equal((await ask('GET', '/v2/x/%E0%A4%A/tags/list')).status, 400);
  assert.equal((await ask('GET', '/etc/passwd')).status, 404);
  const answer = await ask('POST', '/v2/');
  assert.deepEqual([answer.status, codeOf(answer)], [405, 'UNSUPPORTED']);
});
