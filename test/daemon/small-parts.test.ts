// Users in a root filesystem, symlinks that try to leave it, filters, names, signals, durations, frames, daemon.json.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { demultiplexer } from '../../src/daemon/client.ts';
import { parseConfiguration } from '../../src/daemon/configuration.ts';
import { checkName } from '../../src/daemon/container/names.ts';
import { parseSignal } from '../../src/daemon/container/signals.ts';
import { startFailure } from '../../src/daemon/container/task-errors.ts';
import { parseFilters } from '../../src/daemon/filters.ts';
import { layerLimitOptions } from '../../src/daemon/layer-limits.ts';
import { readInRoot } from '../../src/daemon/rootfs/layers.ts';
import { resolveUser } from '../../src/daemon/rootfs/user.ts';
import { frameOf } from '../../src/daemon/stdio/output.ts';
import { snapshotterOf, storageDrivers } from '../../src/daemon/storage-driver.ts';
import { parseTimeNs } from '../../src/daemon/time.ts';
import { layersOf } from '../../src/kernel/snapshot-mounts.ts';

const accounts = {
  passwd: 'root:x:0:0::/root:/bin/sh\nwww:x:33:34::/srv:/bin/sh\n',
  group: 'www:x:34:\nextra:x:77:www,root\n',
};

test('a user is found by name and number, with the groups that name it', () => {
  assert.deepEqual(resolveUser('www', [], accounts), { uid: 33, gid: 34, additionalGids: [34, 77], home: '/srv' });
  assert.deepEqual(resolveUser('33:77', ['5'], accounts), { uid: 33, gid: 77, additionalGids: [77, 5], home: '/srv' });
  assert.deepEqual(resolveUser('1234', [], accounts), { uid: 1234, gid: 0, additionalGids: [0], home: '/' });
  assert.throws(() => resolveUser('nobody', [], accounts), /unable to find user nobody/);
  assert.throws(() => resolveUser('4294967296', [], accounts), /range/);
});

test('a symlink in the root filesystem never leads out of it', (context) => {
  const folder = mkdtempSync(`${tmpdir()}/tlab-root-`);
  context.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(`${folder}/upper/etc`, { recursive: true });
  mkdirSync(`${folder}/lower/etc`, { recursive: true });
  writeFileSync(`${folder}/lower/etc/group`, 'below');
  symlinkSync('../../../../../../../etc/group', `${folder}/upper/etc/passwd`);
  const layers = layersOf([
    { type: 'overlay', source: '', options: [`lowerdir=${folder}/lower`, `upperdir=${folder}/upper`] },
  ]);
  assert.equal(readInRoot(layers, '/etc/passwd'), 'below');
  symlinkSync('loop', `${folder}/upper/etc/loop`);
  assert.equal(readInRoot(layers, '/etc/loop'), undefined);
});

test('a folder over a lower layer’s symlink does not let a lookup follow that symlink', (context) => {
  const folder = mkdtempSync(`${tmpdir()}/tlab-root-`);
  context.after(() => rmSync(folder, { recursive: true }));
  for (const path of ['upper/etc', 'lower', 'host']) mkdirSync(`${folder}/${path}`, { recursive: true });
  writeFileSync(`${folder}/host/passwd`, 'the host’s');
  symlinkSync(`${folder}/host`, `${folder}/lower/etc`);
  assert.equal(readInRoot([`${folder}/upper`, `${folder}/lower`], '/etc/passwd'), undefined);
});

test('both forms of filters are taken and unknown names are refused', () => {
  assert.deepEqual(parseFilters('{"name":["a"]}', ['name']), { name: ['a'] });
  assert.deepEqual(parseFilters('{"name":{"a":true}}', ['name']), { name: ['a'] });
  assert.throws(() => parseFilters('{"colour":["red"]}', ['name']), /invalid filter 'colour'/);
});

