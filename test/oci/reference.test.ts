import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { familiarReference, formatReference, parseName, parseReference } from '../../src/oci/reference.ts';

const hex = 'a'.repeat(64);

const normalised: Array<[string, string, string]> = [
  ['nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
  ['nginx:1.22', 'docker.io/library/nginx:1.22', 'nginx:1.22'],
  ['docker.io/nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
  ['index.docker.io/library/nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
  ['user/app', 'docker.io/user/app:latest', 'user/app:latest'],
  ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
  ['localhost:5000/app:v1', 'localhost:5000/app:v1', 'localhost:5000/app:v1'],
  ['quay.io/org/a/b', 'quay.io/org/a/b:latest', 'quay.io/org/a/b:latest'],
  ['[::1]:5000/app', '[::1]:5000/app:latest', '[::1]:5000/app:latest'],
  [`nginx@sha256:${hex}`, `docker.io/library/nginx@sha256:${hex}`, `nginx@sha256:${hex}`],
  [`nginx:1@sha256:${hex}`, `docker.io/library/nginx:1@sha256:${hex}`, `nginx:1@sha256:${hex}`],
  ['a__b/c-d.e', 'docker.io/a__b/c-d.e:latest', 'a__b/c-d.e:latest'],
];

for (const [given, canonical, familiar] of normalised) {
  test(`${given.slice(0, 40)} is ${canonical.slice(0, 50)}`, () => {
    const reference = parseReference(given);
    assert.equal(formatReference(reference), canonical);
    assert.equal(familiarReference(reference), familiar);
  });
}

const refused: Array<[string, RegExp]> = [
  ['', /empty/],
  ['Nginx', /must be lowercase/],
  ['nginx:', /tag ""/],
  ['nginx:-x', /tag "-x"/],
  ['nginx:a b', /tag "a b"/],
  [`nginx:${'t'.repeat(129)}`, /1 to 128/],
  ['nginx@sha256:abc', /64 hex digits/],
  [hex, /an id and not a name/],
  ['../etc/passwd', /expected lower-case|host/],
  ['nginx/', /expected lower-case/],
  ['/nginx', /expected lower-case/],
  ['-a.b/c', /no host name/],
  ['a..b', /expected lower-case/],
  ['a b', /expected lower-case/],
  [`${'a'.repeat(256)}`, /longer than 255/],
  ['https://x/y', /expected lower-case|host/],
];

for (const [given, message] of refused) {
  test(`"${given.slice(0, 30)}" is refused with what was expected`, () => {
    assert.throws(
      () => parseReference(given),
      (error) => error instanceof LabError && error.kind === 'invalidArgument' && message.test(error.message),
    );
  });
}

test('a name alone keeps its tag open', () => {
  assert.equal(parseName('nginx').tag, undefined);
});
