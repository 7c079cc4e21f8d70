// What the distribution specification asks of a registry, one behaviour a row: pull, push, content discovery, content management, errors.
// Each has a repository of its own. @source oci-distribution spec.md 1.1
import assert from 'node:assert/strict';
import { digestOf } from '../../../src/oci/digest.ts';
import { codeOf, type Repository, refused, types } from './client.ts';

/** Title → what is asked; the title begins with the category of the specification. */
export type Behaviours = Record<string, (repository: Repository) => Promise<void>>;

const nowhere = digestOf('nowhere');

const pull: Behaviours = {
  'pull: /v2/ says that this is a registry': async (r) => {
    assert.equal((await r.ask('GET', '/v2/')).status, 200);
  },
  'pull: a blob comes whole, with its digest': async (r) => {
    const { digest } = await r.blob('content');
    const answer = await r.ask('GET', `blobs/${digest}`);
    assert.deepEqual(
      [answer.status, answer.text, answer.headers.get('docker-content-digest')],
      [200, 'content', digest],
    );
  },
  'pull: HEAD of a blob tells its length and sends nothing': async (r) => {
    const { digest } = await r.blob('content');
    const answer = await r.ask('HEAD', `blobs/${digest}`);
    assert.deepEqual([answer.status, answer.headers.get('content-length'), answer.text], [200, '7', '']);
  },
  'pull: a blob that is not there is 404 BLOB_UNKNOWN': async (r) => {
    await r.blob('another');
    refused(await r.ask('GET', `blobs/${nowhere}`), 404, 'BLOB_UNKNOWN');
    assert.equal((await r.ask('HEAD', `blobs/${nowhere}`)).status, 404);
  },
  'pull: a blob of no bytes is a blob': async (r) => {
    const { digest } = await r.blob('');
    assert.deepEqual((await r.ask('GET', `blobs/${digest}`)).bytes, Buffer.alloc(0));
  },
  'pull: a range of a blob is 206 with what it is': async (r) => {
    const { digest } = await r.blob('0123456789');
    const answer = await r.ask('GET', `blobs/${digest}`, { headers: { range: 'bytes=3-5' } });
    assert.deepEqual([answer.status, answer.text, answer.headers.get('content-range')], [206, '345', 'bytes 3-5/10']);
  },
  'pull: a range may be open at its end, or count from it': async (r) => {
    const { digest } = await r.blob('0123456789');
    for (const [range, text] of [
      ['bytes=7-', '789'],
      ['bytes=-2', '89'],
    ])
      assert.equal((await r.ask('GET', `blobs/${digest}`, { headers: { range: range ?? '' } })).text, text);
  },
  'pull: a range beyond the end is 416': async (r) => {
    const { digest } = await r.blob('0123456789');
    const answer = await r.ask('GET', `blobs/${digest}`, { headers: { range: 'bytes=10-' } });
    assert.deepEqual([answer.status, answer.headers.get('content-range')], [416, 'bytes */10']);
  },
  'pull: a manifest comes as it was pushed, by tag and by digest, with its type and digest': async (r) => {
    const bytes = await r.manifest('one');
    await r.put('v1', bytes);
    for (const reference of ['v1', digestOf(bytes)]) {
      const { status, headers, text } = await r.get(reference);
      assert.deepEqual([status, text], [200, bytes.toString()]);
      assert.equal(headers.get('content-type'), types.manifest);
      assert.equal(headers.get('docker-content-digest'), digestOf(bytes));
    }
  },
  'pull: HEAD of a manifest tells type, length and digest': async (r) => {
    const { digest, size } = await r.pushed('one', { tag: 'v1' });
    const { status, headers } = await r.ask('HEAD', 'manifests/v1', { headers: { accept: types.manifest } });
    const told = ['content-length', 'content-type', 'docker-content-digest'].map((name) => headers.get(name));
    assert.deepEqual([status, ...told], [200, `${size}`, types.manifest, digest]);
  },
  'pull: a manifest that is not there is 404 MANIFEST_UNKNOWN, by tag and by digest': async (r) => {
    await r.pushed('one', { tag: 'v1' });
    for (const reference of ['none', nowhere]) refused(await r.get(reference), 404, 'MANIFEST_UNKNOWN');
    assert.equal((await r.ask('HEAD', 'manifests/none')).status, 404);
  },
  'pull: a blob is seen only in repositories that have it': async (r) => {
    const { digest } = await r.blob('of one');
    const other = r.another('other');
    await other.blob('of the other');
    assert.equal((await other.ask('HEAD', `blobs/${digest}`)).status, 404);
  },
};

