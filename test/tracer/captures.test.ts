// captures.h is made from the rows: it is current, and it keeps to what the native side can hold.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { captureKinds, captureRules, capturesHeader, headerPath } from '../../src/tracer/captures.ts';

test('native/tracer/captures.h is what the rows say', () => {
  assert.equal(readFileSync(headerPath, 'utf8'), capturesHeader(), 'run `node src/tracer/captures.ts`');
});

test('kinds of captures have the order of the native side', () => {
  const header = readFileSync(new URL('../../native/tracer/capture-rule.h', import.meta.url), 'utf8');
  const native = [...header.matchAll(/^\tCAPTURE_(\w+)/gm)].map((match) => match[1]?.toLowerCase().replace('_', '-'));
  assert.deepEqual(native, [...captureKinds]);
});

for (const machine of ['x64', 'arm64'] as const) {
  test(`the rules of ${machine} fit into what the native side has room for`, () => {
    const settings = readFileSync(new URL('../../native/tracer/settings.h', import.meta.url), 'utf8');
    const most = (name: string): number => Number(new RegExp(`\\b${name} = (\\d+)`).exec(settings)?.[1]);
    const rules = captureRules(machine);
    const perCall = new Map<number, number>();
    for (const { number } of rules) perCall.set(number, (perCall.get(number) ?? 0) + 1);
    assert.ok(rules.length > 200 && rules.length <= most('RULES_MOST'), `${rules.length} rules`);
    assert.ok(
      Math.max(...perCall.values()) <= most('RULES_A_CALL_MOST'),
      `${Math.max(...perCall.values())} of one call`,
    );
    assert.ok(Math.max(...perCall.keys()) < most('CALLS_MOST'));
  });
}

test("contents are read only of the kernel's own files and of netlink sockets", () => {
  // read, write, send and the like: the kinds that the native side shows for such descriptors only.
  const guarded = ['data', 'vector', 'message'].map((kind) => captureKinds.indexOf(kind as 'data') + 1);
  const contents: Record<string, number> = {
    read: 0,
    write: 1,
    pread64: 17,
    pwrite64: 18,
    readv: 19,
    writev: 20,
    preadv2: 327,
    sendto: 44,
    recvfrom: 45,
    sendmsg: 46,
    recvmsg: 47,
  };
  for (const [name, number] of Object.entries(contents)) {
    const rules = captureRules('x64').filter((rule) => rule.number === number && rule.argument === 1);
    assert.ok(rules.length > 0 && rules.every(({ kind }) => guarded.includes(kind)), name);
  }
});
