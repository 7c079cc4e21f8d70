import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainIds, type Digest, digestOf } from '../../src/oci/digest.ts';
import { imageConfigSchema, parseDocument, parseManifestDocument } from '../../src/oci/image.ts';
import { layerCompression } from '../../src/oci/media-types.ts';
import { choosePlatform, formatPlatform, hostPlatform, parsePlatform } from '../../src/oci/platform.ts';

const digest: Digest = `sha256:${'0'.repeat(64)}`;
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const manifest = { schemaVersion: 2, config: { mediaType: 'c', digest, size: 1 }, layers: [] };
const ociIndex = 'application/vnd.oci.image.index.v1+json';
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';

test('the null that Go writes for an empty list counts as absent', () => {
  const config = parseDocument(
    imageConfigSchema,
    bytes({
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: null, Env: ['A=b'], Volumes: null },
      rootfs: { type: 'layers', diff_ids: [digest] },
      history: null,
    }),
    'config',
  );
  assert.deepEqual(config.config?.Env, ['A=b']);
  assert.equal(config.config?.Cmd, undefined);
  assert.equal(config.history, undefined);
});

test('a list is no object, where Go would refuse it too', () => {
  const rootfs = { type: 'layers', diff_ids: [digest] };
  const parse = (config: unknown) =>
    parseDocument(imageConfigSchema, bytes({ architecture: 'amd64', os: 'linux', config, rootfs }), 'config');
  for (const config of [[], { Volumes: [] }, { Labels: ['a'] }])
    assert.throws(() => parse(config), /expected an object/);
});

test('a manifest is told from an index by its own type, the served type, then its shape', () => {
  assert.equal(parseManifestDocument(bytes(manifest), undefined, 'm').kind, 'manifest');
  assert.equal(parseManifestDocument(bytes(manifest), dockerManifest, 'm').mediaType, dockerManifest);
  assert.equal(parseManifestDocument(bytes({ schemaVersion: 2, manifests: [] }), undefined, 'm').kind, 'index');
});

test('a document that calls itself other than it was served is refused', () => {
  assert.throws(
    () => parseManifestDocument(bytes({ ...manifest, mediaType: dockerManifest }), ociIndex, 'm'),
    /calls itself/,
  );
});

test("Docker's schema 1 is refused by name", () => {
  assert.throws(() => parseManifestDocument(bytes({ schemaVersion: 1, fsLayers: [] }), undefined, 'm'), /schema 1/);
});

test('a wrong field is named with its path', () => {
  const broken = { ...manifest, config: { ...manifest.config, size: -1 } };
  assert.throws(() => parseManifestDocument(bytes(broken), undefined, 'img'), /img: config\.size/);
  const unsafe = { ...manifest, config: { ...manifest.config, digest: 'sha256:../../x' } };
  assert.throws(() => parseManifestDocument(bytes(unsafe), undefined, 'img'), /config\.digest/);
});

test('chain ids hash the one below with the next diff id', () => {
  const [a, b] = [digestOf('a'), digestOf('b')];
  assert.deepEqual(chainIds([a, b]), [a, digestOf(`${a} ${b}`)]);
});

test('a layer says how it is compressed by its media type', () => {
  const type = (mediaType: string) => layerCompression({ mediaType });
  assert.equal(type('application/vnd.oci.image.layer.v1.tar'), 'none');
  assert.equal(type('application/vnd.oci.image.layer.v1.tar+zstd'), 'zstd');
  assert.equal(type('application/vnd.docker.image.rootfs.diff.tar.gzip'), 'gzip');
  assert.equal(type('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'), 'gzip');
  assert.equal(type('text/plain'), undefined);
});

test('platforms are parsed, and aliases resolved', () => {
  assert.equal(formatPlatform(parsePlatform('linux/aarch64')), 'linux/arm64');
  assert.equal(formatPlatform(parsePlatform('arm64')), 'linux/arm64');
  assert.equal(formatPlatform(parsePlatform('linux')), formatPlatform(hostPlatform()));
  assert.throws(() => parsePlatform('linux/a/b/c'), /expected os\/architecture/);
});

test('the best manifest for a platform is chosen, whatever its place', () => {
  const of = (architecture: string, variant?: string) => ({
    mediaType: dockerManifest,
    digest,
    size: 1,
    platform: { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) },
  });
  const all = [of('unknown'), of('386'), of('arm', 'v7'), of('arm64', 'v8'), of('amd64')];
  assert.equal(choosePlatform(all, parsePlatform('amd64'))?.platform?.architecture, 'amd64');
  assert.equal(choosePlatform(all, parsePlatform('arm64'))?.platform?.architecture, 'arm64');
  assert.equal(choosePlatform(all.slice(0, 3), parsePlatform('arm64'))?.platform?.variant, 'v7');
  assert.equal(choosePlatform(all, parsePlatform('s390x')), undefined);
  const onlyV7 = all.slice(2, 3);
  assert.equal(choosePlatform(onlyV7, parsePlatform('arm/v6')), undefined);
});
