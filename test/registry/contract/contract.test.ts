// The distribution specification as a contract, run against our registry and Debian's docker-registry. What that one does otherwise is listed by
// name with its reason; a difference that is none any more fails too.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type DockerRegistry, hasProgram, startDockerRegistry } from '../../helpers/docker-registry.ts';
import { type OwnRegistry, startOwnRegistry } from '../../helpers/own-registry.ts';
import { behaviours } from './behaviours.ts';
import { Repository } from './client.ts';

let ours: OwnRegistry;
let debians: DockerRegistry | undefined;
const skip = (await hasProgram('docker-registry')) ? false : 'needs docker-registry';

before(async () => {
  ours = await startOwnRegistry();
  if (skip === false) debians = await startDockerRegistry();
});
after(async () => {
  await ours.close();
  await debians?.stop();
});

const noReferrers = 'it is older than the referrers API: 404';
const noPages = 'tags come in no order and all at once: n, last and Link are of a later version';

/** Title → what docker-registry 2.8 does instead, which implements the specification 1.0 and less. */
const differences: Record<string, string> = {
  'pull: a range beyond the end is 416': 'it says 416 with the length of the whole blob and breaks off',
  'push: one POST with the digest is done': 'it begins an upload, as the specification allows',
  'push: a part out of order is 416': 'it takes it: its length is checked, its place is not',
  'push: the first part must begin at 0': 'it takes it',
  'push: after a part out of order the upload goes on where it stood': 'where the upload stood is 404 then',
  'push: a manifest with a subject is told so': noReferrers,
  'discovery: tags in lexical order, with the name': noPages,
  'discovery: n bounds a page': noPages,
  'discovery: last begins behind a tag': noPages,
  'discovery: Link leads through all pages': noPages,
  'discovery: a page of none is empty': noPages,
  'discovery: referrers are an index of descriptors with type and annotations': noReferrers,
  'discovery: of an image that refers, the type of its configuration is the type': noReferrers,
  'discovery: an index refers too': noReferrers,
  'discovery: who refers to what is not there yet is found': noReferrers,
  'discovery: nobody refers: 200 and an empty index': noReferrers,
  'discovery: referrers by type, and the filter is told': noReferrers,
  'discovery: one that is removed refers no more': noReferrers,
  'management: a tag goes, what it named stays': 'it removes by digest alone: 400 DIGEST_INVALID',
  'names: what is no name is 400 NAME_INVALID': 'its router finds no route: 404 in plain text',
};

test('every difference is of a behaviour that there is', () => {
  assert.deepEqual(
    Object.keys(differences).filter((title) => !(title in behaviours)),
    [],
  );
});

for (const [index, [title, behaviour]] of Object.entries(behaviours).entries()) {
  const name = `contract/b${index}`;
  test(`ours, ${title}`, () => behaviour(new Repository(ours.url, name)));
  const difference = differences[title];
  test(`docker-registry, ${title}${difference === undefined ? '' : ` — not: ${difference}`}`, { skip }, async () => {
    const doing = behaviour(new Repository(`http://${debians?.host}`, name));
    if (difference === undefined) await doing;
    else await assert.rejects(doing, 'it does, by now: take the difference out of the list');
  });
}