const push: Behaviours = {
  'push: POST, then PUT with all bytes; the Location leads to the blob': async (r) => {
    const put = await r.ask('PUT', r.placeOf(await r.begin(), digestOf('whole')), { body: 'whole' });
    assert.equal(put.status, 201);
    assert.equal((await r.ask('GET', r.placeOf(put))).text, 'whole');
  },
  'push: one POST with the digest is done, or begins an upload': async (r) => {
    const digest = digestOf('in one');
    const posted = await r.ask('POST', `blobs/uploads/?digest=${digest}`, { body: 'in one' });
    assert.ok([201, 202].includes(posted.status));
    if (posted.status === 202) await r.ask('PUT', r.placeOf(posted, digest), { body: 'in one' });
    assert.equal((await r.ask('GET', `blobs/${digest}`)).text, 'in one');
  },
  'push: one POST with the digest is done': async (r) => {
    assert.equal((await r.ask('POST', `blobs/uploads/?digest=${digestOf('x')}`, { body: 'x' })).status, 201);
  },
  'push: parts in their order, each told where it ended': async (r) => {
    const first = await r.part(r.placeOf(await r.begin()), Buffer.from('0123'), 0);
    assert.deepEqual([first.status, first.headers.get('range')], [202, '0-3']);
    const second = await r.part(r.placeOf(first), Buffer.from('4567'), 4);
    assert.deepEqual([second.status, second.headers.get('range')], [202, '0-7']);
    const put = await r.ask('PUT', r.placeOf(second, digestOf('01234567')));
    assert.equal(put.status, 201);
    assert.equal((await r.ask('GET', r.placeOf(put))).text, '01234567');
  },
  'push: the last part may come with the PUT': async (r) => {
    const first = await r.part(r.placeOf(await r.begin()), Buffer.from('0123'), 0);
    const headers = { 'content-range': '4-7', 'content-type': 'application/octet-stream' };
    const put = await r.ask('PUT', r.placeOf(first, digestOf('01234567')), { body: '4567', headers });
    assert.equal(put.status, 201);
  },
  'push: a stream in one PATCH without a range': async (r) => {
    const headers = { 'content-type': 'application/octet-stream' };
    const patched = await r.ask('PATCH', r.placeOf(await r.begin()), { body: 'streamed', headers });
    assert.equal(patched.status, 202);
    assert.equal((await r.ask('PUT', r.placeOf(patched, digestOf('streamed')))).status, 201);
  },
  'push: a part out of order is 416': async (r) => {
    const first = await r.part(r.placeOf(await r.begin()), Buffer.from('0123'), 0);
    assert.equal((await r.part(r.placeOf(first), Buffer.from('89'), 8)).status, 416);
  },
  'push: the first part must begin at 0': async (r) => {
    assert.equal((await r.part(r.placeOf(await r.begin()), Buffer.from('89'), 8)).status, 416);
  },
  'push: after a part out of order the upload goes on where it stood': async (r) => {
    const first = await r.part(r.placeOf(await r.begin()), Buffer.from('0123'), 0);
    await r.part(r.placeOf(first), Buffer.from('89'), 8);
    const stand = await r.ask('GET', r.placeOf(first));
    assert.deepEqual([stand.status, stand.headers.get('range')], [204, '0-3']);
    const second = await r.part(r.placeOf(stand), Buffer.from('4567'), 4);
    assert.equal((await r.ask('PUT', r.placeOf(second, digestOf('01234567')))).status, 201);
  },
  'push: where an upload stands is 204 with Range and Location': async (r) => {
    const first = await r.part(r.placeOf(await r.begin()), Buffer.from('0123'), 0);
    const stand = await r.ask('GET', r.placeOf(first));
    assert.deepEqual([stand.status, stand.headers.get('range')], [204, '0-3']);
    assert.ok(stand.headers.has('location'));
  },
  'push: an upload that is not there is 404 BLOB_UPLOAD_UNKNOWN': async (r) => {
    const begun = await r.begin();
    assert.equal((await r.ask('DELETE', r.placeOf(begun))).status, 204);
    refused(await r.ask('GET', r.placeOf(begun)), 404, 'BLOB_UPLOAD_UNKNOWN');
  },
  'push: bytes of another digest are 400 DIGEST_INVALID and not kept': async (r) => {
    refused(await r.ask('PUT', r.placeOf(await r.begin(), nowhere), { body: 'other' }), 400, 'DIGEST_INVALID');
    assert.equal((await r.ask('HEAD', `blobs/${nowhere}`)).status, 404);
  },
  'push: what is no digest, and none, is 400 DIGEST_INVALID': async (r) => {
    refused(await r.ask('PUT', r.placeOf(await r.begin(), 'sha256:12'), { body: 'x' }), 400, 'DIGEST_INVALID');
    refused(await r.ask('PUT', r.placeOf(await r.begin()), { body: 'x' }), 400, 'DIGEST_INVALID');
  },
  'push: sha512 is a digest': async (r) => {
    const { createHash } = await import('node:crypto');
    const digest = `sha512:${createHash('sha512').update('x').digest('hex')}`;
    assert.equal((await r.ask('PUT', r.placeOf(await r.begin(), digest), { body: 'x' })).status, 201);
    assert.equal((await r.ask('GET', `blobs/${digest}`)).text, 'x');
  },
  'push: two clients may send the same blob at once': async (r) => {
    const both = await Promise.all([r.blob('the same'), r.blob('the same')]);
    assert.equal(both[0].digest, both[1].digest);
  },
  'push: a blob of another repository is lent': async (r) => {
    const { digest } = await r.another('lender').blob('lent');
    const lent = await r.ask('POST', `blobs/uploads/?mount=${digest}&from=${r.name}-lender`);
    assert.equal(lent.status, 201);
    assert.equal((await r.ask('GET', r.placeOf(lent))).text, 'lent');
  },
  'push: a blob that cannot be lent begins an upload': async (r) => {
    const posted = await r.ask('POST', `blobs/uploads/?mount=${digestOf('y')}&from=${r.name}-nobody`);
    assert.equal(posted.status, 202);
    assert.equal((await r.ask('PUT', r.placeOf(posted, digestOf('y')), { body: 'y' })).status, 201);
  },
  'push: lending without saying from where is done, or begins an upload': async (r) => {
    const { digest } = await r.another('lender').blob('lent by somebody');
    assert.ok([201, 202].includes((await r.ask('POST', `blobs/uploads/?mount=${digest}`)).status));
  },
  'push: a manifest is 201 with its place and digest': async (r) => {
    const bytes = await r.manifest('one');
    const put = await r.put('v1', bytes);
    assert.deepEqual([put.status, put.headers.get('docker-content-digest')], [201, digestOf(bytes)]);
    assert.equal((await r.ask('GET', r.placeOf(put), { headers: { accept: types.manifest } })).text, bytes.toString());
  },
  'push: a tag moves, and what it named stays by digest': async (r) => {
    const old = await r.pushed('old', { tag: 'latest' });
    const young = await r.pushed('young', { tag: 'latest' });
    assert.equal((await r.get('latest')).headers.get('docker-content-digest'), young.digest);
    assert.equal((await r.get(old.digest)).status, 200);
  },
  'push: a manifest under another digest is 400 DIGEST_INVALID': async (r) => {
    refused(await r.put(nowhere, await r.manifest('one')), 400, 'DIGEST_INVALID');
  },
  'push: what is no manifest is 400 MANIFEST_INVALID': async (r) => {
    await r.blob('so that it is a repository');
    refused(await r.put('v1', Buffer.from('garbage')), 400, 'MANIFEST_INVALID');
  },
  'push: a manifest that names a missing blob is refused by name': async (r) => {
    const document = JSON.parse((await r.manifest('one')).toString());
    document.layers[0].digest = nowhere;
    refused(
      await r.put('v1', Buffer.from(JSON.stringify(document))),
      [400, 404],
      ['MANIFEST_BLOB_UNKNOWN', 'BLOB_UNKNOWN'],
    );
  },
  'push: an index of manifests that are there': async (r) => {
    const one = await r.pushed('one');
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests: [one] }));
    assert.equal((await r.put('all', index, types.index)).status, 201);
    assert.equal((await r.get('all')).headers.get('content-type'), types.index);
  },
  'push: an artifact with the empty configuration and a type of its own': async (r) => {
    const config = await r.blob('{}', types.empty);
    const document = {
      schemaVersion: 2,
      mediaType: types.manifest,
      artifactType: 'application/x',
      config,
      layers: [config],
    };
    assert.equal((await r.put('artifact', Buffer.from(JSON.stringify(document)))).status, 201);
  },
  'push: a manifest with a subject is told so': async (r) => {
    const subject = await r.pushed('subject');
    const put = await r.put('about', await r.manifest('about', { subject }));
    assert.deepEqual([put.status, put.headers.get('oci-subject')], [201, subject.digest]);
  },
  'push: a subject need not be there yet': async (r) => {
    const subject = { mediaType: types.manifest, digest: nowhere, size: 10 };
    assert.equal((await r.put('about', await r.manifest('early', { subject }))).status, 201);
  },
};

