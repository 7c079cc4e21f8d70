// Layers that are hard to get right, unpacked by umoci and by tlab-unpack, onto overlay and into one directory: the trees are compared, file
// by file and to the nanosecond. Both ways: what umoci packs is unpacked here, what tlab-pack packs is unpacked by umoci. Needs root, umoci.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/oci/digest.ts';
import { binaries } from '../helpers/binaries.ts';
import { root } from '../helpers/root.ts';
import { must } from '../helpers/shell.ts';

const needs = root();
const folder = needs.skip === false ? mkdtempSync('/var/tmp/tlab-umoci-') : '';
const types = 'application/vnd.oci.image';

const shell = (directory: string, script: string) => must('sh', ['-ec', script], { cwd: directory });

/** A layer's tree; whiteouts are files of their names, as they are in an archive. */
const trees = [
  `mkdir -p usr/bin opaque/sub gone many etc ids; chmod 1777 .; chmod 2755 gone
   echo one >usr/bin/one; ln usr/bin/one usr/bin/two; ln usr/bin/one linked; chmod 4755 usr/bin/one
   ln -s ../../../../etc/passwd usr/bin/link; ln -s /nowhere/at/all absolute
   mknod dev-null c 1 3; mknod disk b 259 1048575; mkfifo fifo; chmod 600 disk
   printf x >usr/bin/ping; setcap cap_net_raw+ep usr/bin/ping
   printf acl >acl; setfattr -n user.long -v "$(head -c 1500 /dev/zero | tr '\\0' v)" acl; setfattr -n user.empty acl
   setfattr -n trusted.t -v binary acl; setfattr -n user.dir -v x etc
   truncate -s 50000000 hole; printf end | dd of=hole bs=1 seek=30000000 conv=notrunc status=none
   name=$(printf 'n%.0s' $(seq 255)); echo long >$name
   deep=$(printf 'd%.0s' $(seq 200)); mkdir -p $deep/$deep/$deep/$deep; echo deep >$deep/$deep/$deep/$deep/file
   printf 'new\\nline' >"$(printf 'a\\nb')"; echo u >größe; echo b >"$(printf 'bytes\\377')"
   echo big >ids/big; chown 4000000000:4294967294 ids/big; chown -h 70000:70000 absolute
   for f in below hidden kept; do echo $f >opaque/$f; echo $f >opaque/sub/$f; echo $f >gone/$f; done
   echo replaced >becomes-directory; mkdir becomes-file; echo x >becomes-file/child; echo y >becomes-link
   touch -d '1969-12-31T23:59:58.5Z' usr/bin/two; touch -h -d @1.000000001 absolute; touch -d @4294967296.123456789 ids/big; touch -d @7.7 opaque gone etc`,
  `mkdir -p opaque/sub gone usr/bin becomes-directory; chmod 711 opaque
   touch opaque/.wh..wh..opq usr/bin/.wh.two .wh.absolute; echo mine >opaque/mine; echo mine >opaque/sub/mine
   touch .wh.gone-completely .wh.fifo; echo new >gone/new; touch gone/.wh.hidden
   echo child >becomes-directory/child; echo file >becomes-file; ln -s usr becomes-link; ln gone/new gone/again
   touch -d @9.999999999 opaque gone usr/bin`,
  `mkdir -p opaque; touch .wh.gone opaque/.wh.mine; echo again >absolute`,
];

/** Names as GNU tar sorts them would put whiteouts first; both orders happen. */
async function layersOf(): Promise<Buffer[]> {
  const layers: Buffer[] = [];
  for (const [at, script] of trees.entries()) {
    const place = `${folder}/made/${at}`;
    mkdirSync(place, { recursive: true });
    await shell(place, script);
    const order = at === 1 ? ['--sort=none'] : ['--sort=name'];
    const args = ['--format=posix', '--xattrs', '--xattrs-include=*', '--sparse', '--numeric-owner', ...order];
    await must('tar', ['-C', place, ...args, '-cf', `${folder}/layer.tar`, '.']);
    layers.push(readFileSync(`${folder}/layer.tar`));
  }
  return layers;
}