test('names, signals and times are checked in the words of Docker', () => {
  assert.equal(checkName('/web-1'), 'web-1');
  assert.throws(() => checkName('../web'), /Invalid container name/);
  assert.equal(parseSignal('kill'), 9);
  assert.deepEqual(['SIGRTMIN+3', 'rtmin', 'RTMAX', 'SIGRTMAX-1', 'RTMAX-30'].map(parseSignal), [37, 34, 64, 63, 34]);
  for (const wrong of ['99', '0', 'RTMIN+31', 'RTMAX-31', 'RTMIN-1', 'RTMIN+', 'SIGRT'])
    assert.throws(() => parseSignal(wrong), /Invalid signal/, wrong);
  assert.equal(parseTimeNs('1700000000.5', 'since'), 1_700_000_000_500_000_000n);
  assert.equal(parseTimeNs('2023-11-14T22:13:20Z', 'since'), 1_700_000_000_000_000_000n);
  assert.throws(() => parseTimeNs('yesterday', 'since'), /since "yesterday"/);
});

test('frames survive being cut anywhere', () => {
  const bytes = Buffer.concat([frameOf('stdout', Buffer.from('out')), frameOf('stderr', Buffer.from('err'))]);
  const seen: string[] = [];
  const parts = demultiplexer((stream, payload) => seen.push(`${stream}:${payload}`));
  for (const byte of bytes) parts.push(Buffer.from([byte]));
  assert.deepEqual(seen, ['stdout:out', 'stderr:err']);
});

test('an unknown key of daemon.json is refused by name', () => {
  assert.throws(() => parseConfiguration('{"dubug": true}', 'daemon.json'), /daemon\.json: dubug: unknown key/);
  assert.throws(
    () => parseConfiguration('{"data-root": "/x"}', 'daemon.json'),
    /data-root: it is set by the environment/,
  );
});

test('a missing program is 127 and one that may not run 126, whichever runtime says so', () => {
  const runc = new Error('runc create failed: exec: "nope": executable file not found in $PATH: unknown');
  assert.equal(startFailure(runc, 'nope').exitCode, 127);
  assert.equal(startFailure(new Error('exec: "/etc/x": permission denied'), '/etc/x').error.kind, 'notExecutable');
  assert.equal(startFailure(new Error('mounting "/x": no such file or directory'), 'true').exitCode, 128);
});

test('storage-driver and layer-limits of daemon.json: their values, as containerd is told them', () => {
  const parsed = (value: unknown) => parseConfiguration(JSON.stringify(value), 'daemon.json');
  for (const [driver, snapshotter] of Object.entries(storageDrivers))
    assert.equal(snapshotterOf(parsed({ 'storage-driver': driver })), snapshotter);
  assert.equal(snapshotterOf(parsed({})), 'overlayfs');
  assert.deepEqual(layerLimitOptions(parsed({ 'layer-limits': { bytes: '2g', entries: 5, ratio: 100 } })), [
    ...['--layer-max-bytes', '2147483648', '--layer-max-entries', '5', '--layer-max-ratio', '100'],
  ]);
  assert.deepEqual(layerLimitOptions(parsed({ 'layer-limits': { bytes: 7 } })), ['--layer-max-bytes', '7']);
  for (const [configuration, said] of [
    [{ 'storage-driver': 'btrfs' }, /daemon\.json: storage-driver: expected overlay2 \(overlayfs\) or vfs \(native\)/],
    [
      { 'layer-limits': { bytes: '1x' } },
      /layer-limits\.bytes: expected a number of bytes above 0, as 1073741824 or "1g"/,
    ],
    [{ 'layer-limits': { bytes: '-1' } }, /layer-limits\.bytes: expected a number/],
    [{ 'layer-limits': { bytes: 0 } }, /layer-limits\.bytes: expected/],
    [{ 'layer-limits': { entries: 0 } }, /layer-limits\.entries: expected at least 1/],
    [{ 'layer-limits': { ratio: 'high' } }, /layer-limits\.ratio: expected a number/],
    [{ 'layer-limits': { size: 1 } }, /layer-limits\.size: unknown key/],
  ] as const)
    assert.throws(() => parsed(configuration), said);
});
