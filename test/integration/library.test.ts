// Builds an offline image from Debian's packages; needs apt with its indexes and a way to the packages, but no root.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { build, list, remove } from '../../src/library/library.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { LayoutSource } from '../../src/registry/layout-source.ts';
import { pull } from '../../src/registry/pull.ts';
import { run } from '../helpers/shell.ts';
import { MemoryContent } from '../registry/memory-content.ts';

const offered = (await run('apt-cache', ['show', 'busybox-static'])).status === 0;
const needsApt = { skip: offered ? false : 'needs apt with package indexes: apt-get update' };

async function withLibrary(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(`${tmpdir()}/tlab-library-`);
  try {
    await body(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('busybox is built, listed, pulled, left alone the second time, and removed', needsApt, () =>
  withLibrary(async (directory) => {
    const [built] = await build(['busybox'], { directory });
    assert.equal(built?.built, true);
    assert.deepEqual(readdirSync(directory), ['busybox']);

    const [image] = await list(directory);
    assert.ok(image?.references.includes('busybox:latest'));
    assert.equal(image?.digest, built?.digest);
    assert.ok((image?.references.length ?? 0) > 1, 'the version is a tag too');

    const sources = [new LayoutSource(directory)];
    const content = new MemoryContent();
    const pulled = await pull({ reference: parseReference('busybox'), content, sources });
    assert.deepEqual(pulled.config.config?.Cmd, ['sh']);
    assert.equal(pulled.config.config?.Labels?.['io.tlab.library'], 'true');

    assert.deepEqual(await build(['busybox'], { directory }), [{ ...built, built: false }]);
    const [again] = await build(['busybox'], { directory, force: true });
    assert.equal(again?.digest, built?.digest, 'the same packages give the same bytes');

    await remove(['busybox'], directory);
    assert.deepEqual(await list(directory), []);
  }),
);

test('what a killed build left is swept away, what another build is at is not', needsApt, () =>
  withLibrary(async (directory) => {
    mkdirSync(`${directory}/.tmp-999999999-x`);
    mkdirSync(`${directory}/.tmp-1-y`);
    await build([], { directory });
    assert.deepEqual(readdirSync(directory), ['.tmp-1-y']);
  }),
);

test('a broken layout is not listed, and building repairs it', needsApt, () =>
  withLibrary(async (directory) => {
    await build(['busybox'], { directory });
    const index = readFileSync(`${directory}/busybox/index.json`);
    writeFileSync(`${directory}/busybox/index.json`, index.subarray(0, 100));
    assert.deepEqual(await list(directory), []);
    assert.equal((await build(['busybox'], { directory }))[0]?.built, true);
    assert.deepEqual(readFileSync(`${directory}/busybox/index.json`), index);
  }),
);

test('a layout whose layer is gone is built again', needsApt, () =>
  withLibrary(async (directory) => {
    await build(['busybox'], { directory });
    const [layer] = (await list(directory))[0]?.layers ?? [];
    rmSync(`${directory}/busybox/blobs/sha256/${layer?.digest.slice(7)}`);
    assert.equal((await build(['busybox'], { directory }))[0]?.built, true);
  }),
);

test('an image without a recipe is refused with those that have one, and nothing is built', () =>
  withLibrary(async (directory) => {
    await assert.rejects(
      build(['busybox', 'nosuch'], { directory }),
      (error) => error instanceof LabError && error.kind === 'notFound' && /one of busybox, nginx/.test(error.message),
    );
    await assert.rejects(remove(['../x'], directory), /not in the library/);
    assert.deepEqual(readdirSync(directory), []);
  }));
