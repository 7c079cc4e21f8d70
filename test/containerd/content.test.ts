import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { digestOf } from '../../src/oci/digest.ts';
import { putBlob, testStage } from './stores.ts';

const text = 'hello, blob';
const digest = digestOf(text);

test('a committed blob is a file named by its digest', async () => {
  using lab = await testStage();
  assert.equal(await putBlob(lab.stage, 'a', text), digest);
  const path = `${lab.folder}/root/blobs/sha256/${digest.slice(7)}`;
  assert.equal(readFileSync(path, 'utf8'), text);
  assert.deepEqual(readdirSync(`${lab.folder}/root/ingest`), []);
});

test('a blob whose digest or size is another than expected is refused and thrown away', async () => {
  using lab = await testStage();
  for (const wrong of [
    { total: 5, expected: '' },
    { total: 0, expected: digestOf('other') },
  ]) {
    const ingest = await lab.stage.ingests.open('a', { ref: 'r' });
    await ingest.write(Buffer.from(text));
    await assert.rejects(ingest.commit({ ...wrong, labels: {} }), { kind: 'dataLoss' });
  }
  assert.equal(lab.stage.content.isOnDisk(digest), false);
  assert.deepEqual(readdirSync(`${lab.folder}/root/ingest`), []);
});

test('an interrupted ingest goes on where it stopped, also after a restart', async () => {
  using lab = await testStage();
  const first = await lab.stage.ingests.open('a', { ref: 'layer-1', expected: digest, total: text.length });
  await first.write(Buffer.from(text.slice(0, 4)));
  await first.close();
  await lab.restart();
  assert.equal(lab.stage.ingests.status('a', 'layer-1').offset, 4);
  const second = await lab.stage.ingests.open('a', { ref: 'layer-1', expected: digest });
  assert.equal(second.offset, 4);
  await second.write(Buffer.from(text.slice(4)));
  await second.commit({ total: text.length, expected: digest, labels: {} });
  assert.equal((await lab.stage.content.readAll('a', digest)).toString(), text);
});

test('a reference has one writer at a time', async () => {
  using lab = await testStage();
  const ingest = await lab.stage.ingests.open('a', { ref: 'r' });
  await assert.rejects(lab.stage.ingests.open('a', { ref: 'r' }), { kind: 'unavailable' });
  assert.throws(() => lab.stage.ingests.abort('a', 'r'), { kind: 'unavailable' });
  await ingest.close();
  lab.stage.ingests.abort('a', 'r');
  assert.throws(() => lab.stage.ingests.status('a', 'r'), { kind: 'notFound' });
});

test('namespaces share bytes but do not see each other', async () => {
  using lab = await testStage();
  await putBlob(lab.stage, 'a', text);
  assert.throws(() => lab.stage.content.info('b', digest), { kind: 'notFound' });
  await assert.rejects(lab.stage.ingests.open('b', { ref: 'r', expected: digest }), { kind: 'alreadyExists' });
  await lab.stage.content.delete('a', digest);
  assert.ok(lab.stage.content.isOnDisk(digest));
  await lab.stage.content.delete('b', digest);
  assert.ok(!lab.stage.content.isOnDisk(digest));
});

test('a file that cannot be removed is an error of whoever removes it, and nobody else’s', async () => {
  using lab = await testStage();
  const { content } = lab.stage;
  await putBlob(lab.stage, 'a', text);
  const path = content.pathOf(digest);
  rmSync(path);
  mkdirSync(path);
  const gone = content.release('a', [digest]);
  // Whoever brings the blob anew only waits, and the collector asks when it has come that far.
  await content.settled(digest);
  await delay(20);
  await assert.rejects(gone, /EISDIR|EPERM/);
  rmdirSync(path);
  assert.equal(await putBlob(lab.stage, 'a', text), digest);
});

test('who releases what is released already removes nothing: a blob that is brought anew stays', async () => {
  using lab = await testStage();
  const { content } = lab.stage;
  await putBlob(lab.stage, 'a', text);
  const others = Array.from({ length: 20_000 }, (_, number) => digestOf(`${number}`));
  const first = content.release('a', [digest]);
  const second = content.release('a', [...others, digest]);
  await first;
  await putBlob(lab.stage, 'a', text);
  await second;
  assert.equal((await content.readAll('a', digest)).toString(), text);
});

test('hostile digests and references never become paths', async () => {
  using lab = await testStage();
  for (const hostile of [
    '../../etc/passwd',
    'sha256:../../../etc/passwd',
    'sha256:ABC',
    `sha256:${'a'.repeat(63)}/`,
    '',
  ]) {
    assert.throws(() => lab.stage.content.info('a', hostile), { kind: 'invalidArgument' });
  }
  const ingest = await lab.stage.ingests.open('a', { ref: '../../../outside' });
  await ingest.close();
  assert.ok(!existsSync(`${lab.folder}/outside`));
  assert.match(readdirSync(`${lab.folder}/root/ingest`).join(), /^[0-9a-f]{64}$/);
});

test('a start removes old and broken ingests, files without a record and records without a file', async () => {
  using lab = await testStage();
  const kept = await lab.stage.ingests.open('a', { ref: 'fresh' });
  await kept.close();
  const old = await lab.stage.ingests.open('a', { ref: 'old' });
  await old.close();
  const [oldFolder] = readdirSync(`${lab.folder}/root/ingest`).filter((name) =>
    readFileSync(`${lab.folder}/root/ingest/${name}/state.json`, 'utf8').includes('"old"'),
  );
  utimesSync(`${lab.folder}/root/ingest/${oldFolder}/data`, 1, 1);
  mkdirSync(`${lab.folder}/root/ingest/half-made`);
  writeFileSync(`${lab.folder}/root/blobs/sha256/${'0'.repeat(64)}`, 'nobody knows me');
  await lab.restart();
  assert.deepEqual(
    lab.stage.ingests.list('a').map(({ ref }) => ref),
    ['fresh'],
  );
  assert.equal(readdirSync(`${lab.folder}/root/ingest`).length, 1);
  assert.deepEqual(readdirSync(`${lab.folder}/root/blobs/sha256`), []);
});

test('a read has an offset and a length', async () => {
  using lab = await testStage();
  await putBlob(lab.stage, 'a', text);
  const read = async (offset: number, size: number) => {
    const chunks: Buffer[] = [];
    for await (const chunk of lab.stage.content.read('a', { digest, offset, size })) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  assert.equal(await read(7, 0), 'blob');
  assert.equal(await read(7, 2), 'bl');
  assert.equal(await read(text.length, 0), '');
  await assert.rejects(read(100, 0), { kind: 'invalidArgument' });
});

test('a field mask sets some labels and leaves the others', async () => {
  using lab = await testStage();
  await putBlob(lab.stage, 'a', text, { one: '1', two: '2' });
  const update = (labels: Record<string, string>, mask: string[]) =>
    lab.stage.content.update('a', { digest, labels, mask }).labels;
  assert.deepEqual(update({ two: 'zwei', three: '3' }, ['labels.two']), { one: '1', two: 'zwei' });
  assert.deepEqual(update({}, ['labels.one']), { two: 'zwei' });
  assert.deepEqual(update({ all: 'new' }, []), { all: 'new' });
  assert.throws(() => update({}, ['size']), { kind: 'invalidArgument' });
});
