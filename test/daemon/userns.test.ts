// userns-remap: its forms, the ranges of /etc/subuid and /etc/subgid, and every refusal.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Accounts, checkKernel, mapLabel, mapLines, remapOf, rootOf } from '../../src/daemon/userns.ts';

const accounts = (changes: Partial<Accounts> = {}): Accounts => ({
  passwd: 'root:x:0:0::/:/bin/sh\ntlabremap:x:900:901::/:\nada:x:1000:1000::/:\n',
  group: 'root:x:0:\ntlabremap:x:901:\nlab:x:1100:\n',
  subuid: 'tlabremap:100000:65536\n1000:300000:65536\n',
  subgid: 'tlabremap:200000:65536\nada:400000:65536\nlab:500000:65536\n',
  ...changes,
});

test('default is the user tlabremap; a user, a number, and a group of their own are found as well', () => {
  const firstIds = (asked: string): [number, number] => {
    const { uid, gid } = rootOf(remapOf(asked, accounts()));
    return [uid, gid];
  };
  assert.deepEqual(firstIds('default'), [100000, 200000]);
  assert.deepEqual(firstIds('ada'), [300000, 400000]);
  assert.deepEqual(firstIds('1000'), [300000, 400000]);
  assert.deepEqual(firstIds('ada:lab'), [300000, 500000]);
  assert.deepEqual(firstIds('1000:1100'), [300000, 500000]);
});

test('several ranges follow each other inside', () => {
  const { uids } = remapOf('ada', accounts({ subuid: 'ada:300000:1000\nada:700000:70000\n' }));
  assert.equal(mapLines(uids), '0 300000 1000\n1000 700000 70000\n');
  assert.equal(mapLabel(uids), '0:300000:1000,1000:700000:70000');
});

test('what would not keep containers apart is refused, with what to do', () => {
  const refusals: [RegExp, string, Partial<Accounts>?][] = [
    [/there is no user nobody-here/, 'nobody-here'],
    [/there is no group nogroup-here/, 'ada:nogroup-here'],
    [/root cannot be mapped to itself/, 'root'],
    [/root cannot be mapped to itself/, '0:0'],
    [/expected default, user, user:group/, 'a:b:c'],
    [/expected default, user, user:group/, ':b'],
    [/\/etc\/subuid has no range for ada/, 'ada', { subuid: '' }],
    [/\/etc\/subgid has no range for ada/, 'ada', { subgid: 'lab:1:2\n' }],
    [/\/etc\/subuid gives ada 1000 ids: needed are 65536/, 'ada', { subuid: 'ada:300000:1000\n' }],
    [
      /the ranges 300000:65536 and 350000:65536 of ada overlap/,
      'ada',
      { subuid: 'ada:300000:65536\nada:350000:65536\n' },
    ],
    [/the range 0:100000 of ada holds the host's own id 0/, 'ada', { subuid: 'ada:0:100000\n' }],
    [/holds the host's own id 1000/, 'ada', { subuid: 'ada:1000:65536\n' }],
    [/"ada:x:65536": expected name:first:count/, 'ada', { subuid: 'ada:x:65536\n' }],
    [/"ada:4294900000:70000": expected/, 'ada', { subuid: 'ada:4294900000:70000\n' }],
  ];
  for (const [words, asked, changes] of refusals) assert.throws(() => remapOf(asked, accounts(changes)), words, asked);
  assert.throws(
    () => remapOf('default', accounts({ passwd: '' })),
    (error: { hint?: string }) => /useradd --system .*tlabremap && usermod --add-subuids/.test(error.hint ?? ''),
  );
});

test('a kernel whose overlay takes no mapped layers is refused by name', () => {
  for (const version of ['5.15.0-91-generic', '5.18.1', '4.19.0'])
    assert.throws(() => checkKernel(version), /has no id-mapped layers for overlay: needed is 5\.19/);
  for (const version of ['5.19.0', '6.1.0-18-amd64', '6.18.44']) checkKernel(version);
});
