// Our client against Debian's docker-registry on this host, filled by skopeo; and skopeo on our layouts. Needs both programs.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { LabError } from '../../src/base/errors.ts';
import { writeTar } from '../../src/library/tar.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { dockerMediaTypes, ociMediaTypes } from '../../src/oci/media-types.ts';
import { hostPlatform } from '../../src/oci/platform.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { LayoutSource } from '../../src/registry/layout-source.ts';
import { pull } from '../../src/registry/pull.ts';
import { must, run, start } from '../helpers/shell.ts';
import { waitUntil } from '../helpers/wait.ts';
import { MemoryContent } from '../registry/memory-content.ts';

const has = async (program: string) => (await run('sh', ['-c', `command -v ${program}`])).status === 0;
const missing = (await has('skopeo')) && (await has('docker-registry')) ? false : 'needs skopeo and docker-registry';
const options = { skip: missing };

let directory = '';
let host = '';
let registry: ReturnType<typeof start> | undefined;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** One image with one layer as an OCI layout, under the name that skopeo takes after the last colon. */
async function writeLayout(layout: string, name: string): Promise<void> {
  const file = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, link: '' } as const;
  const tar = writeTar([{ ...file, path: 'hello', data: Buffer.alloc(300_000, 'hello') }]);
  const store = async (mediaType: string, bytes: Buffer) => {
    await writeFile(`${layout}/blobs/sha256/${digestOf(bytes).slice(7)}`, bytes);
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  await mkdir(`${layout}/blobs/sha256`, { recursive: true });
  await writeFile(`${layout}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
  const layers = [await store(ociMediaTypes.layerGzip, gzipSync(tar))];
  const rootfs = { type: 'layers', diff_ids: [digestOf(tar)] };
  const config = await store(ociMediaTypes.config, json({ ...hostPlatform(), config: { Cmd: ['/hello'] }, rootfs }));
  const manifest = await store(
    ociMediaTypes.manifest,
    json({ schemaVersion: 2, mediaType: ociMediaTypes.manifest, config, layers }),
  );
  const named = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': name } };
  await writeFile(`${layout}/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [named] }));
}

before(async () => {
  if (missing !== false) return;
  directory = mkdtempSync(`${tmpdir()}/tlab-registry-`);
  host = `127.0.0.1:${await freePort()}`;
  await writeLayout(`${directory}/library/app`, 'docker.io/library/app:latest');
  await writeFile(
    `${directory}/config.yml`,
    `version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: ${directory}/storage\nhttp:\n  addr: ${host}\n`,
  );
  registry = start('docker-registry', ['serve', `${directory}/config.yml`]);
  const answers = async () => (await fetch(`http://${host}/v2/`).catch(() => undefined))?.status === 200;
  await waitUntil(answers, { what: 'docker-registry' });
  const from = `oci:${directory}/library/app:docker.io/library/app:latest`;
  const copy = ['copy', '--quiet', '--insecure-policy', '--dest-tls-verify=false'];
  await must('skopeo', [...copy, from, `docker://${host}/team/app:oci`]);
  await must('skopeo', [...copy, '--format', 'v2s2', from, `docker://${host}/team/app:docker`]);
});

after(async () => {
  await registry?.stop();
  if (directory !== '') rmSync(directory, { recursive: true });
});

for (const [tag, types] of [
  ['oci', ociMediaTypes],
  ['docker', dockerMediaTypes],
] as const) {
  test(`an image of ${tag} media types that skopeo pushed is pulled as skopeo sees it`, options, async () => {
    const content = new MemoryContent();
    const image = await pull({ reference: parseReference(`${host}/team/app:${tag}`), content });
    const seen = JSON.parse(
      await must('skopeo', ['inspect', '--tls-verify=false', `docker://${host}/team/app:${tag}`]),
    );
    assert.equal(image.target.digest, seen.Digest);
    assert.equal(image.target.mediaType, types.manifest);
    assert.deepEqual(
      image.layers.map((layer) => layer.descriptor.digest),
      seen.Layers,
    );
    assert.deepEqual(image.config.config?.Cmd, ['/hello']);
    assert.equal(content.blobs.size, 3);
  });
}

test('an image is pulled by its digest', options, async () => {
  const { target } = await pull({ reference: parseReference(`${host}/team/app:oci`), content: new MemoryContent() });
  const image = await pull({
    reference: parseReference(`${host}/team/app@${target.digest}`),
    content: new MemoryContent(),
  });
  assert.deepEqual(image.target, target);
});

test('an interrupted layer is taken up where it stopped', options, async () => {
  const reference = parseReference(`${host}/team/app:oci`);
  const whole = new MemoryContent();
  const { layers } = await pull({ reference, content: whole });
  const digest = layers[0]?.descriptor.digest ?? assert.fail('no layer');
  const bytes = whole.blobs.get(digest) ?? assert.fail('no blob');
  const content = new MemoryContent();
  content.partial.set(digest, bytes.subarray(0, 100));
  await pull({ reference, content });
  assert.deepEqual(content.blobs.get(digest), bytes);
});

test('a tag or repository that is not there is not found', options, async () => {
  for (const name of [`${host}/team/app:none`, `${host}/none/none`]) {
    await assert.rejects(
      pull({ reference: parseReference(name), content: new MemoryContent() }),
      (error) => error instanceof LabError && error.kind === 'notFound' && /not found: \w+_UNKNOWN/.test(error.message),
    );
  }
});

test('skopeo reads our layouts, and copies them with all blobs verified', options, async () => {
  const sources = [new LayoutSource(`${directory}/library`)];
  const ours = await pull({ reference: parseReference('app'), content: new MemoryContent(), sources });
  const layout = `oci:${directory}/library/app:docker.io/library/app:latest`;
  assert.equal(JSON.parse(await must('skopeo', ['inspect', layout])).Digest, ours.target.digest);
  await must('skopeo', ['copy', '--quiet', '--insecure-policy', layout, `dir:${directory}/copy`]);
  assert.equal((await readdir(`${directory}/copy`)).length, 4);
});