const discovery: Behaviours = {
  'discovery: tags in lexical order, with the name': async (r) => {
    for (const tag of ['b', 'a', 'd', 'c']) await r.pushed('tagged', { tag });
    assert.deepEqual(JSON.parse((await r.ask('GET', 'tags/list')).text), { name: r.name, tags: ['a', 'b', 'c', 'd'] });
  },
  'discovery: n bounds a page': async (r) => {
    for (const tag of ['a', 'b', 'c']) await r.pushed('tagged', { tag });
    assert.deepEqual(await r.tags('?n=2'), ['a', 'b']);
  },
  'discovery: last begins behind a tag': async (r) => {
    for (const tag of ['a', 'b', 'c']) await r.pushed('tagged', { tag });
    assert.deepEqual(await r.tags('?n=2&last=a'), ['b', 'c']);
  },
  'discovery: Link leads through all pages': async (r) => {
    const all = ['a', 'b', 'c', 'd', 'e'];
    for (const tag of all) await r.pushed('tagged', { tag });
    const seen: string[] = [];
    for (let next: string | undefined = 'tags/list?n=2'; next !== undefined; ) {
      const answer = await r.ask('GET', next);
      seen.push(...JSON.parse(answer.text).tags);
      const link = /<(.+)>; rel="?next"?/.exec(answer.headers.get('link') ?? '')?.[1];
      next = link === undefined ? undefined : new URL(link, r.url).href;
      assert.ok(seen.length <= all.length, 'pages that never end');
    }
    assert.deepEqual(seen, all);
  },
  'discovery: a page of none is empty': async (r) => {
    await r.pushed('tagged', { tag: 'a' });
    assert.deepEqual(await r.tags('?n=0'), []);
  },
  'discovery: tags of a repository that is not there are 404 NAME_UNKNOWN': async (r) => {
    refused(await r.ask('GET', 'tags/list'), 404, 'NAME_UNKNOWN');
  },
  'discovery: referrers are an index of descriptors with type and annotations': async (r) => {
    const subject = await r.pushed('subject');
    const about = { artifactType: 'application/sbom', annotations: { a: 'b' } };
    const sbom = await r.pushed('sbom', { subject, ...about });
    const answer = await r.ask('GET', `referrers/${subject.digest}`);
    assert.equal(answer.headers.get('content-type'), types.index);
    assert.deepEqual(JSON.parse(answer.text).manifests, [{ ...sbom, ...about }]);
  },
  'discovery: of an image that refers, the type of its configuration is the type': async (r) => {
    const subject = await r.pushed('subject');
    await r.pushed('image', { subject });
    assert.deepEqual(
      (await r.referrers(subject.digest)).map((one) => one.artifactType),
      [types.config],
    );
  },
  'discovery: an index refers too': async (r) => {
    const subject = await r.pushed('subject');
    const document = {
      schemaVersion: 2,
      mediaType: types.index,
      manifests: [subject],
      subject,
      artifactType: 'application/x',
    };
    const put = await r.put('about', Buffer.from(JSON.stringify(document)), types.index);
    assert.equal(put.status, 201);
    assert.deepEqual(
      (await r.referrers(subject.digest)).map((one) => one.mediaType),
      [types.index],
    );
  },
  'discovery: who refers to what is not there yet is found': async (r) => {
    const { digest } = await r.pushed('early', { subject: { mediaType: types.manifest, digest: nowhere, size: 10 } });
    assert.deepEqual(
      (await r.referrers(nowhere)).map((one) => one.digest),
      [digest],
    );
  },
  'discovery: nobody refers: 200 and an empty index': async (r) => {
    await r.blob('so that it is a repository');
    assert.deepEqual(await r.referrers(nowhere), []);
  },
  'discovery: referrers by type, and the filter is told': async (r) => {
    const subject = await r.pushed('subject');
    await r.pushed('sbom', { subject, artifactType: 'application/sbom' });
    const signature = await r.pushed('signature', { subject, artifactType: 'application/signature' });
    const answer = await r.ask('GET', `referrers/${subject.digest}?artifactType=application/signature`);
    assert.equal(answer.headers.get('oci-filters-applied'), 'artifactType');
    assert.deepEqual(
      JSON.parse(answer.text).manifests.map((one: { digest: string }) => one.digest),
      [signature.digest],
    );
  },
  'discovery: one that is removed refers no more': async (r) => {
    const subject = await r.pushed('subject');
    const { digest } = await r.pushed('sbom', { subject });
    await r.ask('DELETE', `manifests/${digest}`);
    assert.deepEqual(await r.referrers(subject.digest), []);
  },
};