/** An OCI layout with these layers, called `made`. */
function writeLayout(place: string, tars: readonly Buffer[]): void {
  mkdirSync(`${place}/blobs/sha256`, { recursive: true });
  const put = (mediaType: string, bytes: Buffer) => {
    const digest = digestOf(bytes);
    writeFileSync(`${place}/blobs/sha256/${digest.slice(7)}`, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const json = (mediaType: string, value: unknown) => put(mediaType, Buffer.from(JSON.stringify(value)));
  const config = json(`${types}.config.v1+json`, {
    ...{ architecture: 'amd64', os: 'linux', config: {}, history: [] },
    rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
  });
  const layers = tars.map((tar) => put(`${types}.layer.v1.tar+gzip`, gzipSync(tar, { level: 1 })));
  const mediaType = `${types}.manifest.v1+json`;
  const manifest = json(mediaType, { schemaVersion: 2, mediaType, config, layers });
  const named = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'made' } };
  writeFileSync(`${place}/index.json`, JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  writeFileSync(`${place}/oci-layout`, JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

/** Blobs of the layers of an image in a layout. */
function blobsOf(layout: string, name: string): string[] {
  const read = (digest: string) => JSON.parse(readFileSync(`${layout}/blobs/sha256/${digest.slice(7)}`, 'utf8'));
  const { manifests } = JSON.parse(readFileSync(`${layout}/index.json`, 'utf8'));
  const [found] = manifests.filter(
    (one: { annotations: Record<string, string> }) => one.annotations['org.opencontainers.image.ref.name'] === name,
  );
  return read(found.digest).layers.map(({ digest }: { digest: string }) => `${layout}/blobs/sha256/${digest.slice(7)}`);
}

interface Weaker {
  /** Overlay shows how many links there are in the layer, also to names that are hidden. */
  links?: boolean;
  /** What umoci packs has whole seconds, rounded. */
  fractions?: boolean;
}

/** As find prints it: seconds, which may be negative, and what comes on top. */
function nearSecond(text: string): number {
  const [seconds = '', fraction = ''] = text.split('.');
  return Math.round(Number(seconds) + Number(`0.${fraction}`));
}

/** Everything about every file, by path; hard links by the first path of their inode. */
async function listing(place: string, but: Weaker = {}): Promise<Map<string, string>> {
  const format = '%P\\037%i\\037%y %m %U:%G %T@ links=%n \\037%s\\037%l\\0';
  const found = await must('find', [place, '-printf', format], { timeoutMs: 60_000 });
  const attributes = await must('getfattr', ['-Rhd', '-m-', '-e', 'hex', '--absolute-names', place]);
  const sums = await must('find', ['.', '-type', 'f', '-exec', 'sha256sum', '--zero', '{}', '+'], { cwd: place });
  const contents = new Map(sums.split('\0').map((line) => [line.slice(68), line.slice(0, 12)]));
  const files = new Map<string, string>();
  const first = new Map<string, string>();
  for (const line of found
    .split('\0')
    .filter((text) => text !== '')
    .sort()) {
    const [path = '', inode = '', told = '', size = '', link = ''] = line.split('\u001f');
    if (!first.has(inode)) first.set(inode, path);
    const content = told.startsWith('f') ? `${size} ${contents.get(path)}` : link;
    const links = told.startsWith('d') || but.links === true ? /links=\d+ / : /$/;
    const time =
      but.fractions === true ? told.replace(/(-?\d+\.\d+) links/, (_, text) => `${nearSecond(text)} links`) : told;
    const shared = `${time.replace(links, '')}${told.startsWith('d') ? '' : `as ${first.get(inode)}`}`;
    files.set(path, `${shared} ${content}`);
  }
  const devices = await must('find', [
    place,
    '-type',
    'c',
    '-o',
    '-type',
    'b',
    '-exec',
    'stat',
    '-c',
    '%n %t:%T',
    '{}',
    ';',
  ]);
  return files.set('devices', devices.replaceAll(place, '')).set('attributes', attributesOf(attributes, place));
}

/**
 * Overlay's own marks are how it says what other trees do not need to say. An attribute without a value is not in umoci's tree: Go's reader
 * of archives takes the empty record for one that takes another back. @source POSIX pax Extended Header
 */
const attributesOf = (text: string, place: string): string =>
  text
    .replaceAll(place, '')
    .split('\n\n')
    .map((block) => block.split('\n').filter((line) => !line.startsWith('trusted.overlay.') && !line.endsWith('=0x')))
    .filter((lines) => lines.length > 1)
    .map(([name, ...lines]) => [name, ...lines.sort()].join('\n'))
    .sort()
    .join('\n\n');

async function unpackInto(blob: string, directory: string, how: string[]): Promise<void> {
  mkdirSync(directory, { recursive: true });
  await must('sh', ['-ec', `exec "$0" "$@" <"${blob}"`, `${binaries}/tlab-unpack`, '--directory', directory, ...how]);
}

/** As the overlay snapshotter does it; `look` sees the merged tree. */
async function overOverlay<T>(blobs: readonly string[], look: (merged: string) => Promise<T>): Promise<T> {
  const place = mkdtempSync(`${folder}/overlay-`);
  const lowers: string[] = [];
  for (const [at, blob] of blobs.entries()) {
    const below = lowers.flatMap((one) => ['--lower', one]);
    await unpackInto(blob, `${place}/${at}`, ['--whiteouts', 'overlay', ...below]);
    lowers.unshift(`${place}/${at}`);
  }
  mkdirSync(`${place}/merged`);
  const options = lowers.length === 1 ? `lowerdir=${lowers[0]}:${place}/merged` : `lowerdir=${lowers.join(':')}`;
  await must('mount', ['-t', 'overlay', 'overlay', '-o', `ro,${options}`, `${place}/merged`]);
  try {
    return await look(`${place}/merged`);
  } finally {
    await must('umount', [`${place}/merged`]);
  }
}

/** As the native snapshotter does it. */
async function intoOne(blobs: readonly string[]): Promise<string> {
  const place = mkdtempSync(`${folder}/native-`);
  for (const blob of blobs) await unpackInto(blob, place, ['--whiteouts', 'remove']);
  return place;
}

async function umociUnpack(layout: string, name: string, bundle: string): Promise<string> {
  await must('umoci', ['--log=error', 'unpack', '--image', `${layout}:${name}`, bundle], { timeoutMs: 60_000 });
  return `${bundle}/rootfs`;
}

function requireSame(ours: Map<string, string>, theirs: Map<string, string>, what: string): void {
  const different = [...new Set([...ours.keys(), ...theirs.keys()])].filter(
    (path) => ours.get(path) !== theirs.get(path),
  );
  const told = different.map(
    (path) => `${JSON.stringify(path)}\n  ours   ${ours.get(path)}\n  theirs ${theirs.get(path)}`,
  );
  assert.deepEqual(told, [], what);
}

const layout = `${folder}/layout`;

before(async () => {
  if (needs.skip === false) writeLayout(layout, await layersOf());
});
after(() => {
  if (needs.skip === false) rmSync(folder, { recursive: true, force: true });
});

test(
  'umoci and tlab-unpack make the same tree of the same layers, onto overlay and into one directory',
  needs,
  async () => {
    const rootfs = await umociUnpack(layout, 'made', `${folder}/bundle`);
    const blobs = blobsOf(layout, 'made');
    const links = { links: true };
    const merged = await overOverlay(blobs, (place) => listing(place, links));
    requireSame(merged, await listing(rootfs, links), 'overlay');
    requireSame(await listing(await intoOne(blobs)), await listing(rootfs), 'native');
  },
);

test('holes stay holes, and an attribute without a value is one', needs, async () => {
  const place = await intoOne(blobsOf(layout, 'made').slice(0, 1));
  assert.ok(Number(await must('stat', ['-c', '%b', `${place}/hole`])) < 200);
  assert.match(await must('getfattr', ['-n', 'user.empty', '--absolute-names', `${place}/acl`]), /user\.empty/);
});

test('what umoci packs of a changed tree is unpacked here as it was', needs, async () => {
  const rootfs = await umociUnpack(layout, 'made', `${folder}/changed`);
  await shell(
    rootfs,
    `rm usr/bin/one acl; rm -r opaque; mkdir opaque; echo inside >opaque/inside; setfattr -n user.more -v y etc; chmod 700 usr
     rm becomes-file; mkdir becomes-file; mknod null c 1 3; mkfifo -m 604 pipe; ln -s pipe to-pipe; echo h >h1; ln h1 h2; truncate -s 9000000 hole2`,
  );
  await must('umoci', ['--log=error', 'repack', '--image', `${layout}:repacked`, `${folder}/changed`]);
  const blobs = blobsOf(layout, 'repacked');
  assert.equal(blobs.length, trees.length + 1);
  const both = { links: true, fractions: true };
  const theirs = await listing(rootfs, both);
  requireSame(await overOverlay(blobs, (merged) => listing(merged, both)), theirs, 'overlay');
  requireSame(await listing(await intoOne(blobs), both), theirs, 'native');
});

test(
  'what tlab-pack packs, of an upper directory and by comparison, is unpacked by umoci as it was',
  needs,
  async () => {
    const blobs = blobsOf(layout, 'made');
    const place = await intoOne(blobs);
    const before = await intoOne(blobs);
    await shell(
      place,
      `rm -r opaque linked; mkdir opaque; echo n >opaque/n; chown 5:6 etc; setfattr -n user.z -v 1 h 2>/dev/null || setfattr -n user.z -v 1 etc; touch -d @5.000000005 etc; touch -r ${before} .`,
    );
    await must('sh', [
      '-ec',
      `"$0" --directory "$1" --against "$2" --compression none >"$3"`,
      `${binaries}/tlab-pack`,
      place,
      before,
      `${folder}/ours.tar`,
    ]);
    const tars = [];
    for (const blob of blobs) tars.push(Buffer.from(await gunzipped(blob)));
    writeLayout(`${folder}/ours`, [...tars, readFileSync(`${folder}/ours.tar`)]);
    requireSame(
      await listing(place),
      await listing(await umociUnpack(`${folder}/ours`, 'made', `${folder}/ours-bundle`)),
      'umoci',
    );
  },
);

async function gunzipped(blob: string): Promise<Buffer> {
  await must('sh', ['-ec', `gunzip -c <"${blob}" >"${folder}/plain.tar"`]);
  return readFileSync(`${folder}/plain.tar`);
}