const management: Behaviours = {
  'management: a tag goes, what it named stays': async (r) => {
    const { digest } = await r.pushed('one', { tag: 'v1' });
    assert.equal((await r.ask('DELETE', 'manifests/v1')).status, 202);
    assert.deepEqual([(await r.get('v1')).status, (await r.get(digest)).status], [404, 200]);
  },
  'management: a manifest goes with its tags': async (r) => {
    const { digest } = await r.pushed('one', { tag: 'v1' });
    assert.equal((await r.ask('DELETE', `manifests/${digest}`)).status, 202);
    assert.deepEqual([(await r.get(digest)).status, (await r.get('v1')).status], [404, 404]);
    assert.deepEqual(await r.tags(), []);
  },
  'management: a blob goes': async (r) => {
    const { digest } = await r.blob('gone');
    assert.equal((await r.ask('DELETE', `blobs/${digest}`)).status, 202);
    assert.equal((await r.ask('GET', `blobs/${digest}`)).status, 404);
  },
  'management: what is not there is 404': async (r) => {
    await r.pushed('one', { tag: 'v1' });
    refused(await r.ask('DELETE', `blobs/${nowhere}`), 404, 'BLOB_UNKNOWN');
    refused(await r.ask('DELETE', `manifests/${nowhere}`), 404, 'MANIFEST_UNKNOWN');
  },
  'management: what was removed may be pushed again': async (r) => {
    const { digest } = await r.blob('again');
    await r.ask('DELETE', `blobs/${digest}`);
    await r.blob('again');
    assert.equal((await r.ask('GET', `blobs/${digest}`)).text, 'again');
  },
};

const names: Behaviours = {
  'names: what is no name is refused': async (r) => {
    const answer = await r.ask('GET', '/v2/UPPER/tags/list');
    assert.ok([400, 404].includes(answer.status), `status ${answer.status}`);
  },
  'names: what is no name is 400 NAME_INVALID': async (r) => {
    const answer = await r.ask('GET', '/v2/UPPER/tags/list');
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'NAME_INVALID']);
  },
  'names: a tag may have 128 characters, and no more': async (r) => {
    const bytes = await r.manifest('one');
    assert.equal((await r.put('t'.repeat(128), bytes)).status, 201);
    assert.ok((await r.put('t'.repeat(129), bytes)).status >= 400);
  },
  'names: a name may have several components': async (r) => {
    const { digest } = await r.another('x/y_z/w-v.u').blob('deep');
    assert.equal((await r.another('x/y_z/w-v.u').ask('GET', `blobs/${digest}`)).text, 'deep');
  },
  'errors: a method that nobody has is refused': async (r) => {
    const answer = await r.ask('POST', 'tags/list');
    assert.ok([404, 405].includes(answer.status), `status ${answer.status}`);
  },
};

export const behaviours: Behaviours = { ...pull, ...push, ...discovery, ...management, ...names };
